"""The page on scenarios shows scenarios that are some, and every figure that there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from playground.scenario.loader import loads_file
from playground.scenario.model import Script
from playground.scenario.playing import play_script
from playground.spec import PRESETS, ClusterSpec

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "\nmethod:" in text]


def test_the_table_of_figures_is_the_registry() -> None:
    command = [sys.executable, "-m", "playground.scenario.telling.figures_table"]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    said = PAGE.split("playground.scenario.telling.figures_table -->", 1)[1].split("<!-- end figures -->", 1)[0].strip()
    assert said == table, f"run: {' '.join(command[1:])}, and paste it into docs/scenarios.md"


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_its_examples_are_scenarios_and_pass(text: str) -> None:
    script = loads_file(text, "docs/scenarios.md")
    assert isinstance(script, Script)
    assert play_script(script).passed


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2


def test_its_cluster_is_one_and_every_preset_is_told() -> None:
    [text] = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("cluster:")]
    script = loads_file(f"until: 1s\n{text}", "docs/scenarios.md")
    assert isinstance(script, Script)
    assert script.variants[0].spec == ClusterSpec.model_validate(PRESETS["platform"])
    assert all(f"`{name}`" in PAGE for name in PRESETS)


def test_its_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert target.startswith("https://") or (ROOT / "docs" / target).is_file(), target
