"""Shrinking: small, still failing in the same way, and independent of how many processors look for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.scenario.loader import load, loads
from playground.scenario.model import Scenario
from playground.scenario.runner import play
from playground.sweeps import simpler
from playground.sweeps.drawing import draw
from playground.sweeps.engine import InProcess
from playground.sweeps.failures import failures
from playground.sweeps.seeds import parse_seeds
from playground.sweeps.shrink import Shrunk, comparable, shrink
from playground.sweeps.shrinking import shrink_and_write, write_drawn
from playground.sweeps.sweep import Tally, sweep
from playground.sweeps.trial import Plan
from tests.sweeping.planted import SMALL, acknowledge_at_once

WEAK = """
title: weak quorums
description: what R + W <= N costs
cluster: {nodes: 3, store: {r: 1, w: 1, read_repair: false, anti_entropy_interval_ms: 0}}
load: {keys: 5, rate: 100, clients: 2}
until: 12s
method:
  - {at: 1300ms, do: link, sources: [n2, n3], latency: 17ms, jitter: 3ms}
  - {at: 2300ms, do: partition, groups: [[n1, c1], [n2, n3]], say: a cut}
  - {at: 3s, do: load, rate: 90}
  - {at: 4s, do: herd, requests: 30}
  - {at: 9s, do: heal}
rollbacks: [{do: heal}]
expect: {stale_reads: 0}
"""


class Wide(InProcess):
    """Plays as many at once as it is told to, and hands them over in the wrong order."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        yield from reversed(list(super().run(function, tasks)))


def shrunk(scenario: Scenario, *, width: int = 1, runs: int = 400) -> Shrunk:
    names = comparable(failures(play(scenario)))
    return shrink(scenario, names, Wide(width), runs=runs, limit_s=600, told=lambda _runs, _left: None)


def test_a_planted_bug_is_found_by_a_sweep_and_needs_three_commands_at_most(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acknowledge_at_once(monkeypatch)
    plan = Plan(loads(SMALL), budget=10)
    tally = Tally(parse_seeds("0..5"))
    sweep(plan, tally, InProcess(), lambda _trial: None)
    [found] = [each for each in tally.failures if each.name == "checks: fresh reads"]
    seed = found.examples[0][0]
    target = tmp_path / "small.yaml"
    assert shrink_and_write(plan, seed, InProcess, runs=120, target=target, name="store.yaml") == 0
    left = load(target)
    assert len(left.method) <= 3
    assert left.seed == seed
    outcome = play(left)
    assert outcome.passed, "it expects the violation"
    assert "fresh reads" in {check for _, check, _, _ in outcome.findings}
    assert outcome.digest in target.read_text(), "the comment says what a replay comes to"
    assert f"10 commands became {len(left.method)}" in capsys.readouterr().out
    monkeypatch.undo()
    assert not play(left).passed, "without the bug there is no violation"


def test_the_result_does_not_depend_on_how_many_are_played_at_once() -> None:
    scenario = loads(WEAK)
    results = [shrunk(scenario, width=width) for width in (1, 5)]
    assert results[0] == results[1]
    assert results[0].minimal
    assert len(results[0].scenario.method) <= 1
    assert results[0].scenario.until_us < scenario.until_us
    assert results[0].scenario.undoing == ()


def test_what_is_left_fails_by_the_same_names_and_no_others() -> None:
    scenario = loads(WEAK.replace("stale_reads: 0", "stale_reads: 0, p99: '< 1ms', ok: '> 100000'"))
    result = shrunk(scenario)
    assert result.names == ("ok", "p99", "stale_reads")
    assert tuple(failures(play(result.scenario))) == result.names


@pytest.mark.parametrize("runs", [1, 5])
def test_the_number_of_runs_is_bounded_and_something_smaller_is_kept(runs: int) -> None:
    results = [shrunk(loads(WEAK), width=width, runs=runs) for width in (1, 4)]
    assert results[0] == results[1]
    assert results[0].runs <= runs
    assert not results[0].minimal
    assert len(results[0].scenario.method) <= 5


def test_commands_that_are_refused_do_not_keep_the_others_alive() -> None:
    """Without the crash the start is refused: that is no other failure."""
    method = "method: [{at: 1s, do: crash, nodes: [n1]}, {at: 2s, do: start, nodes: [n1]}]\n"
    result = shrunk(loads("cluster: {preset: small}\nuntil: 3s\n" + method + "expect: {reads: 0}"))
    assert result.scenario.method == ()


def test_a_refusal_can_be_what_is_shrunk() -> None:
    method = "method: [{at: 1s, do: load, rate: 5}, {at: 2s, do: start, nodes: [n1, n2]}]\n"
    result = shrunk(loads("cluster: {preset: small}\nuntil: 3s\n" + method))
    assert result.names == ("refused: start",)
    assert [(at_us, command.line()) for at_us, command in result.scenario.method] == [(1_000_000, "start n1")]


def test_every_simpler_version_is_smaller_and_can_be_written() -> None:
    scenario = replace(loads(WEAK), timeline=draw(loads(WEAK).spec, 60_000_000, 5, 30), until_us=60_000_000)
    scenario = replace(scenario, rollbacks=0)
    seen = 0
    for number, (at_us, command) in enumerate(scenario.method):
        for other in simpler.plainer(scenario, number):
            seen += 1
            assert other.method[number][0] == at_us
            changed = other.method[number][1]
            assert parse_line(changed.line()) == changed
            assert size(changed) < size(command), f"{changed.line()} is not simpler than {command.line()}"
        for other in simpler.earlier(scenario, number):
            seen += 1
            assert sum(at for at, _ in other.method) < sum(at for at, _ in scenario.method)
            assert [at for at, _ in other.method] == sorted(at for at, _ in other.method)
    assert seen > 100


def size(command: Any) -> tuple[int, int, float]:
    """Fields, names, and the sum of all numbers."""
    fields = command.model_dump(exclude_defaults=True, exclude={"do"})
    numbers = sum(
        abs(float(value))
        for name in fields
        if isinstance(value := getattr(command, name), int | float) and not isinstance(value, bool)
    )
    return (len(fields), len(command.targeted()), numbers)


def test_a_seed_that_passes_cannot_be_shrunk(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^seed 3 passes: there is nothing to shrink$"):
        shrink_and_write(Plan(loads(SMALL)), 3, InProcess, runs=9, target=tmp_path / "x.yaml", name="x")
    assert not (tmp_path / "x.yaml").exists()


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "there.yaml"
    there.write_text("mine")
    plan = Plan(loads(WEAK))
    with pytest.raises(UserError, match=r"there\.yaml: exists already; name a new file"):
        shrink_and_write(plan, 1, InProcess, runs=2, target=there, name="weak.yaml")
    with pytest.raises(UserError, match=r"there\.yaml: exists already; name a new file"):
        write_drawn(plan, 1, there, "weak.yaml")
    assert there.read_text() == "mine"
    for expected in ("weak-seed-1.yaml", "weak-seed-1-2.yaml"):
        shrink_and_write(plan, 1, InProcess, runs=2, target=None, name="weak.yaml")
        assert play(load(tmp_path / expected)).passed


@pytest.mark.parametrize("budget", [None, 6])
def test_what_a_seed_plays_can_be_written_and_comes_to_the_same(budget: int | None, tmp_path: Path) -> None:
    plan = Plan(loads(WEAK), budget=budget)
    for seed in (1, 2):
        path = tmp_path / f"{seed}.yaml"
        write_drawn(plan, seed, path, "weak.yaml")
        scenario = plan.scenario_of(seed)
        written = load(path)
        assert play(written).digest == play(scenario).digest
        assert written.timeline == scenario.timeline
        assert (written.title, written.description, written.captions) == (
            scenario.title,
            scenario.description,
            scenario.captions,
        )
        assert set(written.expectations) == set(scenario.expectations)


def test_a_hypothesis_is_written_too(tmp_path: Path) -> None:
    hypothesis = """
steady-state-hypothesis:
  title: well
  strategy: [before, after]
  probes:
    - {probe: error_share, tolerance: "< 5%", over: 2s, name: errors}
    - {probe: lost_writes, tolerance: 0}
"""
    plan = Plan(loads(WEAK + hypothesis))
    write_drawn(plan, 4, tmp_path / "x.yaml", "weak.yaml")
    assert load(tmp_path / "x.yaml").hypothesis == plan.scenario.hypothesis


@pytest.mark.parametrize(
    ("expect", "turned"),
    [
        ("reads: 0", "reads: '!= 0'"),
        ("reads: '< 3'", "reads: '>= 3'"),
        ("p50: '>= 1h, <= 2h'", "p50: < 1h"),
        ("error_share: '== 100%'", "error_share: '!= 100%'"),
        ("converged: false", "converged: true"),
        ("checks: fail", "checks: pass"),
        ("outcome: violation", "outcome: pass"),
        ("detection: '< 1s'", "detection: < 1s"),
    ],
)
def test_what_failed_is_expected_the_other_way_round(expect: str, turned: str, tmp_path: Path) -> None:
    plan = Plan(loads(f"cluster: {{preset: small}}\nuntil: 3s\nexpect: {{{expect}}}"))
    shrink_and_write(plan, 1, InProcess, runs=20, target=tmp_path / "x.yaml", name="x")
    assert f"  {turned}\n" in (tmp_path / "x.yaml").read_text()
    # What was not measured meets no tolerance, whichever way it is turned.
    assert play(load(tmp_path / "x.yaml")).passed == (not expect.startswith("detection"))
