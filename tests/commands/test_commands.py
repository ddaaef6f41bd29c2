"""The one vocabulary: what is typed, what is meant, what is said of a mistake."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.commandline import complete, parse_line
from playground.commands import COMMANDS, validate
from playground.kernel.errors import UserError
from playground.quantities import (
    format_duration,
    format_share,
    parse_duration_us,
    parse_rate_bytes_per_s,
    parse_share,
)

NODES = ("n1", "n2", "n3", "n4")


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)
def test_every_example_works_and_is_spelled_as_it_is_read(kind: Any) -> None:
    command = parse_line(kind.example)
    assert parse_line(command.line()) == command
    assert validate(command.model_dump(mode="json")) == command
    assert kind.__doc__
    assert kind.form.startswith(kind.example.split()[0])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "type a command, such as: crash n3"),
        ("crsh n3", "unknown command 'crsh': did you mean crash?"),
        ("crash", "crash: nodes is missing (usage: crash NODE... [lose_disk=yes]"),
        ("crash n9", "crash: unknown node 'n9': did you mean n"),
        ("crash n1 lost_disk=yes", "crash: unknown field 'lost_disk': did you mean lose_disk?"),
        ("partition n1", "partition: name two sides, as in n1 n2 | n3 n4, or a shape: halves, isolate, bridge, ring"),
        ("partition n1 n2 | n2", "partition: n2 is on two sides: each node can stand on one"),
        ("one-way", "one-way: name the nodes before or after the arrow"),
        ("link n1", "link: say what is wrong with the link"),
        ("link n1 latency=-5ms", "link: latency: '-5ms' is negative"),
        ("link n1 latency=5 parsecs", "link: "),
        ("link n1 loss=120%", "link: loss: '120%' is not between 0% and 100%"),
        ("link n1 bandwidth=0", "link: bandwidth: '0' is not a rate above 0"),
        ("load rate=-1", "load: rate: should be greater than or equal to 0"),
        ("load rate=nan", "load: rate: should be a finite number"),
        ("load rate=abc", "load: rate: should be a number, not 'abc'"),
        ("load 5 6", "one rate is enough, '6' is too much"),
        ("disk n1 fault=melt", "disk: fault: should be 'full', 'hang', 'slow', 'lie', 'read-error', 'rot' or 'ok'"),
        ("clock n1 drift_ppm=-1000000", "clock: drift_ppm: should be greater than or equal to -900000"),
        ("put cat", "put: value is missing"),
        ("crash 'n1", '"crash \'n1": no closing quotation'),
        ("put cat tom cat", "put: 'cat' is too much: a value of several words stands in quotes"),
        ("link n1 loss=5% loss=10%", "loss is given twice"),
        ("crash n1 nodes=n2", "nodes is given twice"),
        ("crash n1 do=freeze", "crash: unknown field 'do'"),
        ("one-way n1 <-> n2", "one-way: sources: '<->' is no name of a node"),
        ("burst rate=0", "burst: rate: should be greater than 0"),
        ("partition isolate", "partition: say who is to be alone: isolate n3"),
        ("partition halves n1", "partition: halves are drawn from all nodes: name none"),
        ("flap period=1s", "flap: name the nodes whose links flap"),
        ("flap n1 period=1ms", "flap: period: should be greater than or equal to"),
        ("slow-cpu n1 times=1", "slow-cpu: times: should be greater than or equal to 2"),
        ("crash n1 tail=bent", "crash: tail: should be '', 'lost' or 'torn'"),
        ("link n1 jitter=1s distribution=bell", "link: distribution: should be 'uniform', 'normal' or 'pareto'"),
    ],
)
def test_a_mistake_gets_one_clear_line(line: str, complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_line(line, NODES)
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def complaint(line: str) -> str:
    """What is said of ``line``; "" if it is fine. Any other exception than UserError fails the test."""
    try:
        parse_line(line, NODES)
    except UserError as error:
        return str(error)
    return ""


@given(st.text(max_size=80))
def test_no_line_ever_does_worse_than_a_user_error(line: str) -> None:
    assert "\n" not in complaint(line)


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.lists(
        st.sampled_from([*NODES, "|", "->", "rate=5", "loss=10%", "latency=1s", "nodes=n1", "do=crash", "=", "w=x"])
    ),
)
def test_words_in_any_order_are_read_or_refused(word: str, words: list[str]) -> None:
    line = " ".join([word, *words])
    said = complaint(line)
    assert "\n" not in said
    if not said:
        command = parse_line(line, NODES)
        assert parse_line(command.line(), NODES) == command


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("cr", ["crash"]),
        ("crash n", ["crash n1", "crash n2", "crash n3", "crash n4", "crash nodes"]),
        ("crash n1 n", ["crash n1 n2", "crash n1 n3", "crash n1 n4", "crash n1 nodes"]),
        ("link n1 lat", ["link n1 latency="]),
        ("link n1 -", ["link n1 ->"]),
        ("link n1 latency=1s n", []),
        ("link n1 distribution=", [f"link n1 distribution={each}" for each in ("uniform", "normal", "pareto")]),
        ("link n1 both_ways=", ["link n1 both_ways=yes", "link n1 both_ways=no"]),
        ("disk n1 fault=r", ["disk n1 fault=read-error", "disk n1 fault=rot"]),
        ("crash n1 tail=", ["crash n1 tail=lost", "crash n1 tail=torn"]),
        ("crash 2", ["crash 2 random", "crash 2%"]),
        ("crash 2 ", ["crash 2 random"]),
        ("crash ow", ["crash owner of"]),
        ("crash any r", ["crash any replica of"]),
        ("rolling-restart n1 p", ["rolling-restart n1 pause=", "rolling-restart n1 producers"]),
        ("partition b", ["partition bridge", "partition balancers", "partition brokers"]),
        ("partition halves ", ["partition halves lasting="]),
        ("partition n1 |", ["partition n1 |"]),
        ("partition n1 | n2 n", ["partition n1 | n2 n3", "partition n1 | n2 n4", "partition n1 | n2 nodes"]),
        ("slow-cpu n1 t", ["slow-cpu n1 times="]),
        ("herd ", ["herd requests="]),
        ("burst ", ["burst rate=", "burst lasting="]),
        ("put ", ["put w="]),
        ("add ", []),
        ("nonsense ", []),
    ],
)
def test_completion(text: str, options: list[str]) -> None:
    assert complete(text, NODES) == options


@given(st.integers(min_value=0, max_value=10**13))
def test_durations_are_written_exactly(duration_us: int) -> None:
    assert parse_duration_us(format_duration(duration_us)) == duration_us


@given(st.floats(min_value=0, max_value=1))
def test_shares_are_written_exactly(share: float) -> None:
    assert parse_share(format_share(share)) == share


@pytest.mark.parametrize(("text", "value"), [("1.5s", 1_500_000), ("2m", 120_000_000), (3, 3_000_000), ("7us", 7)])
def test_durations(text: Any, value: int) -> None:
    assert parse_duration_us(text) == value


@pytest.mark.parametrize("text", ["", "s", "5 apples", None, True, float("inf"), [], "99999999h"])
def test_what_is_no_duration(text: Any) -> None:
    with pytest.raises(ValueError, match=r"duration|year"):
        parse_duration_us(text)


def test_rates() -> None:
    assert parse_rate_bytes_per_s("64kB/s") == 64_000
    assert parse_rate_bytes_per_s(10) == 10
