"""What a coordinator keeps of its groups, as records of the compacted topic ``__consumer_offsets``.

* key ``offset <group> <partition>``: the group has done what stands before an offset; value: the offset, and the
  generation, member and number of the commit.
* key ``group <group>``: one generation of it, as JSON; once when it is formed, and again when its partitions are
  assigned.

The newest record of each key counts; a tombstone takes the key away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.records import Record, TopicPartition

Put = tuple[str, str | None]
"""Key and value of a record to append."""


class CommittedOffset(NamedTuple):
    """Where a group stands in one partition, and whose word that is."""

    offset: int
    generation: int
    member: str
    number: int
    """Among the commits of this member; 0: it does not count them."""


class MemberRecord(NamedTuple):
    """A member of one generation."""

    subscription: Subscription
    machine: str
    session_timeout_ms: int
    rebalance_ms: int
    partitions: tuple[TopicPartition, ...] = ()
    """What it owns, once that is assigned."""


class GroupRecord(NamedTuple):
    """One generation of a group."""

    generation: int
    assignor: str
    leader: str
    assigned: bool
    """False: it is formed, and its leader is still to say who gets what."""
    members: tuple[MemberRecord, ...]


class Kept:
    """What the records say of one group."""

    def __init__(self) -> None:
        self.group: GroupRecord | None = None
        self.offsets: dict[TopicPartition, CommittedOffset] = {}


def put_offset(group: str, partition: TopicPartition, offset: CommittedOffset) -> Put:
    """The record of a commit."""
    return f"offset {group} {partition}", " ".join(map(str, offset))


def put_group(group: str, record: GroupRecord) -> Put:
    """The record of a generation."""
    return f"group {group}", json.dumps(record, separators=(",", ":"))


def read(records: Iterable[Record]) -> dict[str, Kept]:
    """What stands in a partition of the topic, by group; later records replace earlier ones."""
    kept: dict[str, Kept] = {}
    for record in records:
        kind, _, rest = (record.key or "").partition(" ")
        name, _, about = rest.partition(" ")
        if kind == "group":
            kept.setdefault(name, Kept()).group = _group(record.value) if record.value is not None else None
        elif kind == "offset":
            offsets = kept.setdefault(name, Kept()).offsets
            partition = TopicPartition.parse(about)
            assert partition is not None, f"a commit of no partition: {record.key}"
            if record.value is None:
                offsets.pop(partition, None)
            else:
                offset, generation, member, number = record.value.split(" ")
                offsets[partition] = CommittedOffset(int(offset), int(generation), member, int(number))
    return kept


def _group(value: str) -> GroupRecord:
    generation, assignor, leader, assigned, members = json.loads(value)
    return GroupRecord(generation, assignor, leader, assigned, tuple(_member(*each) for each in members))


def _member(subscription: Any, machine: str, session_timeout_ms: int, rebalance_ms: int, owned: Any) -> MemberRecord:
    name, topics, held, generation = subscription
    told = Subscription(name, tuple(topics), _partitions(held), generation)
    return MemberRecord(told, machine, session_timeout_ms, rebalance_ms, _partitions(owned))


def _partitions(pairs: Any) -> tuple[TopicPartition, ...]:
    return tuple(TopicPartition(*each) for each in pairs)
