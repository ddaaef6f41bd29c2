"""The journal as a story: what was the same, and soon after, becomes one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from playground.kernel.journal import Entry

GAP_US = 5_000_000
"""What is alike and follows within this time belongs together."""
MOST_LINES = 60
_TOLD_EACH = frozenset({"by", "partition", "one-way", "link", "heal", "load", "clock", "disk"})
"""What a person did to the network and the load, and who did something: always a line of its own."""
_UNTOLD = frozenset({"compaction"})
"""Housekeeping."""
_MACHINES = {"start": "starting", "up": "up"}
"""What happens to many machines at once is one sentence."""


@dataclass(slots=True)
class Line:
    """One sentence, of the instant at which it began."""

    at_us: int
    kind: str
    text: str
    more: int = 0
    """How many entries like it followed, the last at ``last_us``."""
    last_us: int = 0

    def __str__(self) -> str:
        if not self.more:
            return self.text
        if self.kind in _MACHINES and self.last_us == self.at_us:
            return f"{self.more + 1} machines are {_MACHINES[self.kind]}"
        return f"{self.text} (and {self.more} more like this, until {self.last_us / 1e6:.3f} s)"


def condense(entries: Iterable[Entry], captions: Iterable[tuple[int, str]] = ()) -> list[Line]:
    """The story in the order of time, captions (of kind "say") among it; at most :data:`MOST_LINES` lines."""
    told = [entry for entry in entries if entry.kind not in _UNTOLD]
    lines = _merged(told, by_subject=True)
    if len(lines) > MOST_LINES // 2:
        lines = _merged(told, by_subject=False)
    lines += [Line(at_us, "say", text, last_us=at_us) for at_us, text in captions]
    lines.sort(key=lambda line: (line.at_us, line.kind != "say"))
    if len(lines) <= MOST_LINES:
        return lines
    head, tail = MOST_LINES * 2 // 3, MOST_LINES // 3
    left_out = len(lines) - head - tail
    return [*lines[:head], Line(lines[head].at_us, "gap", f"… {left_out} more lines …"), *lines[-tail:]]


def _merged(entries: Iterable[Entry], *, by_subject: bool) -> list[Line]:
    """A line for all entries of one kind, and (by_subject) about one thing, that follow each other soon."""
    lines: list[Line] = []
    newest: dict[tuple[str, object], Line] = {}
    for entry in entries:
        data = dict(entry.data)
        key = (entry.kind, (by_subject and data.get("about")) or data.get("check"))
        line = newest.get(key)
        if line is not None and entry.at_us - line.last_us <= GAP_US and entry.kind not in _TOLD_EACH:
            line.more += 1
            line.last_us = entry.at_us
        else:
            line = newest[key] = Line(entry.at_us, entry.kind, entry.text, last_us=entry.at_us)
            lines.append(line)
    return lines
