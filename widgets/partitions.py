"""Partitions on the Line API: who leads, who is in sync, the log as a bar, and how far each group has read it.

Where it is wide each reading group of a partition has one line; where it is narrow but high it has two, the bar on
the second; where it is neither, columns give way, the bar and the lag last. Over them a line per group says
how it is and who its members are.

A line means its partition, and its leader. Within a line left and right go to the other replicas and to who owns it,
so that an act can be aimed at any of them; the panel remembers the line, as a broker leads more than one. If nothing
that stands here is selected, the lines of the selected machine light up.
"""

from __future__ import annotations

from textual import events

from widgets.canvas import Picture
from widgets.palette import Look
from widgets.panel import Panel
from widgets.partitions_draw import Drawing, Kept
from widgets.partitions_layout import Lines, height_of, lines, readings
from widgets.shapes import NOTHING_PICKED, Item, Partition, Partitions, Picked


def legend(look: Look) -> tuple[tuple[str, str], ...]:
    """The parts of a bar, from the left, and what they mean."""
    return (
        (look.glyph("━", "="), "done"),
        (look.glyph("▒", "+"), "in hand"),
        (look.glyph("█", "#"), "waits"),
        (look.glyph("┃░", "|:"), "not committed"),
    )


def members(partition: Partition) -> list[str]:
    """Whom an act on this partition can be aimed at: its leader, its other replicas, who owns it."""
    names = [partition.leader, *(replica.name for replica in partition.replicas)]
    names += [progress.owner for progress in partition.readers]
    return [name for name in dict.fromkeys(names) if name]


def draw_partitions(
    shape: Partitions,
    width: int,
    height: int | None,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    top: int = 0,
    picked: Picked = NOTHING_PICKED,
    cursor: str = "",
    kept: Kept | None = None,
) -> Picture:
    """The partitions from number ``top`` on, in ``height`` lines (None: as many as it takes).

    ``cursor``: the partition on which the selection stands. ``kept``: lines of the picture before, to be used again.
    """
    places = lines(shape, width, height)
    drawing = Drawing(shape, places, width, look, selected, marked, picked, kept or Kept())
    for group in shape.groups if places.groups else ():
        drawing.group(group)
    if not shape.rows:
        drawing.say(shape.empty)
        return drawing.picture(height)
    if places.head:
        drawing.head()
    shown, left = 0, places.room
    for partition in places.rows[top:]:
        need = height_of((partition,), places.double)
        if left is not None and need > left and shown:
            break
        left = None if left is None else left - need
        shown += 1
        for place, progress in enumerate(readings(partition)):
            drawing.reading(partition, progress, first=not place, cursor=partition.name == cursor)
    hidden = top > 0 or shown < len(places.rows)
    hint = f"{top + shown}/{len(places.rows)}" if hidden else ""
    if places.summary:
        drawing.say(
            " " + " · ".join(filter(None, (shape.summary, hint if not places.caption else ""))), shape.summary_tone
        )
    if places.caption:
        drawing.caption(" · ".join(filter(None, (shape.caption, hint))), legend(look), height)
    return drawing.picture(height)


class PartitionsPanel(Panel[Partitions]):
    """Shows ``Partitions``. Scrolls by whole partitions; arrows go by partition, and within one by machine."""

    own_way = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.row = ""
        """The partition on which the selection stands."""
        self._kept = Kept()

    def kinds(self) -> frozenset[str]:
        return frozenset(("partition", "group"))

    def stand_on(self, item: Item) -> None:
        if any(row.item == item for row in self._rows()):
            self.row = item.name
            self._follow()

    def standing(self) -> Item | None:
        rows = self._rows()
        return next((row.item for row in rows if row.name == self.row), rows[0].item if rows else None)

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for row in self._rows() for name in members(row)))

    def neighbour(self, dx: int, dy: int) -> str | None:
        """Up and down: the leader of the next partition, round and round. Left and right: who else belongs to it."""
        rows = [row for row in self._rows() if members(row)]
        if not rows:
            return None
        at = next((index for index, row in enumerate(rows) if row.name == self.row), None)
        if at is None:
            at = dy = 0
        row = rows[(at + dy) % len(rows)]
        people = members(row)
        step = dx if self.selected in people and not dy else 0
        name = people[(people.index(self.selected) + step) % len(people)] if step and self.selected else people[0]
        if row.name != self.row:
            self._stand_on(row.name)
        return name

    def reveal(self) -> None:
        if self.selected is None or self.shape is None:
            return
        rows = [row for row in self._rows() if self.selected in members(row)]
        if not any(row.name == self.row for row in rows):
            led = [row for row in rows if row.leader == self.selected]
            self.row = next((row.name for row in (*led, *rows)), "")
        self._follow()

    def on_click(self, event: events.Click) -> None:
        """A click stands on the partition as well; the panel itself tells whom it was on."""
        offset = event.get_content_offset(self)
        if offset is not None:
            row = self._row_at(offset.y)
            if row:
                self._stand_on(row)

    def scroll_lines(self, lines: int) -> None:
        self.top += (lines > 0) - (lines < 0) if abs(lines) < 4 else lines
        self._clamp()
        self._stay(self.top)
        self.redraw()

    def paint(self, shape: Partitions, width: int, height: int) -> Picture:
        self._seek()
        self._clamp()
        return draw_partitions(
            shape,
            width,
            height,
            self.look,
            selected=self.selected,
            marked=self.marked,
            picked=self.picked,
            top=self.top,
            cursor=self.row,
            kept=self._kept,
        )

    # --- which line is where --------------------------------------------------------

    def _lines(self) -> Lines | None:
        size = self.content_size
        return lines(self.shape, size.width, size.height) if self.shape is not None else None

    def _rows(self) -> tuple[Partition, ...]:
        places = self._lines()
        return places.rows if places else ()

    def _row_at(self, y: int) -> str:
        """The partition at a line of the content; "" if there is none."""
        places = self._lines()
        if places is None or self.shape is None:
            return ""
        y -= (len(self.shape.groups) if places.groups else 0) + places.head
        for row in places.rows[self.top :] if y >= 0 else ():
            y -= height_of((row,), places.double)
            if y < 0:
                return row.name
        return ""

    def _stand_on(self, row: str) -> None:
        self.row = row
        self._follow()
        self.redraw()

    def _follow(self) -> None:
        """Scroll until the partition that is stood on can be seen."""
        places = self._lines()
        names = [row.name for row in places.rows] if places else []
        if places is None or places.room is None or self.row not in names:
            return
        at = names.index(self.row)
        self.top = min(self.top, at)
        while self.top < at and height_of(places.rows[self.top : at + 1], places.double) > places.room:
            self.top += 1

    def _clamp(self) -> None:
        """No empty lines below the last partition while there are some above the first."""
        places = self._lines()
        if places is None or places.room is None:
            return
        last = len(places.rows)
        while last > 0 and height_of(places.rows[last - 1 :], places.double) <= places.room:
            last -= 1
        self.top = max(0, min(self.top, last))
