"""Stale reads, judged from the history alone.

A read is stale if some write of its key was acknowledged before the read began, and
the read returned neither that value nor one that supersedes it (was written by
somebody who had seen it, directly or through others). Concurrent values that are
returned together are not stale: they are what the store promises to show.

Also told: reads that return a value whose write was answered with a definite error ("it did not happen").

For a register with one writer this is Lamport's regular register (1986): a read
returns the newest write completed before it, or one that overlaps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.checkers.history import History, Operation


@dataclass(slots=True)
class _Key:
    writes: dict[str, Operation] = field(default_factory=dict)
    """Value -> the write that made it."""
    newest: set[str] = field(default_factory=set)
    """Acknowledged and not superseded by anything acknowledged."""


class Staleness:
    """Watches a history and marks stale reads as they complete."""

    def __init__(self, history: History) -> None:
        self._keys: dict[str, _Key] = {}
        self.stale_reads = 0
        self.judged_reads = 0
        self.examples: list[Operation] = []
        self.undead: list[tuple[Operation, Operation]] = []
        """``(read, write)``: reads that returned a value whose write had definitely failed."""
        history.listen(self._started, self._ended)

    def acknowledged(self) -> dict[str, frozenset[str]]:
        """Key -> the acknowledged values that nothing acknowledged supersedes."""
        return {key: frozenset(state.newest) for key, state in self._keys.items() if state.newest}

    def write(self, key: str, value: str) -> Operation:
        """The write that made ``value``. KeyError if nobody wrote it."""
        return self._keys[key].writes[value]

    def covers(self, key: str, present: tuple[str, ...], value: str) -> bool:
        """Whether ``value`` is among ``present`` or superseded by something that is."""
        state = self._keys.get(key)
        return state is not None and _reaches(state, present, value)

    def _started(self, operation: Operation) -> None:
        state = self._keys.setdefault(operation.key, _Key())
        if operation.write:
            state.writes[operation.value] = operation
        else:
            operation.expected = frozenset(state.newest)

    def _ended(self, operation: Operation) -> None:
        if operation.outcome != "ok":
            return
        state = self._keys[operation.key]
        if operation.write:
            # It may be acknowledged after a write that superseded it: then it is old already.
            if not any(_reaches(state, (other,), operation.value) for other in state.newest):
                state.newest = {other for other in state.newest if not _reaches(state, (operation.value,), other)}
                state.newest.add(operation.value)
            return
        self.judged_reads += 1
        for value in operation.seen:
            write = state.writes.get(value)
            if write is not None and write.outcome == "fail":
                self.undead.append((operation, write))
        missed = [value for value in sorted(operation.expected) if not _reaches(state, operation.seen, value)]
        if missed:
            operation.stale = True
            operation.missed = tuple(missed)
            self.stale_reads += 1
            if len(self.examples) < 20:
                self.examples.append(operation)


def _reaches(state: _Key, start: tuple[str, ...], value: str) -> bool:
    """Whether ``value`` is in ``start`` or superseded, directly or not, by something in it."""
    if value in start:
        return True
    # A write supersedes only writes that were invoked before it: older ones lead nowhere.
    target = state.writes[value].index
    todo = list(start)
    done: set[str] = set()
    while todo:
        child = state.writes.get(todo.pop())
        for parent in child.supersedes if child is not None else ():
            if parent == value:
                return True
            if parent not in done and parent in state.writes and state.writes[parent].index > target:
                done.add(parent)
                todo.append(parent)
    return False
