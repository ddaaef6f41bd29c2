"""The table of faults says what the commands say, and stands in the documentation as it is generated."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from playground.commandline import parse_line
from playground.commands import COMMANDS, targets
from playground.scenario.loader import loads
from playground.screens import faults

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    """The cells of every row of every table."""
    found = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("\\|", "|") for cell in cells] for cells in found]


def test_the_page_is_the_one_that_is_generated() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "playground.screens.faults"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed == PAGE, "run: python -m playground.screens.faults > docs/faults.md"


def test_every_command_stands_in_it_with_what_it_does_and_each_of_its_parameters() -> None:
    acts = {row[0].strip("`"): row for row in rows(PAGE) if len(row) == 5 and row[2].startswith(f"{row[0][:-1]}")}
    parameters = {(row[0].strip("`"), row[1].strip("`")) for row in rows(PAGE)}
    assert set(acts) == set(COMMANDS)
    for do, kind in COMMANDS.items():
        meaning = acts[do][3]
        assert meaning.startswith(" ".join((kind.__doc__ or "").split())[:40])
        assert kind.undo in acts[do][4]
        aimed = {"do", "by", "shape", "lasting", "nodes", *kind.target_fields}
        assert {(do, name) for name in kind.model_fields if name not in aimed} <= parameters


def test_what_is_written_in_a_scenario_is_what_is_typed() -> None:
    pairs = [(row[0].strip("`"), row[1].strip("`")) for row in rows(PAGE) if len(row) == 2]
    assert {"partition", "one-way", "link", "flap", "put"} <= {typed.split()[0] for typed, _ in pairs}
    for typed, written in pairs:
        scenario = loads(f"title: t\ncluster: {{nodes: 8}}\nuntil: 9s\nmethod:\n  {written}\n", "page.yaml")
        [(_, command)] = scenario.timeline
        assert command == parse_line(typed)


@pytest.mark.parametrize(
    ("do", "keys"), [("crash", ["x", "X"]), ("thaw", ["z"]), ("link", ["o"]), ("heal", ["e", "E", "C"]), ("flap", [])]
)
def test_the_keys_are_those_that_send_it(do: str, keys: list[str]) -> None:
    assert faults.keys_for(COMMANDS[do]) == keys


def test_parameters_say_their_default_with_its_unit() -> None:
    said = {(row[0], row[1]): (row[2], row[3]) for row in rows(PAGE) if len(row) == 5}
    assert said["`flap`", "`period`"] == ("duration", "`2s`")
    assert said["`flap`", "`down`"] == ("share", "`50%`")
    assert said["`link`", "`bandwidth`"] == ("rate", "")
    assert said["`link`", "`both_ways`"] == ("`yes`, `no`", "`yes`")
    assert said["`disk`", "`fault`"][1] == "must be given"
    assert said["`burst`", "`lasting`"] == ("duration", "`3s`")


def test_every_example_is_a_line_that_works_and_every_word_has_one() -> None:
    words = [row for row in rows(PAGE) if len(row) == 3]
    assert len(words) >= 10
    for _, _, example in words:
        assert parse_line(example.strip("`"))
    explained = " ".join(row[0] for row in words)
    assert all(f"`{word}`" in explained for word in targets.WORDS)
