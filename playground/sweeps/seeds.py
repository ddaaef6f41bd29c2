"""Seeds as people write them: ``0..999``, ``5``, ``1,3,7..9``. Both ends of a range belong to it.

However many there are, only the ranges are kept; the seeds are handed out one by one, in ascending order, each once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from playground.kernel.errors import UserError
from playground.scenario.model import HIGHEST_SEED

MOST = 10_000_000
"""Seeds of one sweep."""
_PART = re.compile(r"\s*(\d{1,19})\s*(?:\.\.\s*(\d{1,19})\s*)?", re.ASCII)
_HOW = "write for example 0..999, or 1,3,7..9"


class Seeds:
    """Different seeds in ascending order, as ranges that neither touch nor overlap."""

    def __init__(self, spans: Iterable[range]) -> None:
        self.spans = _merged(spans)
        self._before = [0]
        """How many seeds stand before each range."""
        for span in self.spans:
            self._before.append(self._before[-1] + len(span))

    def __len__(self) -> int:
        return self._before[-1]

    def __iter__(self) -> Iterator[int]:
        for span in self.spans:
            yield from span

    def __str__(self) -> str:
        """As it would be written: ``1,3,7..9``."""
        return ",".join(str(each[0]) if len(each) == 1 else f"{each[0]}..{each[-1]}" for each in self.spans)

    def position(self, seed: int) -> int | None:
        """How many of the seeds are smaller than ``seed``; None if it is not one of them."""
        number = bisect_right(self.spans, seed, key=lambda span: span[0]) - 1
        if number < 0 or seed not in self.spans[number]:
            return None
        return self._before[number] + seed - self.spans[number][0]


def parse_seeds(text: str) -> Seeds:
    """The seeds in ``text``. UserError: one line that says what is wrong with it."""
    spans = []
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise UserError(f"--seeds: {part.strip()[:40]!r} is neither a seed nor a range; {_HOW}")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if last < first:
            raise UserError(f"--seeds: {first}..{last} runs backwards; write {last}..{first}")
        if last > HIGHEST_SEED:
            raise UserError(f"--seeds: {last} is too large; the highest seed is {HIGHEST_SEED}")
        if last - first >= MOST:
            raise UserError(f"--seeds: {last - first + 1:,} seeds are too many; a sweep plays at most {MOST:,}")
        spans.append(range(first, last + 1))
    seeds = Seeds(spans)
    if len(seeds) > MOST:
        raise UserError(f"--seeds: {len(seeds):,} seeds are too many; a sweep plays at most {MOST:,}")
    return seeds


def _merged(spans: Iterable[range]) -> tuple[range, ...]:
    merged: list[range] = []
    for span in sorted(spans, key=lambda each: (each.start, each.stop)):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return tuple(merged)
