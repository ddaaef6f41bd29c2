"""What of the partitions shows at which size: lines first, then the columns for those lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from widgets.canvas import width_of
from widgets.shapes import Partition, Partitions, Progress, State

_NARROW = 88
"""Lines with fewer cells than this are better doubled."""
_UNFOLDED = 76
_UNFOLDED_SINGLE = 110
"""Lines with fewer cells than this have no room for the names of internal topics; beside a bar they need more."""
_SPARK = 8
_MOST_SPARK = 15
"""Half a minute, at two seconds a cell."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands there, from top to bottom. ``double``: two lines a reading, the bar on the second."""

    groups: bool
    head: bool
    rows: tuple[Partition, ...]
    room: int | None
    """Lines for ``rows``; None: as many as they take."""
    summary: bool
    caption: bool
    double: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide each column is; 0: there is no room for it."""

    name: int
    leader: int
    lag: int
    bar: int
    owner: int = 0
    in_sync: int = 0
    group: int = 0
    spark: int = 0
    numbers: int = 0
    """Of the start, the high watermark and the end of the log, each."""
    committed: int = 0


def readings(partition: Partition) -> tuple[Progress | None, ...]:
    """A line for each of them; a partition that nobody reads has one as well."""
    return partition.readers or (None,)


def height_of(rows: Iterable[Partition], double: bool) -> int:
    """Lines that these partitions take."""
    return sum(len(readings(row)) for row in rows) * (2 if double else 1)


def lines(shape: Partitions, width: int, height: int | None) -> Lines:
    """Two lines each where ``width`` needs it and ``height`` allows it; all partitions where they have room."""
    narrow = width < _NARROW
    every = (*shape.rows, *shape.folded)
    if height is None:
        return Lines(bool(shape.groups), True, every, None, False, bool(shape.caption), narrow)
    groups = bool(shape.groups) and height >= len(shape.groups) + 4
    room = height - (len(shape.groups) if groups else 0)
    head = room > 1
    caption = bool(shape.caption) and room - head >= 4
    room -= head + caption
    for double in (True, False) if narrow else (False,):
        named = width >= (_UNFOLDED if double else _UNFOLDED_SINGLE)
        if named and height_of(every, double) <= room:
            return Lines(groups, head, every, room, False, caption, double)
        if height_of(shape.rows, double) + bool(shape.summary) <= room:
            summary = bool(shape.summary)
            return Lines(groups, head, shape.rows, room - summary, summary, caption, double)
    summary = bool(shape.summary) and room >= 4
    return Lines(groups, head, shape.rows, room - summary, summary, caption, False)


def columns(rows: tuple[Partition, ...], width: int, double: bool) -> Columns:
    """The columns for lines of ``width`` cells."""
    readers = [progress for row in rows for progress in row.readers]
    name = min(max([9, *(width_of(row.name) for row in rows)]), max(9, width // 4))
    leader = max([6, *(width_of(row.leader) for row in rows)])
    lag = max([4, *(width_of(f"{each.lag:,}") for each in readers)]) if readers else 0
    number = max([5, *(width_of(f"{row.end:,}") for row in rows)])
    room = width - 1 - name - 1 - leader - (lag + 1 if lag else 0) - (0 if double else 1)
    # What there is, in the order in which it comes; and how wide the bar on the same line must still be beside it.
    optional = (
        ("owner", max([5, *(width_of(each.owner) for each in readers)]) if readers else 0, 1, 8),
        ("in_sync", max([7, *map(_in_sync, rows)]), 1, 8),
        ("group", _groups(readers), 1, 8),
        ("spark", _SPARK if readers else 0, 1, 16),
        ("numbers", 0 if double else number, 3, 22),
        ("committed", max(9, number) if readers else 0, 1, 30),
    )
    sizes: dict[str, int] = {}
    for what, size, times, bar in optional:
        cost = (size + 1) * times
        if size and cost + (0 if double else bar) <= room:
            sizes[what] = size
            room -= cost
    if "spark" in sizes:
        more = max(0, min(_MOST_SPARK - _SPARK, room if double else room - 28))
        sizes["spark"] += more
        room -= more
    if double:
        sizes["numbers"] = number
        room = width - 2 - 3 * (number + 1)
        if room < _SPARK:
            sizes["numbers"], room = 0, width - 2
    return Columns(name, leader, lag, max(0, room), **sizes)


def _in_sync(row: Partition) -> int:
    """With room for one that falls out and is marked, so that nothing moves then."""
    marked = sum(not each.in_sync or each.state is not State.UP for each in row.replicas)
    return sum(width_of(each.name) + 1 for each in row.replicas) + max(0, marked - 1)


def _groups(readers: list[Progress]) -> int:
    """Which group it is needs to be said only if there are several."""
    names = {each.group for each in readers}
    return max(map(width_of, names)) if len(names) > 1 else 0
