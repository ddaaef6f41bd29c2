"""What was found, in order: the main line from the first cause to what was asked about, and what stands beside it.

* The main line follows the most telling cause of each fact.
* Other causes stand beside it, with their own main line as far as it is short.
* Where there is more than fits in one look, what is furthest from the main line goes first; its ends never go.
"""

from __future__ import annotations

from dataclasses import dataclass

from playground.causality.facts import Fact, Link, clock, seconds

MOST = 12
"""So many facts an answer has."""
_BESIDE = 3
"""So far the line of a cause is followed that is not on the main line."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How it came to this. ``facts``: ``(depth, fact)`` in the order of time, what was asked about at the end."""

    facts: tuple[tuple[int, Fact], ...]
    answer: str
    """One sentence."""
    began: bool
    """Whether the main line begins with an act."""


def chain(asked: Link, since_us: int, acted: bool) -> Chain:
    """The chain that ends with ``asked``.

    ``since_us``: before this instant nothing is kept; ``acted``: somebody has acted before, whatever came of it.
    """
    line = _line(asked)
    chosen: list[tuple[int, Fact]] = [(0, link.fact) for link in _fitting(line)]
    seen = set(line)
    beside: list[Link] = []
    for link in line:
        for cause in [*link.causes[1:], *link.around]:
            for each in _line(cause)[:_BESIDE]:
                if each in seen or each.at_us > asked.at_us:
                    break
                seen.add(each)
                beside.append(each)
    chosen += [(1, link.fact) for link in beside[: max(0, MOST - len(chosen))]]
    # Sorted by time alone; what is asked about stays last, and a cause before its effect.
    chosen.sort(key=lambda each: (each[1] is asked.fact, each[1].at_us, each[1].entry < 0, each[1].entry))
    return Chain(tuple(chosen), _answer(line, _unknown(since_us, acted)), line[-1].first)


def _line(link: Link) -> list[Link]:
    """From a fact back to its first cause, by the most telling causes."""
    line = [link]
    while True:
        earlier = [cause for cause in link.causes if cause.at_us <= link.at_us and cause not in line]
        if not earlier:
            return line
        link = earlier[0]
        line.append(link)


def _fitting(line: list[Link]) -> list[Link]:
    """The whole line, or its ends."""
    return line if len(line) <= MOST else [*line[: MOST - 3], *line[-3:]]


def _answer(line: list[Link], unknown: str) -> str:
    asked, first = line[0].fact, line[-1]
    if first.first and first is not line[0]:
        gap_us = asked.at_us - first.fact.at_us
        return f"{first.fact.sentence} at {clock(first.at_us)}; {_later(gap_us)} {asked.sentence}"
    if first.first:
        return f"this is an act: {first.fact.sentence}"
    if len(line) > 1:
        gap_us = asked.at_us - first.at_us
        return f"{first.fact.sentence} at {clock(first.at_us)}; {_later(gap_us)} {asked.sentence}; {unknown}"
    if line[0].around:
        return f"what led to this is not known for certain; what was in force then: {line[0].around[0].fact.sentence}"
    return unknown


def _later(gap_us: int) -> str:
    return f"{seconds(gap_us)} later" if gap_us else "at once"


def _unknown(since_us: int, acted: bool) -> str:
    if since_us:
        return f"no act is known that led to this: before {clock(since_us)} nothing is kept; r goes back there"
    if acted:
        return "no act is known that led to this"
    return "no act led to this: it is how the cluster works by itself"
