"""Virtual time and the order of everything.

The rules this module keeps:

* Time is an integer number of microseconds and moves only from event to event.
* All events stand in one heap of ``(at_us, seq, act, a, b)``; ``act(a, b)`` runs the
  event. ``seq`` is drawn when the event is scheduled, so ties have one order.
* What an event wakes (trio tasks) runs until nobody can go on without time
  passing: only then comes the next event. The world is *at rest* between events.
* How the run is cut into slices (`advance` to here, then to there) changes nothing.

Trio shuffles tasks that become runnable together, on purpose. Here they run in
the order in which they were created: see :func:`_deterministic_scheduling`, the one
place that reaches into trio, which checks at start that trio still works that way.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar

import trio
import trio._core._run as trio_run

from playground.kernel.errors import WorldStopped
from playground.kernel.journal import Entry, Journal
from playground.kernel.network import Network
from playground.kernel.randomness import Stream, stream

if TYPE_CHECKING:
    from playground.kernel.node import Node

T = TypeVar("T")
Event = tuple[int, int, Callable[[Any, Any], object], Any, Any]
"""``(at_us, seq, act, a, b)``"""

_AFTER_ALL = 1 << 62
_CHUNK = 4096
_RESTLESS = 100_000


class _Halt(Exception):
    """Ends a slice; never leaves this module."""


class World:
    """One simulated world. Make it, and everything in it, inside :func:`run`."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now_us = 0
        self.journal = Journal()
        self.nodes: dict[str, Node] = {}
        self.failure: BaseException | None = None
        self.heap: list[Event] = []
        self.sequence = 0
        self._trace: list[Event] = []
        self._earlier: list[Event] = []
        self._runnable = _adopt_current_task()
        self.network = Network(self)

    def random(self, *names: str) -> Stream:
        """The random stream called ``names``; ask once and keep it."""
        return stream(self.seed, *names)

    def record(self, kind: str, subject: str, text: str, **data: Any) -> Entry:
        """Write into the journal what happens now."""
        return self.journal.record(self.now_us, kind, subject, text, **data)

    def schedule(self, delay_us: int, act: Callable[[Any, Any], object], a: Any = None, b: Any = None) -> None:
        """Run ``act(a, b)`` after ``delay_us`` >= 0 of virtual time."""
        self.sequence = sequence = self.sequence + 1
        event: Event = (self.now_us + delay_us, sequence, act, a, b)
        heappush(self.heap, event)

    def discard(self, doomed: Callable[[Event], bool]) -> int:
        """Take the events for which ``doomed`` holds out of the future; returns how many."""
        kept = [event for event in self.heap if not doomed(event)]
        removed = len(self.heap) - len(kept)
        if removed:
            self.heap[:] = kept
            heapify(self.heap)
        return removed

    def fail(self, error: BaseException) -> None:
        """A bug showed in a task: stop the world as soon as it is at rest."""
        if self.failure is None:
            self.failure = error

    async def advance(self, until_us: int) -> None:
        """Run every event up to and including ``until_us`` and stand at that instant.

        Raises :class:`WorldStopped` when an event reveals a bug.
        """
        if until_us < self.now_us:
            raise ValueError(f"time does not run backwards: {until_us} us is before {self.now_us} us")
        heap, trace, runnable = self.heap, self._trace, self._runnable
        if runnable:  # what was started or woken between two slices comes before the first event
            await self.rest()
        note = trace.append
        end: Event = (until_us, _AFTER_ALL, self._halt, None, None)
        heappush(heap, end)
        try:
            while True:
                for _ in repeat(None, _CHUNK):
                    event = heappop(heap)
                    self.now_us, _, act, a, b = event
                    note(event)
                    act(a, b)
                    if runnable:
                        await self.rest()
                self._fold()
        except _Halt:
            trace.pop()
        except BaseException as error:
            self.discard(lambda event: event[1] == _AFTER_ALL)
            if isinstance(error, WorldStopped) or not isinstance(error, Exception):
                raise
            raise WorldStopped(self.seed, self.now_us, error) from error

    async def step(self) -> bool:
        """Run to the next instant at which something happens. False: nothing is due, ever."""
        while self.heap:
            at_us, _, act, _, _ = self.heap[0]
            owner = getattr(act, "__self__", None)
            await self.advance(at_us)
            if getattr(owner, "live", True):
                return True
        return False

    async def rest(self) -> None:
        """Let every runnable task run until nobody can go on without time passing."""
        runnable = self._runnable
        for _ in range(_RESTLESS):
            await trio.lowlevel.cancel_shielded_checkpoint()
            if not runnable:
                break
        else:
            raise WorldStopped(self.seed, self.now_us, RuntimeError("a task spins without letting time pass"))
        if self.failure is not None:
            raise WorldStopped(self.seed, self.now_us, self.failure) from self.failure

    def digest(self) -> str:
        """The journal's digest, this instant included."""
        self._fold()
        return self.journal.digest()

    def deliveries(self) -> Iterator[tuple[int, str, str, Any]]:
        """Recent messages as ``(at_us, source, target, message)``, newest first: the last few thousand events."""
        from playground.kernel.node import Node

        for events in (self._trace, self._earlier):
            for at_us, _, act, source, content in reversed(events):
                owner = getattr(act, "__self__", None)
                if isinstance(owner, Node) and content is not None:
                    yield at_us, source, owner.name, content

    def _fold(self) -> None:
        self.journal.fold(self._trace)
        self._earlier = (self._earlier + self._trace)[-_CHUNK:]
        self._trace.clear()

    def _halt(self, _a: None, _b: None) -> None:
        raise _Halt


def run(main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """``trio.run`` for worlds: tasks run in one order, and nobody may wait for the wall clock."""
    with _deterministic_scheduling():
        return trio.run(main, *args, clock=_NoWallClock())


class _NoWallClock(trio.abc.Clock):
    """Stands for the wall clock inside a world, and refuses to be waited for."""

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return 0.0

    def deadline_to_sleep_time(self, deadline: float) -> float:
        if deadline == math.inf:
            return math.inf
        raise AssertionError("inside a world wait through the node (self.sleep, self.timeout), not through trio")


class _CreationOrder:
    """Takes the place of trio's private random source: leaves batches in the order of creation.

    Trio sorts a batch by creation before shuffling it when scheduling is to be
    deterministic. The tasks that drive a world go last: when one of them runs and
    nobody else became runnable meanwhile, the world is at rest.
    """

    def __init__(self) -> None:
        self.drivers: set[trio.lowlevel.Task] = set()

    def shuffle(self, batch: list[trio.lowlevel.Task]) -> None:
        batch.reverse()  # trio takes from the end
        for position, task in enumerate(batch):
            if task in self.drivers:
                batch.insert(0, batch.pop(position))
                return

    def random(self) -> float:
        return 1.0

    def uniform(self, low: float, _high: float) -> float:
        return low


_ORDER = _CreationOrder()
_guard = threading.Lock()
_users = 0
_saved: tuple[Any, Any] = (None, None)


@contextlib.contextmanager
def _deterministic_scheduling() -> Iterator[None]:
    """Make trio run tasks in the order of their creation while the block lasts.

    Trio's scheduler shuffles with the private ``_r`` and sorts first when
    ``_ALLOW_DETERMINISTIC_SCHEDULING`` is set (pytest-trio and Hypothesis rely on both).
    Raises RuntimeError when this trio has neither: then replays would not be exact.
    """
    global _users, _saved
    if not hasattr(trio_run, "_r") or not hasattr(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING"):
        raise RuntimeError(f"trio {trio.__version__} schedules in a way that the playground does not know")
    with _guard:
        if _users == 0:
            _saved = (trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING)
            trio_run._r = _ORDER  # type: ignore[assignment]
            trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
        _users += 1
    try:
        yield
    finally:
        with _guard:
            _users -= 1
            if _users == 0:
                trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING = _saved  # type: ignore[misc]


def _adopt_current_task() -> deque[trio.lowlevel.Task]:
    """Note that the current task drives a world; returns trio's queue of runnable tasks."""
    task = trio.lowlevel.current_task()
    _ORDER.drivers.add(task)
    runnable: deque[trio.lowlevel.Task] = trio_run.GLOBAL_RUN_CONTEXT.runner.runq
    return runnable
