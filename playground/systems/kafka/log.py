"""The log of one partition on one broker: batches in the order of their offsets, in segments on the disk.

* A leader appends: a batch gets the next offsets. A follower copies: batches keep theirs.
* What is appended can be read at once. It is *synced* when the disk says so: everything below ``synced_offset`` is safe.
  Syncs follow each other in the order of the log, one at a time; what comes meanwhile shares the next one (group
  commit). So a power failure takes an end of the log, never something in the middle.
* With ``flush: each`` every append asks for a sync; with ``later`` the log is synced every ``flush_ms`` and
  whenever a segment is closed. Who counts what as safe is not decided here.
* The high watermark is told by the owner. What is below it is committed: it may be deleted by retention or compaction,
  and nothing else may.
* After a truncation everything is as if the rest had never been there: epochs, producers, indexes.

When the disk is full an append raises :class:`DiskFull`, and nothing was appended. When it hangs, ``then()`` comes late.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from playground.kernel.disk import Disk
from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.timers import Timer
from playground.kernel.wal import frame
from playground.systems.kafka.cleaning import Cleaned, Cleaner
from playground.systems.kafka.epochs import EpochCache
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.kafka.segment import Segment, SegmentView
from playground.systems.kafka.sequences import Placed, Producers, Sequences
from playground.systems.kafka.settings import KafkaSettings, TopicSettings

Then = Callable[[], object]


class PartitionLog:
    """One replica of one partition. ``segments``: those found on the disk, in order; none: a new log."""

    def __init__(
        self, process: Process, partition: TopicPartition, settings: KafkaSettings, segments: Sequence[Segment] = ()
    ) -> None:
        self._process = process
        self._flush_each = settings.flush == "each"
        self._flush_us = settings.flush_ms * 1_000
        self._about = f"{process.node.name} appends to {partition}"
        self.partition = partition
        self.settings = settings.topic(partition.topic) or TopicSettings(name=partition.topic)
        self.end_offset = self.synced_offset = 0
        self.high_watermark = 0
        self.scanned = 0
        """Batches that reads have looked at and not wanted, since the broker booted."""
        self._segments: list[Segment] = list(segments)
        self._bases: list[int] = [segment.base_offset for segment in segments]
        self._epochs = EpochCache()
        self._sequences = Sequences({})
        self._unsynced: deque[Segment] = deque()
        self._waiting: deque[tuple[int, Then]] = deque()
        self._syncing = False
        self._cuts = 0
        self._flush_to = 0
        self._timer: Timer | None = None
        self._cleaner = Cleaner(self)
        if segments:
            self._sequences = Sequences(segments[0].producers)
            for batch in self.batches():
                self._note(batch)
            self.end_offset = self.synced_offset = segments[-1].end_offset
            self.high_watermark = self.start_offset
        else:
            self._begin(0, {})

    # --- what it holds --------------------------------------------------------------------

    @property
    def start_offset(self) -> int:
        """The first offset that was not deleted."""
        return self._bases[0]

    @property
    def last_epoch(self) -> int:
        """Leader epoch of the last batch; -1 if there is none."""
        return self._epochs.last

    @property
    def epochs(self) -> tuple[tuple[int, int], ...]:
        """``(leader epoch, its first offset)``, oldest first."""
        return self._epochs.entries

    @property
    def size_bytes(self) -> int:
        return sum(segment.size_bytes for segment in self._segments)

    @property
    def segments(self) -> tuple[SegmentView, ...]:
        """For pictures; the last one is active."""
        active = self._segments[-1]
        return tuple(segment.view(active=segment is active) for segment in self._segments)

    def batches(self) -> Iterator[Batch]:
        for segment in self._segments:
            yield from segment.batches

    def records(self) -> Iterator[tuple[int, Record]]:
        """With their offsets."""
        for batch in self.batches():
            for record in batch.records:
                yield batch.base_offset + record.delta, record

    def read(self, offset: int, max_bytes: int, until: int | None = None) -> tuple[Batch, ...]:
        """Whole batches, from the one that holds ``offset`` on; if it was compacted away, from the next one on.

        Only those that end at or before ``until``; about ``max_bytes`` at most, but one in any case.
        """
        until = self.end_offset if until is None else until
        if offset >= until:
            return ()
        found: list[Batch] = []
        room = max_bytes
        place = max(0, bisect_right(self._bases, offset) - 1)
        number, looked_at = self._segments[place].find(offset)
        self.scanned += looked_at - 1
        while place < len(self._segments):
            segment = self._segments[place]
            batches = segment.batches
            while number < len(batches):
                batch = batches[number]
                room -= segment.size_of(number)
                if batch.next_offset > until or (found and room < 0):
                    return tuple(found)
                found.append(batch)
                number += 1
            place, number = place + 1, 0
        return tuple(found)

    def end_of_epoch(self, epoch: int) -> tuple[int, int]:
        """The newest leader epoch here that is not above ``epoch``, and the offset at which it ended.

        ``(-1, start_offset)`` if all epochs here are above it.
        """
        return self._epochs.end_of(epoch, self.start_offset, self.end_offset)

    def check_sequence(self, batch: Batch) -> Placed | str | None:
        """None: it may be appended. Placed: it is a duplicate. Else the code by which it is refused."""
        return self._sequences.check(batch)

    # --- what is done to it ---------------------------------------------------------------

    def advance(self, high_watermark: int) -> None:
        """What is below is committed. Never falls (but see :meth:`truncate`), and never passes the end."""
        self.high_watermark = max(self.high_watermark, min(high_watermark, self.end_offset))

    def append(self, batch: Batch, leader_epoch: int, then: Then) -> Batch:
        """Give it the next offsets; ``then()`` when it is synced (never, if it is truncated before).

        Returns the batch with its place. Raises DiskError; then nothing was appended.
        """
        placed = batch._replace(base_offset=self.end_offset, leader_epoch=leader_epoch)
        self._write(placed)
        self._sync_for(then)
        return placed

    def copy(self, batches: Sequence[Batch], then: Then) -> None:
        """Append what a leader has; offsets may jump over what it has compacted. ``then()`` as in :meth:`append`.

        Raises DiskError; batches before the one that had no room are then there, as ``end_offset`` tells.
        """
        written = 0
        try:
            for batch in batches:
                self._write(batch)
                written += 1
        finally:
            if written:
                self._sync_for(then if written == len(batches) else _nothing)

    def truncate(self, offset: int) -> int:
        """Cut off everything from ``offset`` on, and the batch that holds it. Durable. Returns how many records."""
        if offset >= self.end_offset:
            return 0
        if offset < self.start_offset:
            cut = sum(len(batch.records) for batch in self.batches())
            self.restart(offset)
            return cut
        disk = self._disk
        self._stop_what_is_under_way()
        cut = 0
        while self._segments[-1].base_offset > offset:
            segment = self._segments.pop()
            self._bases.pop()
            cut += sum(len(batch.records) for batch in segment.batches)
            self._remove(segment)
        last = self._segments[-1]
        number, _ = last.find(offset)
        cut += sum(len(batch.records) for batch in last.batches[number:])
        last.cut(number)
        self.end_offset = last.end_offset
        for segment in (*self._unsynced, last):
            disk.truncate(segment.name, segment.size_bytes)
        self._rewrite_index(last)
        self._unsynced.clear()
        self._settle(last)
        return cut

    def restart(self, offset: int) -> None:
        """Drop everything; the log begins, empty, at ``offset``. Durable."""
        self._stop_what_is_under_way()
        disk = self._disk
        for segment in self._segments[1:]:
            self._remove(segment)
        first = self._segments[0]
        disk.remove(first.index_name)
        disk.truncate(first.name, 0)
        fresh = self._segment(offset, {})
        if fresh.name != first.name and disk.size_bytes(first.name) == 0:
            try:
                disk.replace(first.name, fresh.name)  # needs no room, unlike a new file
            except DiskError:
                pass  # the disk was full when the log began: there is no file yet
        self._segments, self._bases = [fresh], [offset]
        self._unsynced.clear()
        self.end_offset = offset
        self._settle(fresh)

    def clean(self, now_us: int) -> Cleaned:
        """Close a segment that is old, delete and compact as the topic's settings say.

        ``now_us``: the wall clock of the broker. Compaction goes on by itself and takes as long as the disk takes.
        """
        return self._cleaner.clean(now_us)

    # --- writing --------------------------------------------------------------------------

    @property
    def _disk(self) -> Disk:
        return self._process.disk  # asked each time: a dead process has none

    def _segment(self, base_offset: int, producers: Producers) -> Segment:
        return Segment(self.partition, base_offset, producers, self.settings.index_bytes)

    def _begin(self, base_offset: int, producers: Producers) -> None:
        """A first segment. If the disk is full there is no file yet."""
        segment = self._segment(base_offset, producers)
        self._segments, self._bases = [segment], [base_offset]
        try:
            self._disk.append(segment.name, b"")
        except DiskError:
            pass

    def _roll(self) -> Segment:
        """Close the active segment. Raises DiskFull, and then it is not.

        The new file is made at once: where it begins is where the log ends, even if all before it is deleted.
        """
        segment = self._segment(self.end_offset, self._sequences.states())
        self._disk.append(segment.name, b"")
        self._segments.append(segment)
        self._bases.append(segment.base_offset)
        if not self._flush_each:
            self._flush()
        return segment

    def _write(self, batch: Batch) -> None:
        assert batch.base_offset >= self.end_offset, f"{self.partition} ends at {self.end_offset}, not at {batch}"
        payload = batch.encode()
        active = self._segments[-1]
        if active.batches and active.size_bytes + len(payload) > self.settings.segment_bytes:
            active = self._roll()
        disk = self._disk
        framed = frame(payload, active.size_bytes)
        disk.append(active.name, framed)
        entry = active.add(batch, len(framed))
        if entry is not None:
            try:
                disk.append(active.index_name, entry.encode())
            except DiskError:
                pass  # it is in memory, and made anew from the log at the next boot
        self._process.world.journal.mix(self._process.node.name, zlib.crc32(payload), about=self._about)
        if not self._unsynced or self._unsynced[-1] is not active:
            self._unsynced.append(active)
        self.end_offset = batch.next_offset
        self._note(batch)

    def _note(self, batch: Batch) -> None:
        self._epochs.note(batch.leader_epoch, batch.base_offset)
        self._sequences.note(batch)

    def _remove(self, segment: Segment) -> None:
        self._disk.remove(segment.name)
        self._disk.remove(segment.index_name)

    def _rewrite_index(self, segment: Segment) -> None:
        disk = self._disk
        disk.remove(segment.index_name)
        if segment.index.entries:
            try:
                disk.append(segment.index_name, b"".join(entry.encode() for entry in segment.index.entries))
            except DiskError:
                pass

    def _stop_what_is_under_way(self) -> None:
        """What the disk is doing now tells nothing about the log that there will be."""
        self._cuts += 1

    def _settle(self, last: Segment) -> None:
        """After a cut: everything that is left is safe, and the rest is forgotten."""
        end_offset = self.end_offset
        self.synced_offset = end_offset
        self.high_watermark = max(self.start_offset, min(self.high_watermark, end_offset))
        self._epochs.cut_from(end_offset)
        self._sequences = Sequences(last.producers)
        self._sequences.note_all(last.batches)
        kept = [each for each in self._waiting if each[0] <= end_offset]
        self._waiting.clear()
        self._waiting.extend(kept)

    # --- syncing --------------------------------------------------------------------------

    def _sync_for(self, then: Then) -> None:
        self._waiting.append((self.end_offset, then))
        if self._flush_each:
            self._flush()
        elif self._timer is None:
            self._timer = self._process.after(self._flush_us, self._flush_is_due)

    def _flush_is_due(self) -> None:
        self._timer = None
        self._flush()

    def _flush(self) -> None:
        """Sync everything that there is now."""
        self._flush_to = self.end_offset
        if not self._syncing:
            self._go_on()

    def _go_on(self) -> None:
        """Sync the oldest segment that is not safe; then tell those who waited for what is safe by now."""
        ready: list[Then] = []
        while self._waiting and self._waiting[0][0] <= self.synced_offset:
            ready.append(self._waiting.popleft()[1])
        if self._unsynced and (self._flush_each or self.synced_offset < self._flush_to):
            self._sync(self._unsynced[0])
        elif self._waiting and self._timer is None and not self._flush_each:
            self._timer = self._process.after(self._flush_us, self._flush_is_due)
        for then in ready:
            if self._process.alive:  # the one before may have crashed the node
                then()

    def _sync(self, segment: Segment) -> None:
        self._syncing = True
        cuts, covered = self._cuts, segment.end_offset

        def complete(_error: DiskError | None, _b: None) -> None:
            self._syncing = False
            if cuts == self._cuts:
                self.synced_offset = covered
                if segment.end_offset == covered:
                    self._unsynced.popleft()
            self._go_on()

        self._disk.sync(self._process, segment.name, complete)


def _nothing() -> None:
    """Nobody waits."""
