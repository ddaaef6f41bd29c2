"""How far each shard is published, where whoever leads it next can read it: in a compacted topic of Kafka itself.

The key is the shard, the value ``epoch seq``: everything up to there is in the feed, acknowledged by all brokers in
sync. That is said after the fact, so it may be too low; it is never too high. Whoever goes on from it publishes a few
changes twice and leaves none out.

A master that was deposed may still say something, after its successor has. That is true as well. So the highest of all
positions counts, not the last one; and if compaction leaves only a lower one, some more is published twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from playground.systems.feed.changes import parse_position
from playground.systems.kafka.client import INTERNAL, Record
from playground.systems.shards.client import Position

_, TOPIC = INTERNAL


def spelled(position: Position) -> str:
    """As it stands in the topic."""
    return f"{position.epoch} {position.seq}"


def newest(records: Iterable[Record], shard: str) -> Position | None:
    """The highest position that is told of ``shard``; None if none is."""
    told = (parse_position(record.value, " ") for record in records if record.key == shard)
    return max((position for position in told if position is not None), default=None)
