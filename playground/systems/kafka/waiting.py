"""Requests that wait at a broker (Kafka's purgatory): fetches for something to read, produces for enough copies.

A fetch may wait for many partitions; when one of them moves it is looked at again. A produce waits for one offset of
one partition to be passed. Each is answered once: when it has what it waits for, or when its time is over.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from itertools import count

from playground.kernel.service import Service
from playground.kernel.timers import Timer
from playground.systems.kafka.records import TopicPartition


class Delayed:
    """One request that waits. ``ready()``: answer if there is an answer by now, and say so. ``expired()``: answer."""

    __slots__ = ("_expired", "_keys", "_purgatory", "_timer", "over", "ready")

    def __init__(
        self,
        purgatory: Purgatory,
        keys: tuple[TopicPartition, ...],
        ready: Callable[[], bool],
        expired: Callable[[], object],
    ) -> None:
        self._purgatory = purgatory
        self._keys = keys
        self._expired = expired
        self._timer: Timer | None = None
        self.ready = ready
        self.over = False

    def start(self, limit_us: int, service: Service) -> None:
        self._timer = service.after(limit_us, self.expire)

    def leave(self) -> None:
        """It is answered: nobody looks at it any more."""
        self.over = True
        timer, self._timer = self._timer, None  # which holds on to us until its instant
        if timer is not None:
            timer.cancel()
        self._purgatory.forget(self, self._keys)

    def expire(self) -> None:
        """Its time is over, or somebody else takes its place. Harmless when it was answered already."""
        if not self.over:
            self.leave()
            self._expired()


class Purgatory:
    """Requests that wait for partitions to move, by partition."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting: dict[TopicPartition, dict[Delayed, None]] = {}

    def __len__(self) -> int:
        """How many wait, counted once for each partition."""
        return sum(map(len, self._waiting.values()))

    def park(
        self,
        keys: Iterable[TopicPartition],
        ready: Callable[[], bool],
        expired: Callable[[], object],
        limit_us: int,
    ) -> Delayed:
        """Let a request wait for up to ``limit_us``."""
        delayed = Delayed(self, tuple(dict.fromkeys(keys)), ready, expired)
        for key in delayed._keys:
            self._waiting.setdefault(key, {})[delayed] = None
        delayed.start(limit_us, self._service)
        return delayed

    def wake(self, key: TopicPartition) -> None:
        """The partition has moved: look again at who waits for it."""
        waiting = self._waiting.get(key)
        if waiting:
            for delayed in list(waiting):
                if not delayed.over and delayed.ready():
                    delayed.leave()

    def forget(self, delayed: Delayed, keys: tuple[TopicPartition, ...]) -> None:
        for key in keys:
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.pop(delayed, None)
                if not waiting:
                    del self._waiting[key]


Done = Callable[[str], object]
"""Told "" when the offset was passed, else a code of :mod:`.errors`."""


class Marks:
    """Who waits for one mark of a log (its high watermark, its synced offset) to reach an offset."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, int, Done]] = []
        self._count = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, offset: int, deadline_us: int, done: Done) -> None:
        """Until the mark is at ``offset``."""
        insort(self._waiting, (offset, next(self._count), deadline_us, done))

    def reach(self, mark: int) -> None:
        """The mark is here now."""
        place = 0
        waiting = self._waiting
        while place < len(waiting) and waiting[place][0] <= mark:
            place += 1
        self._tell(waiting[:place], waiting[place:], "")

    def expire(self, now_us: int, error: str) -> None:
        """Those who have waited too long wait no more."""
        if self._waiting:
            late = [each for each in self._waiting if each[2] <= now_us]
            if late:
                self._tell(late, [each for each in self._waiting if each[2] > now_us], error)

    def end(self, error: str) -> None:
        """Nobody waits any more."""
        self._tell(self._waiting, [], error)

    def _tell(self, told: list[tuple[int, int, int, Done]], rest: list[tuple[int, int, int, Done]], error: str) -> None:
        if told:
            self._waiting = rest  # before anybody is told: who is told may come back and wait for more
            for _, _, _, done in told:
                done(error)
