"""The search for one order of all calls that a single copy could have answered so.

Wing & Gong, "Testing and Verifying Concurrent Objects" (1993), with the memory of Lowe, "Testing for
Linearizability" (2017): depth first, take next any call that began before the first of those not yet
taken ended; what was taken and the state that came of it is a configuration, and none is searched
twice. Four things keep real histories small:

* A call that only reads and fits the state is taken at once: that is never worse than later.
* A call that never completed is taken only if it is of use: never just before one that overwrites it.
  Of several alike the first is taken first, and of two configurations that differ only in such
  calls, the one that has used no more of any kind makes the other superfluous.
* A configuration is given up when the read that must end next can't come within reach any more.
* Configurations are told apart by what was taken beyond the first call that was not.

The number of configurations visited is bounded by ``budget``, and the memory that they take by ``MEMORY_BITS``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playground.checkers.calls import Call
from playground.checkers.models import ILLEGAL, Specification, State

OBSERVERS = frozenset({"read", "get", "cas"})
"""Calls whose answer says something about the state."""
_NO = -1
MEMORY_BITS = 1 << 32
"""Configurations remembered don't take more than this (512 MB); a long call makes each of them large."""
_NEAR = 64
"""Begins and ends that are looked through for a source one by one."""


@dataclass(slots=True)
class _Kind:
    """Calls that nobody can tell apart, and what they do: state number -> state number, or _NO."""

    call: Call
    steps: dict[int, int]
    reach: dict[int, bool]
    reads: bool
    overwrites: bool
    sources: list[int] | None = None
    """The completed calls that can bring calls of this kind within reach, once they were asked for."""


@dataclass(slots=True)
class _Pending:
    """Calls of one kind that never completed. ``unit`` is one of them in the packed count."""

    kind: _Kind
    invoked: list[int]
    shift: int

    def used(self, packed: int) -> int:
        return packed >> self.shift & (1 << len(self.invoked).bit_length()) - 1


@dataclass(slots=True)
class _Frame:
    """One configuration on the way, and what is left to try from it."""

    choices: Iterator[tuple[int, int]]
    absorbed: list[int]
    taken: int
    """The completed call whose taking led here; _NO: none."""
    position: tuple[int, int, int, int, int]
    """State, pending calls used, first call not taken, what was taken beyond it, next target."""


class Search:
    """The calls of one key against ``specification``. ``run`` once.

    Failed calls, and reads that never completed, are left out: they tell nothing.
    """

    def __init__(self, calls: Sequence[Call], specification: Specification) -> None:
        self.steps = 0
        self._spec = specification
        self._states: dict[State, int] = {}
        self._values: list[State] = []
        self._kinds: dict[object, _Kind] = {}
        completed = sorted((c for c in calls if c.completed is not None and not c.failed), key=lambda c: c.invoked)
        self._calls = completed
        self._kind = [self._kind_of(call) for call in completed]
        self._ends = [call.completed or 0 for call in completed]
        self._targets = sorted(
            (i for i, call in enumerate(completed) if call.f in OBSERVERS), key=lambda i: (self._ends[i], i)
        )
        self._gather_pending(calls)
        self._link()
        self._state = self._number(specification.initial)
        self._used = 0
        self._base = 0
        self._window = 0
        self._target = 0
        self._hopeless: dict[int, bool] = {}
        self._memory: dict[int, int | list[int]] = {}
        self._bits = 0

    def run(self, budget: int) -> bool | None:
        """Whether there is an order; None if that was not settled within ``budget`` configurations."""
        stack: list[_Frame] = []
        taken = _NO
        restricted = False
        while True:
            if self.steps >= budget or self._bits > MEMORY_BITS:
                return None
            self.steps += 1
            absorbed, changing, end = self._absorb()
            if end == _NO:
                return True
            restricted = restricted and not absorbed
            while self._done(self._targets[self._target] if self._target < len(self._targets) else _NO):
                self._target += 1
            choices: list[tuple[int, int]] = []
            if self._is_new(restricted):
                found = self._choices(changing, end, restricted)
                if found is None:
                    return False
                choices = found
            position = (self._state, self._used, self._base, self._window, self._target)
            stack.append(_Frame(iter(choices), absorbed, taken, position))
            while True:
                frame = stack[-1]
                choice = next(frame.choices, None)
                if choice is not None:
                    break
                for i in reversed(frame.absorbed):
                    self._put_back(i)
                if frame.taken != _NO:
                    self._put_back(frame.taken)
                stack.pop()
                if not stack:
                    return False
                self._state, self._used, self._base, self._window, self._target = stack[-1].position
            which, self._state = choice
            restricted = which < 0
            if restricted:
                self._used += 1 << self._pending[~which].shift
                taken = _NO
            else:
                self._lift(which)
                taken = which

    # --- preparation -------------------------------------------------------------

    def _number(self, state: State) -> int:
        number = self._states.setdefault(state, len(self._values))
        if number == len(self._values):
            self._values.append(state)
        return number

    def _kind_of(self, call: Call) -> _Kind:
        label = (call.f, call.value, call.result, call.supersedes, call.completed is None)
        kind = self._kinds.get(label)
        if kind is None:
            spec = self._spec
            kind = self._kinds[label] = _Kind(call, {}, {}, spec.only_reads(call), spec.overwrites(call))
        return kind

    def _gather_pending(self, calls: Sequence[Call]) -> None:
        spec = self._spec
        groups: dict[object, tuple[_Kind, list[int]]] = {}
        for call in calls:
            if call.completed is None and not call.failed and not spec.only_reads(call) and spec.is_seen(call):
                kind = self._kind_of(call)
                groups.setdefault((call.f, call.value, call.supersedes), (kind, []))[1].append(call.invoked)
        self._pending: list[_Pending] = []
        self._guards = 0
        shift = 0
        for kind, invoked in groups.values():
            self._pending.append(_Pending(kind, sorted(invoked), shift))
            shift += len(invoked).bit_length() + 1
            self._guards |= 1 << shift - 1

    def _link(self) -> None:
        """A doubly linked list of begins (2i) and ends (2i + 1) in order; begins first where they touch."""
        n = len(self._calls)
        self._head, self._tail = 2 * n, 2 * n + 1
        events = [(call.invoked, 0, 2 * i) for i, call in enumerate(self._calls)]
        events += [(end, 1, 2 * i + 1) for i, end in enumerate(self._ends)]
        order = [self._head, *(event for _, _, event in sorted(events)), self._tail]
        self._next = [0] * (2 * n + 2)
        self._prev = [0] * (2 * n + 2)
        for before, after in pairwise(order):
            self._next[before] = after
            self._prev[after] = before

    # --- moving ------------------------------------------------------------------

    def _done(self, i: int) -> bool:
        return i >= 0 and (i < self._base or bool(self._window >> i - self._base & 1))

    def _lift(self, i: int) -> None:
        follow, prev = self._next, self._prev
        for entry in (2 * i, 2 * i + 1):
            follow[prev[entry]] = follow[entry]
            prev[follow[entry]] = prev[entry]
        window = self._window | 1 << i - self._base
        base = self._base
        while window & 1:
            window >>= 1
            base += 1
        self._base, self._window = base, window

    def _put_back(self, i: int) -> None:
        follow, prev = self._next, self._prev
        for entry in (2 * i + 1, 2 * i):
            follow[prev[entry]] = entry
            prev[follow[entry]] = entry

    def _absorb(self) -> tuple[list[int], list[int], int]:
        """Take every read that fits. Returns them, the other calls that may come next, and whose end comes first."""
        absorbed: list[int] = []
        changing: list[int] = []
        follow = self._next
        before = self._head
        while True:
            entry = follow[before]
            if entry & 1:
                return absorbed, changing, _NO if entry == self._tail else entry >> 1
            i = entry >> 1
            kind = self._kind[i]
            if not kind.reads:
                changing.append(i)
            elif self._step(kind, self._state) != _NO:
                self._lift(i)
                absorbed.append(i)
                continue
            before = entry

    def _step(self, kind: _Kind, state: int) -> int:
        after = kind.steps.get(state)
        if after is None:
            found = self._spec.step(self._values[state], kind.call)
            after = kind.steps[state] = _NO if found is ILLEGAL else self._number(found)
        return after

    # --- judging -----------------------------------------------------------------

    def _is_new(self, restricted: bool) -> bool:
        """Whether nothing as good as the present configuration was met before; remembers it."""
        key = ((self._window << 32 | self._state) << 32 | self._base) << 1
        if self._covered(key) or (restricted and self._covered(key | 1)):
            return False
        key |= restricted
        known = self._memory.get(key)
        self._bits += key.bit_length() + self._used.bit_length()
        if known is None:
            self._memory[key] = self._used
        elif isinstance(known, list):
            known[:] = [each for each in known if not self._no_more(self._used, each)]
            known.append(self._used)
        else:
            self._memory[key] = [known, self._used]
        return True

    def _covered(self, key: int) -> bool:
        known = self._memory.get(key)
        if known is None:
            return False
        if isinstance(known, list):
            return any(self._no_more(each, self._used) for each in known)
        return self._no_more(known, self._used)

    def _no_more(self, one: int, other: int) -> bool:
        """Whether ``one`` uses no more pending calls of any kind: no field borrows from its guard."""
        return ((other | self._guards) - one) & self._guards == self._guards

    def _choices(self, changing: list[int], end: int, restricted: bool) -> list[tuple[int, int]] | None:
        """Calls that may be taken next, as ``(call, state after it)``; ``~kind`` for a pending one.

        None if some read can't be explained by any order at all.
        """
        target = self._targets[self._target] if self._target < len(self._targets) else _NO
        near: list[tuple[int, int]] = []
        far: list[tuple[int, int]] = []
        sources: list[int] | None = None
        state, kinds = self._state, self._kind
        if target != _NO and not self._reaches(target, state):
            sources = self._sources(target)
            if not sources:
                return None if self._is_hopeless(target) else []
        options = [(i, kinds[i]) for i in changing]
        limit = self._ends[end]
        for number, pending in enumerate(self._pending):
            used = pending.used(self._used)
            if used < len(pending.invoked) and pending.invoked[used] <= limit:
                options.append((~number, pending.kind))
        for which, kind in options:
            if restricted and kind.overwrites:
                continue
            after = self._step(kind, state)
            if after == _NO or (which < 0 and after == state):
                continue
            if which == target or target == _NO or self._reaches(target, after):
                near.append((which, after))
                continue
            if sources is None:
                sources = self._sources(target)
            if any(source != which for source in sources):
                far.append((which, after))
        return near + far

    def _reaches(self, target: int, state: int) -> bool:
        kind = self._kind[target]
        known = kind.reach.get(state)
        if known is None:
            known = kind.reach[state] = self._spec.within_reach(self._values[state], kind.call)
        return known

    def _sources(self, target: int) -> list[int]:
        """Calls not yet taken that may bring ``target`` within reach; two entries where two of a kind are left."""
        call, end = self._calls[target], self._ends[target]
        found: list[int] = []
        entry = self._next[self._head]
        for _ in range(_NEAR):
            if entry == 2 * target + 1:
                break
            i = entry >> 1
            if not entry & 1 and i != target and self._spec.source(self._calls[i], call):
                found.append(i)
            entry = self._next[entry]
        else:
            found = self._far_sources(target)
        for number, pending in enumerate(self._pending):
            left = bisect_right(pending.invoked, end) - pending.used(self._used)
            if left > 0 and self._spec.source(pending.kind.call, call):
                found.append(~number)
                if left > 1:
                    found.append(_ANOTHER)
        return found

    def _far_sources(self, target: int) -> list[int]:
        """Those of the completed calls, where so many lie between that they are better looked up by kind."""
        kind, end = self._kind[target], self._ends[target]
        if kind.sources is None:
            kind.sources = [i for i, call in enumerate(self._calls) if self._spec.source(call, kind.call)]
        found = []
        for i in kind.sources[bisect_left(kind.sources, self._base) :]:
            if self._calls[i].invoked > end:
                break
            if i != target and not self._done(i):
                found.append(i)
        return found

    def _is_hopeless(self, target: int) -> bool:
        """Whether neither the initial state nor any call at all brings ``target`` within reach."""
        known = self._hopeless.get(target)
        if known is None:
            call, end = self._calls[target], self._ends[target]
            spec = self._spec
            known = self._hopeless[target] = (
                not spec.within_reach(spec.initial, call)
                and not any(
                    spec.source(each, call) for i, each in enumerate(self._calls) if i != target and each.invoked <= end
                )
                and not any(spec.source(p.kind.call, call) for p in self._pending if p.invoked[0] <= end)
            )
        return known


_ANOTHER = 1 << 62
"""Stands for one more pending call of a kind: it is never the one that is being tried."""
