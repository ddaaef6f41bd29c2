"""``replay --verify``: a sound scenario is the same in two processes, and a planted bug is caught and shown."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

from playground import cli
from playground.journals.difference import compare
from playground.kernel.errors import UserError
from playground.scenario.verify import verify

PLANTED = (sys.executable, str(Path(__file__).with_name("planted_worker.py")))


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where journals that differ are kept
    (tmp_path / "small.yaml").write_text("until: 2s\ncluster: {preset: small}\n")
    return str(tmp_path / "small.yaml")


def told(scenario: str, worker: tuple[str, ...] | None = None) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    same = verify(scenario, console, **({"worker": worker} if worker else {}))
    assert isinstance(console.file, io.StringIO)
    return same, console.file.getvalue()


def test_a_sound_scenario_is_the_same_run_twice(scenario: str) -> None:
    same, text = told(scenario)
    assert same
    assert re.fullmatch(rf"{scenario}: the same in both processes, digest [0-9a-f]{{32}}\n", text)


def test_every_variant_is_verified_and_so_is_a_lab(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("until: 1s\nvariants:\n  one: {seed: 1}\n  two: {seed: 2}\n")
    (tmp_path / "lab.yaml").write_text("lab: {name: ring-memory, servers: 10}\n")
    same, text = told(str(tmp_path / "two.yaml"))
    assert same
    assert "two.yaml, one: the same" in text
    assert "two.yaml, two: the same" in text
    assert told(str(tmp_path / "lab.yaml"))[0]


def test_a_run_that_depends_on_hashes_is_caught_and_the_event_named(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "run")
    same, text = told(scenario, PLANTED)
    assert not same
    assert "not the same run: digest" in text
    assert "the journals part at 1.000000 s" in text
    parted = [line for line in text.splitlines() if line.startswith(("A ", "B ")) and "planted" in line]
    assert len(parted) >= 2
    kept = text.split("playground diff ")[1].split()
    assert compare(*kept).at_us == 1_000_000


def test_a_report_that_depends_on_hashes_is_caught_as_well(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "report")
    same, text = told(scenario, PLANTED)
    assert not same
    assert re.search(
        r"the digests agree \([0-9a-f]{32}\), the reports do not: order is 'n\d [n \d]+' in one process", text
    )
    assert "Run once more, with journals, both were the same" in text


def test_a_worker_that_breaks_is_told_in_one_line(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "crash")
    with pytest.raises(UserError, match=r"^a run for --verify failed: RuntimeError: it broke$"):
        told(scenario, PLANTED)


def test_the_command_says_it_with_its_exit_status(
    scenario: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["playground", "replay", "--verify", scenario])
    assert cli.main() == 0
    monkeypatch.setenv("PLANTED", "run")
    monkeypatch.setattr(
        "playground.scenario.verify.verify.__kwdefaults__", {"seed": None, "variant": "", "worker": PLANTED}
    )
    assert cli.main() == 1
    assert "the journals part" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["playground", "replay", "--verify", "--json", scenario])
    assert cli.main() == 2
    assert "leave out --json" in capsys.readouterr().err


def test_another_seed_is_handed_on(scenario: str) -> None:
    from playground.scenario import fresh

    told = [fresh.run(scenario, "", seed, None)[0]["digest"] for seed in (1, 2)]
    assert told[0] != told[1]
    assert json.dumps(fresh.run(scenario, "", None, None)[0]["report"])
