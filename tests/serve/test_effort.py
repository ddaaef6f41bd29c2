"""How much of a shared cluster a player may ask for."""

from __future__ import annotations

import math

import pytest

from playground.commandline import parse_line
from playground.commands import COMMANDS
from playground.company import Company, Role, Visitor
from playground.effort import EACH, MOST_AT_ONCE, MOST_PER_S, effort, excess

HERE = Company((Visitor("anna", Role.PRESENTER), Visitor("ben", Role.PLAYER)))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("load rate=100000", "load: 100000 a second is too much for all who look on: 500 a second at most"),
        ("burst rate=501", "burst: 501 a second is too much"),
        ("burst lasting=1h", "burst: for longer than 10 s it takes a rate"),
        ("produce rate=9999", "produce: 9999 a second is too much"),
        ("herd requests=100000", "herd: that is too much at once"),
        ("consume view consumers=64", "consume: that is too much at once"),
        ("add " + " ".join(f"n{number}" for number in range(100, 120)), "add: that is too much at once"),
    ],
)
def test_what_slows_the_cluster_for_everybody_is_for_presenters(line: str, why: str) -> None:
    command = parse_line(line)
    assert excess(command).startswith(why)
    assert HERE.refuses("ben", "send", command) == excess(command)
    assert HERE.refuses("anna", "send", command) == ""


@pytest.mark.parametrize(
    "line",
    ["crash n1", "load rate=500", "load reads=50%", "burst", "burst rate=400 lasting=1h", "herd", "add n9", "consume"],
)
def test_what_does_not_is_for_players_too(line: str) -> None:
    assert excess(parse_line(line)) == ""
    assert HERE.refuses("ben", "send", parse_line(line)) == ""


def test_every_act_as_it_is_explained_is_within_the_bounds_and_costs_something() -> None:
    for kind in COMMANDS.values():
        command = parse_line(kind.example)
        assert EACH <= effort(command) <= MOST_AT_ONCE / 2, kind.example
        assert not excess(command), kind.example


def test_a_rate_that_is_no_number_does_not_get_by() -> None:
    with pytest.raises(Exception, match="rate"):
        parse_line(f"load rate={math.inf}")
    assert excess(parse_line(f"load rate={MOST_PER_S + 0.001}"))
