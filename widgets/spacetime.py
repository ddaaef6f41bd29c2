"""A space-time diagram: lanes of machines, arrows of messages (Lamport 1978), and what is picked, to be read.

The panel draws and says what was clicked; what is picked, and which time is shown, is decided by whoever shows it.
"""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of
from widgets.log import clock
from widgets.palette import BORDER, Look
from widgets.panel import Panel
from widgets.shapes import Hop, SpaceTime, Tone
from widgets.spacetime_chart import Chart
from widgets.spacetime_layout import MOST_PITCH, Geometry, head_of, keep_lanes, measure
from widgets.spacetime_pane import beside, draw_pane

WIDE = 132
"""From this width on the pane stands beside the diagram, else below it."""
_NEAR = 3
"""A click so many cells away from an arrow still means it."""


class SpaceTimePanel(Panel[SpaceTime]):
    """Shows a ``SpaceTime``."""

    class Picked(Message):
        """Somebody clicked on a message or a moment."""

        def __init__(self, id: int) -> None:
            super().__init__()
            self.id = id

    class Wheeled(Message):
        """Somebody turned the wheel: down (positive) is later."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    _geometry: Geometry | None = None
    _kept: tuple[str, ...] = ()
    """The machines that were shown last, if there was no room for all."""
    _of: tuple[str, ...] = ()
    """And of which machines those were chosen."""

    def names(self) -> list[str]:
        return [lane.name for lane in self.shape.lanes] if self.shape is not None else []

    def chosen_us(self) -> int | None:
        """The instant of the picked message or moment."""
        return self.shape.instant_of(self.shape.picked) if self.shape is not None else None

    def text(self) -> str:
        """The messages that are shown, a line each, and what is picked."""
        return told(self.shape) if self.shape is not None else ""

    def scroll_lines(self, lines: int) -> None:
        self.post_message(self.Wheeled(1 if lines > 0 else -1))

    def paint(self, shape: SpaceTime, width: int, height: int) -> Picture:
        look = self.look
        side = max(38, min(64, width * 3 // 10)) if width >= WIDE else 0
        below = 0 if side or height < 12 else _below(len(shape.lanes), height)
        wide, high = width - side - (2 if side else 0), max(1, height - below - (1 if below else 0) - 1)
        lanes = tuple(lane.name for lane in shape.lanes)
        room = max(1, high - head_of(high))
        kept = keep_lanes(shape, room, self._kept if lanes == self._of else (), self.selected)
        self._kept, self._of = tuple(lanes[lane] for lane in kept), lanes
        self._geometry = place = measure(shape, wide, high, kept)
        strips = [bar(shape, width, look, len(lanes) - len(kept))]
        spots: list[Spot] = []
        if not shape.hops and not shape.moments:
            chart = _empty(shape, place, look, self.selected, self.marked)
        else:
            chart = Chart(shape, place, look, self.selected, self.marked).draw().strips()
        if side:
            pane, pane_spots = draw_pane(shape, side, high, look)
            rule = beside(look)
            strips += [Strip.join([left, rule, right]) for left, right in zip(chart, pane, strict=True)]
            spots += [Spot(s.y + 1, s.x1 + wide + 2, s.x2 + wide + 2, s.name) for s in pane_spots]
        else:
            strips += chart
            if below:
                strips.append(line([(look.glyph("─", "-") * width, look.style(look.ground(BORDER)))], width))
                pane, pane_spots = draw_pane(shape, width, below, look)
                spots += [Spot(s.y + len(strips), s.x1, s.x2, s.name) for s in pane_spots]
                strips += pane
        spots += [Spot(y + 1, 0, place.label, shape.lanes[lane].name) for lane, y in place.rows.items()]
        return Picture(strips, spots)

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # what lies under it is no machine, unless it is a lane's name
        offset = event.get_content_offset(self)
        if offset is None or self.shape is None or self._geometry is None:
            return
        name = self.name_at(offset.x, offset.y)
        if name is not None and name.startswith("#"):
            self.post_message(self.Picked(int(name[1:])))
        elif name is not None:
            self.post_message(self.Selected(self, name))
        else:
            id = nearest(self.shape, self._geometry, offset.x, offset.y - 1)
            if id:
                self.post_message(self.Picked(id))


def _below(lanes: int, height: int) -> int:
    """How high the pane is: a third, and what the lanes can't use, evenly spaced as they are."""
    least = max(4, min(9, height // 3))
    room = height - 2 - least - head_of(height - 2 - least)
    spare = room - min(MOST_PITCH, max(1, room // max(1, lanes))) * max(1, lanes)
    return least + max(0, spare)


def bar(shape: SpaceTime, width: int, look: Look, folded: int) -> Strip:
    """The first line: what is shown, for how long, and whose arrows have which colour."""
    muted = look.text_style(Tone.MUTED)
    pieces: list[Piece] = []
    used = 0
    for system, hue in shape.legend:
        text = f" {look.clean(system)}  "
        pieces += [(look.glyph("━━", "=="), look.style(look.hue(hue))), (text, muted)]
        used += 2 + len(text)
    span = f"{_span(shape.end_us - shape.start_us)} shown"
    behind_us = shape.now_us - shape.end_us
    when = "" if behind_us <= 0 else f", until {_span(behind_us)} before now"
    hidden = f" · {shape.hidden:,} on top of others" if shape.hidden and not shape.following else ""
    few = f" · {folded} machines folded away" if folded else ""
    room = max(10, width - used - 1)
    parts = [f" · {span}", when, few, hidden]
    caption = look.clean(shape.caption)
    while parts and width_of(caption + "".join(parts)) > room:
        parts.pop()
    caption = shorten(caption, room - width_of("".join(parts)), look)
    left: list[Piece] = [(caption, look.text_style(shape.tone, bold=True)), (look.clean("".join(parts)), muted)]
    gap = width - sum(width_of(text) for text, _ in left) - used
    return line([*left, (" " * max(1, gap), look.style()), *pieces] if gap > 0 else left, width)


def nearest(shape: SpaceTime, place: Geometry, x: int, y: int) -> int:
    """The message or moment at, or next to, a cell of the diagram; 0: none."""
    best: tuple[float, int] = (_NEAR + 0.5, 0)
    if x < place.label or x >= place.width:
        return 0
    for moment in shape.moments:
        row = y if moment.lane is None else place.rows.get(moment.lane, -9)
        if moment.id and abs(row - y) < 1:
            best = min(best, (abs(place.column(moment.at_us) - x) + 0.1, moment.id))
    for hop in shape.hops:
        if hop.source in place.rows and hop.target in place.rows:
            best = min(best, (_distance(hop, place, x, y), hop.id))
    return best[1]


def _distance(hop: Hop, place: Geometry, x: int, y: int) -> float:
    """Cells from there to the arrow, along its lane or between its lanes."""
    top, bottom = place.rows[hop.source], place.rows[hop.target]
    if not min(top, bottom) <= y <= max(top, bottom):
        return 99.0
    ends_us = hop.ended_us if hop.ended_us is not None else hop.due_us or hop.sent_us
    part = (y - top) / (bottom - top) if bottom != top else 0.0
    return abs(place.x(hop.sent_us) + (ends_us - hop.sent_us) / place.cell_us * part - x - 0.5)


def told(shape: SpaceTime) -> str:
    """The diagram in words."""
    lines = [shape.caption]
    for hop in shape.hops:
        source, target = shape.lanes[hop.source].name, shape.lanes[hop.target].name
        if hop.lost:
            end = f"lost: {hop.lost}"
        elif hop.arrived_us is None:
            end = "under way"
        else:
            end = f"{(hop.arrived_us - hop.sent_us) / 1000:.2f} ms"
        mark = ">" if hop.id == shape.picked else " "
        lines.append(f"{mark} {clock(hop.sent_us)}  {source} -> {target}  {hop.label} ({hop.system}), {end}")
    lines += [f"* {clock(each.at_us)}  {each.text}" for each in shape.moments]
    if shape.reading is not None:
        lines += ["", shape.reading.title, *(f"{fact.title:9} {fact.text}" for fact in shape.reading.facts)]
    return "\n".join(lines)


def _empty(shape: SpaceTime, place: Geometry, look: Look, selected: str | None, marked: frozenset[str]) -> list[Strip]:
    grid = Chart(shape, place, look, selected, marked).draw()
    text = shorten(look.clean(shape.empty), max(1, place.width - place.label - 2), look)
    grid.write(place.label + max(0, (place.width - place.label - width_of(text)) // 2), place.height // 2, text,
               look.text_style(Tone.MUTED))  # fmt: skip
    return grid.strips()


def _span(duration_us: int) -> str:
    """A length of time in two digits or so."""
    if duration_us >= 1_000_000:
        return f"{duration_us / 1e6:.3g} s"
    return f"{duration_us / 1e3:.3g} ms"
