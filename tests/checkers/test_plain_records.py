"""Judges of plain records (leaders, order, effects) against records whose verdict is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground.checkers.effects import exactly_once
from playground.checkers.leaders import Claim, one_leader_per_term
from playground.checkers.order import Consumed, log_order
from playground.systems.violations import Violation


def texts(found: list[Violation]) -> list[str]:
    return [each.text for each in found]


# --- leaders ----------------------------------------------------------------------------


def test_one_leader_after_another_is_fine_even_if_the_older_does_not_know_yet() -> None:
    assert not one_leader_per_term([Claim(0, 1, "n1"), Claim(5, 2, "n2"), Claim(6, 1, "n1"), Claim(9, 2, "n2")])


def test_two_leaders_of_one_term_are_told_once_and_in_order_of_time() -> None:
    claims = [
        Claim(3_000_000, 4, "n2"),
        Claim(1_500_000, 4, "n1"),
        Claim(4_000_000, 4, "n2"),
        Claim(5_000_000, 4, "n3"),
    ]
    found = one_leader_per_term(claims)
    assert texts(found) == [
        "term 4 has two leaders: n1 since 1.500 s and n2 since 3.000 s",
        "term 4 has two leaders: n1 since 1.500 s and n3 since 5.000 s",
    ]
    assert found[0].subject == "4"


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5), st.sampled_from(["n1", "n2", "n3"])), max_size=30))
def test_there_is_a_violation_for_each_leader_too_many(rows: list[tuple[int, int, str]]) -> None:
    leaders: dict[int, set[str]] = {}
    for _, term, leader in rows:
        leaders.setdefault(term, set()).add(leader)
    wanted = sum(len(each) - 1 for each in leaders.values())
    assert len(one_leader_per_term([Claim(*row) for row in rows])) == wanted


# --- order ------------------------------------------------------------------------------


def consumed(*offsets: int, consumer: str = "c1") -> list[Consumed]:
    return [Consumed(consumer, "p0", offset, f"v{offset}") for offset in offsets]


def test_a_log_read_in_order_is_fine_from_wherever_one_begins() -> None:
    assert not log_order([*consumed(0, 1, 2), *consumed(7, 8, consumer="c2"), Consumed("c1", "p1", 0)])


def test_what_comes_again_goes_back_or_is_left_out_is_told() -> None:
    assert texts(log_order(consumed(3, 3))) == ["c1 got p0@3 again"]
    assert texts(log_order(consumed(3, 4, 2))) == ["c1 got p0@2 after 4: backwards"]
    assert texts(log_order(consumed(3, 6))) == ["c1 got p0@6 after 3: 2 left out"]


def test_gaps_and_repeats_may_be_allowed() -> None:
    assert not log_order(consumed(3, 6), gaps=True)
    assert not log_order(consumed(3, 4, 2, 3), repeats=True)
    assert texts(log_order(consumed(3, 2, 6), repeats=True)) == ["c1 got p0@6 after 2: 3 left out"]


def test_everybody_gets_the_same_record_at_an_offset() -> None:
    other = [Consumed("c2", "p0", 1, "other")]
    assert texts(log_order([*consumed(0, 1), *other])) == ["p0@1 was 'v1' for c1 and 'other' for c2"]


# --- effects ----------------------------------------------------------------------------


def test_what_was_acknowledged_takes_effect_once() -> None:
    assert not exactly_once(["a", "b"], ["b", "a"])
    assert texts(exactly_once(["a", "b"], ["a"])) == ["b was acknowledged and never took effect"]
    assert texts(exactly_once(["a"], ["a", "a"])) == ["a took effect 2 times"]


def test_what_nobody_knows_may_take_effect_once_and_what_was_refused_never() -> None:
    assert not exactly_once([], ["unknown"])
    assert texts(exactly_once([], ["unknown"] * 3)) == ["unknown took effect 3 times"]
    assert texts(exactly_once([], ["r"], refused=["r", "s"])) == ["r was refused for good and took effect"]
