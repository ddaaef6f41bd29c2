"""Scenarios are played, measured, judged and reported."""

from __future__ import annotations

import io
import json
import re
from functools import cache

import pytest
from rich.console import Console

from playground.scenario.figures import expectation
from playground.scenario.loader import load, load_file, loads
from playground.scenario.model import Script
from playground.scenario.outcome import Outcome
from playground.scenario.playing import play_script
from playground.scenario.runner import play
from playground.scenario.shelf import shipped
from playground.scenario.telling.report import report

SMALL = """
title: small
cluster: {preset: small}
until: 4s
"""
TOP_LEVEL = [name for name in shipped() if "/" not in name]


@cache
def played(text: str) -> Outcome:
    return play(loads(text))


def told(outcome: Outcome, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    report(outcome, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_what_is_shipped_keeps_its_promise_whatever_the_seed(name: str) -> None:
    script = load_file(shipped()[name])
    assert isinstance(script, Script)
    for seed in (1, 2):  # its own is played in other processes, see test_shipped_scenarios.py
        came = play_script(script, seed=seed)
        assert came.passed, "\n".join(told(each) for each in came.outcomes if not each.passed) or came.compared


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_what_is_shipped_teaches(name: str) -> None:
    scenario = load(shipped()[name])
    assert scenario.description
    assert len(scenario.captions) >= 3
    assert scenario.captions[0][0] <= 2_000_000, "the first word comes at once"


def test_a_quiet_cluster_passes() -> None:
    outcome = played(SMALL)
    assert outcome.passed
    assert outcome.figures["converged"] is True
    assert outcome.figures["operations"] == outcome.reads.ended + outcome.writes.ended > 30
    assert outcome.end_us == 4_000_000


def test_an_expectation_that_is_not_met_fails_and_says_what_was_measured() -> None:
    outcome = played(SMALL + "expect: {reads: 0, p50: '< 1s'}")
    assert not outcome.passed
    assert [each.passed for each in outcome.verdicts] == [False, True, True]
    text = told(outcome)
    assert f"FAIL  reads: {outcome.reads.ended} (expected 0)" in text
    assert "FAILED" in text


def test_a_command_that_cannot_be_carried_out_fails_the_run_and_is_named() -> None:
    outcome = played(SMALL + "method: [{at: 1s, do: start, nodes: [n2]}]")
    assert not outcome.passed
    [(at_us, line, why)] = outcome.refused
    assert (at_us, line) == (1_000_000, "start n2")
    assert why.startswith("cannot start n2")
    assert "1.000 s  start n2: cannot start n2" in told(outcome)


def test_convergence_is_not_judged_while_something_is_broken() -> None:
    for act, why in (
        ("{at: 2s, do: crash, nodes: [n2]}", "not up: n2"),
        ("{at: 2s, do: partition, groups: [[n1], [n2]]}", "still in force: partition n1 | n2"),
        ("{at: 2s, do: disk, nodes: [n2], fault: hang}", "still in force: n2: disk hangs"),
    ):
        outcome = played(SMALL + f"method: [{act}]\nexpect: {{converged: true}}")
        assert outcome.figures["converged"] is None
        assert not outcome.passed
        assert f"could not be judged ({why})" in " ".join(told(outcome).split())


def test_another_seed_is_another_run() -> None:
    scenario = loads(SMALL)
    assert play(scenario, seed=2).digest != played(SMALL).digest == play(scenario).digest


def test_until_is_where_the_digest_is_taken_however_the_copies_settle() -> None:
    """A command at the very end counts; the judging afterwards does not."""
    ending = SMALL + "method: [{at: 4s, do: crash, nodes: [n2]}]"
    assert played(ending).digest != played(SMALL).digest
    assert played(SMALL + "expect: {converged: true, lost_writes: 0}").digest == played(SMALL).digest


def test_stale_reads_come_with_an_example() -> None:
    text = """
cluster: {nodes: 3, store: {n: 3, r: 1, w: 1, read_repair: false, anti_entropy_interval_ms: 0}}
load: {keys: 5, rate: 100}
until: 12s
method: [{at: 2s, do: partition, groups: [[n1], [n2, n3]]}]
expect: {stale_reads: "> 0"}
"""
    outcome = played(text)
    assert outcome.passed, told(outcome)
    assert re.search(r"; the first: at \d+\.\d{3} s c\d read k\d and saw", " ".join(told(outcome).split()))


def test_what_a_stale_read_did_see_it_has_not_missed() -> None:
    outcome = played(
        "title: siblings\nuntil: 20s\nseed: 3\ncluster: {store: {w: 1, r: 1}}\n"
        "method: [{at: 5s, do: crash, nodes: [n1, n2], lasting: 4s}]\nexpect: violation\n"
    )
    found = re.search(r"saw (.+), although (.+) had been acknowledged before", outcome.stale_example or "")
    assert found
    saw, missed = (set(each.split(", ")) for each in found.groups())
    assert len(saw) > 0 < len(missed)
    assert not saw & missed


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_no_word_of_a_report_is_cut_at_any_width(width: int) -> None:
    outcome = play(load(shipped()["partition-and-heal"]))
    wide, narrow = told(outcome, 10_000), told(outcome, width)
    assert set(narrow.split()) <= set(wide.split())
    assert narrow.split() == wide.split()
    assert all(len(line.rstrip()) <= width for line in narrow.splitlines())


def test_the_story_is_short_even_if_much_happens() -> None:
    halves = [[f"n{number}" for number in range(first, first + 15)] for first in (1, 16)]
    outcome = played(f"cluster: {{nodes: 30}}\nuntil: 30s\nmethod: [{{at: 1s, do: partition, groups: {halves}}}]")
    assert len(outcome.entries) > 400
    assert len(told(outcome, 200).splitlines()) < 90


def test_json_holds_what_programs_ask_for() -> None:
    outcome = played(SMALL)
    data = json.loads(json.dumps(outcome.as_json(), allow_nan=False))
    wanted = {"digest", "title", "seed", "passed", "operations", "latency_us", "stale_reads", "checks", "expectations"}
    assert wanted | {"events", "virtual_s", "wall_s", "speed"} <= set(data)
    assert data["digest"] == outcome.digest
    assert data["operations"]["reads"]["ok"] == outcome.reads.ok
    assert set(data["latency_us"]["writes"]) == {"p50", "p95", "p99"}
    assert data["expectations"] == [
        {"figure": "checks", "expected": "pass", "measured": "pass", "shown": "pass", "passed": True}
    ]


def test_progress_ends_with_the_run_and_may_stop_it() -> None:
    seen: list[int] = []
    play(loads(SMALL), progress=seen.append)
    assert seen == sorted(seen)
    assert 4_000_000 in seen

    def stop(_now_us: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(loads(SMALL), progress=stop)
    assert play(loads(SMALL)).digest == played(SMALL).digest, "an interrupted run leaves nothing behind"


def test_a_bug_of_ours_fails_the_run_and_names_seed_and_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("planted")

    monkeypatch.setattr("playground.inspection.Inspection._watch_errors", broken)
    outcome = play(loads(SMALL))
    assert not outcome.passed
    assert outcome.stopped == "world stopped at 1.000000 s (seed 1): AssertionError: planted"
    assert outcome.figures["checks"] == "fail"
    assert "An error in the playground itself: world stopped at 1.000000 s (seed 1)" in told(outcome, 200)


def test_the_default_is_that_all_checks_pass() -> None:
    assert loads(SMALL).expectations == (expectation("checks", "pass"),)


STALE = """
cluster: {nodes: 3, store: {n: 3, r: 1, w: 1, read_repair: false, anti_entropy_interval_ms: 0}}
load: {keys: 5, rate: 100}
until: 12s
method: [{at: 2s, do: partition, groups: [[n1], [n2, n3]]}]
"""


def test_a_violation_is_whatever_any_judge_finds() -> None:
    assert played(SMALL).figures["outcome"] == "pass"
    outcome = played(STALE + "expect: violation")
    assert outcome.passed, "stale reads are promised nothing here, but a violation they are"
    assert outcome.figures["checks"] == "pass"
    assert outcome.figures["outcome"] == "violation"
    assert not played(SMALL + "expect: violation").passed


def test_how_stale_reads_were_is_measured() -> None:
    staleness = played(STALE).figures["staleness_max"]
    assert isinstance(staleness, int)
    assert 1_000_000 < staleness <= 10_000_000, "the cut lasts ten seconds"
    assert played(SMALL).figures["staleness_max"] == 0


def test_sessions_are_judged_where_somebody_asks() -> None:
    assert "read_your_writes" not in played(STALE).figures
    quiet, stale = played(SMALL + "expect: {read_your_writes: 0}").figures, played(STALE + "expect: violation")
    assert (quiet["read_your_writes"], quiet["monotonic_reads"]) == (0, 0)
    for name in ("read_your_writes", "monotonic_reads"):
        count = stale.figures[name]
        assert isinstance(count, int)
        assert 0 < count < stale.reads.ended
    assert re.search(r"Broken sessions at \d+\.\d{3} s: c\d had written k\d=", " ".join(told(stale).split()))


def test_throughput_and_losses_are_those_of_the_time_until_the_end() -> None:
    figures = played(SMALL).figures
    assert isinstance(figures["throughput"], float)
    assert 10 < figures["throughput"] < 30, "the load is 20 a second"
    assert figures["network_lost"] == 0
    lost = played(STALE).figures["network_lost"]
    assert isinstance(lost, int)
    assert lost > 100


def test_linearizability_is_judged_where_it_is_expected() -> None:
    assert "linearizable" not in played(SMALL).figures
    assert played(SMALL + "expect: {linearizable: pass}").passed
    outcome = played(STALE + "expect: {linearizable: violation}")
    assert outcome.passed, told(outcome)
    text = " ".join(told(outcome).split())
    assert "Not linearizable no order of these operations on k" in text
    assert outcome.digest == played(STALE).digest


def test_a_figure_that_nobody_registered_is_reported_and_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from playground.inspection import Inspection

    known = Inspection.figures
    monkeypatch.setattr(Inspection, "figures", lambda inspection: {**known(inspection), "novel_s": 0.5, "odd": 7})
    outcome = play(loads(SMALL))
    assert outcome.passed
    assert outcome.figures["novel"] == 500_000, "seconds are told as microseconds, under the name without _s"
    assert json.loads(json.dumps(outcome.as_json()))["figures"]["odd"] == 7


def test_what_came_back_at_the_very_end_is_given_time_to_be_known() -> None:
    text = "until: 20s\nmethod: [{at: 2s, do: crash, nodes: [n2]}, {at: 20s, do: start, nodes: [n2]}]"
    assert played(text).passed, told(played(text))
