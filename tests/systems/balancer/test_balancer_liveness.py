"""What is believed of a server, and how it is treated."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from playground.systems.balancer.liveness import FIRST_WEIGHT, FOLLOWS, Belief, Evidence, Member, Standing
from playground.systems.balancer.settings import BalancerSettings, Liveness

SECOND = 1_000_000
NEXT = {
    Standing.IN: {Standing.SUSPECT, Standing.EJECTED},
    Standing.SUSPECT: {Standing.IN, Standing.EJECTED},
    Standing.EJECTED: {Standing.PROBATION},
    Standing.PROBATION: {Standing.IN, Standing.SUSPECT, Standing.EJECTED},
}
signs = st.lists(st.tuples(st.sampled_from(["good", "bad", "wait"]), st.booleans()), max_size=80)


def evidence_after(story: str, misses: int = 2, rises: int = 2) -> Evidence:
    """``story``: + a good sign, - a bad one."""
    evidence = Evidence(misses, rises)
    for at, sign in enumerate(story, 1):
        (evidence.good if sign == "+" else evidence.bad)(at)
    return evidence


def test_one_bad_sign_of_two_makes_suspect_and_a_good_one_clears_it() -> None:
    assert evidence_after("-").belief is Belief.SUSPECT
    assert evidence_after("-+").belief is Belief.ALIVE
    assert evidence_after("-+-").belief is Belief.SUSPECT
    assert evidence_after("--").belief is Belief.DEAD


def test_if_one_miss_is_enough_nobody_is_ever_suspect() -> None:
    assert evidence_after("-", misses=1).belief is Belief.DEAD


def test_the_dead_revive_only_after_good_signs_in_a_row() -> None:
    assert evidence_after("--+").belief is Belief.DEAD
    assert evidence_after("--+-+").belief is Belief.DEAD
    assert evidence_after("--+-++").belief is Belief.ALIVE
    assert evidence_after("--+++", rises=3).belief is Belief.ALIVE


def test_a_belief_is_dated_by_its_last_change() -> None:
    assert evidence_after("+--").since_us == 3
    assert evidence_after("+-----").since_us == 3
    assert evidence_after("+--++").since_us == 5


@given(signs, st.sampled_from([1, 2]), st.integers(1, 4), st.sampled_from([0, 4_000]))
def test_only_legal_transitions_ever_happen(
    story: list[tuple[str, bool]], misses: Literal[1, 2], rises: int, slow_start_ms: int
) -> None:
    settings = BalancerSettings(misses=misses, rises=rises, slow_start_ms=slow_start_ms)
    member, now_us = Member(settings), 0
    for sign, decides in story:
        now_us += SECOND
        by: Liveness = settings.liveness if decides else "heartbeat"
        before = member.standing
        if sign == "wait":
            member.end_probation(now_us)
        else:
            getattr(member.evidence[by], sign)(now_us)
            member.judge(now_us)
        assert member.standing is before or member.standing in NEXT[before]
        assert (member.weight(now_us) == 0) == (member.standing is Standing.EJECTED)
        if member.evidence[settings.liveness].belief is Belief.DEAD:
            assert member.standing is Standing.EJECTED
        else:
            assert member.standing is not Standing.EJECTED


def test_the_table_of_transitions_is_legal() -> None:
    assert all(after in NEXT[before] for (before, _), after in FOLLOWS.items())


def test_the_mechanism_that_does_not_decide_ejects_nobody() -> None:
    member = Member(BalancerSettings(liveness="health-check"))
    for at in range(5):
        member.evidence["heartbeat"].bad(at)
    assert not member.judge(5)
    assert member.evidence["heartbeat"].belief is Belief.DEAD
    assert member.standing is Standing.IN


def test_on_probation_the_weight_grows_from_a_tenth_to_the_whole() -> None:
    member = Member(BalancerSettings(slow_start_ms=4_000, misses=1, rises=1, liveness="heartbeat"))
    member.evidence["heartbeat"].bad(0)
    member.judge(0)
    assert member.weight(0) == 0
    member.evidence["heartbeat"].good(SECOND)
    member.judge(SECOND)
    assert member.weight(SECOND) == FIRST_WEIGHT
    assert member.weight(3 * SECOND) == FIRST_WEIGHT + (1 - FIRST_WEIGHT) / 2
    assert not member.end_probation(5 * SECOND - 1)
    assert member.end_probation(5 * SECOND)
    assert member.standing is Standing.IN
    assert member.weight(5 * SECOND) == 1
