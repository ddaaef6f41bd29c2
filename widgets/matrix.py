"""The gossip matrix: each row is one node's view of the others, true states stand at the edges.

The lesson is the difference between the two: the marks on the rows and columns are what *is*, the
cells are what is *believed*, and their shade how old that belief is. A row that is silent (its node
is down) has no view. A cut runs between rows and columns of different sides.
"""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, bar, fit, line, shorten, width_of
from widgets.palette import ACCENT, BACKGROUND, BORDER, MUTED, RGB, SELECTION, TRACK, Colors, Look, mix
from widgets.panel import Panel
from widgets.ring_labels import side_badge
from widgets.shapes import Belief, Matrix, MatrixCell, MatrixNode, State, Tone

_UNHEARD = MatrixCell(Belief.UNKNOWN)
_BELIEF_TONES = {
    Belief.ALIVE: Tone.GOOD,
    Belief.SUSPECT: Tone.WARN,
    Belief.DEAD: Tone.BAD,
    Belief.UNKNOWN: Tone.MUTED,
    Belief.SELF: Tone.MUTED,
}


def age_text(age_ms: int | None, width: int) -> str:
    """An age in at most ``width`` cells: seconds as digits, ``+`` where they don't fit, tenths if there is room."""
    if age_ms is None or width < 1:
        return ""
    seconds = age_ms // 1000
    if width >= 2 and seconds < 10:
        tenths = age_ms // 100 % 10
        return f"{seconds}.{tenths}" if width >= 3 else (f".{tenths}" if seconds == 0 else f"{seconds}s")
    if len(str(seconds)) <= width:
        return str(seconds)
    minutes = f"{seconds // 60}m"
    return minutes if len(minutes) <= width else "+"


def _age_part(cell: MatrixCell, matrix: Matrix) -> float:
    """0 fresh .. 1 old, in quarters so that a cell changes its shade seldom."""
    if cell.age_ms is None:
        return 0.0
    span = max(1, matrix.old_ms - matrix.fresh_ms)
    part = (cell.age_ms - matrix.fresh_ms) / span
    return max(0.0, min(1.0, int(part * 4 + 1) / 4)) if part > 0 else 0.0


def cell_piece(cell: MatrixCell, matrix: Matrix, width: int, look: Look, *, lit: bool, across: bool) -> Piece:
    """One cell of ``width`` cells: mark, age, shade. ``lit``: on the selection's cross; ``across``: over the cut."""
    old = _age_part(cell, matrix)
    mark = look.belief(cell.belief)
    if cell.belief is Belief.ALIVE and old > 0:
        mark = look.believed_alive_once
    room = width - 1 - (1 if width >= 3 else 0)
    age = age_text(cell.age_ms, room) if cell.belief is not Belief.SELF else ""
    text = (" " if width >= 3 else "") + mark + age
    text = text + " " * (width - len(text))
    if look.colors is Colors.NONE:
        return text, look.style(bold=cell.belief in (Belief.DEAD, Belief.SUSPECT), underline=lit, dim=across)
    fg: RGB = look.tone(_BELIEF_TONES[cell.belief])
    ground = look.ground(SELECTION if lit else BACKGROUND)
    if not look.blends:
        return text, look.style(fg, ground if lit else None, bold=cell.belief is not Belief.ALIVE)
    if cell.belief is Belief.ALIVE:
        fg = mix(fg, look.ground(MUTED), old * 0.8)
        ground = mix(ground, fg, 0.22 * (1 - old) + 0.04)
    elif cell.belief in (Belief.SUSPECT, Belief.DEAD):
        ground = mix(ground, fg, 0.30)
    if across and cell.belief is not Belief.SELF:
        ground = look.faded(ground, 0.45)
    return text, look.style(fg, ground, bold=cell.belief in (Belief.SUSPECT, Belief.DEAD))


def short_names(names: list[str], width: int) -> list[str]:
    """Names in ``width`` cells, told apart by their ends: what all share in front is left out."""
    if width < 1:
        return [""] * len(names)
    if all(width_of(name) <= width for name in names):
        return names
    shared = 0
    while len({name[: shared + 1] for name in names}) == 1 and shared < len(names[0]) - 1:
        shared += 1
    return [name[shared:][-width:] if width_of(name) > width else name for name in names]


def _borders(matrix: Matrix, limit: int) -> set[int]:
    """Between which neighbours the cut runs: after these indices; none if more than ``limit`` are needed."""
    nodes = matrix.nodes
    found = {i for i in range(len(nodes) - 1) if nodes[i].side != nodes[i + 1].side}
    return found if len(found) <= limit else set()


def draw_matrix(
    matrix: Matrix,
    width: int,
    height: int,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    top: int = 0,
) -> Picture:
    """The matrix, or for more nodes than fit a line of sums per node."""
    nodes = matrix.nodes
    muted = look.text_style(Tone.MUTED)
    if not nodes:
        return Picture([line([("nobody here yet", muted)], width)])
    count = len(nodes)
    cut = len({node.side for node in nodes}) > 1
    name_width = min(max(width_of(node.name) for node in nodes), 8)
    badge = width_of(look.side(0)) if cut else 0
    head = 1 + 1 + name_width + 1 + badge
    if width - head < count and name_width > 3:
        name_width, head = 3, 6 + badge
    cell_width = min(5, (width - head) // count)
    if cell_width < 1:
        return draw_sums(matrix, width, height, look, selected=selected, marked=marked, top=top)
    borders = _borders(matrix, width - head - cell_width * count)
    column_names = short_names([node.name for node in nodes], cell_width - (1 if cell_width > 2 else 0))
    caption_room = 1 if matrix.caption and height >= count + 3 else 0
    head_rows = min(2, max(0, height - count)) if height > 2 else 0
    head_rows = max(head_rows, 1 if height > 2 else 0)
    spots: list[Spot] = []
    strips: list[Strip] = []
    v_cut = look.glyph("┊", "|")
    h_cut = look.glyph("┄", "-")
    cut_style = look.style(look.tone(Tone.BAD), bold=True)

    def across_line(row_piece: list[Piece], cells: list[Piece]) -> list[Piece]:
        out = list(row_piece)
        for i, piece in enumerate(cells):
            out.append(piece)
            if i in borders:
                out.append((v_cut, cut_style))
        return out

    def column_style(i: int, color: RGB) -> Style:
        chosen = nodes[i].name == selected
        return look.style(color, look.ground(SELECTION) if chosen else None, bold=chosen)

    indent = " " if cell_width > 2 else ""
    lead: list[Piece] = [(fit("", head, look), muted)]
    if head_rows == 2:
        titles = [
            (fit(indent + look.clean(column_names[i]), cell_width, look), column_style(i, look.hue(nodes[i].hue)))
            for i in range(count)
        ]
        strips.append(line(across_line(lead, titles), width))
    if head_rows:
        # One line for both: the mark, and what fits of the name beside it.
        beside = short_names([node.name for node in nodes], cell_width - 1) if head_rows == 1 else [""] * count
        marks = []
        for i, node in enumerate(nodes):
            text = look.mark(node.state) + look.clean(beside[i])
            text = text if cell_width > 2 and len(text) >= cell_width else indent + text
            marks.append((fit(text, cell_width, look), column_style(i, look.state(node.state))))
        shown = min(count - top, height - head_rows - caption_room)
        # Rows out of sight are owned up to, where the corner's word would stand.
        word = f"{top + shown}/{count}" if 0 < shown < count else look.clean("is▸")
        hint = fit(word, head, look) if head >= max(4, len(word)) else " " * head
        strips.append(line(across_line([(hint, muted)], marks), width))
    for y in range(len(strips)):
        x = head
        for i in range(count):
            spots.append(Spot(y, x, x + cell_width, nodes[i].name))
            x += cell_width + (1 if i in borders else 0)
    room = height - len(strips) - caption_room
    spare = room - count
    for r in range(top, count):
        if len(strips) >= height - caption_room:
            break
        node = nodes[r]
        chosen = node.name == selected
        bg = look.ground(SELECTION) if chosen else None
        row_piece = _row_head(node, name_width, look, chosen=chosen, marked=node.name in marked)
        if cut:
            row_piece.append(side_badge(node.side, look))
        row_piece.append((" ", look.style(bg=bg)))
        given = matrix.cells[r] if r < len(matrix.cells) else ()
        spots.append(Spot(len(strips), 0, width, node.name))
        if given:
            cells = [
                cell_piece(
                    given[c] if c < len(given) else _UNHEARD,
                    matrix,
                    cell_width,
                    look,
                    lit=chosen or nodes[c].name == selected,
                    across=node.side != nodes[c].side,
                )
                for c in range(count)
            ]
            strips.append(line(across_line(row_piece, cells), width))
        else:
            strips.append(line([*row_piece, *_silence(node.state, count * cell_width + len(borders), look, bg)], width))
        if r in borders and spare > 0:
            spare -= 1
            reach = min(width, head + count * cell_width + len(borders))
            strips.append(line([(h_cut * reach, cut_style)], width))
    if caption_room:
        strips += [line([], width)] * max(0, height - 1 - len(strips))
        strips.append(line([(shorten(look.clean(matrix.caption), width, look), muted)], width))
    return Picture(strips, spots)


def _row_head(
    node: MatrixNode, name_width: int, look: Look, *, chosen: bool, marked: bool, gap: str = ""
) -> list[Piece]:
    """``▸▲n3``: chosen or marked, what is, who."""
    bg = look.ground(SELECTION) if chosen else None
    gutter = look.marked_mark if marked else look.chosen_mark if chosen else " "
    return [
        (gutter, look.style(look.ground(ACCENT), bg, bold=True)),
        (look.mark(node.state) + gap, look.style(look.state(node.state), bg)),
        (fit(look.clean(node.name), name_width, look), look.style(look.hue(node.hue), bg, bold=chosen)),
    ]


def _silence(state: State, width: int, look: Look, bg: RGB | None) -> list[Piece]:
    """A row without a voice."""
    word = f" {state.value}, says nothing " if width >= 26 else " silent " if width >= 10 else ""
    rest = max(0, width - len(word))
    dots = look.glyph("╌", "-")
    style = look.style(look.ground(BORDER), bg)
    left = rest // 2
    return [(dots * left, style), (word, look.text_style(Tone.MUTED, selected=bg is not None)),
            (dots * (rest - left), style)]  # fmt: skip


def draw_sums(
    matrix: Matrix,
    width: int,
    height: int,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    top: int = 0,
) -> Picture:
    """For many nodes: one line a node, what *others* believe of it, worst first column counts kept in place."""
    nodes = matrix.nodes
    name_width = min(max(width_of(node.name) for node in nodes), max(1, min(12, width // 3)))
    strips: list[Strip] = []
    spots: list[Spot] = []
    for index in range(top, len(nodes)):
        if len(strips) >= height:
            break
        node = nodes[index]
        chosen = node.name == selected
        bg = look.ground(SELECTION) if chosen else None
        counts = dict.fromkeys(Belief, 0)
        for r, row in enumerate(matrix.cells):
            if r != index and index < len(row):
                counts[row[index].belief] += 1
        voices = max(1, sum(counts.values()))
        pieces = _row_head(node, name_width, look, chosen=chosen, marked=node.name in marked, gap=" ")
        pieces.append((" ", look.style(bg=bg)))
        numbers: list[Piece] = []
        for belief in (Belief.ALIVE, Belief.SUSPECT, Belief.DEAD):
            text = f" {look.belief(belief)}{counts[belief]:<3d}"
            tone = _BELIEF_TONES[belief] if counts[belief] else Tone.MUTED
            numbers.append((text, look.text_style(tone, selected=chosen)))
        plot = width - 4 - name_width - 15
        if plot >= 4:
            full, empty = bar(counts[Belief.ALIVE] / voices, plot, look)
            worst = Tone.BAD if counts[Belief.DEAD] else Tone.WARN if counts[Belief.SUSPECT] else Tone.GOOD
            plain = look.colors is Colors.NONE
            track = look.style() if plain else look.style(look.tone(worst), look.ground(TRACK))
            pieces += [(full, track), (empty, track)]
        spots.append(Spot(len(strips), 0, width, node.name))
        strips.append(line([*pieces, *numbers], width, look.style(bg=bg)))
    return Picture(strips, spots)


class MatrixPanel(Panel[Matrix]):
    """Shows a ``Matrix``; a click on a row's or a column's head selects that node."""

    top: int = 0

    def names(self) -> list[str]:
        return [node.name for node in self.shape.nodes] if self.shape else []

    def _clamp(self) -> None:
        count = len(self.shape.nodes) if self.shape else 0
        self.top = max(0, min(self.top, count - max(1, self.content_size.height - 2)))

    def scroll_lines(self, lines: int) -> None:
        self.top += lines
        self._clamp()
        self.redraw()

    def reveal(self) -> None:
        names = self.names()
        if self.selected in names:
            index = names.index(self.selected)
            self.top = max(index - max(1, self.content_size.height - 2) + 1, min(self.top, index))
            self._clamp()

    def paint(self, shape: Matrix, width: int, height: int) -> Picture:
        self._clamp()
        return draw_matrix(shape, width, height, self.look, selected=self.selected, marked=self.marked, top=self.top)
