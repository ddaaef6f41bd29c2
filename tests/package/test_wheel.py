"""The wheel in an empty environment: the command and the shipped scenarios work from any folder."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the ``playground`` command of a fresh environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    (wheel,) = folder.glob("chaos_playground-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    programs = environment / "bin"
    subprocess.run([str(programs / "pip"), "install", "--quiet", str(wheel)], check=True)
    return programs


def test_the_command_and_a_shipped_scenario_run_from_any_folder(installed: Path, tmp_path: Path) -> None:
    version = subprocess.run([installed / "playground", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert version.returncode == 0, version.stderr
    replay = subprocess.run(
        [installed / "playground", "replay", "first-crash", "--json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert replay.returncode == 0, replay.stderr
    assert len(json.loads(replay.stdout)["digest"]) == 32


def test_the_wheel_installs_only_our_two_packages(installed: Path) -> None:
    listed = subprocess.run(
        [installed / "pip", "show", "--files", "chaos-playground"], capture_output=True, text=True, check=True
    ).stdout
    tops = {line.strip().split("/")[0] for line in listed.split("Files:")[1].splitlines() if "/" in line}
    assert {top for top in tops if not top.startswith(("..", "chaos_playground"))} == {"playground", "widgets"}
