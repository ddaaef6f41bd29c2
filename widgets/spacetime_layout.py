"""Where everything of a space-time diagram goes: which lanes are shown, on which line, which instant in which cell.

* The left edge stands at a whole number of cells since the beginning of the world, so that a diagram that flows moves
  by whole cells and nothing in it trembles.
* Lanes are spread evenly over the height. Where there is no room for all of them, those stay that take part most, and
  the selected one, until the filter changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from widgets.canvas import width_of
from widgets.shapes import SpaceTime

_HIGH = 28
"""From this height on there are two lines for words above the ruler, else one."""
MOST_PITCH = 6
"""Lines from lane to lane, at most."""
_TICK = 15
"""Cells from one time to the next, at least."""
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where things are. ``start_us``: the left edge of the first cell behind the labels."""

    width: int
    height: int
    label: int
    start_us: int
    cell_us: int
    rows: dict[int, int]
    """Lane -> its line."""
    head: int = 2
    """Lines above the lanes: words for what happened, and the ruler."""

    def column(self, at_us: int) -> int:
        """The cell of an instant, which may lie outside."""
        return self.label + (at_us - self.start_us) // self.cell_us

    def x(self, at_us: int) -> float:
        """The same, with the place in the cell."""
        return self.label + (at_us - self.start_us) / self.cell_us

    def instant(self, column: int) -> int:
        """The middle of a cell."""
        return self.start_us + (column - self.label) * self.cell_us + self.cell_us // 2

    @property
    def end_us(self) -> int:
        return self.start_us + (self.width - self.label) * self.cell_us


def measure(shape: SpaceTime, width: int, height: int, kept: Sequence[int]) -> Geometry:
    """Where everything goes: ``kept`` are the lanes that are shown, in order."""
    label = min(max((width_of(shape.lanes[lane].name) for lane in kept), default=2) + 4, max(6, width // 4))
    cells = max(1, width - label)
    cell_us = max(1, -(-(shape.end_us - shape.start_us) // cells))
    # The newest instant stands in the last cell; what is looked at, not flowing, begins where it was asked to.
    start_us = (shape.end_us // cell_us + 1 - cells) * cell_us
    head = head_of(height)
    room = height - head
    pitch = max(1, min(MOST_PITCH, room // max(1, len(kept))))
    first = head + min(pitch // 2, max(0, room - pitch * (len(kept) - 1) - 1))
    rows = {lane: first + index * pitch for index, lane in enumerate(kept)}
    return Geometry(width, height, label, start_us, cell_us, rows, head)


def head_of(height: int) -> int:
    """Lines above the lanes."""
    return 3 if height >= _HIGH else 2


def keep_lanes(shape: SpaceTime, room: int, before: Sequence[str], selected: str | None) -> list[int]:
    """The lanes to show, in order: all, or those for which there is room. ``before``: those that were shown."""
    lanes = range(len(shape.lanes))
    if len(lanes) <= room:
        return list(lanes)
    busy = Counter(lane for hop in shape.hops for lane in (hop.source, hop.target))
    picked = next((hop for hop in shape.hops if hop.id == shape.picked), None)
    first = {picked.source, picked.target} if picked is not None else set()

    def rank(lane: int) -> tuple[bool, bool, bool, int, int]:
        name = shape.lanes[lane].name
        return lane not in first, name != selected, name not in before, -busy[lane], lane

    return sorted(sorted(lanes, key=rank)[: max(1, room)])


def tick_us(cell_us: int) -> int:
    """The time between two labels of the ruler: round, and wide enough for a label."""
    power = 1_000
    while True:
        for step in _STEPS:
            if step * power >= _TICK * cell_us:
                return step * power
        power *= 10
