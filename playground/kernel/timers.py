"""Timers of a process: they stop with it, wait while it is frozen, and can be cancelled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappush
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.world import Event


class Timer:
    """One call to come, or (``interval_us`` > 0) a call over and over.

    A cancelled timer stays in the heap until its instant and does nothing there.
    """

    __slots__ = ("_act", "_process", "interval_us", "live")

    def __init__(self, process: Process, act: Callable[[], object], interval_us: int = 0) -> None:
        self._process = process
        self._act = act
        self.interval_us = interval_us
        self.live = True

    def cancel(self) -> None:
        """Not any more. Harmless when it is over already."""
        self.live = False

    @property
    def due(self) -> bool:
        """Whether it still has something to do."""
        return self.live and self._process.alive

    @property
    def process(self) -> Process:
        """Whose timer it is."""
        return self._process

    @property
    def act(self) -> Callable[[], object]:
        """What it calls."""
        return self._act

    def fire(self, _a: None, _b: None) -> None:
        """Its instant has come."""
        process = self._process
        if not self.live:
            return
        if not process.open:
            if process.alive:
                process.hold(self.fire, None, None)
            else:
                self.live = False
            return
        interval_us = self.interval_us
        if interval_us:
            self._act()
            if process.alive and self.live:
                clock = process.node.clock
                if clock.drift_ppm:
                    interval_us = clock.span_us(interval_us)
                # World.schedule, written out: most events of a quiet world are timers.
                world = process.world
                world.sequence = sequence = world.sequence + 1
                event: Event = (world.now_us + interval_us, sequence, self.fire, None, None)
                heappush(world.heap, event)
        else:
            self.live = False
            self._act()


async def sleep(process: Process, duration_us: int) -> None:
    """Wait ``duration_us`` by the clock of the process's node."""
    task = trio.lowlevel.current_task()
    timer = process.after(duration_us, partial(trio.lowlevel.reschedule, task))

    def abort(_: object) -> trio.lowlevel.Abort:
        timer.cancel()
        return trio.lowlevel.Abort.SUCCEEDED

    await trio.lowlevel.wait_task_rescheduled(abort)
