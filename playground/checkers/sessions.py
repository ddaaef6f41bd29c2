"""What a client may expect of its own session: two guarantees of Terry et al., "Session Guarantees for
Weakly Consistent Replicated Data" (PDIS 1994).

*Read your writes*: a read that began after an own write was acknowledged returns it, or what replaced it.
*Monotonic reads*: a read that began after another had ended returns all that the other returned, or what replaced that.

Where concurrent values are kept side by side, a value is replaced by those that supersede it. In a
``register`` only real time tells: a value is too old if its write was acknowledged before the one that had to be seen
was invoked. A session is a client, by name. Operations that overlap expect nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.checkers.history import History, Operation
from playground.checkers.models import Supersession

READ_YOUR_WRITES, MONOTONIC_READS = "read your writes", "monotonic reads"
KEEP = 20
"""Examples kept of each kind; the counts go on."""


@dataclass(frozen=True)
class BrokenSession:
    """``read`` did not return ``missed``, nor what replaced it, though its client had written or read that before."""

    guarantee: str
    read: Operation
    missed: tuple[str, ...]

    def __str__(self) -> str:
        read = self.read
        told = ", ".join(read.seen) or "no value"
        had = "written" if self.guarantee == READ_YOUR_WRITES else "read"
        return f"{read.client} had {had} {read.key}={', '.join(self.missed)}, then read {told}"


@dataclass(slots=True)
class _Key:
    known: Supersession = field(default_factory=Supersession)
    writes: dict[str, Operation] = field(default_factory=dict)


@dataclass(slots=True)
class _Memory:
    """What one client knows of one key: the newest values that it has written, and has read."""

    written: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


class Sessions:
    """Watches a history; counts reads that broke a guarantee."""

    def __init__(self, history: History, *, register: bool = False) -> None:
        self.read_your_writes = 0
        self.monotonic_reads = 0
        self.examples: list[BrokenSession] = []
        """The first of each kind."""
        self._register = register
        self._keys: dict[str, _Key] = {}
        self._memories: dict[tuple[str, str], _Memory] = {}
        self._expected: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        history.listen(self._started, self._ended)

    def _started(self, operation: Operation) -> None:
        if operation.write:
            key = self._keys.setdefault(operation.key, _Key())
            if self._register:
                key.writes[operation.value] = operation
            else:
                key.known.add(operation.value, operation.supersedes)
            return
        memory = self._memories.get((operation.client, operation.key))
        if memory is not None:
            self._expected[operation.index] = (memory.written, memory.read)

    def _ended(self, operation: Operation) -> None:
        written, read = self._expected.pop(operation.index, ((), ()))
        if operation.outcome != "ok":
            return
        memory = self._memories.get((operation.client, operation.key))
        if memory is None:
            memory = self._memories[operation.client, operation.key] = _Memory()
        key = self._keys.get(operation.key)
        if key is None:
            return  # never written: there is nothing to see
        if operation.write:
            memory.written = self._newest(key, memory.written, (operation.value,))
            return
        seen = operation.seen
        if seen != written and (missed := self._missed(key, written, seen)):
            self.read_your_writes += 1
            self._keep(BrokenSession(READ_YOUR_WRITES, operation, missed), self.read_your_writes)
        if seen != read and (missed := self._missed(key, read, seen)):
            self.monotonic_reads += 1
            self._keep(BrokenSession(MONOTONIC_READS, operation, missed), self.monotonic_reads)
        memory.read = self._newest(key, memory.read, seen)

    def _keep(self, broken: BrokenSession, count: int) -> None:
        if count <= KEEP:
            self.examples.append(broken)

    def _missed(self, key: _Key, expected: tuple[str, ...], seen: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value for value in expected if not any(self._is_as_new(key, one, value) for one in seen))

    def _is_as_new(self, key: _Key, one: str, value: str) -> bool:
        """Whether a read that returns ``one`` has not missed ``value``."""
        if one == value:
            return True
        if not self._register:
            return key.known.covers(one, value)
        return one in key.writes and value in key.writes and not _older(key.writes[one], key.writes[value])

    def _newest(self, key: _Key, known: tuple[str, ...], fresh: tuple[str, ...]) -> tuple[str, ...]:
        """What is left of both when everything older than something else in them is dropped."""
        if known == fresh or not known:
            return fresh
        both = (*fresh, *(value for value in known if value not in fresh))
        if self._register:
            writes = [key.writes[value] for value in both if value in key.writes]
            return tuple(one.value for one in writes if not any(_older(one, other) for other in writes))
        return tuple(value for value in both if not any(key.known.covers(other, value) for other in both))


def _older(one: Operation, other: Operation) -> bool:
    """Whether the write ``one`` was acknowledged before ``other`` was invoked."""
    return one.outcome == "ok" and one.completed_before <= other.index
