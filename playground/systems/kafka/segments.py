"""The segments of one log, and their files: the only place that writes them.

Each segment begins where the one before it ends. Whoever cuts the log, or puts a compacted segment in the place of
others, does so in memory and on the disk in one instant. What the disk was doing before a cut tells nothing
about the log that there is now: ``cuts`` counts them, so that its completion can be recognised.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from playground.kernel.disk import Disk
from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.wal import frame
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.segment import Segment
from playground.systems.kafka.sequences import Producers, encode
from playground.systems.kafka.settings import TopicSettings


class Segments:
    """At least one; the last one is *active*: it is appended to.

    ``found``: those that the disk has, in order; none: a new log.
    """

    def __init__(
        self, process: Process, partition: TopicPartition, settings: TopicSettings, found: Sequence[Segment]
    ) -> None:
        self._process = process
        self._partition = partition
        self._settings = settings
        self._all = list(found)
        self.cuts = 0
        self.scanned = 0
        if not found:
            self._all = [self.segment(0, {})]
            with suppress(DiskError):  # if the disk is full the first append makes the file
                self._disk.append(self.active.name, b"")
        for segment in self._all:
            if self._disk.size_bytes(segment.index_name) != len(segment.index.encode()):
                self._write_index(segment)
        self._bases = [segment.base_offset for segment in self._all]

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Segment:
        return self._all[number]

    @property
    def first(self) -> Segment:
        return self._all[0]

    @property
    def active(self) -> Segment:
        return self._all[-1]

    @property
    def closed(self) -> list[Segment]:
        return self._all[:-1]

    @property
    def start_offset(self) -> int:
        return self._bases[0]

    @property
    def end_offset(self) -> int:
        return self._all[-1].end_offset

    def segment(self, base_offset: int, producers: Producers) -> Segment:
        """A segment that is none of these (yet)."""
        return Segment(self._partition, base_offset, producers, self._settings.index_bytes)

    def read(self, offset: int, max_bytes: int, until: int) -> tuple[Batch, ...]:
        """See :meth:`.log.PartitionLog.read`."""
        found: list[Batch] = []
        place = max(0, bisect_right(self._bases, offset) - 1)
        number, looked_at = self._all[place].find(offset)
        self.scanned += looked_at
        room = max_bytes
        for segment in self._all[place:]:
            batches = segment.batches
            while number < len(batches):
                batch = batches[number]
                room -= segment.size_of(number)
                if batch.next_offset > until or (found and room < 0):
                    return tuple(found)
                found.append(batch)
                number += 1
            number = 0
        return tuple(found)

    # --- growing ------------------------------------------------------------------------------

    def full(self, size_bytes: int) -> bool:
        """The active segment has no room for so many bytes (a batch that is larger than any gets one of its own)."""
        active = self.active
        return bool(active.batches) and active.size_bytes + size_bytes > self._settings.segment_bytes

    def roll(self, producers: Producers) -> None:
        """Close the active segment. Raises DiskFull, and then it is not.

        The file of the next one is made at once: where it begins is where the log ends, even if all before it is
        deleted.
        """
        segment = self.segment(self.end_offset, producers)
        self._disk.append(segment.name, b"")
        self._all.append(segment)
        self._bases.append(segment.base_offset)
        if self._settings.cleanup == "delete":
            self.save(segment)

    def save(self, segment: Segment) -> None:
        """Write down what is known of the producers where ``segment`` begins. If the disk is full it is not."""
        if segment.snapshot or not segment.producers:
            return
        disk = self._disk
        disk.remove(segment.snapshot_name)
        try:
            disk.append(segment.snapshot_name, snapshot(segment.producers))
        except DiskError:
            return
        segment.snapshot = "written"

        def complete(_error: DiskError | None, _b: None) -> None:
            segment.snapshot = "safe"

        disk.sync(self._process, segment.snapshot_name, complete)

    def append(self, batch: Batch, payload: bytes) -> None:
        """At the end of the active segment. Raises DiskFull; then nothing has changed."""
        active, disk = self.active, self._disk
        framed = frame(payload, active.size_bytes)
        disk.append(active.name, framed)
        entry = active.add(batch, len(framed))
        if entry is not None:
            with suppress(DiskError):
                disk.append(active.index_name, entry.encode())

    # --- shrinking ----------------------------------------------------------------------------

    def cut(self, offset: int, unsynced: Iterable[Segment]) -> int:
        """Remove everything from ``offset`` on, not below the start; what is left is safe. Returns how many records."""
        self.cuts += 1
        cut = 0
        while self.active.base_offset > offset:
            segment = self._all.pop()
            self._bases.pop()
            cut += segment.records
            self._remove(segment)
        last = self.active
        cut += last.records
        last.cut(last.find(offset)[0])
        cut -= last.records
        for segment in (*unsynced, last):
            if segment.base_offset <= last.base_offset:
                self._disk.truncate(segment.name, segment.size_bytes)
        self._write_index(last)
        return cut

    def restart(self, offset: int) -> int:
        """Remove everything; the log begins at ``offset``. Returns how many records that were."""
        self.cuts += 1
        cut = sum(segment.records for segment in self._all)
        disk, first = self._disk, self.first
        for segment in self._all[1:]:
            self._remove(segment)
        disk.remove(first.index_name)
        disk.remove(first.snapshot_name)
        disk.truncate(first.name, 0)
        fresh = self.segment(offset, {})
        if fresh.name != first.name:
            with suppress(DiskError):  # there is no such file if the disk was full when the log began
                disk.replace(first.name, fresh.name)  # unlike a new file this needs no room
        self._all, self._bases = [fresh], [offset]
        return cut

    def drop(self, count: int) -> None:
        """Delete the first segments, the oldest first; not the active one."""
        assert count < len(self._all), "the active segment is never deleted"
        for segment in self._all[:count]:
            self._remove(segment)
        del self._all[:count], self._bases[:count]

    def swap(self, old: Sequence[Segment], new: Segment, file: str) -> None:
        """Put ``new``, which is safe in ``file``, in the place of closed segments that follow each other.

        The first step is the one that counts. A broker that boots before the rest is done knows from the offsets that
        the others are superseded.
        """
        place = self._all.index(old[0])
        assert self._all[place : place + len(old)] == list(old), "they follow each other"
        self._disk.replace(file, new.name)
        for segment in old[1:]:
            self._remove(segment)
        self._write_index(new)
        self._all[place : place + len(old)] = [new]
        self._bases[place : place + len(old)] = [new.base_offset]

    @property
    def _disk(self) -> Disk:
        return self._process.disk  # asked each time: a dead process has none

    def _remove(self, segment: Segment) -> None:
        for name in segment.files:
            self._disk.remove(name)

    def _write_index(self, segment: Segment) -> None:
        self._disk.remove(segment.index_name)
        entries = segment.index.encode()
        if entries:
            with suppress(DiskError):
                self._disk.append(segment.index_name, entries)


def snapshot(producers: Producers) -> bytes:
    """The content of a segment's ``.snapshot``."""
    return frame(encode(producers))
