"""The steady-state hypothesis: when it is probed, what it measures, and that nobody in the world notices."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from functools import cache

import pytest
from rich.console import Console

from playground.checkers.history import Operation
from playground.kernel.errors import UserError
from playground.scenario.figures import FIGURES, Span, expectation
from playground.scenario.hypothesis import Deviation, Findings, Hypothesis, Probe, Reading, Strategy, Watch
from playground.scenario.loader import loads
from playground.scenario.outcome import Outcome
from playground.scenario.probes import windowed
from playground.scenario.runner import play
from playground.scenario.telling.report import report

CUT = """
cluster: {nodes: 5, store: {n: 5, r: 3, w: 3}}
load: {rate: 60}
until: 24s
method:
  - {at: 8s, do: partition, groups: [[n1, n2, n3, c1, c2], [n4, n5, c3, c4]]}
  - {at: 14s, do: heal}
"""
HYPOTHESIS = """
steady-state-hypothesis:
  title: clients are served
  strategy: [before, after, continuously]
  probes:
    - {probe: error_share, tolerance: "< 1%", over: 2s}
    - {probe: min_copies, tolerance: ">= 1", name: data is there}
"""


@cache
def played(text: str) -> Outcome:
    return play(loads(text))


def probed(text: str) -> Findings:
    found = played(text).probed
    assert found is not None
    return found


def watched(strategies: list[Strategy], first_us: int, until_us: int, values: dict[int, float]) -> Findings:
    """What a watch makes of ``values`` (second -> number; 0 where nothing is said), tolerance: below 5, over 3 s."""
    probe = Probe(0, "p", expectation("reads", "< 5"), 3_000_000)
    now = [0]
    watch = Watch(
        Hypothesis("", tuple(strategies), (probe,)), first_us, until_us, lambda _: values.get(now[0] // 10**6, 0)
    )
    while now[0] < until_us:
        now[0] = watch.next_us(now[0])
        watch.look(now[0])
    return watch.findings()


def test_before_is_just_before_the_first_command_and_after_is_at_the_end() -> None:
    found = watched([Strategy.BEFORE, Strategy.AFTER], 2_500_000, 9_000_000, {9: 7})
    assert [(each.strategy, each.at_us, each.measured) for each in found.readings] == [
        (Strategy.BEFORE, 2_499_999, 0),
        (Strategy.AFTER, 9_000_000, 7),
    ]
    assert not found.holds
    assert watched([Strategy.BEFORE], 2_500_000, 9_000_000, {9: 7}).holds


def test_continuously_is_every_second_from_the_first_full_window() -> None:
    found = watched([Strategy.CONTINUOUSLY], 2_500_000, 9_500_000, {})
    assert found.looks == (7,), "seconds 3 to 9"
    assert found.readings == ()
    assert found.holds


def test_seconds_in_a_row_are_one_deviation_with_its_worst_value() -> None:
    found = watched([Strategy.CONTINUOUSLY], 0, 20_000_000, {5: 5, 6: 9, 7: 6, 10: 8})
    [first, second] = found.deviations
    assert (first.from_us, first.until_us, first.measured, first.worst, first.looks) == (5_000_000, 7_000_000, 5, 9, 3)
    assert (second.from_us, second.until_us, second.measured) == (10_000_000, 10_000_000, 8)
    assert not found.holds


def test_a_hypothesis_that_was_not_asked_does_not_hold() -> None:
    probe = Probe(0, "p", expectation("reads", 0), 0)
    for strategy in Strategy:
        watch = Watch(Hypothesis("", (strategy,), (probe,)), 1_000_000, 9_000_000, lambda _: 0)
        assert not watch.findings().holds


def operation(*, write: bool = False, outcome: str = "ok", latency_us: int = 1_000, stale: bool = False) -> Operation:
    done = Operation(0, "c1", write, "k", 1_000_000)
    done.outcome, done.completed_us, done.stale = outcome, 1_000_000 + latency_us, stale
    return done


def test_figures_of_a_window_are_those_of_its_operations() -> None:
    window = [
        *(operation(latency_us=latency_us) for latency_us in (1_000, 2_000, 3_000)),
        operation(stale=True, latency_us=4_000),
        operation(outcome="fail"),
        operation(write=True, latency_us=9_000),
        operation(write=True, outcome="unknown"),
        operation(write=True, outcome="fail"),
    ]
    expected = {
        "operations": 8,
        "reads": 5,
        "writes": 3,
        "ok": 5,
        "failed": 2,
        "unknown": 1,
        "throughput": 2.5,
        "error_share": 3 / 8,
        "read_error_share": 1 / 5,
        "write_error_share": 2 / 3,
        "stale_reads": 1,
        "p50": 3_000,
        "p99": 9_000,
        "read_p50": 2_000,
        "read_p95": 4_000,
        "write_p50": 9_000,
    }
    assert {name: windowed(name, window, 2_000_000) for name in expected} == expected


@pytest.mark.parametrize("name", [name for name, figure in FIGURES.items() if figure.span is Span.WINDOW])
def test_of_an_empty_window_counts_are_nothing_and_the_rest_is_not_measured(name: str) -> None:
    value = windowed(name, [], 5_000_000)
    assert value == (None if "share" in name or name[-2:] in ("50", "95", "99") else 0)
    assert type(windowed(name, [operation(), operation(write=True)], 5_000_000)) in (int, float)


def test_a_cut_shows_as_a_deviation_while_it_lasts() -> None:
    found = probed(CUT + HYPOTHESIS)
    [deviation] = found.deviations
    assert deviation.probe.name == "error_share"
    assert 8_000_000 < deviation.from_us <= 11_000_000
    assert 14_000_000 <= deviation.until_us <= 17_000_000
    assert isinstance(deviation.worst, float)
    assert 0.01 <= deviation.worst <= 1
    assert found.looks == (23, 24), "every second; a window of 2 s is full after two"
    assert [(each.strategy, each.at_us, each.holds) for each in found.readings if each.probe.number == 0] == [
        (Strategy.BEFORE, 7_999_999, True),
        (Strategy.AFTER, 24_000_000, True),
    ]


def test_looking_does_not_disturb_the_world() -> None:
    every = "\n".join(
        f"    - {{probe: {name}, tolerance: {'pass' if name == 'checks' else 'true' if name == 'converged' else 0}}}"
        for name, figure in FIGURES.items()
        if figure.span is not Span.RUN
    )
    all_probes = f"steady-state-hypothesis:\n  strategy: [before, after, continuously]\n  probes:\n{every}\n"
    assert played(CUT + all_probes).digest == played(CUT + HYPOTHESIS).digest == played(CUT).digest


def test_a_hypothesis_must_hold_unless_something_else_is_expected() -> None:
    assert not played(CUT + HYPOTHESIS).passed
    assert played(CUT + HYPOTHESIS).figures["hypothesis"] == "fail"
    assert played(CUT + HYPOTHESIS + "expect: {hypothesis: fail}").passed
    assert played(CUT + HYPOTHESIS.replace(", continuously", "")).passed
    assert played(CUT).figures["hypothesis"] is None


def test_a_violation_can_be_what_is_expected() -> None:
    bad = played(CUT + HYPOTHESIS + "expect: violation")
    assert bad.passed
    assert [each.expectation.figure.name for each in bad.verdicts] == ["outcome"]
    good = played(CUT + "expect: violation")
    assert not good.passed
    assert good.figures["outcome"] == "pass"
    assert played(CUT + HYPOTHESIS + "expect: {outcome: violation, checks: pass}").passed


def test_silence_is_not_health_but_no_violation_either() -> None:
    silent = played(
        """
until: 4s
cluster: {preset: small}
load: {rate: 0}
steady-state-hypothesis: {strategy: [after, continuously], probes: [{probe: p99, tolerance: "< 1s", over: 2s}]}
expect: violation
"""
    )
    assert (silent.figures["hypothesis"], silent.figures["outcome"]) == ("fail", "pass")
    assert not silent.passed


def test_the_report_says_what_was_probed_and_when_it_did_not_hold() -> None:
    outcome = played(CUT + HYPOTHESIS)
    for width in (80, 160):
        console = Console(file=io.StringIO(), width=width, highlight=False)
        report(outcome, console)
        assert isinstance(console.file, io.StringIO)
        text = " ".join(console.file.getvalue().split())
        assert "Steady state: clients are served FAIL error_share < 1% over 2 s: 0% before, 0% after, held " in text
        assert "it did not hold from " in text
        assert "pass data is there: min_copies >= 1: " in text
        assert "FAIL hypothesis: fail (expected pass)" in text
        assert all(len(line.rstrip()) <= width for line in console.file.getvalue().splitlines())


def test_json_holds_readings_and_deviations() -> None:
    data = json.loads(json.dumps(played(CUT + HYPOTHESIS).as_json(), allow_nan=False))["hypothesis"]
    assert data["held"] is False
    assert [each["figure"] for each in data["probes"]] == ["error_share", "min_copies"]
    assert {"probe", "when", "at_us", "measured", "held"} == set(data["readings"][0])
    assert {"probe", "from_us", "until_us", "measured", "worst", "looks"} == set(data["deviations"][0])
    assert played(CUT).as_json()["hypothesis"] is None


MISTAKES = [
    ("{}", "probes: is missing"),
    ("", "should be fields, each as name: value, not nothing"),
    ("{probes: []}", "probes: needs at least 1, has 0"),
    ("{probes: [{probe: p99, tolerance: 1s}], strategy: befor}", "unknown strategy 'befor': did you mean before?"),
    ("{probes: [{probe: p99, tolerance: 1s}], strategy: []}", "needs at least one of before, after, continuously"),
    ("{probes: [{probe: p99, tolerance: 1s}], strategy: 7}", "unknown strategy '7'"),
    ("{probes: [{probe: p98, tolerance: 1s}]}", "probes: unknown figure 'p98': did you mean p9"),
    ("{probes: [{tolerance: 1s}]}", "probe: is missing"),
    ("{probes: [{probe: p99}]}", "tolerance: is missing"),
    ("{probes: [{probe: p99, tolerance: 5%}]}", "probes.p99: '5%' is not a duration"),
    ("{probes: [{probe: p99, tolerance: 1s, over: 0s}]}", "over: should be greater than 0"),
    ("{probes: [{probe: p99, tolerance: 1s, over: 25s}]}", "probes.over: 25s is longer than the scenario (24s)"),
    ("{probes: [{probe: min_copies, tolerance: 1, over: 5s}]}", "min_copies is of the moment, not of a window"),
    (
        "{probes: [{probe: converged_after, tolerance: 1s}]}",
        "converged_after is of the whole run: write it after expect",
    ),
    ("{probes: [{probe: p99, tolerance: 1s, ovr: 1s}]}", "unknown field 'ovr': did you mean over?"),
    ("{probes: [{probe: p99, tolerance: 1s}], titel: x}", "unknown field 'titel': did you mean title?"),
]


@pytest.mark.parametrize(("written", "text"), MISTAKES)
def test_a_mistake_in_a_hypothesis_is_one_line(written: str, text: str) -> None:
    with pytest.raises(UserError, match=r"^f:\d+:\d+: ") as caught:
        loads(f"{CUT}\nsteady-state-hypothesis: {written}", "f")
    assert text in str(caught.value)


def test_what_could_never_be_probed_is_refused() -> None:
    probes = "steady-state-hypothesis: {probes: [{probe: p99, tolerance: 1s}], strategy: %s}\n"
    at_once = "until: 9s\nmethod: [{at: 0s, do: crash, nodes: [n1]}]\n"
    with pytest.raises(UserError, match="cannot be probed before a command at 0s"):
        loads(at_once + probes % "before")
    assert loads(at_once + probes % "after").hypothesis is not None
    with pytest.raises(UserError, match="p99 would first be probed at 6s, after the end; raise until"):
        loads((f"until: 5500ms\n{probes}" % "continuously").replace("1s}", "1s, over: 5100ms}"))
    with pytest.raises(UserError, match=r"expect\.hypothesis: there is none; write steady-state-hypothesis"):
        loads("until: 5s\nexpect: {hypothesis: pass}")


SCRIPT = """
import sys
from playground.scenario.loader import loads
from playground.scenario.runner import play
assert "hypothesis" not in sys.modules
for text in sys.argv[1:]:
    outcome = play(loads(text))
    print(outcome.digest, outcome.probed and outcome.probed.deviations)
"""


def test_digest_and_deviations_are_the_same_in_every_process() -> None:
    found = set()
    for hash_seed in ("1", "2", "3"):
        command = [sys.executable, "-c", SCRIPT, CUT, CUT + HYPOTHESIS]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    [output] = found
    plain, with_hypothesis = output.splitlines()
    assert plain.split()[0] == with_hypothesis.split()[0]
    assert "Deviation(" in with_hypothesis


def test_readings_and_deviations_are_plain_values() -> None:
    found = probed(CUT + HYPOTHESIS)
    assert all(isinstance(each, Reading) for each in found.readings)
    assert all(isinstance(each, Deviation) for each in found.deviations)
