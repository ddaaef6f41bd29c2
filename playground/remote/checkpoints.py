"""Which checkpoints are worth their memory.

A checkpoint is a process that stands still at an instant of the session that is followed (a fork: it shares with the
others whatever has not changed since). To go back to an instant costs the re-execution from the last checkpoint before
it. People mostly go back a little, so checkpoints are dense near the present and ever wider apart before: of those that
are too many, the one goes whose neighbours would leave the smallest gap, measured by how far back it lies.

What counts is not virtual time but ``cost``: processor seconds from the beginning of the session.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST, LEAST = 10, 3
"""Checkpoints at a time."""
MEMORY_BYTES = 500_000_000
"""What they may take, all together."""
_OWN = 0.45
"""What part of a checkpoint's memory is its own, about: the rest it shares. Measured on the default platform after
twelve minutes: 43 to 78 MB of 124 to 142."""
EVERY_S = 0.2
"""A new one after so many processor seconds: about seven seconds of the default platform."""


def affordable(size_bytes: int, memory_bytes: int = MEMORY_BYTES) -> int:
    """How many checkpoints there may be of a process of this size, which take ``memory_bytes`` at most."""
    return max(LEAST, min(MOST, int(memory_bytes / (size_bytes * _OWN + 1))))


def superfluous(costs: Sequence[float], now: float) -> int:
    """The place of the one to give up, of ``costs`` in rising order; never the first one, never the last.

    At least three. The first is the beginning, the only one that lies on the way of every record.
    """

    def worth(at: int) -> float:
        return (costs[at + 1] - costs[at - 1]) / (now - costs[at - 1] + EVERY_S)

    return min(range(1, len(costs) - 1), key=worth)


def base(instants_us: Sequence[int], fitting: Sequence[bool], at_us: int) -> int:
    """The place of the last checkpoint to begin from for ``at_us``: one that fits, not beyond it.

    The first one, at 0, always fits.
    """
    return max(at for at, instant_us in enumerate(instants_us) if fitting[at] and instant_us <= at_us)
