"""A violation made small enough to be understood.

Calls are dropped as long as the rest is still a violation (delta debugging: Zeller & Hildebrandt, 2002), but
not any call: a read of 1 is a violation by itself once the write of 1 is gone, and that says nothing
about the history it came from. Dropped are reads, which constrain and explain nothing else, and calls whose
effect no remaining answer can show: none returns it, or a write that overwrites everything lies between,
after the one and before the other. So the whole can't be linearizable if the part is not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from playground.checkers.calls import Call
from playground.checkers.models import Specification
from playground.checkers.search import OBSERVERS, Search


def shrink(calls: Sequence[Call], specification: Specification, budget: int) -> list[Call]:
    """A part of ``calls``, which must be a violation, that still is one; as small as ``budget`` steps allow."""
    shrinking = _Shrinking(calls, specification, budget)
    return [calls[i] for i in shrinking.run()]


class _Shrinking:
    """Calls go by their position in the history here."""

    def __init__(self, calls: Sequence[Call], specification: Specification, budget: int) -> None:
        self._calls = calls
        self._spec = specification
        self._left = budget
        self._reads = [specification.only_reads(call) for call in calls]

    def run(self) -> list[int]:
        kept = [i for i, call in enumerate(self._calls) if call.completed is not None or not self._reads[i]]
        size = -1
        while size != len(kept) and self._left > 0:
            size = len(kept)
            kept = self._drop(kept, [i for i in kept if self._reads[i]])
            kept = self._drop_traceless(kept)
        return kept

    def _drop_traceless(self, kept: list[int]) -> list[int]:
        # A cas that goes may have been the only one that showed another's effect: look again.
        size = -1
        while size != len(kept) and self._left > 0:
            size = len(kept)
            observers = self._barriers(kept)
            newest = {(self._calls[i].f, self._calls[i].value): i for i in kept}
            traceless = [i for i in kept if not self._reads[i] and not self._is_shown(i, observers, newest)]
            # What never completed and shows nowhere was never needed.
            useless = {i for i in traceless if self._calls[i].completed is None}
            kept = [i for i in kept if i not in useless]
            kept = self._drop(kept, [i for i in traceless if i not in useless])
        return kept

    def _barriers(self, kept: list[int]) -> list[tuple[int, int]]:
        """Each observer, and the begin of an overwriting call that ended before it: what ended earlier is gone."""
        calls = self._calls
        writes = [calls[i] for i in kept if calls[i].completed is not None and self._spec.overwrites(calls[i])]
        ended = sorted((call.completed or 0, call.invoked) for call in writes)
        latest = list(accumulate((begun for _, begun in ended), max))
        found = []
        for i in kept:
            if calls[i].f in OBSERVERS:
                before = bisect_left(ended, (calls[i].invoked, -1))
                found.append((i, latest[before - 1] if before else -1))
        return found

    def _is_shown(self, effect: int, observers: list[tuple[int, int]], newest: dict[tuple[str, Any], int]) -> bool:
        call = self._calls[effect]
        # The newest of its kind stays although something lies between: what is read should be written somewhere.
        # Not for a cas that failed: nearly every value explains it.
        older = newest[call.f, call.value] != effect
        return any(
            i != effect
            and not (
                (older or self._calls[i].result is False) and call.completed is not None and call.completed < barrier
            )
            and self._spec.shows(self._calls[i], call)
            for i, barrier in observers
        )

    def _drop(self, kept: list[int], candidates: list[int]) -> list[int]:
        """Drop chunks of the candidates, halving their size down to single calls."""
        size = max(len(candidates) // 2, 1)
        while candidates and self._left > 0:
            position = 0
            while position < len(candidates) and self._left > 0:
                chunk = set(candidates[position : position + size])
                rest = [i for i in kept if i not in chunk]
                if self._is_violation(rest):
                    kept = rest
                    del candidates[position : position + size]
                else:
                    position += size
            if size == 1:
                break
            size = max(size // 2, 1)
        return kept

    def _is_violation(self, kept: list[int]) -> bool:
        search = Search([self._calls[i] for i in kept], self._spec)
        found = search.run(max(self._left, 0))
        self._left -= search.steps + len(kept)
        return found is False
