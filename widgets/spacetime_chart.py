"""The diagram itself: a ruler, the marks of what befell everybody, a lane for each machine, arrows between them.

* Time runs rightward; where things go is the affair of :mod:`.spacetime_layout`.
* An arrow begins where its message was sent and ends, with a head, where it arrived. Where both are the same column
  it is an upright line; else a slanted one. The wider the span, the steeper.
* What got lost breaks off half-way with a cross. What reached a machine without power ends in a cross on its lane.
  What is under way ends in the open.
* A lane is dotted while its machine boots, shows ice while it is frozen, and is not there while it is down.
"""

from __future__ import annotations

from rich.style import Style

from widgets.canvas import shorten, width_of
from widgets.log import clock
from widgets.palette import BORDER, ICE, SELECTION, Colors, Ground, Look
from widgets.shapes import Hop, SpaceTime, State, Tone
from widgets.spacetime_canvas import Grid
from widgets.spacetime_layout import Geometry, tick_us

_LABELLED = 60
"""Of more messages none is labelled."""
_MARKS = {
    "crash": ("✕", "x"),
    "start": ("↻", "~"),
    "up": ("▲", "^"),
    "freeze": ("❄", "*"),
    "thaw": ("▲", "^"),
    "elected": ("★", "*"),
    "first-write": ("◆", "#"),
    "alert": ("!", "!"),
    "suspect": ("?", "?"),
    "dead": ("✕", "x"),
}
_QUIET = frozenset({"load", "say", "answer", "good", "alert", "first-write", "feed"})
"""Kinds that are no upright line when they befall nobody in particular."""
_FLAGGED = frozenset(
    {"crash", "start", "freeze", "thaw", "elected", "deposed", "expired", "rebalance", "disk", "slow-cpu", "stall"}
)
"""What of a single machine is told in words above the lanes, where there is room."""


class Chart:
    """Draws one diagram."""

    def __init__(self, shape: SpaceTime, geometry: Geometry, look: Look, selected: str | None, marked: frozenset[str]):
        self._shape = shape
        self._place = geometry
        self._look = look
        self._selected = selected
        self._marked = marked
        self.grid = Grid(geometry.width, geometry.height, look, geometry.label)
        reading = shape.reading
        self._feet: list[tuple[int, int, str, Style]] = []
        self._heads: list[tuple[int, int, str, Style]] = []
        self._near = frozenset((*reading.causes, *reading.effects)) if reading is not None else frozenset()

    def draw(self) -> Grid:
        """Everything, from below to above."""
        self._ruler()
        self._lanes()
        self._wide()
        for hop in sorted(self._shape.hops, key=self._rank):
            if hop.source in self._place.rows and hop.target in self._place.rows:
                self._hop(hop)
        for x, y, mark, ink in (*self._feet, *self._heads):  # above all lines: they tell where those lead
            if x >= self._place.label:
                self.grid.put(x, y, mark, ink)
        self._on_lanes()
        if (self._shape.following or self._shape.picked) and len(self._shape.hops) <= _LABELLED:
            for hop in sorted(self._shape.hops, key=self._rank, reverse=True):
                if not self._beside(hop):
                    self._label(hop)
        self._flags()
        self._labels()
        return self.grid

    # --- ruler and lanes --------------------------------------------------------------------------

    def _ruler(self) -> None:
        look, place = self._look, self._place
        muted = look.text_style(Tone.MUTED)
        step_us = tick_us(place.cell_us)
        at_us = -(-place.start_us // step_us) * step_us
        while at_us < place.end_us:
            x = place.column(at_us)
            text = clock(at_us) if at_us >= 0 else ""
            if step_us >= 1_000_000:
                text = text.partition(".")[0]
            if at_us >= 0 and x >= place.label and x + width_of(text) + 1 < place.width:
                self.grid.put(x, place.head - 1, look.glyph("╷", "|"), look.style(look.ground(BORDER)))
                self.grid.write(x + 1, place.head - 1, text, muted)
            at_us += step_us

    def _lanes(self) -> None:
        look, place, grid = self._look, self._place, self.grid
        plain = look.style(look.ground(BORDER))
        rule = look.glyph("─", "-")
        for lane, y in place.rows.items():
            of = self._shape.lanes[lane]
            style = look.style(look.hue(of.hue)) if of.name == self._selected else plain
            grid.write(place.label, y, rule * (place.width - place.label), style)
        for spell in self._shape.spells:
            if spell.lane not in place.rows:
                continue
            first = max(place.label, place.column(spell.start_us))
            last = min(place.width - 1, place.column(spell.end_us))
            y = place.rows[spell.lane]
            for x in range(first, last + 1):
                grid.put(x, y, *self._standstill(spell.state, x))
        now = place.column(self._shape.now_us)
        if now < place.width - 1:
            for y in place.rows.values():
                grid.write(max(place.label, now + 1), y, " " * (place.width - now - 1), plain)

    def _standstill(self, state: State, x: int) -> tuple[str, Style]:
        look = self._look
        # By the instant, not by the cell: what flows must not change its pattern.
        turn = (self._place.start_us // self._place.cell_us + x - self._place.label) % 4
        if state is State.FROZEN:
            ice = look.style(look.ground(ICE))
            return (look.mark(State.FROZEN), ice) if turn == 0 else (look.glyph("┈", "-"), ice)
        if state is State.BOOTING:
            return (look.glyph("┄", "."), look.style(look.state(State.BOOTING)))
        return (look.glyph("·", "."), look.style(look.ground(BORDER))) if turn == 0 else (" ", look.style())

    def _labels(self) -> None:
        look, place = self._look, self._place
        for lane, y in place.rows.items():
            of = self._shape.lanes[lane]
            chosen = of.name == self._selected
            ground = look.ground(SELECTION) if chosen else None
            style = look.style(look.hue(of.hue), ground, bold=chosen)
            first = look.chosen_mark if chosen else look.marked_mark if of.name in self._marked else " "
            name = shorten(look.clean(of.name), place.label - 4, look)
            self.grid.write(0, y, first + name.ljust(place.label - 4), style)
            down = of.state is not State.UP
            state = look.style(look.state(of.state), ground, bold=True) if down else style
            self.grid.write(place.label - 3, y, f"{look.mark(of.state) if down else ' '} ", state)
            self.grid.put(place.label - 1, y, " ", look.style())

    # --- arrows -------------------------------------------------------------------------------------

    def _rank(self, hop: Hop) -> tuple[int, int, int]:
        """What lies above: the picked one, what has to do with it, what got lost or failed, what is newer."""
        height = 3 if hop.id == self._shape.picked else 2 if hop.id in self._near else 1 if hop.lost else 0
        return height, hop.sent_us, hop.id

    def _ink(self, hop: Hop, head: bool = False) -> Style:
        """``head``: of its end, which is brighter than the line of what got lost: many do at a time."""
        look = self._look
        if hop.id == self._shape.picked:
            return look.style(look.ground(Ground.STRONG), bold=True, reverse=look.colors is Colors.NONE)
        color = look.tone(Tone.BAD) if hop.bad else look.hue(hop.hue)
        near = hop.id in self._near
        if self._beside(hop):
            return look.style(look.faded(color, 0.45 if hop.lost and head else 0.65), dim=not look.blends)
        if hop.lost and not near and not head:
            color = look.faded(color, 0.45)
        return look.style(color, bold=near or (hop.bad and (head or not hop.lost)))

    def _beside(self, hop: Hop) -> bool:
        """Whether it has nothing to do with what is read."""
        shape = self._shape
        return shape.reading is not None and not shape.following and hop.id not in (shape.picked, *self._near)

    def _hop(self, hop: Hop) -> None:
        """The line of an arrow; where it begins and ends is kept for later."""
        place, look = self._place, self._look
        top, bottom = place.rows[hop.source], place.rows[hop.target]
        ink, mark_ink = self._ink(hop), self._ink(hop, True)
        cross = look.mark(State.DOWN)
        start = place.x(hop.sent_us)
        if hop.source == hop.target:
            self._heads.append((int(start), top, look.glyph("○", "o"), ink))
            return
        if hop.arrived_us is not None:
            end = place.x(hop.arrived_us)
            if end - start < 1.0:
                end = start  # at this scale it took no time: an upright line, wherever the cells begin
            self._line(start, top, end, bottom, ink)
            head = cross if hop.lost else self._head(start, top, end, bottom)
            self._heads.append((int(end), bottom, head, mark_ink))
        elif hop.due_us is not None:
            way = (self._shape.now_us - hop.sent_us) / max(1, hop.due_us - hop.sent_us)
            y = top + (bottom - top) * max(0.15, min(0.85, way))
            self._line(start, top, max(start, place.x(self._shape.now_us)), round(y), ink)
        else:
            middle = (top + bottom + (1 if bottom > top else 0)) // 2
            if middle in place.rows.values() and abs(bottom - top) > 2:
                middle += 1 if bottom < top else -1  # on another lane it would look as if it was lost there
            end = max(place.x(hop.lost_us if hop.lost_us is not None else hop.sent_us), start)
            self._line(start, top, end, middle, ink)
            self._heads.append((int(end), middle, cross, mark_ink))
        self._feet.append((int(start), top, look.glyph("┬" if bottom > top else "┴", "o"), ink))

    def _line(self, start: float, top: int, end: float, bottom: int, ink: Style) -> None:
        """Between two lanes; the cells on the lanes are left to foot and head."""
        down = 1 if bottom > top else -1
        if top == bottom:
            return
        if int(start) == int(end):
            if abs(bottom - top) > 1:
                first, last = sorted((top + down, bottom - down))
                self.grid.column(int(start), first, last, ink)
            return
        self.grid.slant(start, top + 0.5 + 0.25 * down, end, bottom + 0.5 - 0.25 * down, ink)

    def _head(self, start: float, top: int, end: float, bottom: int) -> str:
        if end - start > 4 * abs(bottom - top):
            return self._look.glyph("▸", ">")
        return self._look.glyph("▼", "v") if bottom > top else self._look.glyph("▲", "^")

    def _label(self, hop: Hop) -> None:
        """What it is, beside the arrow, where nothing else stands. Not while time flows: labels would jump."""
        place, look = self._place, self._look
        ends_us = hop.ended_us
        if hop.source not in place.rows or hop.target not in place.rows or ends_us is None:
            return
        top, bottom = place.rows[hop.source], place.rows[hop.target]
        text = look.clean(hop.label)
        start, end = place.x(hop.sent_us), place.x(ends_us)
        middle = (top + bottom) // 2
        for y in sorted(range(min(top, bottom) + 1, max(top, bottom)), key=lambda y: (abs(y - middle), y)):
            at = int(start + (end - start) * (y - top) / (bottom - top))
            for x in (
                at + 2,
                at - 1 - width_of(text),
                at + 4,
                at - 3 - width_of(text),
                at + 7,
                at - 6 - width_of(text),
            ):
                if x >= place.label and self.grid.room(x, y, text):
                    self.grid.write(x, y, text, self._ink(hop, True))
                    return

    # --- moments ------------------------------------------------------------------------------------

    def _wide(self) -> None:
        """What befell everybody: an upright line through all lanes."""
        for moment in self._shape.moments:
            x = self._place.column(moment.at_us)
            if moment.lane is None and moment.kind not in _QUIET and x >= self._place.label:
                style = self._look.style(self._look.tone(moment.tone), dim=not self._look.blends)
                self.grid.column(x, self._place.head, self._place.height - 1, style, self._look.glyph("┊", ":"))

    def _on_lanes(self) -> None:
        look = self._look
        for moment in self._shape.moments:
            x = self._place.column(moment.at_us)
            if moment.lane in self._place.rows and x >= self._place.label:
                picked = moment.id == self._shape.picked != 0
                mark = look.glyph(*_MARKS.get(moment.kind, ("•", "*")))
                style = look.text_style(moment.tone, bold=True, selected=picked)
                self.grid.put(x, self._place.rows[moment.lane], mark, style)

    def _flags(self) -> None:
        """Words for what happened, where there is room; what befell everybody first."""
        look, place = self._look, self._place
        told = [m for m in self._shape.moments if (m.lane is None and m.kind != "first-write") or m.kind in _FLAGGED]
        for moment in sorted(told, key=lambda m: (m.kind in _QUIET, m.lane is not None, m.at_us)):
            x = place.column(moment.at_us)
            if not place.label <= x < place.width:
                continue
            mark = look.glyph(*_MARKS.get(moment.kind, ("▾", "v")))
            text = f"{mark} {shorten(look.clean(moment.text), min(32, place.width // 3), look)}"
            if x + width_of(text) >= place.width:
                x = place.width - width_of(text)  # at the right edge it is told to the left of its line
            for y in range(place.head - 2, -1, -1):
                if x >= place.label and self.grid.room(x, y, text):
                    style = look.text_style(moment.tone, bold=True, selected=moment.id == self._shape.picked != 0)
                    self.grid.write(x, y, text, style)
                    break
