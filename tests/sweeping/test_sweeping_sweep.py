"""Sweeps: what is counted, and that a planted bug is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.errors import WorldStopped
from playground.scenario.loader import loads
from playground.sweeps import trial as trials
from playground.sweeps.engine import InProcess
from playground.sweeps.headless import sweep_and_report
from playground.sweeps.report import Swept
from playground.sweeps.results import Results, header
from playground.sweeps.seeds import parse_seeds
from playground.sweeps.sweep import EXAMPLES, Tally, recall, sweep
from playground.sweeps.trial import Plan, Trial, lost, play_seed
from tests.sweeping.planted import SMALL, acknowledge_at_once

QUIET = "cluster: {preset: small}\nuntil: 4s\n"


def swept(plan: Plan, seeds: str) -> Tally:
    tally = Tally(parse_seeds(seeds))
    sweep(plan, tally, InProcess(), lambda _trial: None)
    return tally


def trial(seed: int, *names: str) -> Trial:
    return Trial(seed, {name: f"{name} of {seed}" for name in names}, f"digest {seed}")


def test_a_quiet_cluster_passes_with_every_seed() -> None:
    tally = swept(Plan(loads(QUIET)), "0..2,7")
    assert (tally.done, tally.passed, tally.failed, tally.complete) == (4, 4, 0, True)


def test_a_seed_comes_to_what_it_comes_to_alone() -> None:
    plan = Plan(loads(QUIET), None)
    assert play_seed(plan, 3) == play_seed(plan, 3)
    assert play_seed(plan, 3).digest != play_seed(plan, 4).digest


def test_failures_are_told_apart_by_what_failed() -> None:
    text = QUIET + "expect: {reads: 0, detection: '< 1s', p50: '< 1h'}\nmethod: [{at: 1s, do: start, nodes: [n1]}]"
    found = play_seed(Plan(loads(text)), 1).failures
    assert list(found) == ["detection: not measured", "reads", "refused: start"]
    assert found["reads"].endswith("(expected 0)")
    assert found["refused: start"] == "at 1.000 s, start n1: cannot start n1: it is not down"


def test_acknowledging_too_early_is_found_under_random_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(loads(SMALL), budget=8)
    assert swept(plan, "0..11").passed == 12, "the store as it is keeps its promises"
    acknowledge_at_once(monkeypatch)
    tally = swept(plan, "0..11")
    assert "checks: fresh reads" in [each.name for each in tally.failures]


def test_an_error_in_the_playground_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_options: Any) -> Any:
        raise WorldStopped(1, 5, KeyError("x"))

    monkeypatch.setattr(trials, "play", broken)
    found = play_seed(Plan(loads(QUIET)), 1)
    assert found.lost
    assert "KeyError" in found.failures["lost"]


def test_a_world_that_takes_too_long_is_lost() -> None:
    found = play_seed(Plan(loads(QUIET), limit_s=0), 1)
    assert found.lost
    assert found.failures["lost"] == "TimeoutError: at 0.2 virtual seconds after 0 s"


OUTCOMES = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.sampled_from(["checks: a", "p99", "lost"]), max_size=2, unique=True)),
    unique_by=lambda each: each[0],
)


@given(OUTCOMES, st.randoms(use_true_random=False))
def test_the_order_in_which_seeds_are_finished_changes_nothing(outcomes: list[Any], chance: Any) -> None:
    found = []
    for _ in range(2):
        chance.shuffle(outcomes)
        tally = Tally(parse_seeds("0..20"))
        for seed, names in outcomes:
            tally.add(trial(seed, *names))
        found.append(Swept(Plan(loads(QUIET)), tally, "x", 0.0).as_json())
    assert found[0] == found[1]
    assert found[0]["done"] == sum(seed <= 20 for seed, _ in outcomes), "nobody asked for the others"


def test_a_seed_counts_once_and_the_lowest_are_the_examples() -> None:
    tally = Tally(parse_seeds("0..99"))
    for seed in reversed(range(50)):
        tally.add(trial(seed, "p99"))
        tally.add(trial(seed))
    [failure] = tally.failures
    assert (tally.failed, tally.passed, failure.count) == (50, 0, 50)
    assert [seed for seed, _ in failure.examples] == list(range(EXAMPLES))
    assert str(tally.failing) == "0..49"


def test_what_is_known_is_not_played_again_but_what_was_lost_is(tmp_path: Path) -> None:
    plan, head = Plan(loads(QUIET)), header(QUIET, "", None, "1")
    with Results(tmp_path / "r", head) as results:
        list(results.known())
        results.append(Trial(1, {"p99": "made up"}, "aa"))
        results.append(lost(2, "the worker process died"))
    tally = Tally(parse_seeds("0..2"))
    played = []
    with Results(tmp_path / "r", head) as results:
        recall(tally, results.known())
        sweep(plan, tally, InProcess(), lambda each: played.append(each.seed))
    assert played == [0, 2]
    assert (tally.passed, tally.failed, tally.played) == (2, 1, 2)


def test_the_report_says_what_failed_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(loads("title: reads\n" + QUIET + "expect: {reads: 0}"))
    status = sweep_and_report(plan, Tally(parse_seeds("4,6..7")), InProcess, None, name="mine.yaml")
    told = capsys.readouterr().out
    assert status == 1
    assert "3 seeds (4,6..7)" in told
    assert "seeds 4, 6, 7" in told
    assert "playground shrink mine.yaml --seed 4\n" in told
    assert "FAILED" in told


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(loads(QUIET), None)
    assert sweep_and_report(plan, Tally(parse_seeds("1..2")), InProcess, None, name="x", as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["count"], told["passed"], told["complete"], told["failing_seeds"]) == (2, 2, True, [])
    assert len(told["digest"]) == 32
