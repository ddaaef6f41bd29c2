"""Delta debugging: the smallest part of a failing input that still fails.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002, section 3: the
input is cut into n chunks; a chunk, or else the complement of one, that fails alone takes the place of the whole;
if there is none, the chunks are halved, until each is a single item. The result is 1-minimal: without any
single item it does not fail.

Candidates are handed to the judge a whole round at a time, in the order of the paper; it names the first that fails.
So a judge may look at several at once, and the result stays that of looking at one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

Judge = Callable[[Iterable[tuple[T, ...]]], int | None]
"""Candidates -> the number of the first that fails as the whole does; None: none of them."""


def ddmin(items: Sequence[T], first_failing: Judge[T]) -> tuple[T, ...]:
    """A 1-minimal subsequence of ``items`` that fails; ``items`` itself must fail. Asks O(len²) times at worst."""
    whole = tuple(items)
    if whole and first_failing([()]) is not None:
        return ()
    count = 2
    while len(whole) >= 2:
        count = min(count, len(whole))
        chunks = _chunks(whole, count)
        complements = [_without(chunks, number) for number in range(count)] if count > 2 else []
        found = first_failing([*chunks, *complements])
        if found is None:
            if count == len(whole):
                break
            count *= 2
        elif found < count:
            whole, count = chunks[found], 2
        else:
            whole, count = complements[found - count], max(count - 1, 2)
    return whole


def _chunks(items: tuple[T, ...], count: int) -> list[tuple[T, ...]]:
    """``count`` consecutive parts, as even as can be."""
    ends = [len(items) * number // count for number in range(count + 1)]
    return [items[start:end] for start, end in pairwise(ends)]


def _without(chunks: list[tuple[T, ...]], number: int) -> tuple[T, ...]:
    return tuple(item for other, chunk in enumerate(chunks) if other != number for item in chunk)
