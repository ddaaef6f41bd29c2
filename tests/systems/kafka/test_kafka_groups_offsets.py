"""What a coordinator writes down of its groups, and what another one reads."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.offsets import (
    CommittedOffset,
    GroupRecord,
    MemberRecord,
    Put,
    put_group,
    put_offset,
    read,
)
from playground.systems.kafka.records import Record, TopicPartition

TP = TopicPartition("changes", 3)


def records(puts: Iterable[Put]) -> list[Record]:
    return [Record(0, key, value, 0) for key, value in puts]


def partitions() -> st.SearchStrategy[tuple[TopicPartition, ...]]:
    one = st.builds(TopicPartition, st.sampled_from(("changes", "a_b", "t-0")), st.integers(0, 63))
    return st.lists(one, max_size=5, unique=True).map(tuple)


NAMES = st.sampled_from(("co1", "co2#3", "co10"))
TOPICS = st.lists(st.sampled_from(("changes", "a_b")), unique=True).map(tuple)
SUBSCRIPTIONS = st.builds(Subscription, NAMES, TOPICS, partitions(), st.integers(0, 99))
MEMBERS = st.builds(MemberRecord, SUBSCRIPTIONS, NAMES, st.integers(1), st.integers(1), partitions())
GROUPS = st.builds(
    GroupRecord,
    st.integers(0, 10**6),
    st.sampled_from(("range", "cooperative-sticky")),
    NAMES,
    st.booleans(),
    st.lists(MEMBERS, max_size=4).map(tuple),
)
OFFSETS = st.builds(CommittedOffset, st.integers(0), st.integers(0), NAMES, st.integers(0))


@settings(max_examples=60, deadline=None)
@given(GROUPS, OFFSETS)
def test_what_is_written_is_read(group: GroupRecord, offset: CommittedOffset) -> None:
    found = read(records([put_group("view", group), put_offset("view", TP, offset)]))
    assert list(found) == ["view"]
    assert found["view"].group == group
    assert found["view"].offsets == {TP: offset}


def test_the_newest_record_of_each_key_counts() -> None:
    old, new = (GroupRecord(number, "range", "co1", True, ()) for number in (1, 2))
    offsets = [CommittedOffset(at, 1, "co1", at) for at in (30, 20)]
    found = read(
        records(
            [
                put_group("view", old),
                put_offset("view", TP, offsets[0]),
                put_group("audit", old),
                put_group("view", new),
                put_offset("view", TP, offsets[1]),
            ]
        )
    )
    assert (found["view"].group, found["audit"].group) == (new, old)
    assert found["view"].offsets == {TP: offsets[1]}
    assert found["audit"].offsets == {}


def test_a_tombstone_takes_away_what_stood_there() -> None:
    group, offset = GroupRecord(1, "range", "", True, ()), CommittedOffset(5, 1, "co1", 1)
    puts: list[Put] = [put_group("view", group), put_offset("view", TP, offset)]
    found = read(records([*puts, *((key, None) for key, _ in puts)]))
    assert found["view"].group is None
    assert found["view"].offsets == {}


def test_a_commit_reads_in_plain_words() -> None:
    assert put_offset("view", TP, CommittedOffset(120, 5, "co1", 17)) == ("offset view changes-3", "120 5 co1 17")
