"""A segment: a stretch of a partition's log, in a file that is named after its first offset.

Only the last segment of a log is appended to. The others are closed, and are what retention and compaction work on.
The batches stand in the file as in a write-ahead log (:mod:`playground.kernel.wal`): ``length | checksum | batch``.

What a broker has written since it booted, and what it has read back then, is in memory: in the page cache of a
real one. So reading costs no time here; a real broker goes to the disk for what has not been read for long.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from playground.systems.kafka.index import Entry, OffsetIndex
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.sequences import Producers


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
        "base_offset",
        "batches",
        "began_us",
        "compacted",
        "end_offset",
        "files",
        "index",
        "index_name",
        "name",
        "newest_at_us",
        "positions",
        "producers",
        "size_bytes",
        "snapshot",
        "snapshot_name",
    )

    def __init__(self, partition: TopicPartition, base_offset: int, producers: Producers, interval_bytes: int) -> None:
        self.base_offset = base_offset
        self.producers = producers
        """The states of the producers where it begins."""
        self.snapshot: Literal["", "written", "safe"] = ""
        """How far they are in a file of their own."""
        self.name, self.index_name, self.snapshot_name = self.files = file_names(partition, base_offset)
        self.batches: list[Batch] = []
        self.positions: list[int] = []
        """Where in the file they begin."""
        self.index = OffsetIndex(interval_bytes)
        self.size_bytes = 0
        self.end_offset = base_offset
        self.compacted = False
        self.began_us: int | None = None
        """When it was first appended to, by the machine's monotonic clock; None: not since the broker booted."""
        self.newest_at_us: int | None = None
        """When its newest record was made, by the clock of its producer; None if there is none."""

    @property
    def records(self) -> int:
        return sum(len(batch.records) for batch in self.batches)

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
        self._note_times(batch)
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
        self.newest_at_us = None
        for batch in self.batches:
            self._note_times(batch)

    def size_of(self, number: int) -> int:
        """Bytes that a batch takes in the file."""
        end = self.positions[number + 1] if number + 1 < len(self.positions) else self.size_bytes
        return end - self.positions[number]

    def _note_times(self, batch: Batch) -> None:
        for record in batch.records:
            if self.newest_at_us is None or record.at_us > self.newest_at_us:
                self.newest_at_us = record.at_us

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


def file_names(partition: TopicPartition, base_offset: int) -> tuple[str, str, str]:
    """Of the segment, its index, and the producers at its beginning."""
    stem = f"{folder(partition)}{base_offset:020}"
    return f"{stem}.log", f"{stem}.index", f"{stem}.snapshot"


def base_of(name: str) -> tuple[TopicPartition, int] | None:
    """The partition and base offset of a segment's file; None if it is another file."""
    place, _, file = name.rpartition("/")
    number = file.removesuffix(".log")
    partition = TopicPartition.parse(place)
    if partition is None or number == file or not (number.isascii() and number.isdecimal()):
        return None
    return partition, int(number)
