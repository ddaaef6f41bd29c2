"""Sequential specifications: what one copy would answer, if every call took place in an instant.

A history is judged against one of these. All three are judged key by key: a history is
linearizable if and only if that of each key is (Herlihy & Wing 1990, theorem 1; Horn & Kroening
2015 use it to take a search apart).

============  ================================================================================
register      ``read``, ``write``, ``cas``; at first nil
kv            ``get``, ``put``, ``append`` on strings; at first ""
multi-value   the object of the store: ``read`` returns all values that no later write replaced
============  ================================================================================

A specification is made for the calls of one key, so that it may treat alike what no call of
these can tell apart. Beyond ``step`` it answers three questions that let a search look ahead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

from playground.checkers.calls import Call

State = Hashable


class _Illegal:
    """What ``step`` returns for an answer that the object would not give."""

    def __repr__(self) -> str:
        return "ILLEGAL"


ILLEGAL = _Illegal()


class Specification(Protocol):
    """The object that one key's history is about."""

    initial: State

    def step(self, state: State, call: Call) -> State:
        """The state after ``call`` in ``state``; ILLEGAL if it could not have been told what it was."""

    def only_reads(self, call: Call) -> bool:
        """Whether ``call`` never changes any state."""

    def overwrites(self, call: Call) -> bool:
        """Whether the state after ``call`` is the same whatever it was before, and the caller learns nothing."""

    def within_reach(self, state: State, call: Call) -> bool:
        """Whether ``call`` may still become legal after ``state`` without any of its sources."""

    def source(self, call: Call, wanted: Call) -> bool:
        """Whether ``call`` can bring ``wanted`` within reach from where it is not."""

    def shows(self, call: Call, effect: Call) -> bool:
        """Whether the answer of ``call`` may show that ``effect`` took place."""

    def is_seen(self, effect: Call) -> bool:
        """Whether some answer can't do without ``effect``. If none, and it never ended, it need not have happened."""


Model = Callable[[Sequence[Call]], Specification]
"""Makes the specification for the calls of one key."""


class Register:
    """One value; at first None. A cas that completed did replace ``old`` by ``new``, or was told that the value
    was not ``old``: that is an answer about the value, as one of a read is.
    """

    initial: State = None

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self._seen = {_wanted(call) for call in calls if call.f != "write" and not _refused(call)}
        self._refused = {_wanted(call) for call in calls if _refused(call)}

    def step(self, state: State, call: Call) -> State:
        if call.f == "write":
            return _made(call)
        if not _accepts(call, state):
            return ILLEGAL
        return state if self.only_reads(call) else _made(call)

    def only_reads(self, call: Call) -> bool:
        return call.f == "read" or _refused(call) or (call.f == "cas" and bool(call.value[0] == call.value[1]))

    def overwrites(self, call: Call) -> bool:
        return call.f == "write"

    def within_reach(self, state: State, call: Call) -> bool:
        return call.f == "write" or _accepts(call, state)

    def source(self, call: Call, wanted: Call) -> bool:
        return _changes(call) and _accepts(wanted, _made(call))

    def shows(self, call: Call, effect: Call) -> bool:
        return call.f != "write" and _changes(effect) and _accepts(call, _made(effect))

    def is_seen(self, effect: Call) -> bool:
        made = _made(effect)
        return made in self._seen or any(old != made for old in self._refused)


def _refused(call: Call) -> bool:
    """Whether ``call`` is a cas that found another value than its ``old``."""
    return call.f == "cas" and call.result is False


def _changes(call: Call) -> bool:
    return call.f != "read" and not _refused(call)


def _accepts(call: Call, state: State) -> bool:
    """Whether a read or a cas could have been told in ``state`` what it was."""
    return bool(state == _wanted(call)) != _refused(call)


def _wanted(call: Call) -> State:
    wanted: State = call.value[0] if call.f == "cas" else call.result
    return wanted


def _made(call: Call) -> State:
    made: State = call.value[1] if call.f == "cas" else call.value
    return made


class KeyValue:
    """One string; at first "". All strings that no get ever saw the beginning of are one state."""

    initial: State = ""

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self._seen = sorted({call.result for call in calls if call.f == "get" and call.completed is not None})

    def step(self, state: State, call: Call) -> State:
        if call.f == "get":
            return state if call.result == state else ILLEGAL
        if call.f == "put":
            return self._observable(call.value)
        return None if state is None else self._observable(f"{state}{call.value}")

    def only_reads(self, call: Call) -> bool:
        return call.f == "get"

    def overwrites(self, call: Call) -> bool:
        return call.f == "put"

    def within_reach(self, state: State, call: Call) -> bool:
        return call.f != "get" or (isinstance(state, str) and call.result.startswith(state))

    def source(self, call: Call, wanted: Call) -> bool:
        return call.f == "put" and bool(wanted.result.startswith(call.value))

    def shows(self, call: Call, effect: Call) -> bool:
        return call.f == "get" and effect.f != "get" and effect.value in call.result

    def is_seen(self, effect: Call) -> bool:
        return any(effect.value in text for text in self._seen)

    def _observable(self, text: str) -> State:
        """``text``, or None if no get returned anything that begins with it."""
        at = bisect_left(self._seen, text)
        return text if at < len(self._seen) and self._seen[at].startswith(text) else None


class MultiValue:
    """A set of values, none of which supersedes another. A write replaces what it supersedes, and nothing else.

    One that takes effect after a write that supersedes it changes nothing (version vectors see to that:
    :mod:`playground.systems.store.versions`). So writes commute, and the state is what is left of those so far.
    """

    initial: State = frozenset()

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self._known = Supersession()
        self._seen: set[str] = set()
        for call in calls:
            if call.f == "write":
                self._known.add(call.value, call.supersedes)
            elif call.completed is not None:
                self._seen |= call.result

    def step(self, state: State, call: Call) -> State:
        assert isinstance(state, frozenset)
        if call.f == "read":
            return state if call.result == state else ILLEGAL
        return self._known.written(state, call.value)

    def only_reads(self, call: Call) -> bool:
        return call.f == "read"

    def overwrites(self, call: Call) -> bool:
        return False

    def within_reach(self, state: State, call: Call) -> bool:
        assert isinstance(state, frozenset)
        return call.f != "read" or all(self._known.shown_by(call.result, each) for each in state)

    def source(self, call: Call, wanted: Call) -> bool:
        return False

    def shows(self, call: Call, effect: Call) -> bool:
        # Not what has been replaced: what replaced it replaces all that it had.
        return call.f == "read" and effect.f == "write" and effect.value in call.result

    def is_seen(self, effect: Call) -> bool:
        return effect.value in self._seen


class Supersession:
    """Which value replaces which, directly or through others. Add values in the order of their invocation."""

    def __init__(self) -> None:
        self._parents: dict[str, frozenset[str]] = {}
        self._position: dict[str, int] = {}

    def __contains__(self, value: str) -> bool:
        return value in self._position

    def add(self, value: str, supersedes: frozenset[str]) -> None:
        """``value`` was written by somebody who had seen ``supersedes``."""
        self._position.setdefault(value, len(self._position))
        if supersedes:
            self._parents[value] = supersedes

    def written(self, state: frozenset[str], value: str) -> frozenset[str]:
        """What is left of ``state`` and ``value`` when everything superseded is dropped."""
        rest = frozenset(each for each in state if not self.covers(value, each))
        return rest if any(self.covers(each, value) for each in rest) else rest | {value}

    def shown_by(self, present: Iterable[str], value: str) -> bool:
        """Whether ``value`` is among ``present`` or covered by something that is."""
        return any(each == value or self.covers(each, value) for each in present)

    def covers(self, newer: str, older: str) -> bool:
        """Whether who wrote ``newer`` had seen ``older``, or something that covers it."""
        parents = self._parents.get(newer)
        if not parents:
            return False
        if older in parents:
            return True
        # Who supersedes a value came after it: what is older than ``older`` leads nowhere.
        target = self._position.get(older, 0)
        todo = [newer]
        done: set[str] = set()
        while todo:
            parents = self._parents.get(todo.pop(), frozenset())
            if older in parents:
                return True
            fresh = [each for each in parents if each not in done and self._position.get(each, -1) > target]
            done.update(fresh)
            todo += fresh
        return False


MODELS: dict[str, Model] = {"register": Register, "kv": KeyValue, "multi-value": MultiValue}
"""By the names under which they are asked for."""
