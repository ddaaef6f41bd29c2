"""What gossiping nodes send each other: nothing but values, safe to lose, double and reorder."""

from __future__ import annotations

from typing import Any, NamedTuple

from playground.kernel.messages import message


class Vitals(NamedTuple):
    """What a node tells of itself with each heartbeat."""

    load: float
    """Load average: runnable tasks, smoothed."""
    free_bytes: int
    """Free memory."""


NO_VITALS = Vitals(0.0, 0)

Entry = tuple[str, int, Vitals]
"""``(node, heartbeat count, its vitals at that count)``; count 0: known by name only. A plain tuple: it is hot."""

FORGOTTEN = 1 << 62
"""The highest count there is: the mark of a node that was removed for good. It wins every merge."""


class Rumour(NamedTuple):
    """The state of another system's topic, and the version (digest) of exactly this state."""

    topic: str
    version: int
    state: Any


@message
class Push:
    """A node shows its whole table, and of each topic only the version."""

    entries: tuple[Entry, ...]
    versions: tuple[tuple[str, int], ...] = ()


@message
class Answer:
    """What the answering node knows better than the push showed; full states where versions differed."""

    entries: tuple[Entry, ...]
    rumours: tuple[Rumour, ...] = ()


@message
class Tell:
    """Full states, sent unasked. ``last``: not to be answered, so that no conversation goes on for ever."""

    rumours: tuple[Rumour, ...]
    last: bool = False
