"""How virtual time keeps up with the wall clock: the beats of a session, its speeds, and what ties the two times."""

from __future__ import annotations

import time
from dataclasses import dataclass

FRAME_S = 0.1
"""A Frame this often while the world runs."""
TICK_S = 0.02
"""The world catches up with the wall clock this often."""
WORK_S = 0.03
"""Longest stretch of computing between two looks at the inbox."""
SLICE_US = 50_000
"""The most that is computed before anybody looks at the clock …"""
LEAST_US = 500
"""… and the least."""
SPEEDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 0.0)
"""What + and - go through; 0 is as fast as it goes."""


def climbed(speed: float, steps: int) -> float:
    """So many steps up (or, negative, down) the ladder of speeds, from the one that is nearest."""
    near = min(range(len(SPEEDS)), key=lambda at: abs(SPEEDS[at] - speed))
    return SPEEDS[min(len(SPEEDS) - 1, max(0, near + steps))]


class Anchor:
    """A virtual instant tied to an instant of the wall clock."""

    def __init__(self, virtual_us: int) -> None:
        self._virtual_us = virtual_us
        self._wall = time.monotonic()
        self.slipped = False
        """The machine could not keep up the last time."""

    def due_us(self, speed: float) -> int:
        """Where virtual time is to be by now."""
        return self._virtual_us + int((time.monotonic() - self._wall) * speed * 1_000_000)

    def slip(self, virtual_us: int) -> None:
        """It is there, and later than it was to be: don't chase it."""
        self._virtual_us = virtual_us
        self._wall = time.monotonic()
        self.slipped = True


def fitted(slice_us: int, took_s: float) -> int:
    """The next slice, after one that took so long: short where a thousand machines boot, long where little happens."""
    if took_s > WORK_S / 2:
        return max(LEAST_US, slice_us // 2)
    return min(SLICE_US, slice_us * 2) if took_s < WORK_S / 8 else slice_us


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a session may ask of the machine, where it is not all its own."""

    top_speed: float = 0.0
    """Virtual seconds per second, at most; 0: as fast as it goes."""
    share: float = 1.0
    """Of a processor, for the world, at most: where that is not enough for a speed, the world is slower."""

    def bounded(self, speed: float) -> float:
        """``speed``, or the most there may be instead."""
        return self.top_speed if self.top_speed and not 0 < speed <= self.top_speed else speed

    def rest_s(self, took_s: float) -> float:
        """How long to rest after having computed for so long."""
        return took_s * (1 / self.share - 1)


UNBOUNDED = Bounds()
