"""When what was appended to a log becomes safe: one sync at a time, in the order of the log.

What comes while a sync is under way shares the next one (group commit). A segment is synced to its end before the one
that follows it, so what is safe is always a beginning of the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.systems.kafka.segment import Segment
from playground.systems.kafka.segments import Segments
from playground.systems.kafka.settings import KafkaSettings

Then = Callable[[], object]


class Flusher:
    """Of one log. ``synced_offset``: everything below it is safe."""

    def __init__(self, process: Process, segments: Segments, settings: KafkaSettings) -> None:
        self._process = process
        self._segments = segments
        self._each = settings.flush == "each"
        self._flush_us = settings.flush_ms * 1_000
        self._waiting: deque[tuple[int, Then]] = deque()
        self._syncing = False
        self._timer_is_set = False
        self._flush_to = 0
        self.unsynced: deque[Segment] = deque()
        """Segments that are not safe to their ends, in order."""
        self.synced_offset = segments.end_offset

    def written(self) -> None:
        """The active segment has grown."""
        active = self._segments.active
        if not self.unsynced or self.unsynced[-1] is not active:
            self.unsynced.append(active)

    def tell(self, then: Then) -> None:
        """``then()`` once all that there is now is safe; never, if it is cut off before."""
        self._waiting.append((self._segments.end_offset, then))
        if self._each:
            self.flush()
        else:
            self._set_timer()

    def flush(self) -> None:
        """Sync all that there is now."""
        self._flush_to = self._segments.end_offset
        if not self._syncing:
            self._sync_next()

    def cut(self, kept: bool) -> None:
        """The log was cut, and what is left (``kept``: anything) is safe; who waits for that is told in time."""
        end_offset = self._segments.end_offset
        self.unsynced.clear()
        self.synced_offset = end_offset
        self._flush_to = min(self._flush_to, end_offset)
        self._waiting = deque(each for each in self._waiting if kept and each[0] <= end_offset)

    def _sync_next(self) -> None:
        if self.unsynced and (self._each or self.synced_offset < self._flush_to):
            self._sync(self.unsynced[0])
        elif self.unsynced:
            self._set_timer()

    def _tell_those_who_waited(self) -> None:
        ready: list[Then] = []
        while self._waiting and self._waiting[0][0] <= self.synced_offset:
            ready.append(self._waiting.popleft()[1])
        for then in ready:
            if self._process.alive:  # the one before may have crashed the node
                then()

    def _sync(self, segment: Segment) -> None:
        self._syncing = True
        cuts, covered = self._segments.cuts, segment.end_offset

        def complete(_error: DiskError | None, _b: None) -> None:
            self._syncing = False
            if cuts == self._segments.cuts:
                self.synced_offset = covered
                if segment.end_offset == covered:
                    self.unsynced.popleft()
            self._sync_next()
            self._tell_those_who_waited()

        self._process.disk.sync(self._process, segment.name, complete)

    def _set_timer(self) -> None:
        if not self._timer_is_set:
            self._timer_is_set = True
            self._process.after(self._flush_us, self._flush_is_due)

    def _flush_is_due(self) -> None:
        self._timer_is_set = False
        self.flush()
        self._tell_those_who_waited()
