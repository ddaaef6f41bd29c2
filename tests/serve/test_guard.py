"""Who may connect at all: whatever strangers do, the counts hold, and who comes alone from an address gets in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.serve.guard import REMEMBERED, Guard, source_of
from playground.serve.limits import Limits

LIMITS = replace(Limits(), logins=4, logins_per_address=2, visits_per_minute=5)
STEPS = st.lists(
    st.tuples(st.sampled_from(["knock", "knock", "over"]), st.integers(0, 5), st.floats(0, 30)), max_size=60
)


@given(STEPS)
def test_the_counts_hold_whatever_happens(steps: list[tuple[str, int, float]]) -> None:
    guard = Guard(LIMITS)
    under_way: dict[int, str] = {}
    came: Counter[str] = Counter()
    now_s = 0.0
    for number, (what, which, after_s) in enumerate(steps):
        now_s += after_s
        address = f"10.0.0.{which}"
        if what == "over":
            if number - which in under_way:
                del under_way[number - which]
            guard.over(number - which)
        else:
            answer = guard.knock(number, address, now_s)
            if answer.instead is not None:
                assert not answer.refused
                crowd = Counter(under_way.values())
                assert crowd[under_way[answer.instead]] == max(crowd.values()) > crowd[address]
                del under_way[answer.instead]
            if not answer.refused:
                under_way[number] = address
                came[address] += 1
        assert guard.under_way == len(under_way) <= LIMITS.logins
        assert max(Counter(under_way.values()).values(), default=0) <= LIMITS.logins_per_address
        assert all(count <= 5 + 5 * now_s / 60 for count in came.values())


@given(st.lists(st.integers(0, 2), max_size=40), st.integers(0, 40))
def test_who_comes_alone_gets_in_and_stays_in_while_fewer_addresses_crowd(crowd: list[int], at: int) -> None:
    guard = Guard(replace(LIMITS, visits_per_minute=1_000))
    for number, which in enumerate(crowd[:at]):
        guard.knock(number, f"10.0.0.{which}", 0.0)
    assert not guard.knock("presenter", "192.168.0.1", 0.0).refused
    for number, which in enumerate(crowd[at:]):
        assert guard.knock(("later", number), f"10.0.0.{which}", 0.0).instead != "presenter"


def test_who_came_too_often_may_come_again_later() -> None:
    guard = Guard(LIMITS)
    for number in range(5):
        guard.knock(number, "10.0.0.1", 0.0)
        guard.over(number)
    for _ in range(100):
        assert "5 connections a minute" in guard.often("10.0.0.1", 1.0)
    assert not guard.often("10.0.0.2", 1.0)
    assert not guard.often("10.0.0.1", 13.0)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("?", "?"),
    ],
)
def test_what_a_stranger_can_have_many_of_is_counted_as_one(address: str, source: str) -> None:
    assert source_of(address) == source


def test_many_addresses_fill_no_memory_and_buy_nobody_a_fresh_start() -> None:
    guard = Guard(LIMITS)
    for _ in range(5):
        guard.often("10.0.0.1", 0.0)
    for number in range(2 * REMEMBERED):
        guard.often(f"2001:db8:{number:x}::", 0.0)
    assert len(guard._often) <= REMEMBERED
    assert guard.often("10.0.0.1", 0.0)
