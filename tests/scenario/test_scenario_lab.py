"""A file with a lab: loaded, judged and reported like any scenario."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from playground.kernel.errors import UserError
from playground.scenario.loader import load, loads, loads_file
from playground.scenario.model import Experiment
from playground.scenario.playing import Examined, examine
from playground.scenario.shelf import find
from playground.scenario.telling.report_all import report_lab

LAB = """\
title: a small ring
description: What does it take?
seed: 4
lab: {name: ring-memory, servers: 20, points: 10, lookups: 1000, sample: 1000}
method:
  - say: First this.
  - say: Then that.
expect: {points: 200, bytes: "<= 1600", wrong: 0}
"""


def examined(text: str) -> Examined:
    found = loads_file(text, "f")
    assert isinstance(found, Experiment)
    return examine(found)


def test_a_lab_passes_or_not() -> None:
    good = examined(LAB)
    assert good.passed
    assert [each.measured for each in good.verdicts] == [200, 1_600, 0]
    bad = examined(LAB.replace("points: 200", "points: 201"))
    assert not bad.passed
    assert good.digest == bad.digest, "what is expected changes nothing"


def test_another_seed_is_another_experiment() -> None:
    found = loads_file(LAB)
    assert isinstance(found, Experiment)
    assert examine(found, seed=5).digest != examine(found).digest == examine(found, seed=4).digest


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_report_tells_everything(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    came = examined(LAB)
    report_lab(came, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    words = " ".join(text.split())
    assert "a small ring What does it take? lab ring-memory, seed 4" in words
    assert "First this. Then that." in words
    assert "pass bytes: 1,600 (expected <= 1600)" in words
    assert "PASSED" in words
    assert came.digest in words
    for each in came.experiment.lab.figures:
        assert each.name in words
    assert all(len(line.rstrip()) <= width for line in text.splitlines())


def test_json_tells_what_is_the_same_from_what_is_not() -> None:
    data = json.loads(json.dumps(examined(LAB).as_json(), allow_nan=False))
    again = json.loads(json.dumps(examined(LAB).as_json(), allow_nan=False))
    for each in (data, again):
        assert set(each.pop("machine")) == {"resident_bytes", "lookups_per_s", "batched_lookups_per_s"}
        del each["wall_s"], each["shown"]
    assert data == again
    assert data["lab"]["servers"] == 20


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("ring-memory", "ring-memroy", "4:13: lab.name: unknown lab 'ring-memroy': did you mean ring-memory?"),
        ("name: ring-memory, ", "", "4:6: lab.name: is missing; there are ring-memory"),
        ("servers: 20", "server: 20", "4:26: lab ring-memory: unknown field 'server': did you mean servers?"),
        ("servers: 20", "servers: 0", "4:35: lab ring-memory: servers: should be greater than or equal to 1"),
        ("points: 200", "pints: 200", "8:10: expect: unknown figure 'pints': did you mean points?"),
        ("points: 200", "lookups_per_s: '> 1'", "8:10: expect: lookups_per_s depends on the machine: it is shown"),
        ("say: First", "at: First", "6:5: at: a lab has no timeline; its method only says something"),
        ("say: First this.", "say: 7", "6:5: say: should be text"),
        ("seed: 4", "seed: 4\nuntil: 5s", "4:1: until: a lab has none; a file holds either lab"),
        ("seed: 4", "sed: 4", "3:1: unknown field 'sed': did you mean seed?"),
    ],
)
def test_a_mistake_in_a_lab_is_one_line(old: str, new: str, line: str) -> None:
    assert old in LAB
    with pytest.raises(UserError) as caught:
        loads_file(LAB.replace(old, new, 1), "f")
    assert str(caught.value).startswith(f"f:{line}")


def test_a_lab_is_no_scenario_of_a_cluster() -> None:
    with pytest.raises(UserError, match="f: is a lab, an experiment without a cluster and its timeline"):
        loads(LAB, "f")
    with pytest.raises(UserError, match="is a lab"):
        load(find("claims/P7-ring-memory"))
