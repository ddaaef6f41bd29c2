"""Everything about one thing: facts on top, tables below, scrollable."""

from __future__ import annotations

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap_list
from widgets.palette import BORDER, Look
from widgets.panel import Panel
from widgets.shapes import Detail, Tone
from widgets.table import draw_table


def draw_detail(
    detail: Detail,
    width: int,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
) -> Picture:
    """The whole detail, as many lines as it takes."""
    muted = look.text_style(Tone.MUTED)
    strips = []
    spots: list[Spot] = []
    if detail.title:
        strips.append(line([(shorten(look.clean(detail.title), width, look), look.text_style(bold=True))], width))
    label = min(max((width_of(fact.title) for fact in detail.facts), default=0), max(1, width * 2 // 5))
    for fact in detail.facts:
        title = shorten(look.clean(fact.title), label, look)
        style = look.text_style(fact.tone)
        for number, part in enumerate(wrap_list(look.clean(fact.text), max(1, width - label - 2))):
            pieces: list[Piece] = [(title.ljust(label) if number == 0 else " " * label, muted), ("  ", muted)]
            strips.append(line([*pieces, (part, style)], width))
    for title, table in detail.tables:
        if strips:
            strips.append(line([], width))
        title = shorten(look.clean(title), width, look)
        rule = look.glyph("─", "-") * max(0, width - width_of(title) - 1)
        head: list[Piece] = [(title, look.text_style(Tone.ACCENT, bold=True)), (" ", muted)]
        strips.append(line([*head, (rule, look.style(look.ground(BORDER)))], width))
        picture = draw_table(table, width, None, look, selected=selected, marked=marked)
        spots += [Spot(spot.y + len(strips), spot.x1, spot.x2, spot.name) for spot in picture.spots]
        strips += picture.strips
    return Picture(strips, spots)


class DetailPanel(Panel[Detail]):
    """Shows a ``Detail``."""

    top: int = 0
    _lines: int = 0
    _title: str = ""

    def names(self) -> list[str]:
        return [row.name for _, table in self.shape.tables for row in table.rows if row.name] if self.shape else []

    def scroll_lines(self, lines: int) -> None:
        self.top = max(0, min(self.top + lines, self._lines - self.content_size.height))
        self.redraw()

    def reveal(self) -> None:
        if self.shape is None or self.selected is None:
            return
        height = self.content_size.height
        picture = draw_detail(self.shape, max(1, self.content_size.width), self.look)
        for spot in picture.spots:
            if spot.name == self.selected:
                self.top = max(spot.y - height + 1, min(self.top, spot.y))
                return

    def paint(self, shape: Detail, width: int, height: int) -> Picture:
        if shape.title != self._title:
            self._title, self.top = shape.title, 0  # another thing: from its beginning
        picture = draw_detail(shape, width, self.look, selected=self.selected, marked=self.marked)
        self._lines = len(picture.strips)
        self.top = max(0, min(self.top, self._lines - height))
        spots = [Spot(s.y - self.top, s.x1, s.x2, s.name) for s in picture.spots if 0 <= s.y - self.top < height]
        return Picture(picture.strips[self.top : self.top + height], spots)
