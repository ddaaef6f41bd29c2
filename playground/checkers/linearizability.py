"""Linearizability: does the history look as if every call had taken effect in one instant between its two ends?

Herlihy & Wing, "Linearizability: A Correctness Condition for Concurrent Objects" (1990). Each key is judged
by itself (Horn & Kroening, "Faster Linearizability Checking via P-Compositionality", 2015) by the
search in :mod:`.search`. The verdict is never a guess: ``linearizable`` and ``violation`` are proven,
``unknown`` means that the search had not come to an end when its budget of steps was used up.

With a violation comes a small part of the history that already is one (:mod:`.shrinking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from playground.checkers.calls import Call, by_key
from playground.checkers.models import Model, Specification
from playground.checkers.search import OBSERVERS, Search
from playground.checkers.shrinking import shrink

LINEARIZABLE, VIOLATION, UNKNOWN = "linearizable", "violation", "unknown"
BUDGET = 1_000_000
"""Steps for a whole history; a step is one configuration visited. A million take about 200 MB."""
SHRINK_BUDGET = 400_000
"""Steps, and calls looked at, for making a violation small."""


@dataclass(frozen=True)
class Violation:
    """Calls of ``key`` that no order explains; without the end of ``last`` one would."""

    key: str
    calls: tuple[Call, ...]
    """Few of those that began before ``last`` ended. Those that ended later have no end here."""
    last: Call


@dataclass(frozen=True)
class Verdict:
    """``outcome``: linearizable, violation, or unknown within the budget."""

    outcome: str
    operations: int
    keys: int
    steps: int
    violation: Violation | None = None
    undecided: tuple[str, ...] = ()
    """Keys on which the search was not finished."""

    def __str__(self) -> str:
        counted = ((self.operations, "operation"), (self.keys, "key"), (self.steps, "step"))
        return f"{self.outcome}: " + ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counted)


def check(calls: Iterable[Call], model: Model, *, budget: int = BUDGET) -> Verdict:
    """Judge a history, the calls in any order. Small keys come first; the first violation ends it."""
    keys = by_key(calls)
    total = sum(map(len, keys.values()))
    steps = 0
    undecided = []
    for key, own in sorted(keys.items(), key=lambda item: len(item[1])):
        specification = model(own)
        happened = [call for call in own if not call.failed]
        search = Search(happened, specification)
        linearizable = search.run(max(budget - steps, 0))
        steps += search.steps
        if linearizable is None:
            undecided.append(key)
        elif not linearizable:
            return Verdict(VIOLATION, total, len(keys), steps, _smallest(key, happened, specification, search.steps))
    outcome = UNKNOWN if undecided else LINEARIZABLE
    return Verdict(outcome, total, len(keys), steps, undecided=tuple(undecided))


def _smallest(key: str, calls: Sequence[Call], specification: Specification, steps: int) -> Violation:
    """Cut ``calls`` after the first end that can't be explained, then drop what it does not take."""
    ends = sorted({call.completed for call in calls if call.completed is not None})
    low, high = 0, len(ends) - 1
    # Whatever begins a linearizable history is linearizable: the first failing end can be found by halving.
    allowed = 20 * steps + 10_000
    while low < high:
        middle = (low + high) // 2
        if Search(until(calls, ends[middle]), specification).run(allowed) is False:
            high = middle
        else:
            low = middle + 1
    failing = until(calls, ends[high])
    small = shrink(failing, specification, SHRINK_BUDGET)
    # Of several that ended at that position, one whose answer says something.
    last = max((call for call in small if call.completed is not None), key=lambda c: (c.completed, c.f in OBSERVERS))
    return Violation(key, tuple(small), last)


def until(calls: Sequence[Call], end: int) -> list[Call]:
    """The history up to the position ``end``: what ended later has not ended. A cas is left out if it was to fail."""
    return [
        call if call.completed is None or call.completed <= end else _opened(call)
        for call in calls
        if call.invoked <= end and (call.result is not False or (call.completed or 0) <= end)
    ]


def _opened(call: Call) -> Call:
    return replace(call, completed=None, result=None)
