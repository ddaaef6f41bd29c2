"""A table on the Line API: rows with marks, bars, columns that give way when it is narrow.

The selected machine's rows light up. Where rows are about something else as well (the shard whose copy it is) and that
is selected, its rows light up instead, and the machine's own are pointed at. A machine that has to do with what is
selected has a dot.
"""

from __future__ import annotations

from rich.style import Style
from textual import events

from widgets.canvas import Picture, Piece, Spot, bar, curtail, fit, line, shorten, width_of
from widgets.palette import SELECTION, TRACK, Look
from widgets.panel import Panel
from widgets.shapes import NOTHING_PICKED, Cell, Column, Item, Picked, Row, Table, Tone

_MIN_WEIGHT_WIDTH = 4


def layout(columns: tuple[Column, ...], width: int) -> list[tuple[int, int]]:
    """Which columns to show and how wide: ``(index, cells)``, one blank between columns.

    Columns with the highest ``drop`` go first, then (only when nothing else helps) the rightmost ones.
    """
    kept = list(range(len(columns)))

    def least(index: int) -> int:
        column = columns[index]
        return min(column.width, _MIN_WEIGHT_WIDTH) if column.weight else column.width

    def need(floor: bool) -> int:
        sizes = [least(i) if floor else columns[i].width for i in kept]
        return sum(max(1, size) for size in sizes) + max(0, len(kept) - 1)

    # A droppable column goes as soon as its neighbours would have to shrink for it.
    while need(floor=False) > width:
        droppable = [i for i in kept if columns[i].drop > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda i: (columns[i].drop, i)))
    while len(kept) > 1 and need(floor=True) > width:
        kept.pop()
    widths = {i: max(1, columns[i].width) for i in kept}
    left = width - sum(widths.values()) - max(0, len(kept) - 1)
    weights = sum(columns[i].weight for i in kept)
    if left > 0 and weights:
        share, spare = divmod(left, weights)
        for i in kept:
            weight = columns[i].weight
            extra = min(spare, weight)
            widths[i] += share * weight + extra
            spare -= extra
    elif left < 0:
        for i in reversed(kept):
            give = min(-left, widths[i] - (max(1, least(i)) if columns[i].weight else 1))
            if columns[i].weight or len(kept) == 1:
                widths[i] -= give
                left += give
    return [(i, widths[i]) for i in kept]


def draw_cell(cell: Cell, column: Column, width: int, look: Look, selected: bool) -> list[Piece]:
    """One cell in exactly ``width`` cells; a bar takes what its text leaves."""
    text = look.clean(cell.text)
    style = look.text_style(cell.tone, selected=selected)
    if cell.hue is not None:
        style = look.style(look.hue(cell.hue), look.ground(SELECTION) if selected else None, bold=True)
    if cell.bar is None:
        return [(fit(text, width, look, column.right), style)]
    room = width - (len(text) + 1 if text else 0)
    if room < 3:
        return [(fit(text, width, look, column.right), style)] if text else [(" " * width, style)]
    full, empty = bar(cell.bar, room, look)
    tone = Tone.ACCENT if cell.tone is Tone.PLAIN else cell.tone
    track = look.ground(TRACK)
    on_track = look.style(look.tone(tone), track) if look.colors.value != "none" else look.style()
    pieces: list[Piece] = [(full, on_track), (empty, on_track)]
    if text:
        pieces = [*pieces, (" ", style), (text, style)] if column.right else [(text, style), (" ", style), *pieces]
    return pieces


def lead(row: Row, look: Look, sign: str, lit: bool, has_hue: bool, has_state: bool) -> list[Piece]:
    """What stands before the first column: ``sign`` (marked, selected), the node's colour, the state's mark."""
    bg = look.ground(SELECTION) if lit else None
    accent = look.style(look.tone(Tone.ACCENT), bg, bold=True)
    pieces: list[Piece] = [(sign, accent)]
    if has_hue:
        if row.hue is None:
            pieces.append((" ", look.style(bg=bg)))
        else:
            pieces.append((look.swatch(row.hue), look.style(look.hue(row.hue), bg, bold=True)))
    if has_state:
        if row.state is None:
            pieces.append(("  ", look.style(bg=bg)))
        else:
            pieces.append((look.mark(row.state) + " ", look.style(look.state(row.state), bg)))
    return pieces


def _sign(row: Row, look: Look, chosen: bool, marked: frozenset[str], picked: Picked) -> str:
    if not row.name:
        return " "
    if row.name in marked:
        return look.marked_mark
    return look.chosen_mark if chosen else look.related_mark if row.name in picked.nodes else " "


def draw_table(
    table: Table,
    width: int,
    height: int | None,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    picked: Picked = NOTHING_PICKED,
    top: int = 0,
) -> Picture:
    """The table from row ``top`` on, in ``height`` lines (None: as many as it takes)."""
    has_hue = any(row.hue is not None for row in table.rows)
    has_state = any(row.state is not None for row in table.rows)
    has_gutter = any(row.name for row in table.rows)
    lead_width = (1 if has_gutter else 0) + (1 if has_hue else 0) + (2 if has_state else 0)
    if width - lead_width < 4:
        has_hue = has_state = has_gutter = False
        lead_width = 0
    columns = layout(table.columns, width - lead_width)
    head_style = look.style(look.tone(Tone.MUTED), underline=look.colors.value == "none")
    lines = []
    has_head = any(column.title for column in table.columns) and (height is None or height > 1)
    if has_head:
        pieces: list[Piece] = [(" " * lead_width, look.style())]
        for place, (i, cells) in enumerate(columns):
            column = table.columns[i]
            title = fit(look.clean(column.title), cells, look, column.right)
            pieces += [(" ", look.style())] * (place > 0) + [(title, head_style)]
        lines.append(line(pieces, width))
    caption = look.clean(table.caption)
    room = None if height is None else height - len(lines)
    has_caption = bool(caption) and (room is None or room >= 4)
    if room is not None and has_caption:
        room -= 1
    spots: list[Spot] = []
    if not table.rows:
        lines.append(line([(shorten(look.clean(table.empty), width, look), look.text_style(Tone.MUTED))], width))
    by_item = any(row.item in picked.items for row in table.rows)
    shown = table.rows[top : None if room is None else top + max(0, room)]
    for row in shown:
        chosen = bool(row.name) and row.name == selected
        lit = row.item in picked.items if by_item else chosen
        fill: Style = look.style(bg=look.ground(SELECTION)) if lit else look.style()
        pieces = []
        if lead_width:
            parts = lead(row, look, _sign(row, look, chosen, marked, picked), lit, has_hue, has_state)
            pieces += parts if has_gutter else parts[1:]
        for place, (i, cells) in enumerate(columns):
            if place:
                pieces.append((" ", fill))
            if i < len(row.cells):
                pieces += draw_cell(row.cells[i], table.columns[i], cells, look, lit)
            else:
                pieces.append((" " * cells, fill))
        if row.name or row.item is not None:
            spots.append(Spot(len(lines), 0, width, row.name, row.item))
        lines.append(line(pieces, width, fill))
    below = len(table.rows) - top - len(shown)
    if height is not None and (below > 0 or top > 0) and room:
        hint = look.clean(f" {top + len(shown)}/{len(table.rows)} ")
        if has_caption:
            hint = look.clean(f" · {hint.strip()}")
            caption = curtail(caption, width - width_of(hint), look) + hint
    if has_caption:
        while height is not None and len(lines) < height - 1:
            lines.append(line([], width))
        lines.append(line([(shorten(look.clean(caption), width, look), look.text_style(Tone.MUTED))], width))
    return Picture(lines, spots)


class TablePanel(Panel[Table]):
    """Shows a ``Table``. Scrolls; the selected row is kept in view."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._stood: Item | None = None
        """The item whose row was clicked last: a machine may have rows of several."""

    def kinds(self) -> frozenset[str]:
        return (
            frozenset(row.item.kind for row in self.shape.rows if row.item is not None) if self.shape else frozenset()
        )

    def standing(self) -> Item | None:
        """Of the selected machine's rows the clicked one; else one that leads its item's rows (a master's does)."""
        if self.shape is None or self.selected is None:
            return None
        leading = {row.item: row.name for row in reversed(self.shape.rows)}
        own = [row.item for row in self.shape.rows if row.name == self.selected and row.item is not None]
        if self._stood in own:
            return self._stood
        return next((item for item in own if leading[item] == self.selected), own[0] if own else None)

    def on_click(self, event: events.Click) -> None:
        """A click stands on the row; the panel itself tells whose it is."""
        spot = self.spot_of(event)
        self._stood = spot.item if spot is not None else self._stood

    def names(self) -> list[str]:
        return [row.name for row in self.shape.rows if row.name] if self.shape else []

    def _room(self) -> int:
        """How many rows are visible."""
        if self.shape is None:
            return 1
        room = self.content_size.height
        if room > 1 and any(column.title for column in self.shape.columns):
            room -= 1
        return max(1, room - (1 if self.shape.caption and room >= 4 else 0))

    def _clamp(self) -> None:
        rows = len(self.shape.rows) if self.shape else 0
        self.top = max(0, min(self.top, rows - self._room()))

    def scroll_lines(self, lines: int) -> None:
        self.top += lines
        self._clamp()
        self._stay(self.top)
        self.redraw()

    def reveal(self) -> None:
        if self.shape is None or self.selected is None:
            return
        for index, row in enumerate(self.shape.rows):
            if row.name == self.selected:
                self.top = max(index - self._room() + 1, min(self.top, index))
                self._clamp()
                return

    def paint(self, shape: Table, width: int, height: int) -> Picture:
        self._seek()
        self._clamp()
        return draw_table(
            shape,
            width,
            height,
            self.look,
            selected=self.selected,
            marked=self.marked,
            picked=self.picked,
            top=self.top,
        )
