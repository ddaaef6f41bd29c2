"""Virtual time and the order of everything.

The rules this module keeps:

* Time is an integer number of microseconds and moves only from event to event.
* All events stand in one heap of ``(at_us, seq, act, a, b)``; ``act(a, b)`` runs the
  event. ``seq`` is drawn when the event is scheduled, so ties have one order.
* What an event wakes (trio tasks) runs until nobody can go on without time
  passing: only then comes the next event. The world is *at rest* between events.
* How the run is cut into slices (`advance` to here, then to there) changes nothing.

Tasks that an event wakes together run in the order in which they were created:
see :mod:`.scheduling`, which :func:`run` comes from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import repeat
from math import inf
from typing import TYPE_CHECKING, Any

import trio

from playground.kernel.errors import WorldStopped
from playground.kernel.journal import Entry, Journal
from playground.kernel.network import Network
from playground.kernel.randomness import Stream, stream
from playground.kernel.scheduling import Runner
from playground.kernel.scheduling import run as run
from playground.kernel.timers import Timer

if TYPE_CHECKING:
    from playground.kernel.node import Node

Event = tuple[int, int, Callable[[Any, Any], object], Any, Any]
"""``(at_us, seq, act, a, b)``"""

_AFTER_ALL = 1 << 62
_CHUNK = 256
"""Events kept before they are folded into the digest. Many live tuples are poison for the caches and set
off the garbage collector (it counts what is made and not yet freed): 4096 cost a third of the speed."""
_REMEMBERED = 2048
"""Events that :meth:`World.deliveries` looks back on."""
_RESTLESS = 100_000
"""Rounds in which tasks wake each other before the world is taken to spin."""
_STANDSTILL = 4_000
"""Folds (a million events) within one instant before time is taken to stand still."""


class _Halt(Exception):
    """Ends a slice; never leaves this module."""


class World:
    """One simulated world. Make it, and everything in it, inside :func:`run`."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now_us = 0
        self.journal = Journal()
        self.nodes: dict[str, Node] = {}
        self.witnesses: dict[str, Any] = {}
        """Put here by checks, to be told by a system what its clients see. They change nothing."""
        self.failure: BaseException | None = None
        self.heap: list[Event] = []
        self.sequence = 0
        self._trace: list[Event] = []
        self._earlier: deque[Event] = deque(maxlen=_REMEMBERED)
        self._observers: tuple[Callable[[Event], None], ...] = ()
        self._runner = Runner()
        self._folded_us = 0
        self._standing = 0
        self.network = Network(self)

    def random(self, *names: str) -> Stream:
        """The random stream called ``names``; ask once and keep it."""
        return stream(self.seed, *names)

    def record(self, kind: str, subject: str, text: str, **data: Any) -> Entry:
        """Write into the journal what happens now."""
        return self.journal.record(self.now_us, kind, subject, text, **data)

    def observe(self, observer: Callable[[Event], None]) -> None:
        """Show ``observer`` each event from now on, right before it happens. It may look, and change nothing."""
        self._observers = (*self._observers, observer)

    def at_end(self, ending: Callable[[bool], None]) -> None:
        """Call ``ending(whole)`` at the very end, while all stands as it did; ``whole``: nothing was raised."""
        self._runner.at_end(ending)

    def schedule(self, delay_us: int, act: Callable[[Any, Any], object], a: Any = None, b: Any = None) -> None:
        """Run ``act(a, b)`` after ``delay_us`` >= 0 of virtual time."""
        assert delay_us >= 0, f"an effect {delay_us} us before its cause"
        self.sequence = sequence = self.sequence + 1
        event: Event = (self.now_us + delay_us, sequence, act, a, b)
        heappush(self.heap, event)

    def discard(self, doomed: Callable[[Event], bool]) -> int:
        """Take the events for which ``doomed`` holds out of the future; returns how many."""
        # Asked in the order of time: `doomed` may draw chance, and the order within
        # a heap depends on how the run was cut into slices. What is sorted is a heap.
        kept = [event for event in sorted(self.heap) if not doomed(event)]
        removed = len(self.heap) - len(kept)
        self.heap[:] = kept
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
        self._runner.require_driver()
        heap, trace, runnable = self.heap, self._trace, self._runner.runnable
        if runnable or self.failure:  # what was started or woken between two slices comes before the first event
            await self.rest()
        note = self._show if self._observers else trace.append
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
                self._require_progress()
        except _Halt:
            trace.pop()
            if len(trace) >= _CHUNK:  # whoever goes on in short slices must not pile up what has been
                self._fold()
        except BaseException as error:
            self.discard(lambda event: event[1] == _AFTER_ALL)
            if isinstance(error, WorldStopped) or not isinstance(error, Exception):
                raise
            self.fail(error)
            raise WorldStopped(self.seed, self.now_us, error) from error

    async def step(self, before_us: int | None = None) -> bool:
        """Run to the next instant at which something happens, but not to ``before_us`` or beyond.

        False: nothing is due until then (without ``before_us``: ever).
        """
        if self._runner.runnable:
            await self.rest()
        while self.heap and (before_us is None or self.heap[0][0] < before_us):
            at_us = self.heap[0][0]
            due = any(_does_something(event[2]) for event in self.heap if event[0] == at_us)
            await self.advance(at_us)
            if due:
                return True
        return False

    async def rest(self) -> None:
        """Let every runnable task run until nobody can go on without time passing."""
        runner = self._runner
        runnable = runner.runnable
        for _ in range(_RESTLESS):
            await trio.lowlevel.cancel_shielded_checkpoint()
            if not runnable:
                break
        else:
            self.fail(RuntimeError("a task spins without letting time pass"))
        if runner.next_deadline() != inf:
            self.fail(AssertionError("a task waits for trio's clock: inside a world use self.sleep or self.timeout"))
        if self.failure is not None:
            raise WorldStopped(self.seed, self.now_us, self.failure) from self.failure

    def digest(self) -> str:
        """The journal's digest, this instant included."""
        self._fold()
        return self.journal.digest()

    def deliveries(self) -> Iterator[tuple[int, str, str, Any]]:
        """Recent messages as ``(at_us, source, target, message)``, newest first: the last two thousand events."""
        from playground.kernel.node import Node

        for events in (self._trace, self._earlier):
            for at_us, _, act, source, content in reversed(events):
                owner = getattr(act, "__self__", None)
                if isinstance(owner, Node) and content is not None:
                    yield at_us, source, owner.name, content

    def _show(self, event: Event) -> None:
        # Whoever observes pays for it; a world that nobody observes notes its events as fast as ever.
        if event[1] != _AFTER_ALL:
            for observer in self._observers:
                observer(event)
        self._trace.append(event)

    def _fold(self) -> None:
        self.journal.fold(self._trace)
        self._earlier.extend(self._trace)
        self._trace.clear()

    def _require_progress(self) -> None:
        if self._folded_us != self.now_us:
            self._folded_us, self._standing = self.now_us, 0
            return
        self._standing += 1
        if self._standing > _STANDSTILL:
            raise RuntimeError("time stands still: events follow each other with no delay")

    def _halt(self, _a: None, _b: None) -> None:
        raise _Halt


def _does_something(act: Callable[[Any, Any], object]) -> bool:
    """Cancelled timers, and those of dead processes, stay in the heap and do nothing there."""
    owner = getattr(act, "__self__", None)
    return owner.due if isinstance(owner, Timer) else True
