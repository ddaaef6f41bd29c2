"""What becomes of the segments of a log in time: they are closed, deleted (retention), or compacted.

* A segment is closed when it has been appended to for ``segment_ms``, or lain there so long since the boot.
* Records are as old as the clocks of their producers and the broker's wall clock say, as in Kafka: where one of them
  is wrong, retention comes too early or too late.
* Only closed segments are deleted or compacted, and only what is safe on this disk and below the high watermark.
* Retention deletes from the beginning on. What is known of the producers at the new beginning is safe by then, in a
  ``.snapshot`` that is written when a segment is begun: so a disk that is full can be made room on.
* Compaction takes all such segments together, when ``dirty_share`` of their bytes has not been through it. Segments
  that have become small are put into one. The new file is synced, takes the place of the first old one, and then the
  others are removed: a broker that boots in between finds either the old ones or the new one, and which are superseded.
  The oldest segments are replaced first, so what a later record supersedes is gone before that record (a tombstone) is.

When the disk is full, or the log is cut meanwhile, compaction is given up, and begun anew later.

A replica that was away for longer than ``tombstone_ms`` can miss a tombstone, and keep what the others have deleted. So
it is in Kafka (delete.retention.ms). After a boot nobody knows what was compacted before: all of it is dirty again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.wal import frame
from playground.systems.kafka.compaction import Plan, Survey, plan
from playground.systems.kafka.segment import Segment
from playground.systems.kafka.segments import Segments

if TYPE_CHECKING:
    from playground.systems.kafka.log import PartitionLog

PAUSE_US = 10_000_000
"""How long compaction waits when the disk had no room for it."""


class Cleaned(NamedTuple):
    """What one call of ``clean`` did or began."""

    rolled: bool = False
    deleted: int = 0
    """Segments."""
    compacting: int = 0
    """Segments."""


class Cleaner:
    """Of one log. Counts what was done since the broker booted."""

    def __init__(self, process: Process, log: PartitionLog) -> None:
        self._process = process
        self._log = log
        self._busy = False
        self._again_us = 0
        self.deleted_segments = 0
        self.compactions = 0
        self.removed_records = 0
        """By compaction."""

    def clean(self, now_us: int, segments: Segments) -> Cleaned:
        """See :meth:`.log.PartitionLog.clean`."""
        settings = self._log.settings
        rolled = self._roll(segments.active)
        end_offset = min(self._log.high_watermark, self._log.synced_offset)
        closed = [segment for segment in segments.closed if segment.end_offset <= end_offset]
        if settings.cleanup == "delete":
            return Cleaned(rolled, deleted=self._retain(now_us, segments, closed))
        if self._busy or self._process.node.clock.monotonic_us < self._again_us:
            return Cleaned(rolled)
        return Cleaned(rolled, compacting=self._compact(now_us, segments, closed))

    def _roll(self, active: Segment) -> bool:
        now_us = self._process.node.clock.monotonic_us
        if active.began_us is None:
            active.began_us = now_us
        if not active.batches or now_us - active.began_us < self._log.settings.segment_ms * 1_000:
            return False
        try:
            self._log.roll()
        except DiskError:
            return False
        return True

    def _retain(self, now_us: int, segments: Segments, closed: list[Segment]) -> int:
        settings = self._log.settings
        if not settings.retention_ms and not settings.retention_bytes:
            return 0
        oldest_us = now_us - settings.retention_ms * 1_000
        too_much_bytes = self._log.size_bytes - settings.retention_bytes
        count = 0
        for number, segment in enumerate(closed, start=1):
            too_much_bytes -= segment.size_bytes
            too_large = settings.retention_bytes and too_much_bytes >= 0
            too_old = settings.retention_ms and (segment.newest_at_us is None or segment.newest_at_us < oldest_us)
            if not too_large and not too_old:
                break
            following = segments[number]
            if following.snapshot == "safe" or not following.producers:
                count = number
            else:
                segments.save(following)
        if count:
            self._log.forget(count)
            self.deleted_segments += count
        return count

    def _compact(self, now_us: int, segments: Segments, closed: list[Segment]) -> int:
        settings = self._log.settings
        dirty_bytes = sum(segment.size_bytes for segment in closed if not segment.compacted)
        if not dirty_bytes or dirty_bytes < settings.dirty_share * sum(segment.size_bytes for segment in closed):
            return 0
        starts = {offset for _, offset in self._log.epochs}
        survey = Survey(closed, starts, now_us - settings.tombstone_ms * 1_000)
        self._replace(deque(plan(closed, survey, settings.segment_bytes)), segments)
        return len(closed)

    def _replace(self, plans: deque[Plan], segments: Segments) -> None:
        """One after the other, as the disk comes to it."""
        while plans and plans[0].unchanged:
            plans.popleft().old[0].compacted = True
        if not plans:
            self.compactions += 1
            return
        following = plans.popleft()
        first = following.old[0]
        new = segments.segment(first.base_offset, first.producers)
        new.compacted = True
        content = bytearray()
        for batch, payload in following.remains:
            framed = frame(payload, len(content))
            content += framed
            new.add(batch, len(framed))
        disk, file = self._process.disk, f"{new.name}.cleaned"
        disk.remove(file)
        try:
            disk.append(file, bytes(content))
        except DiskError:
            self._again_us = self._process.node.clock.monotonic_us + PAUSE_US
            return
        self._busy = True
        cuts = segments.cuts

        def complete(_error: DiskError | None, _b: None) -> None:
            self._busy = False
            if cuts != segments.cuts:
                self._process.disk.remove(file)
                return
            self.removed_records += sum(segment.records for segment in following.old) - new.records
            segments.swap(following.old, new, file)
            self._replace(plans, segments)

        disk.sync(self._process, file, complete)
