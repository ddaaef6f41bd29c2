"""A history as a picture: a lane for each process, a bar for each call from its begin to its end.

::

    0  |--write 1--|              |--read: 1--|
    1                |--write 2--|

Positions are not to scale: what matters of them is only their order, which is kept. A call that never
ended is open on the right. Rows come first, for a screen; the text is drawn from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.checkers.calls import Call, describe

COLUMNS = 120
SHOWN = 40
"""Of more calls than these the last are drawn: what went wrong is at the end."""
_NAME = 12
"""The most columns that a process gets for its name."""


@dataclass(frozen=True)
class Bar:
    """A call from column ``left`` to column ``right``, inclusive; ``right`` is None if it never ended."""

    left: int
    right: int | None
    text: str
    call: Call


@dataclass(frozen=True)
class Lane:
    """Calls of one process that don't overlap, from left to right."""

    process: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Timeline:
    """``columns`` wide, without the names of the processes."""

    lanes: tuple[Lane, ...]
    columns: int


def timeline(calls: Sequence[Call], columns: int = COLUMNS) -> Timeline:
    """Lay ``calls`` out in at most ``columns``; a label that finds no room is a number, from 1 in order of begin."""
    ordered = sorted(calls, key=lambda call: call.invoked)
    labels = [describe(call, 24) for call in ordered]
    for texts in (labels, [f"{number}" for number in range(1, len(ordered) + 1)]):
        at, width = _places(ordered, [len(text) for text in texts])
        if width <= columns:
            break
    else:
        # So many that not even their numbers fit: squeezed, and events share columns.
        at = {event: column * (columns - 1) // (width - 1) for event, column in at.items()}
        width = columns
    bars = []
    for i, call in enumerate(ordered):
        right = at.get((i, 1))
        room = (width if right is None else right) - at[i, 0] - 1
        bars.append(Bar(at[i, 0], right, texts[i] if len(texts[i]) <= room else "", call))
    return Timeline(tuple(_lanes(bars)), width)


def draw(calls: Sequence[Call], columns: int = COLUMNS) -> str:
    """The picture and below it the calls in words, in order of begin, in lines of at most ``columns`` characters."""
    ordered = sorted(calls, key=lambda call: call.invoked)
    hidden = max(len(ordered) - SHOWN, 0)
    calls = ordered[hidden:]
    names = {call.process: call.process[:_NAME] for call in calls}
    margin = max((len(name) for name in names.values()), default=0) + 2
    picture = timeline(calls, columns - margin)
    lines = [f"… {hidden:,} earlier calls"] if hidden else []
    for lane in picture.lanes:
        canvas = [" "] * picture.columns
        for bar in lane.bars:
            right = picture.columns - 1 if bar.right is None else bar.right
            canvas[bar.left : right + 1] = _bar(bar, right - bar.left + 1)
        lines.append(f"{names[lane.process]:{margin}}{''.join(canvas)}".rstrip())
    lines.append("")
    for number, call in enumerate(calls, start=1):
        end = "" if call.completed is not None else ", end unknown: it may have happened at any time, or never"
        about = f"{number:3}  {call.place + ': ' if call.place else ''}process {call.process}: "
        lines.append(about + describe(call, max(columns - len(about) - len(end), 10)) + end)
    return "\n".join(line[:columns] for line in lines)


def _bar(bar: Bar, width: int) -> str:
    if width == 1:
        return "|"
    end = "|" if bar.right is not None else ">"
    return f"|{bar.text:-^{width - 2}}{end}"


def _places(ordered: Sequence[Call], lengths: Sequence[int]) -> tuple[dict[tuple[int, int], int], int]:
    """A column for each begin ``(i, 0)`` and end ``(i, 1)``, such that labels fit; and the width of it all."""
    events = [(call.invoked, 0, i) for i, call in enumerate(ordered)]
    events += [(call.completed, 1, i) for i, call in enumerate(ordered) if call.completed is not None]
    at: dict[tuple[int, int], int] = {}
    column = -1
    for _, what, i in sorted(events):
        column += 1
        if what == 1:
            column = max(column, at[i, 0] + lengths[i] + 3)
        at[i, what] = column
    open_ends = [at[i, 0] + lengths[i] + 4 for i, call in enumerate(ordered) if call.completed is None]
    return at, max((column + 1, *open_ends))


def _lanes(bars: Sequence[Bar]) -> list[Lane]:
    """Bars by process, processes in order of appearance; what overlaps in one process gets a lane of its own."""
    found: dict[str, list[list[Bar]]] = {}
    for bar in bars:
        rows = found.setdefault(bar.call.process, [])
        for row in rows:
            right = row[-1].right
            if right is not None and right < bar.left:
                row.append(bar)
                break
        else:
            rows.append([bar])
    return [Lane(process, tuple(row)) for process, rows in found.items() for row in rows]
