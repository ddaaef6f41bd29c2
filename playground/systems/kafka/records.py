"""What travels from producers through logs to consumers: records in batches (Kafka's message format, version 2).

A producer makes batches; a leader gives them their place. A batch is written, copied, truncated and acknowledged
as a whole. Compaction takes records out of a batch, but its range of offsets stays what it was, so offsets never move.
"""

from __future__ import annotations

import json
from typing import NamedTuple

NO_PRODUCER = -1
"""The producer id of a batch that is not idempotent."""


class TopicPartition(NamedTuple):
    """One log: what is ordered, replicated, led, and owned by one member of a group."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"

    @classmethod
    def parse(cls, text: str) -> TopicPartition | None:
        """The inverse of ``str``; None if it is none."""
        topic, dash, number = text.rpartition("-")
        return cls(topic, int(number)) if dash and number.isascii() and number.isdecimal() else None


class Record(NamedTuple):
    """One message."""

    delta: int
    """Its offset, counted from the batch's first."""
    key: str | None
    value: str | None
    """None: a tombstone; it deletes the key from a compacted log."""
    at_us: int
    """When it was made, by the wall clock of its producer's machine."""
    header: str = ""
    """``<life of the producer>:<count>``: names the message for ever. Consumers and brokers don't look at it."""


class Batch(NamedTuple):
    """Records of one producer that go to one partition together."""

    records: tuple[Record, ...]
    last_delta: int
    """Of the last record that it had when it was made."""
    producer_id: int = NO_PRODUCER
    producer_epoch: int = 0
    sequence: int = -1
    """Number of its first record among all that this producer, in this epoch, has sent to the partition."""
    base_offset: int = -1
    """Given by the leader that appends it, as is ``leader_epoch``."""
    leader_epoch: int = -1

    @property
    def next_offset(self) -> int:
        """The offset that follows its last one."""
        return self.base_offset + self.last_delta + 1

    @property
    def next_sequence(self) -> int:
        return self.sequence + self.last_delta + 1

    @property
    def size_bytes(self) -> int:
        """Roughly what it takes on the wire and on the disk."""
        return 61 + sum(12 + len(each.key or "") + len(each.value or "") + len(each.header) for each in self.records)

    def encode(self) -> bytes:
        """As it stands in a log."""
        return json.dumps(self, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> Batch:
        """The inverse of :meth:`encode`."""
        records, *rest = json.loads(data)
        return cls(tuple(Record(*each) for each in records), *rest)
