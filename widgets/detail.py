"""Everything about one thing: facts on top, tables below, what happened to it, scrollable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap, wrap_list
from widgets.log import clock
from widgets.palette import BORDER, SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import NOTHING_PICKED, Detail, Fact, LogLine, Picked, Tone
from widgets.table import draw_table

_NARROW = 40
"""In fewer cells than this a sentence goes on further to the left."""


def draw_detail(
    detail: Detail,
    width: int,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    picked: Picked = NOTHING_PICKED,
) -> Picture:
    """The whole detail, as many lines as it takes. What happened stands after the first table: that tells what is."""
    strips: list[Strip] = []
    spots: list[Spot] = []

    def add(picture: Picture) -> None:
        spots.extend(replace(spot, y=spot.y + len(strips)) for spot in picture.spots)
        strips.extend(picture.strips)

    def section(title: str) -> None:
        if strips:
            strips.append(line([], width))
        strips.append(_rule(title, width, look))

    if detail.title:
        strips.append(line([(shorten(look.clean(detail.title), width, look), look.text_style(bold=True))], width))
    strips += _facts(detail.facts, width, look)
    for number, (title, table) in enumerate(detail.tables):
        section(title)
        add(draw_table(table, width, None, look, selected=selected, marked=marked, picked=picked))
        if number == 0 and detail.happened:
            section(_happened(detail))
            add(draw_history(detail.happened, width, look, selected=selected))
    if detail.happened and not detail.tables:
        section(_happened(detail))
        add(draw_history(detail.happened, width, look, selected=selected))
    if detail.aside is not None:
        strips.append(line([], width))
        strips.append(_rule(detail.aside.title, width, look, Tone.PLAIN))
        add(draw_detail(replace(detail.aside, title=""), width, look, selected=selected, marked=marked, picked=picked))
    return Picture(strips, spots)


def _facts(facts: Sequence[Fact], width: int, look: Look) -> list[Strip]:
    """Titles in a column of their own, what they say beside them."""
    muted = look.text_style(Tone.MUTED)
    label = min(max((width_of(fact.title) for fact in facts), default=0), max(1, width * 2 // 5))
    strips = []
    for fact in facts:
        title = shorten(look.clean(fact.title), label, look)
        style = look.text_style(fact.tone)
        for number, part in enumerate(wrap_list(look.clean(fact.text), max(1, width - label - 2))):
            pieces: list[Piece] = [(title.ljust(label) if number == 0 else " " * label, muted), ("  ", muted)]
            strips.append(line([*pieces, (part, style)], width))
    return strips


def _rule(title: str, width: int, look: Look, tone: Tone = Tone.ACCENT) -> Strip:
    title = shorten(look.clean(title), width, look)
    rule = look.glyph("─", "-") * max(0, width - width_of(title) - 1)
    head: list[Piece] = [(title, look.text_style(tone, bold=True)), (" ", look.text_style(Tone.MUTED))]
    return line([*head, (rule, look.style(look.ground(BORDER)))], width)


def _happened(detail: Detail) -> str:
    return "what happened to it, newest first" + (f" ({detail.earlier} more before)" if detail.earlier else "")


def draw_history(lines: Sequence[LogLine], width: int, look: Look, *, selected: str | None = None) -> Picture:
    """When, who, what: one line each or as many as the sentence takes, which goes on under itself."""
    strips: list[Strip] = []
    spots: list[Spot] = []
    muted = look.text_style(Tone.MUTED)
    for each in lines:
        who = look.clean(each.subject)
        ground = look.ground(SELECTION) if who and each.subject == selected else None
        color = look.tone(Tone.PLAIN) if each.hue is None else look.hue(each.hue)
        loud = each.tone in (Tone.BAD, Tone.WARN, Tone.MUTED)
        style = look.text_style(each.tone if loud else Tone.PLAIN)
        before = 10 if width >= _NARROW else 2
        head: list[Piece] = [(clock(each.at_us), muted), (" ", muted), (who, look.style(color, ground, bold=True))]
        used = 10 + width_of(who) + bool(who)
        head += [(" ", muted)] * bool(who)
        text = look.clean(each.text)
        first = wrap(text, max(1, width - used))[0]
        parts = [first, *(wrap(rest, max(1, width - before)) if (rest := text[len(first) :].lstrip()) else ())]
        for number, part in enumerate(parts):
            if who:
                spots.append(Spot(len(strips), 0, width, each.subject))
            strips.append(line([*(head if number == 0 else [(" " * before, muted)]), (part, style)], width))
    return Picture(strips, spots)


class DetailPanel(Panel[Detail]):
    """Shows a ``Detail``. Its place is a part of the way down, in thousandths: lines break otherwise elsewhere."""

    _lines: int = 0
    _title: str = ""

    def names(self) -> list[str]:
        return [row.name for _, table in self.shape.tables for row in table.rows if row.name] if self.shape else []

    def scroll_lines(self, lines: int) -> None:
        most = max(0, self._lines - self.content_size.height)
        self.top = max(0, min(self.top + lines, most))
        self._stay(*([round(1000 * self.top / most)] if most else ()))
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
            self._title = shape.title
            if not self._led:
                self.top, self._place = 0, ()  # another thing: from its beginning
        picture = draw_detail(shape, width, self.look, selected=self.selected, marked=self.marked, picked=self.picked)
        self._lines = len(picture.strips)
        if self._led and self._place:
            self.top = round(self._place[0] * (self._lines - height) / 1000)
        self.top = max(0, min(self.top, self._lines - height))
        spots = [replace(s, y=s.y - self.top) for s in picture.spots if 0 <= s.y - self.top < height]
        return Picture(picture.strips[self.top : self.top + height], spots)
