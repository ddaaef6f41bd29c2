"""What clients asked, what they were told, and when, in virtual time.

An operation is invoked and ends in one of three ways: ``ok``; ``fail``, it certainly did
not happen (a definite error); ``unknown``, it may have happened or may still
(an indefinite error, or it is still under way). The same four words as in Jepsen's histories.

Every value that is written is written once, so a value names the write that made it.
A write knows which values its client had seen for the key: those it supersedes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

KEEP = 200_000
"""Completed operations kept for later questions; the counts go on for ever."""


@dataclass(slots=True, eq=False)
class Operation:
    """One request of one client. Times in microseconds of the world."""

    index: int
    client: str
    write: bool
    key: str
    invoked_us: int
    value: str = ""
    """Written value, or "" for a read."""
    supersedes: frozenset[str] = frozenset()
    seen: tuple[str, ...] = ()
    """What a read returned."""
    completed_us: int = -1
    completed_before: int = -1
    """The index of the first operation that was invoked after this one ended: order within a microsecond."""
    outcome: str = "open"
    error: str = ""
    coordinator: str = ""
    quorum: int = 0
    """How many replicas this request asked for; 0: as many as the store is set to."""
    stale: bool = False
    missed: tuple[str, ...] = ()
    """The acknowledged values that a stale read did not see."""
    expected: frozenset[str] = field(default=frozenset(), repr=False)
    """Acknowledged values of the key that nothing acknowledged had superseded at the invocation."""

    @property
    def latency_us(self) -> int:
        return self.completed_us - self.invoked_us

    def __str__(self) -> str:
        what = f"write {self.key}={self.value}" if self.write else f"read {self.key}"
        return f"{self.client}: {what}: {self.outcome}" + (f" ({self.error})" if self.error else "")


class History:
    """The operations of all clients of one world, in the order of their invocation."""

    def __init__(self) -> None:
        self.operations: deque[Operation] = deque(maxlen=KEEP)
        self.counts = {"ok": 0, "fail": 0, "unknown": 0}
        self.reads = 0
        self.writes = 0
        self.open: dict[int, Operation] = {}
        self._listeners: list[Callable[[Operation], None]] = []
        self._starters: list[Callable[[Operation], None]] = []
        self._next = 0

    @property
    def completed(self) -> int:
        return sum(self.counts.values())

    def listen(
        self,
        started: Callable[[Operation], None] | None = None,
        ended: Callable[[Operation], None] | None = None,
    ) -> None:
        """Be told of every invocation, every completion, or both."""
        if started is not None:
            self._starters.append(started)
        if ended is not None:
            self._listeners.append(ended)

    def invoke(
        self,
        client: str,
        key: str,
        now_us: int,
        *,
        value: str | None = None,
        supersedes: frozenset[str] = frozenset(),
        quorum: int = 0,
    ) -> Operation:
        """A client begins a read, or (with ``value``) a write."""
        operation = Operation(self._next, client, value is not None, key, now_us, value or "", supersedes)
        operation.quorum = quorum
        self._next += 1
        self.operations.append(operation)
        self.open[operation.index] = operation
        for listener in self._starters:
            listener(operation)
        return operation

    def complete(
        self, operation: Operation, outcome: str, now_us: int, *, seen: tuple[str, ...] = (), error: str = ""
    ) -> None:
        """It ended: ``ok``, ``fail`` (definitely not done) or ``unknown``."""
        operation.outcome = outcome
        operation.completed_us = now_us
        operation.completed_before = self._next
        operation.seen = seen
        operation.error = error
        del self.open[operation.index]
        self.counts[outcome] += 1
        if operation.write:
            self.writes += 1
        else:
            self.reads += 1
        for listener in self._listeners:
            listener(operation)
