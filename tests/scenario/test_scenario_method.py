"""The timeline of a file: repeated commands unfold flatly, rollbacks come last and may not apply."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.errors import UserError
from playground.scenario.files.method import MOST
from playground.scenario.loader import loads
from playground.scenario.runner import play


def instants(method: str, until: str = "40s") -> list[float]:
    scenario = loads(f"cluster: {{preset: small}}\nuntil: {until}\nmethod: [{method}]")
    return [at_us / 1e6 for at_us, _ in scenario.timeline]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("{at: 5s, do: heal}", [5]),
        ("{at: 5s, every: 10s, until: 25s, do: heal}", [5, 15, 25]),
        ("{at: 5s, every: 10s, until: 24s, do: heal}", [5, 15]),
        ("{at: 5s, every: 10s, do: heal}", [5, 15, 25, 35]),
        ("{at: 40s, every: 10s, do: heal}", [40]),
        ("{at: 0s, every: 20s, do: heal}, {at: 10s, every: 20s, do: heal}", [0, 10, 20, 30, 40]),
    ],
)
def test_a_repeated_command_happens_at_each_of_its_instants(method: str, expected: list[float]) -> None:
    assert instants(method) == expected


def test_commands_of_one_instant_keep_the_order_of_the_file() -> None:
    scenario = loads("""
cluster: {preset: small}
until: 4s
method:
  - {at: 2s, do: put, key: a, value: later}
  - {at: 1s, every: 1s, do: put, key: a, value: often}
rollbacks: [{do: heal}, {do: get, key: a}]
""")
    lines = [(at_us // 1_000_000, command.line()) for at_us, command in scenario.timeline]
    often = "put a often"
    assert lines == [(1, often), (2, "put a later"), (2, often), (3, often), (4, often), (4, "heal"), (4, "get a")]
    assert [command.do for _, command in scenario.undoing] == ["heal", "get"]
    assert len(scenario.method) == 5


def test_a_caption_of_a_repeated_command_is_said_once() -> None:
    scenario = loads("until: 40s\nmethod: [{at: 5s, every: 5s, do: heal, say: again and again}]")
    assert scenario.captions == ((5_000_000, "again and again"),)


@pytest.mark.parametrize("every", ["1ms", "1us"])
def test_a_method_unfolds_into_so_many_commands_and_no_more(every: str) -> None:
    with pytest.raises(UserError, match=rf"^f:2:18: the method unfolds into more than {MOST:,} commands here"):
        loads(f"until: 366h\nmethod: [{{every: {every}, at: 5s, do: heal}}]", "f")
    assert len(instants("{at: 0s, every: 1ms, do: heal}", "9999ms")) == MOST


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("method: [{at: 5s, every: 0s, do: heal}]", "2:26: every: should be greater than 0"),
        ("method: [{at: 5s, every: soon, do: heal}]", "2:26: every: 'soon' is not a duration"),
        ("method: [{at: 5s, every: 5s, say: hello}]", "2:19: every: repeats a command; write do: … too"),
        ("method: [{at: 5s, until: 9s, do: heal}]", "2:19: until: says how long to repeat; write every: 5s too"),
        ("method: [{at: 5s, every: 5s, until: 41s, do: heal}]", "2:37: until: 41s is after the end; move it"),
        ("method: [{at: 5s, every: 5s, until: 4s, do: heal}]", "2:37: until: 4s is before at (5s)"),
        ("method: [{at: 5s, evry: 5s, do: heal}]", "2:19: heal: unknown field 'evry'"),
        ("method: [{at: 5s, evry: 5s}]", "2:19: unknown field 'evry': did you mean every?"),
        ("rollbacks: [{at: 5s, do: heal}]", "2:14: at: rollbacks are carried out at the end (until); leave it out"),
        ("rollbacks: [{do: heel}]", "2:18: do: unknown command 'heel': did you mean heal?"),
        ("rollbacks: [{do: start, nodes: [n33]}]", "2:33: start: unknown node 'n33': did you mean n3?"),
        ("rollbacks: [{}]", "2:13: do: is missing; write do: heal"),
        ("rollbacks: [heal]", "2:13: rollbacks: should be fields, each as name: value, not 'heal'"),
        ("rollbacks: {do: heal}", "2:12: rollbacks: should be a list"),
    ],
)
def test_a_mistake_in_a_timeline_is_one_line(text: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        loads(f"until: 40s\n{text}", "f")
    assert str(caught.value).startswith(f"f:{line}")


BROKEN = """
cluster: {preset: small}
until: 8s
method: [{at: 2s, do: crash, nodes: [n2]}, {at: 3s, do: link, loss: 10%}]
"""


def test_rollbacks_leave_the_cluster_well() -> None:
    without = play(loads(BROKEN))
    assert without.figures["converged"] is None, "a broken cluster cannot agree"
    healed = play(loads(BROKEN + "rollbacks: [{do: heal}, {do: start, nodes: [n2]}]\nexpect: {converged: true}"))
    assert healed.passed
    assert healed.digest != without.digest, "what is rolled back is part of the run"


def test_a_rollback_that_does_not_apply_is_no_failure() -> None:
    quiet: dict[str, Any] = {"cluster": "cluster: {preset: small}\nuntil: 2s\n"}
    outcome = play(loads(quiet["cluster"] + "rollbacks: [{do: heal}, {do: start, nodes: [n1]}]"))
    assert outcome.passed
    assert outcome.refused == ()
    method = play(loads(quiet["cluster"] + "method: [{at: 2s, do: heal}]"))
    assert not method.passed, "the same command in the method is one"
