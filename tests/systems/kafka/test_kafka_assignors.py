"""Kafka's assignors: the examples of its documentation, and what holds of any group."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.kafka.assignors import (
    Assignment,
    assign,
    cooperative_sticky,
    range_,
    round_robin,
    sticky,
)
from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import Assignor

EVERY: tuple[Assignor, ...] = ("range", "round-robin", "cooperative-sticky")


def tps(text: str) -> tuple[TopicPartition, ...]:
    """ "t0p1 t1p0" as partitions."""
    pairs = (word.rpartition("p") for word in text.split())
    return tuple(TopicPartition(topic, int(number)) for topic, _, number in pairs)


def member(name: str, topics: str, owned: str = "", generation: int = 1) -> Subscription:
    return Subscription(name, tuple(topics.split()), tps(owned), generation)


def shares(**texts: str) -> Assignment:
    return {name: tps(text) for name, text in texts.items()}


def again(subscriptions: list[Subscription], assignment: Assignment, generation: int) -> list[Subscription]:
    """The members of ``subscriptions`` as they join after that assignment."""
    return [each._replace(owned=assignment.get(each.member, ()), generation=generation) for each in subscriptions]


# --- the examples of Kafka's documentation ----------------------------------------------------------


def test_range_gives_the_first_members_one_more_of_each_topic() -> None:
    group = [member("C0", "t0 t1"), member("C1", "t0 t1")]
    assert range_(group, {"t0": 3, "t1": 3}) == shares(C0="t0p0 t0p1 t1p0 t1p1", C1="t0p2 t1p2")


def test_round_robin_deals_all_partitions_out_in_turn() -> None:
    group = [member("C0", "t0 t1"), member("C1", "t0 t1")]
    assert round_robin(group, {"t0": 3, "t1": 3}) == shares(C0="t0p0 t0p2 t1p1", C1="t0p1 t1p0 t1p2")


DIFFERING = [member("C0", "t0"), member("C1", "t0 t1"), member("C2", "t0 t1 t2")]


def test_round_robin_passes_over_members_that_do_not_read_the_topic() -> None:
    assert round_robin(DIFFERING, {"t0": 1, "t1": 2, "t2": 3}) == shares(C0="t0p0", C1="t1p0", C2="t1p1 t2p0 t2p1 t2p2")


def test_sticky_is_more_balanced_than_round_robin_where_members_read_different_topics() -> None:
    topics = {"t0": 1, "t1": 2, "t2": 3}
    first = sticky(DIFFERING, topics)
    assert first == shares(C0="t0p0", C1="t1p0 t1p1", C2="t2p0 t2p1 t2p2")
    assert sticky(again(DIFFERING, first, 1)[1:], topics) == shares(C1="t0p0 t1p0 t1p1", C2="t2p0 t2p1 t2p2")


def test_sticky_moves_only_the_partitions_of_the_member_that_left() -> None:
    topics = {"t0": 2, "t1": 2, "t2": 2, "t3": 2}
    group = [member(name, "t0 t1 t2 t3") for name in ("C0", "C1", "C2")]
    first = sticky(group, topics)
    assert first == shares(C0="t0p0 t1p1 t3p0", C1="t0p1 t2p0 t3p1", C2="t1p0 t2p1")
    left = again([group[0], group[2]], first, 1)
    assert sticky(left, topics) == shares(C0="t0p0 t1p1 t2p0 t3p0", C2="t0p1 t1p0 t2p1 t3p1")
    assert round_robin(left, topics) == shares(C0="t0p0 t1p0 t2p0 t3p0", C2="t0p1 t1p1 t2p1 t3p1")


def test_cooperative_gives_a_partition_away_only_when_its_owner_has_given_it_up() -> None:
    topics = {"t": 4}
    group = [member("C0", "t", "tp0 tp1 tp2 tp3"), member("C1", "t", "", 0)]
    first = cooperative_sticky(group, topics)
    assert first == shares(C0="tp0 tp1", C1="")
    assert cooperative_sticky(again(group, first, 2), topics) == shares(C0="tp0 tp1", C1="tp2 tp3")


# --- claims that cannot all be right ----------------------------------------------------------------


def test_the_newest_generation_has_what_several_claim() -> None:
    group = [member("C0", "t", "tp0 tp1", 3), member("C1", "t", "tp0 tp1", 5)]
    assert sticky(group, {"t": 2}) == shares(C0="tp1", C1="tp0")
    # C1 keeps one; the other one it must give up first, and C0 must learn that it has lost both.
    assert cooperative_sticky(group, {"t": 2}) == shares(C0="", C1="tp0")


def test_two_claims_of_one_generation_count_for_neither() -> None:
    group = [member("C0", "t", "tp0 tp1", 3), member("C1", "t", "tp0 tp2", 3), member("C2", "t", "tp3", 3)]
    assert sticky(group, {"t": 4}) == shares(C0="tp0 tp1", C1="tp2", C2="tp3")
    assert cooperative_sticky(group, {"t": 4}) == shares(C0="tp1", C1="tp2", C2="tp3")


def test_who_held_a_partition_long_ago_must_learn_that_it_lost_it_before_another_one_gets_it() -> None:
    group = [member("C0", "t", "tp0 tp1", 2), member("C1", "t", "", 4)]
    first = cooperative_sticky(group, {"t": 2})
    assert first == shares(C0="tp0", C1="")
    assert cooperative_sticky(again(group, first, 5), {"t": 2}) == shares(C0="tp0", C1="tp1")


def test_partitions_of_topics_that_are_gone_or_not_read_any_more_are_nobodys() -> None:
    group = [member("C0", "t", "tp0 up0 xp7"), member("C1", "t u", "tp9")]
    assert sticky(group, {"t": 2, "u": 1}) == shares(C0="tp0 tp1", C1="up0")


def test_a_topic_that_does_not_exist_yet_has_no_partitions() -> None:
    for name in EVERY:
        assert assign(name, [member("C0", "nothing")], {"t": 2}) == {"C0": ()}


# --- what always holds --------------------------------------------------------------------------------

MOST_GENERATIONS = 4
UNHURRIED = settings(max_examples=60, deadline=None)
NAMES = tuple(f"C{number}" for number in range(8))
TOPICS = ("t0", "t1", "t2")
Topics = dict[str, int]
SIZES: st.SearchStrategy[Topics] = st.dictionaries(st.sampled_from(TOPICS), st.integers(0, 7), min_size=1)


@st.composite
def groups(draw: st.DrawFn, *, alike: bool = False, claims: bool = True) -> tuple[list[Subscription], Topics]:
    """Members, and how many partitions there are. ``alike``: all read the same; ``claims``: they may claim anything."""
    sizes = draw(SIZES)
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    anything = [TopicPartition(topic, number) for topic in TOPICS for number in range(8)]
    same = tuple(draw(st.lists(st.sampled_from(TOPICS), min_size=1, unique=True)))
    group = []
    for name in names:
        topics = same if alike else tuple(draw(st.lists(st.sampled_from(TOPICS), unique=True)))
        owned = tuple(draw(st.lists(st.sampled_from(anything), unique=True))) if claims else ()
        group.append(Subscription(name, topics, owned, draw(st.integers(0, 3))))
    return group, sizes


def readable(group: list[Subscription], sizes: Topics) -> set[TopicPartition]:
    return {
        TopicPartition(topic, number)
        for each in group
        for topic in each.topics
        for number in range(sizes.get(topic, 0))
    }


def test_examples_of_the_properties_have_somebody_who_reads_something() -> None:
    """The properties below would hold of nothing at all."""
    group = [member("C0", "t0 t1")]
    assert readable(group, {"t0": 1, "t1": 1}) == {*tps("t0p0 t1p0")}


@UNHURRIED
@given(groups())
def test_every_partition_goes_to_exactly_one_member_that_reads_it(case: tuple[list[Subscription], Topics]) -> None:
    group, sizes = case
    topics = {each.member: each.topics for each in group}
    for assignor in (range_, round_robin, sticky):
        assignment = assignor(group, sizes)
        assert list(assignment) == sorted(topics)
        given_out = [partition for share in assignment.values() for partition in share]
        assert len(given_out) == len(set(given_out))
        assert set(given_out) == readable(group, sizes)
        assert all(each.topic in topics[name] for name, share in assignment.items() for each in share)


@UNHURRIED
@given(groups(), st.randoms(use_true_random=False))
def test_the_order_in_which_members_are_told_changes_nothing(
    case: tuple[list[Subscription], Topics], chance: Random
) -> None:
    group, sizes = case
    mixed = [each._replace(owned=each.owned[::-1], topics=each.topics[::-1]) for each in group]
    chance.shuffle(mixed)
    other = dict(reversed(sizes.items()))
    for name in EVERY:
        assert assign(name, group, sizes) == assign(name, mixed, other)


@UNHURRIED
@given(groups(alike=True))
def test_members_that_read_the_same_get_the_same_number_or_one_more(case: tuple[list[Subscription], Topics]) -> None:
    group, sizes = case
    for assignor in (round_robin, sticky):
        counts = [len(share) for share in assignor(group, sizes).values()]
        assert max(counts) - min(counts) <= 1
    for topic in sizes:
        each_topic = Counter(
            name for name, share in range_(group, sizes).items() for each in share if each.topic == topic
        )
        counts = [each_topic[each.member] for each in group]
        assert max(counts) - min(counts) <= 1


@UNHURRIED
@given(groups())
def test_sticky_leaves_nobody_who_could_take_a_partition_from_somebody_with_two_more(
    case: tuple[list[Subscription], Topics],
) -> None:
    group, sizes = case
    assignment = sticky(group, sizes)
    for each in group:
        for share in assignment.values():
            if len(share) >= len(assignment[each.member]) + 2:
                assert not [partition for partition in share if partition.topic in each.topics]


@UNHURRIED
@given(groups())
def test_sticky_moves_nothing_when_nothing_has_changed(case: tuple[list[Subscription], Topics]) -> None:
    group, sizes = case
    assignment = sticky(group, sizes)
    assert sticky(again(group, assignment, 9), sizes) == assignment
    assert cooperative_sticky(again(group, assignment, 9), sizes) == assignment


@UNHURRIED
@given(groups(alike=True), st.data())
def test_when_a_member_is_lost_only_its_partitions_move(
    case: tuple[list[Subscription], Topics], data: st.DataObject
) -> None:
    group, sizes = case
    before = sticky(group, sizes)
    lost = data.draw(st.sampled_from(group))
    rest = [each for each in again(group, before, 9) if each.member != lost.member]
    if rest:
        after = sticky(rest, sizes)
        assert all(set(before[name]) <= set(share) for name, share in after.items())
        assert cooperative_sticky(rest, sizes) == after


@UNHURRIED
@given(groups(alike=True))
def test_when_a_member_comes_it_gets_its_share_and_nothing_else_moves(
    case: tuple[list[Subscription], Topics],
) -> None:
    group, sizes = case
    before = sticky(group, sizes)
    more = [*again(group, before, 9), Subscription("D", group[0].topics, (), 0)]
    after = sticky(more, sizes)
    assert all(set(share) <= set(before[name]) for name, share in after.items() if name != "D")
    count = len(readable(group, sizes))
    assert len(after["D"]) == count // len(more)


@UNHURRIED
@given(groups())
def test_cooperative_never_gives_away_what_another_member_may_hold(case: tuple[list[Subscription], Topics]) -> None:
    group, sizes = case
    assignment = cooperative_sticky(group, sizes)
    target = sticky(group, sizes)
    claims = [(each, partition) for each in group for partition in each.owned]
    for each, partition in claims:
        for name, share in assignment.items():
            if partition in share and name != each.member:
                # Only to who holds it by a newer word.
                owner = next(other for other in group if other.member == name)
                assert partition in owner.owned
                assert owner.generation > each.generation
    assert all(set(share) <= set(target[name]) for name, share in assignment.items())
    kept_back = readable(group, sizes) - {partition for share in assignment.values() for partition in share}
    assert kept_back <= {partition for _, partition in claims}


@UNHURRIED
@given(groups())
def test_cooperative_members_come_to_a_balanced_assignment(case: tuple[list[Subscription], Topics]) -> None:
    group, sizes = case
    assignment = cooperative_sticky(group, sizes)
    generations = 1
    while {partition for share in assignment.values() for partition in share} != readable(group, sizes):
        group = again(group, assignment, 8 + generations)
        assignment = cooperative_sticky(group, sizes)
        generations += 1
        # Where all read the same, what is given up is the only thing that moves; else it may set others moving.
        assert generations <= (2 if len({each.topics for each in group}) == 1 else MOST_GENERATIONS)
    assert sticky(again(group, assignment, 20), sizes) == assignment


@pytest.mark.parametrize("members", [1, 2, 3, 7])
def test_a_group_as_large_as_settings_allow_is_assigned(members: int) -> None:
    group = [member(f"C{number}", "t") for number in range(members)]
    for name in EVERY:
        assignment = assign(name, group, {"t": 64})
        assert sum(map(len, assignment.values())) == 64
