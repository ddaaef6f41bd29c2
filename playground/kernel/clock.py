"""What a node takes for the time.

Every node has its own clock over the world's: an offset (it shows the wrong
time) and a drift (it runs too fast or too slow). Timers run by it as well, so a
node whose clock is 10 % fast hurries through its timeouts by 10 %.

``wall_us`` may jump when the offset is changed; ``monotonic_us`` never does.

The time of day can also stand still (`Clock.freeze`), as on a virtual machine whose clock is not kept
up to date. Timers go on: they count by ``monotonic_us``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.kernel.world import World

_MILLION = 1_000_000


class Clock:
    """A node's clock. ``drift_ppm``: parts per million too fast (> 0) or too slow (< 0)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since_us = 0
        self._elapsed_us = 0
        self.offset_us = 0
        self.drift_ppm = 0
        self._frozen_us: int | None = None

    @property
    def monotonic_us(self) -> int:
        """Microseconds as this clock counts them; only ever rises."""
        passed = self._world.now_us - self._since_us
        return self._elapsed_us + passed * (_MILLION + self.drift_ppm) // _MILLION

    @property
    def wall_us(self) -> int:
        """The time of day as this node believes it."""
        return (self.monotonic_us if self._frozen_us is None else self._frozen_us) + self.offset_us

    @property
    def frozen(self) -> bool:
        """The time of day stands still."""
        return self._frozen_us is not None

    def freeze(self) -> None:
        """Let the time of day stand still; a change of the offset still sets it. Nothing changes if it does already."""
        if self._frozen_us is None:
            self._frozen_us = self.monotonic_us

    def resume(self) -> None:
        """End :meth:`freeze`: the time of day jumps to where it would be, as after a step by NTP."""
        self._frozen_us = None

    def set_drift(self, ppm: int) -> None:
        """Let the clock run ``ppm`` parts per million fast from now on (> -1,000,000).

        Timers already under way keep the instant they were set for.
        """
        if ppm <= -_MILLION:
            raise ValueError("a clock cannot run backwards: drift must be above -1000000 ppm")
        self._elapsed_us = self.monotonic_us
        self._since_us = self._world.now_us
        self.drift_ppm = ppm

    def span_us(self, local_us: int) -> int:
        """How long, in the world, this clock takes to count ``local_us``.

        Rounded up: who sleeps until an instant must not wake before it by the same clock,
        or it would go to sleep for no time at all, for ever.
        """
        if not self.drift_ppm:
            return local_us
        return -(-local_us * _MILLION // (_MILLION + self.drift_ppm))
