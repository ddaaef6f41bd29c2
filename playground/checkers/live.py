"""Linearizability of a running cluster, key by key, as its operations end.

Just-in-time linearization (Lowe, "Testing for Linearizability", 2017, §4). For each key there is a set of
configurations: a state that the key may be in, and which of the operations that have not ended yet have taken
effect in it. An operation is made to take effect no earlier than at its end, or when one that
ends needs it. No configuration left: what just ended can't be explained. Too many: the key is given up.

What keeps them few:

* An event is judged when its operation has ended, in the order of events: so the answer of a read is known
  from its beginning, and which writes will ever end. The verdict is as late as the slowest client. Who
  takes longer than ``patience_us`` is taken for dead; if it does end after all, the key is given up.
* A write that never ended takes effect only when a read that returns its value does.
* In a register (``register``), a write may always hide just before another that took effect while it was
  under way. So it need not be decided when that one takes effect whether it did.
* Siblings (the default) are a set, and what is left of two writes does not depend on their order: a write
  takes effect at its end, unless a read has to see it before.

The specifications are those of :mod:`.models`; :mod:`.linearizability` judges the same after the fact.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from playground.checkers.history import History, Operation
from playground.checkers.linearizability import LINEARIZABLE, UNKNOWN, VIOLATION
from playground.checkers.models import Supersession

PATIENCE_US = 5_000_000
BOUND = 256
"""More configurations of one key than this are not followed."""
_EFFORT = 16
"""So many times ``BOUND`` configurations are looked at for one operation."""

Configuration = tuple[frozenset[str], frozenset[int], frozenset[int]]
"""State; operations in effect that have not ended; operations in effect that never will."""
_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Unexplained:
    """The first operation of a key that no order explains."""

    operation: Operation

    @property
    def at_us(self) -> int:
        return self.operation.completed_us

    def __str__(self) -> str:
        operation = self.operation
        if operation.write:
            what = f"wrote {operation.value}"
        else:
            what = f"read {', '.join(operation.seen) or 'no value'}"
        return f"no order of the operations on {operation.key} explains that {operation.client} {what}"


@dataclass(slots=True)
class _Key:
    queue: deque[tuple[Operation, bool]] = field(default_factory=deque)
    """Events that wait for their turn; True: an end."""
    configurations: dict[Configuration, int] = field(default_factory=dict)
    """With the event at which the last write took effect: what had begun before may hide before that write."""
    began: dict[int, int] = field(default_factory=dict)
    reads: dict[int, frozenset[str]] = field(default_factory=dict)
    writes: dict[int, Operation] = field(default_factory=dict)
    pending: dict[int, Operation] = field(default_factory=dict)
    """Writes that never ended and that not all configurations have used."""
    overdue: dict[int, None] = field(default_factory=dict)
    known: Supersession = field(default_factory=Supersession)
    events: int = 0
    verdict: str = LINEARIZABLE


class _TooMany(Exception):
    """More configurations than are followed."""


class Live:
    """Watches ``history``. ``first`` is the first operation found that can't be explained."""

    def __init__(
        self, history: History, *, register: bool = False, patience_us: int = PATIENCE_US, bound: int = BOUND
    ) -> None:
        self.first: Unexplained | None = None
        self.found: list[Unexplained] = []
        """The first of each key, in the order in which they were found."""
        self._register = register
        self._patience_us = patience_us
        self._bound = bound
        self._keys: dict[str, _Key] = {}
        self._undecided = 0
        history.listen(self._started, self._ended)

    @property
    def verdicts(self) -> dict[str, int]:
        """How many keys are linearizable so far, not linearizable, and given up."""
        bad = len(self.found)
        return {LINEARIZABLE: len(self._keys) - bad - self._undecided, VIOLATION: bad, UNKNOWN: self._undecided}

    def verdict(self, key: str) -> str:
        """``linearizable`` (so far), ``violation`` or ``unknown``."""
        return self._keys[key].verdict if key in self._keys else LINEARIZABLE

    def settle(self) -> None:
        """Nothing more is to come: judge what waits for operations that are still open. They never end."""
        for key in self._keys.values():
            self._drain(key, None)

    # --- events ------------------------------------------------------------------

    def _started(self, operation: Operation) -> None:
        key = self._keys.get(operation.key)
        if key is None:
            key = self._keys[operation.key] = _Key()
            key.configurations[frozenset(), _NOTHING, _NOTHING] = 0
        if key.verdict != LINEARIZABLE:
            return
        if operation.write and not self._register:
            key.known.add(operation.value, operation.supersedes)
        key.queue.append((operation, False))

    def _ended(self, operation: Operation) -> None:
        key = self._keys[operation.key]
        if key.verdict != LINEARIZABLE:
            return
        if operation.index in key.overdue:
            if operation.outcome == "ok":
                self._close(key, UNKNOWN)
            return
        key.queue.append((operation, True))
        self._drain(key, operation.completed_us)

    def _drain(self, key: _Key, now_us: int | None) -> None:
        """Judge the events whose operations have ended, up to the first that has not; None: all of them."""

        while queue := key.queue:
            operation, is_end = queue[0]
            if operation.outcome == "open":
                if now_us is not None and now_us - operation.invoked_us <= self._patience_us:
                    return
                key.overdue[operation.index] = None
            queue.popleft()
            key.events += 1
            if operation.outcome == "ok":
                if is_end:
                    self._end(key, operation)
                else:
                    self._begin(key, operation)
            elif operation.write and operation.outcome != "fail" and not is_end:
                key.pending[operation.index] = operation

    def _close(self, key: _Key, verdict: str) -> None:
        fresh = _Key(verdict=verdict)
        for name in ("queue", "configurations", "began", "reads", "writes", "pending", "overdue", "known", "verdict"):
            setattr(key, name, getattr(fresh, name))
        self._undecided += verdict == UNKNOWN

    def _begin(self, key: _Key, operation: Operation) -> None:
        index = operation.index
        if operation.write:
            key.began[index] = key.events
            key.writes[index] = operation
            return
        seen = frozenset(operation.seen)
        key.reads[index] = seen
        if any(state == seen for state, _, _ in key.configurations):
            key.configurations = {
                (state, done | {index} if state == seen else done, used): since
                for (state, done, used), since in key.configurations.items()
            }

    def _end(self, key: _Key, operation: Operation) -> None:
        index = operation.index
        after: dict[Configuration, int] = {}
        try:
            for (state, done, used), since in key.configurations.items():
                if index in done:
                    _keep(after, (state, done - {index}, used), since)
                else:
                    self._explain(key, operation, (state, done, used), since, after)
                if len(after) > self._bound:
                    raise _TooMany
        except _TooMany:
            self._close(key, UNKNOWN)
            return
        if not after:
            unexplained = Unexplained(operation)
            self.found.append(unexplained)
            self.first = self.first or unexplained
            self._close(key, VIOLATION)
            return
        key.reads.pop(index, None)
        key.writes.pop(index, None)
        key.began.pop(index, None)
        key.configurations = _forget_used(key, after) if key.pending else after

    # --- configurations ------------------------------------------------------------

    def _explain(
        self, key: _Key, operation: Operation, start: Configuration, since: int, after: dict[Configuration, int]
    ) -> None:
        """Add to ``after`` what ``start`` may become by the time ``operation`` has taken effect."""
        index = operation.index
        todo = [(start, since)]
        met: dict[Configuration, int] = {}
        while todo:
            (state, done, used), since = todo.pop()
            fitting = [read for read, seen in key.reads.items() if read not in done and seen == state]
            if fitting:
                done = done.union(fitting)
            if not _keep(met, (state, done, used), since):
                continue
            if len(met) > _EFFORT * self._bound:
                raise _TooMany
            wanted = [seen for read, seen in key.reads.items() if read not in done]
            if index in done:
                _keep(after, (state, done - {index}, used), since)
                continue
            if operation.seen and not self._register and not self._may_return(key, operation, state):
                continue
            if operation.write and self._register and key.began[index] < since:
                _keep(after, (state, done, used), since)
            for other in self._candidates(key, operation, done, wanted):
                effect = self._written(key, state, other)
                if other.index == index and not self._register and not wanted:
                    _keep(after, (effect, done, used), key.events)  # nothing else depends on it: by far the most common
                else:
                    todo.append(((effect, done | {other.index}, used), key.events))
            for number, other in key.pending.items():
                if number not in used and any(other.value in seen for seen in wanted):
                    todo.append(((self._written(key, state, other), done, used | {number}), key.events))

    def _may_return(self, key: _Key, read: Operation, state: frozenset[str]) -> bool:
        """Whether whatever is in ``state`` but not in the answer may still be superseded by what is."""
        return all(key.known.shown_by(read.seen, each) for each in state)

    def _written(self, key: _Key, state: frozenset[str], write: Operation) -> frozenset[str]:
        if self._register or state <= write.supersedes:
            return frozenset((write.value,))
        return key.known.written(state, write.value)

    def _candidates(
        self, key: _Key, operation: Operation, done: frozenset[int], wanted: list[frozenset[str]]
    ) -> list[Operation]:
        """The writes that it may matter to have take effect before ``operation``, and itself if it is one.

        They matter to reads alone: all others can hide, or go later.
        """
        shows = frozenset.__contains__ if self._register else key.known.shown_by
        return [
            each
            for index, each in key.writes.items()
            if each is operation or (index not in done and any(shows(seen, each.value) for seen in wanted))
        ]


def _keep(found: dict[Configuration, int], configuration: Configuration, since: int) -> bool:
    """Remember it, unless it is known with a write as late: behind a later one there is more room to hide."""
    if found.get(configuration, -1) >= since:
        return False
    found[configuration] = since
    return True


def _forget_used(key: _Key, configurations: dict[Configuration, int]) -> dict[Configuration, int]:
    """Writes without an end that every configuration has used are behind us."""
    everywhere = frozenset.intersection(*(used for _, _, used in configurations))
    if not everywhere:
        return configurations
    for number in list(key.pending):
        if number in everywhere:
            del key.pending[number]
    return {(state, done, used - everywhere): since for (state, done, used), since in configurations.items()}
