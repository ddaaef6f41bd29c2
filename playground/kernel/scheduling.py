"""Makes trio run tasks in one order: the one place that reaches into trio's private parts.

Trio shuffles tasks that become runnable together, on purpose. Inside :func:`run` they
run in the order in which they were created, and the task that drives the world runs
last in every batch: when its turn comes and nobody else became runnable meanwhile, the
world is at rest.

What is relied on, checked at start, and watched by tests/kernel/test_scheduling.py:

* ``trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING``: a batch is sorted by creation, then
  given to ``_r.shuffle`` (pytest-trio and Hypothesis rely on both);
* ``runner.runq``: one deque for the life of a run, empty when nobody is runnable;
* ``runner.deadlines.next_deadline()``: infinite while nobody waits for the wall clock.
"""

from __future__ import annotations

import contextlib
import gc
import math
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import trio
import trio._core._run as trio_run

T = TypeVar("T")

_PATIENCE = (20_000, 20, 50)
"""The garbage collector's thresholds while a world runs. A world makes and drops messages by the thousand, hardly
any in cycles; Python's 700 looks for cycles after every few hundred of them. Gain: 9 % on the default cluster."""


def run(main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """``trio.run`` for worlds, which only ``main`` itself (no task of its own) may drive.

    Tasks run in one order, nobody may wait for the wall clock, and the garbage collector is more patient.
    """
    with _prepared():
        return trio.run(_drive, main, args, clock=_NoWallClock())


async def _drive(main: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
    task = trio.lowlevel.current_task()
    _ORDER.drivers.add(task)
    _ENDINGS[task] = []
    whole = False
    try:
        result = await main(*args)
        whole = True
        return result
    finally:
        _ORDER.drivers.discard(task)
        for ending in _ENDINGS.pop(task):
            ending(whole)


class Runner:
    """What a world needs to know of the trio run it lives in."""

    def __init__(self) -> None:
        runner = trio_run.GLOBAL_RUN_CONTEXT.runner
        self.runnable: deque[trio.lowlevel.Task] = runner.runq
        """The tasks that could go on right now (the running one is not among them)."""
        self.next_deadline: Callable[[], float] = runner.deadlines.next_deadline
        """When trio's own clock would wake somebody: must stay infinite."""
        self.require_driver()

    def at_end(self, ending: Callable[[bool], None]) -> None:
        """Call ``ending(whole)`` once ``main`` is over, before trio tears down what still runs (in no certain order).

        ``whole``: it returned, and did not raise.
        """
        self.require_driver()
        _ENDINGS[trio.lowlevel.current_task()].append(ending)

    def require_driver(self) -> None:
        """RuntimeError unless the current task is the ``main`` of :func:`run`."""
        if trio.lowlevel.current_task() not in _ORDER.drivers:
            raise RuntimeError("a world is made and driven by the main task of playground.kernel.world.run")


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
    """Takes the place of trio's private random source: leaves batches in the order of creation, drivers last."""

    def __init__(self) -> None:
        self.drivers: set[trio.lowlevel.Task] = set()

    def shuffle(self, batch: list[trio.lowlevel.Task]) -> None:
        # The main task of a run is older than all it starts, so it stands (nearly) first in the
        # sorted batch. Trio takes from the end: reversed and with the driver in front, it runs last.
        for position, task in enumerate(batch):
            if task in self.drivers:
                del batch[position]
                batch.append(task)
                break
        batch.reverse()

    def random(self) -> float:
        return 1.0

    def uniform(self, low: float, _high: float) -> float:
        return low


_ORDER = _CreationOrder()
_ENDINGS: dict[trio.lowlevel.Task, list[Callable[[bool], None]]] = {}
"""What each driver has to do at its end."""
_guard = threading.Lock()
_users = 0
_saved: tuple[Any, Any, tuple[int, int, int]] = (None, None, gc.get_threshold())


@contextlib.contextmanager
def _prepared() -> Iterator[None]:
    """Let trio's scheduler use :class:`_CreationOrder` while the block lasts, in any number of threads.

    The garbage collector's thresholds are set for as long, too.

    Raises RuntimeError when this trio has not what the module relies on: then replays would not be exact.
    """
    global _users, _saved
    if not hasattr(trio_run, "_r") or not hasattr(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING"):
        raise RuntimeError(f"trio {trio.__version__} schedules in a way that the playground does not know")
    with _guard:
        if _users == 0:
            _saved = (trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING, gc.get_threshold())
            gc.set_threshold(*_PATIENCE)
            trio_run._r = _ORDER  # type: ignore[assignment]
            trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
        _users += 1
    try:
        yield
    finally:
        with _guard:
            _users -= 1
            if _users == 0:
                trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING, thresholds = _saved  # type: ignore[misc]
                gc.set_threshold(*thresholds)
