"""The log of one partition on one broker: batches in the order of their offsets, in segments on the disk.

* A leader appends: a batch gets the next offsets. A follower copies: batches keep theirs.
* What is appended can be read at once. It is *synced* when the disk says so. A power failure takes an end of the log,
  never something in the middle (see :mod:`.flushing`).
* With ``flush: each`` every append asks for a sync; with ``later`` the log is synced every ``flush_ms`` and
  whenever a segment is closed. Who counts what as safe is not decided here.
* The high watermark is told by the owner. What is below it is committed: it may be deleted or compacted
  (:mod:`.cleaning`), and nothing else may.
* After a truncation everything is as if the rest had never been there: epochs, producers, indexes.

When the disk is full an append raises :class:`DiskFull`, and nothing was appended. When it hangs ``then()`` comes late.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

from playground.kernel.node import Process
from playground.systems.kafka.cleaning import Cleaned, Cleaner
from playground.systems.kafka.epochs import EpochCache
from playground.systems.kafka.flushing import Flusher, Then
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.kafka.segment import Segment, SegmentView
from playground.systems.kafka.segments import Segments
from playground.systems.kafka.sequences import Placed, Sequences
from playground.systems.kafka.settings import KafkaSettings, TopicSettings


class PartitionLog:
    """One replica of one partition: ``start_offset <= high_watermark <= end_offset``.

    ``found``: the segments that the disk has, in order; none: a new log. ``on_fall()``: the high watermark has fallen.
    """

    def __init__(
        self,
        process: Process,
        partition: TopicPartition,
        settings: KafkaSettings,
        found: Sequence[Segment] = (),
        on_fall: Callable[[], object] = lambda: None,
    ) -> None:
        self._process = process
        self._on_fall = on_fall
        self._about = f"{process.node.name} appends to {partition}"
        self.partition = partition
        self.settings = settings.topic(partition.topic) or TopicSettings(name=partition.topic)
        self._segments = Segments(process, partition, self.settings, found)
        self._flusher = Flusher(process, self._segments, settings)
        self._epochs = EpochCache()
        self._sequences = Sequences(self._segments.first.producers)
        for batch in self.batches():
            self._note(batch)
        self.end_offset = self._segments.end_offset
        """Of the next record that is appended."""
        self.high_watermark = self.start_offset
        self.cleaner = Cleaner(process, self)

    # --- what it holds --------------------------------------------------------------------

    @property
    def start_offset(self) -> int:
        """The first offset that was not deleted."""
        return self._segments.start_offset

    @property
    def synced_offset(self) -> int:
        """Everything below is safe on the disk."""
        return self._flusher.synced_offset

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
        """Of all segments' files, indexes not counted."""
        return sum(segment.size_bytes for segment in self._segments)

    @property
    def scanned(self) -> int:
        """Batches that reads have looked at, since the broker booted, to find the one to begin with."""
        return self._segments.scanned

    @property
    def segments(self) -> tuple[SegmentView, ...]:
        """For pictures; the last one is active."""
        active = self._segments.active
        return tuple(segment.view(active=segment is active) for segment in self._segments)

    def batches(self, since: int = 0) -> Iterator[Batch]:
        """All, in order; of the segments that end after ``since``."""
        for segment in self._segments:
            if segment.end_offset > since:
                yield from segment.batches

    def records(self) -> Iterator[tuple[int, Record]]:
        """All, in order, with their offsets."""
        for batch in self.batches():
            for record in batch.records:
                yield batch.base_offset + record.delta, record

    def read(self, offset: int, max_bytes: int, until: int | None = None) -> tuple[Batch, ...]:
        """Whole batches, from the one that holds ``offset`` on; if it was compacted away, from the next one on.

        Only those that end at or before ``until``; ``max_bytes`` at most, but one in any case.
        """
        if until is None:
            until = self.end_offset
        return self._segments.read(offset, max_bytes, until) if offset < until else ()

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
        self._flusher.tell(then)
        return placed

    def copy(self, batches: Sequence[Batch], then: Then) -> None:
        """Append what a leader has; offsets may jump over what it has compacted. ``then()`` as in :meth:`append`.

        Raises DiskError; then those batches are there that had room, as ``end_offset`` tells.
        """
        end_offset = self.end_offset
        try:
            for batch in batches:
                self._write(batch)
        except BaseException:
            if self.end_offset > end_offset:
                self._flusher.tell(_nobody)
            raise
        self._flusher.tell(then)

    def truncate(self, offset: int) -> int:
        """Cut off everything from ``offset`` on, and the batch that holds it. Returns how many records.

        Durable. The high watermark falls with the end. Below the start this is :meth:`restart`.
        """
        if offset >= self.end_offset:
            return 0
        if offset < self.start_offset:
            return self.restart(offset)
        cut = self._segments.cut(offset, self._flusher.unsynced)
        self._settle(kept=True)
        return cut

    def restart(self, offset: int) -> int:
        """Drop everything; the log begins, empty, at ``offset``. Durable. Returns how many records that were.

        Nothing is known of producers and epochs after it. (If the disk was so full that the log never had a file,
        and the power fails before there is one, it begins at 0 again: as empty.)
        """
        cut = self._segments.restart(offset)
        self._epochs.clear()
        self._settle(kept=False)
        self.high_watermark = max(self.high_watermark, offset)
        return cut

    def clean(self, now_us: int) -> Cleaned:
        """Close a segment that is old, delete and compact as the topic's settings say.

        ``now_us``: the wall clock of the broker. What needs the disk goes on by itself, and takes as long as the disk
        takes.
        """
        return self.cleaner.clean(now_us, self._segments)

    def roll(self) -> None:
        """Close the active segment, if there is anything in it. Raises DiskError; then it is not."""
        if self._segments.active.batches:
            self._segments.roll(self._sequences.states())
            self._flusher.flush()

    def forget(self, count: int) -> None:
        """Delete the first ``count`` segments, which are below the high watermark: what retention does."""
        self._segments.drop(count)
        first = next(self.batches(), None)
        self._epochs.cut_before(self.end_offset if first is None else first.base_offset)
        self._epochs.cut_from(self.end_offset)

    def _write(self, batch: Batch) -> None:
        assert batch.base_offset >= self.end_offset, f"{self.partition} ends at {self.end_offset}, not before {batch}"
        payload = batch.encode()
        if self._segments.full(len(payload)):
            self.roll()
        self._segments.append(batch, payload)
        if len(self._segments.active.batches) == 1:
            self._segments.active.began_us = self._process.node.clock.monotonic_us
        self._flusher.written()
        self._process.world.journal.mix(self._process.node.name, zlib.crc32(payload), about=self._about)
        self.end_offset = batch.next_offset
        self._note(batch)

    def _note(self, batch: Batch) -> None:
        self._epochs.note(batch.leader_epoch, batch.base_offset)
        self._sequences.note(batch)

    def _settle(self, *, kept: bool) -> None:
        """After a cut that has left something, or nothing."""
        active = self._segments.active
        self.end_offset = active.end_offset
        self._epochs.cut_from(self.end_offset)
        self._sequences = Sequences(active.producers)
        self._sequences.note_all(active.batches)
        self._flusher.cut(kept)
        if self.high_watermark > self.end_offset:
            self.high_watermark = self.end_offset
            self._on_fall()


def _nobody() -> None:
    """Nobody waits for it."""
