"""A segment: a stretch of a partition's log, in a file that is named after its first offset.

Only the last segment of a log is appended to. The others are closed, and are what retention and compaction work on.
The batches stand in the file as in a write-ahead log (:mod:`playground.kernel.wal`): ``length | checksum | batch``.

What a broker has written since it booted, and what it has read back then, is in memory: in the page cache of a
real one. So reading costs no time here; a real broker goes to the disk for what has not been read for long.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.systems.kafka.index import Entry, OffsetIndex
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.sequences import Producers

NO_TIME = -1


class SegmentView(NamedTuple):
    """A segment as it is now, for pictures."""

    base_offset: int
    end_offset: int
    size_bytes: int
    batches: int
    index_entries: int
    active: bool
    compacted: bool


class Segment:
    """One segment in memory; whoever owns the log writes the file."""

    __slots__ = (
        "_interval_bytes",
        "base_offset",
        "batches",
        "compacted",
        "end_offset",
        "first_at_us",
        "index",
        "name",
        "newest_at_us",
        "positions",
        "producers",
        "size_bytes",
    )

    def __init__(self, partition: TopicPartition, base_offset: int, producers: Producers, interval_bytes: int) -> None:
        self._interval_bytes = interval_bytes
        self.base_offset = base_offset
        self.producers = producers
        """The states of the producers where it begins."""
        self.name = file_name(partition, base_offset)
        self.compacted = False
        self.empty()

    def empty(self) -> None:
        """There is nothing in it."""
        self.batches: list[Batch] = []
        self.positions: list[int] = []
        self.index = OffsetIndex(self._interval_bytes)
        self.size_bytes = 0
        self.end_offset = self.base_offset
        self.first_at_us = self.newest_at_us = NO_TIME

    @property
    def index_name(self) -> str:
        return f"{self.name.removesuffix('.log')}.index"

    def add(self, batch: Batch, size_bytes: int) -> Entry | None:
        """``batch`` stands at the end of the file now, and takes so many bytes. Returns what the index got, if any."""
        entry = None
        if self.index.due(self.size_bytes):
            entry = Entry(batch.base_offset, self.size_bytes, len(self.batches))
            self.index.add(entry)
        self.batches.append(batch)
        self.positions.append(self.size_bytes)
        self.size_bytes += size_bytes
        self.end_offset = batch.next_offset
        for record in batch.records:
            if self.first_at_us == NO_TIME:
                self.first_at_us = record.at_us
            self.newest_at_us = max(self.newest_at_us, record.at_us)
        return entry

    def find(self, offset: int) -> tuple[int, int]:
        """The first batch, by number, that ends above ``offset``; and how many had to be looked at to find it."""
        begin = number = self.index.find(offset)
        batches = self.batches
        while number < len(batches) and batches[number].next_offset <= offset:
            number += 1
        return number, number - begin + 1

    def cut(self, count: int) -> None:
        """Keep the first ``count`` batches."""
        self.size_bytes = self.positions[count] if count < len(self.positions) else self.size_bytes
        del self.batches[count:], self.positions[count:]
        self.index.cut(count)
        self.end_offset = self.batches[-1].next_offset if self.batches else self.base_offset
        times = [record.at_us for batch in self.batches for record in batch.records]
        self.first_at_us = times[0] if times else NO_TIME
        self.newest_at_us = max(times, default=NO_TIME)

    def size_of(self, number: int) -> int:
        """Bytes that a batch takes in the file."""
        end = self.positions[number + 1] if number + 1 < len(self.positions) else self.size_bytes
        return end - self.positions[number]

    def view(self, *, active: bool) -> SegmentView:
        return SegmentView(
            self.base_offset,
            self.end_offset,
            self.size_bytes,
            len(self.batches),
            len(self.index),
            active,
            self.compacted,
        )


def folder(partition: TopicPartition) -> str:
    """Where the files of a partition are."""
    return f"{partition}/"


def file_name(partition: TopicPartition, base_offset: int) -> str:
    return f"{folder(partition)}{base_offset:020}.log"


def base_of(name: str) -> tuple[TopicPartition, int] | None:
    """The partition and base offset of a segment's file; None if it is another file."""
    place, _, file = name.rpartition("/")
    number = file.removesuffix(".log")
    partition = TopicPartition.parse(place)
    if partition is None or number == file or not (number.isascii() and number.isdecimal()):
        return None
    return partition, int(number)
