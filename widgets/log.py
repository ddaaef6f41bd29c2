"""The event log: coloured by kind, filtered by a text, at its tail until somebody reads what is older.

One entry is the chosen one. Without anybody's doing it is the newest; who moves to an older one reads in peace: what is
new comes below, nothing moves, and the panel follows again when the newest is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from widgets.canvas import Picture
from widgets.log_draw import clock, draw_entry, draw_log, draw_rows, kinds_width, lines_at_most, matches, place_of
from widgets.panel import Panel
from widgets.shapes import Log, LogLine, Place

__all__ = ["LogPanel", "clock", "draw_log"]


class LogPanel(Panel[Log]):
    """Shows a ``Log``. ``search`` filters; moving to an older entry stops following, moving to the newest goes on."""

    wanted: str = ""
    bottom: int | None = None
    """Index of the entry at the bottom; None follows the newest. An index, so appended lines move nothing."""
    cursor: int | None = None
    """Index of the chosen entry; None: the newest."""
    _rows: Sequence[int] = ()

    def search(self, wanted: str) -> None:
        """Show only lines that hold ``wanted`` (any case); empty shows all again."""
        if wanted != self.wanted:
            self.wanted = wanted
            self.bottom = self.cursor = None
            self.redraw()

    def follow(self) -> None:
        """Back to the newest line."""
        self.bottom = self.cursor = None
        self.redraw()

    @property
    def following(self) -> bool:
        return self.bottom is None

    def names(self) -> list[str]:
        return list(dict.fromkeys(e.subject for e in self.shape.lines if e.subject)) if self.shape else []

    # -- the chosen entry ------------------------------------------------------------------------------

    @property
    def chosen(self) -> LogLine | None:
        """The entry under the cursor; None: there is none at all."""
        entries = self._entries()
        at = place_of(entries, self.cursor)
        return entries[max(0, at)] if entries else None

    def chosen_entry(self) -> int | None:
        """Its index: the number of the journal's entry."""
        chosen = self.chosen
        return None if chosen is None else chosen.index

    def chosen_us(self) -> int | None:
        """Its instant."""
        chosen = self.chosen
        return None if chosen is None else chosen.at_us

    def step(self, lines: int) -> bool:
        """To the entry so many further down (or up)."""
        entries = self._entries()
        if entries:
            self._choose(entries, place_of(entries, self.cursor) + lines)
        return True

    def _choose(self, entries: Sequence[LogLine], place: int) -> None:
        """Put the cursor on an entry, and scroll as little as it takes to see it whole."""
        newest = len(entries) - 1
        place = max(0, min(newest, place))
        if place == newest:
            self.follow()
            return
        end = place_of(entries, self.bottom)
        self.cursor = entries[place].index
        if place > end:
            end = place
        while end > place and self._top(entries, end) > place:
            end -= 1
        # What comes from now on comes below: who reads is not to be moved.
        self.bottom = entries[end].index
        self.redraw()

    def _entries(self) -> Sequence[LogLine]:
        if self.shape is None:
            return ()
        return [e for e in self.shape.lines if matches(e, self.wanted)] if self.wanted else self.shape.lines

    # -- scrolling -------------------------------------------------------------------------------------

    def scroll_lines(self, lines: int) -> None:
        entries = self._entries()
        if not entries:
            return
        # While there are newer lines, one line of the panel says so and is not there for entries.
        newest = len(entries) - 1
        end = max(self._first(entries), place_of(entries, self.bottom) + lines)
        self.bottom = None if end >= newest else entries[end].index
        if self.bottom is None:
            self.cursor = None
        else:
            cursor = max(self._top(entries, end), min(end, place_of(entries, self.cursor)))
            self.cursor = entries[cursor].index
        self.redraw()

    def _first(self, entries: Sequence[LogLine]) -> int:
        """Which entry stands at the bottom when the oldest stands on top."""
        height = self.content_size.height
        used = 0
        for number in range(len(entries)):
            used += self._height(entries[number])
            last = number == len(entries) - 1
            if used > height - (0 if last else 1):
                return max(0, number - 1)
        return len(entries) - 1

    def _top(self, entries: Sequence[LogLine], end: int) -> int:
        """The first entry that is seen whole when ``end`` stands at the bottom."""
        room = self._room(entries, end)
        top = end
        used = self._height(entries[end])
        while top > 0 and used + self._height(entries[top - 1]) <= room:
            top -= 1
            used += self._height(entries[top])
        return top

    def _height(self, entry: LogLine) -> int:
        size = self.content_size
        most, kinds = lines_at_most(size.height), kinds_width(self.shape)
        return len(draw_entry(entry, max(1, size.width), self.look, "", None, kinds, most))

    def _end(self) -> int | None:
        """Which entry stands at the bottom, so that the chosen one is seen: as ``bottom``, in a panel of this size."""
        if self.bottom is None:
            return None
        entries = self._entries()
        if not entries:
            return self.bottom
        bottom, chosen = place_of(entries, self.bottom), max(0, place_of(entries, self.cursor))
        if chosen >= bottom:
            return entries[max(0, bottom)].index
        end, used = chosen, self._height(entries[chosen])
        while end < bottom:
            used += self._height(entries[end + 1])
            if used > self._room(entries, end + 1):
                break
            end += 1
        return entries[end].index

    def _room(self, entries: Sequence[LogLine], end: int) -> int:
        """Lines for entries when ``end`` stands at the bottom: where there are newer ones, one line says so."""
        return self.content_size.height - (1 if end < len(entries) - 1 else 0)

    @property
    def place(self) -> Place:
        """The entry at the bottom, and the chosen one."""
        return () if self.bottom is None or self.cursor is None else (self.bottom, self.cursor)

    def turn_to(self, place: Place) -> None:
        if place != self.place:
            self.bottom, self.cursor = place if len(place) == 2 else (None, None)
            self.redraw()

    # -- drawing and events ----------------------------------------------------------------------------

    def paint(self, shape: Log, width: int, height: int) -> Picture:
        cursor = self.chosen_entry() if self.has_focus or self.cursor is not None else None
        picture, self._rows = draw_rows(
            shape, width, height, self.look, self.wanted, self.selected, self._end(), cursor, self.picked.items
        )
        return picture

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """The base selects whom the line is about; here the cursor comes as well."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= offset.y < len(self._rows) and self._rows[offset.y] >= 0:
            entries = self._entries()
            self._choose(entries, place_of(entries, self._rows[offset.y]))
            self.post_message(self.Scrolled())
