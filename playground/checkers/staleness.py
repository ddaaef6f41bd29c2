"""Stale reads, judged from the history alone.

A read is stale if some write of its key was acknowledged before the read began, and
the read returned neither that value nor one that supersedes it (was written by
somebody who had seen it, directly or through others). Concurrent values that are
returned together are not stale: they are what the store promises to show.

That is for a store that keeps concurrent values side by side. Where the newest value wins (``register``) nothing
that a client has observed counts, only real time. A write is older than another if it was acknowledged before
the other was invoked; a write whose outcome is not known is older than none, as it may take effect at
any time. A read is stale if some write was acknowledged before the read began, and all that the read returned is
older than that write.

Also told: reads that return a value whose write was answered with a definite error ("it did not happen").

With one writer both are Lamport's regular register ("On Interprocess Communication", 1986): a read returns the newest
write completed before it, or one that overlaps it. What that may mean with several writers: Shao et al.,
"Multiwriter Consistency Conditions for Shared Memory Registers" (SIAM J. Comput. 40, 2011); here it is the weakest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.checkers.history import History, Operation


@dataclass(slots=True)
class _Key:
    writes: dict[str, Operation] = field(default_factory=dict)
    """Value -> the write that made it."""
    newest: set[str] = field(default_factory=set)
    """Acknowledged and not superseded by anything acknowledged (a register: not older than any of that)."""
    seen_early: dict[str, Operation] = field(default_factory=dict)
    """Value of a write that was under way -> the first read that returned it."""


class Staleness:
    """Watches a history and marks stale reads as they complete. ``register``: in the store the newest value wins."""

    def __init__(self, history: History, *, register: bool = False) -> None:
        self._register = register
        self._makes_good = _is_as_new if register else _reaches
        self._keys: dict[str, _Key] = {}
        self.stale_reads = 0
        self.judged_reads = 0
        self.examples: list[Operation] = []
        self.undead: list[tuple[Operation, Operation]] = []
        """``(read, write)``: reads that returned a value whose write definitely failed, before or after."""
        history.listen(self._started, self._ended)

    def acknowledged(self) -> dict[str, frozenset[str]]:
        """Key -> the acknowledged values that nothing acknowledged supersedes (a register: is newer than)."""
        return {key: frozenset(state.newest) for key, state in self._keys.items() if state.newest}

    def write(self, key: str, value: str) -> Operation:
        """The write that made ``value``. KeyError if nobody wrote it."""
        return self._keys[key].writes[value]

    def covers(self, key: str, present: tuple[str, ...], value: str) -> bool:
        """Whether ``value`` is among ``present`` or superseded by something that is (a register: that is not older)."""
        state = self._keys.get(key)
        return state is not None and self._makes_good(state, present, value)

    def _started(self, operation: Operation) -> None:
        state = self._keys.setdefault(operation.key, _Key())
        if operation.write:
            state.writes[operation.value] = operation
        else:
            operation.expected = frozenset(state.newest)

    def _ended(self, operation: Operation) -> None:
        state = self._keys[operation.key]
        if operation.write:
            self._write_ended(state, operation)
            return
        if operation.outcome != "ok":
            return
        self.judged_reads += 1
        for value in operation.seen:
            write = state.writes.get(value)
            if write is not None and write.outcome == "fail":
                self.undead.append((operation, write))
            elif write is not None and write.outcome == "open":
                state.seen_early.setdefault(value, operation)
        missed = [value for value in sorted(operation.expected) if not self._makes_good(state, operation.seen, value)]
        if missed:
            operation.stale = True
            operation.missed = tuple(missed)
            self.stale_reads += 1
            if len(self.examples) < 20:
                self.examples.append(operation)

    def _write_ended(self, state: _Key, write: Operation) -> None:
        seen_by = state.seen_early.pop(write.value, None)
        if write.outcome == "ok":
            self._acknowledge(state, write)
        elif write.outcome == "fail" and seen_by is not None:
            self.undead.append((seen_by, write))

    def _acknowledge(self, state: _Key, write: Operation) -> None:
        value = write.value
        if self._register:
            # Of those that were acknowledged before a read begins, the one invoked last has the fewest that are not
            # older; nothing acknowledged is newer than that one, so it is always among these.
            state.newest = {other for other in state.newest if not _older(state.writes[other], write)}
            state.newest.add(value)
        # It may be acknowledged after a write that superseded it: then it is old already.
        elif not any(_reaches(state, (other,), value) for other in state.newest):
            state.newest = {other for other in state.newest if not _reaches(state, (value,), other)}
            state.newest.add(value)


def _older(one: Operation, other: Operation) -> bool:
    """Whether the write ``one`` was acknowledged before ``other`` was invoked."""
    return one.outcome == "ok" and one.completed_us < other.invoked_us


def _is_as_new(state: _Key, present: tuple[str, ...], value: str) -> bool:
    """Whether something in ``present`` is not older than ``value``."""
    write = state.writes[value]
    return any(one in state.writes and not _older(state.writes[one], write) for one in present)


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
