"""The gossip matrix: each row is one node's view of the others, true states stand at the edges.

The lesson is the difference between the two: the marks on the rows and columns are what *is*, the
cells are what is *believed*, and their shade how old that belief is. A belief that is wrong stands on a
solid ground: so the column of a node that has just died lights up, and goes dim as the others find out.
A row that is silent (its node is down) has no view. A cut runs between rows and columns of different sides.

Nothing moves while one looks: a cell's width follows from the panel's and the number of nodes alone, and the
room for the side of a cut is always there.
"""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, fit, line, width_of
from widgets.matrix_cells import caption_line, cell_piece, is_wrong, row_head
from widgets.matrix_sums import draw_sums, ranked
from widgets.palette import BORDER, RGB, SELECTION, Look
from widgets.panel import Panel
from widgets.ring_labels import side_badge
from widgets.shapes import Belief, Matrix, MatrixCell, State, Tone

_UNHEARD = MatrixCell(Belief.UNKNOWN)
_WIDEST = 7
"""Cells of a belief; with more of them marks and ages would drift apart."""


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


def measured(matrix: Matrix, width: int, look: Look) -> tuple[int, int, int]:
    """Cells of a name, of all that stands before a row's beliefs, and of a belief; 0: there is no room for that."""
    count = max(1, len(matrix.nodes))
    badge = width_of(look.side(0))
    name_width = min(max((width_of(node.name) for node in matrix.nodes), default=1), 8)
    head = 1 + 1 + name_width + 1 + badge
    if width - head < count and name_width > 3:
        name_width, head = 3, 6 + badge
    return name_width, head, max(0, min(_WIDEST, (width - head) // count))


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
    name_width, head, cell_width = measured(matrix, width, look)
    if not cell_width:
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
        row_piece = row_head(node, name_width, look, chosen=chosen, marked=node.name in marked)
        row_piece.append(side_badge(node.side, look) if cut else (" " * width_of(look.side(0)), look.style(bg=bg)))
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
                    wrong=c < len(given) and is_wrong(given[c].belief, nodes[c].state),
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
        strips.append(caption_line(matrix.caption, width, look))
    return Picture(strips, spots)


def _silence(state: State, width: int, look: Look, bg: RGB | None) -> list[Piece]:
    """A row without a voice."""
    word = f" {state.value}, says nothing " if width >= 26 else " silent " if width >= 10 else ""
    rest = max(0, width - len(word))
    dots = look.glyph("╌", "-")
    style = look.style(look.ground(BORDER), bg)
    left = rest // 2
    return [(dots * left, style), (word, look.text_style(Tone.MUTED, selected=bg is not None)),
            (dots * (rest - left), style)]  # fmt: skip


class MatrixPanel(Panel[Matrix]):
    """Shows a ``Matrix``; a click on a row's or a column's head selects that node."""

    def names(self) -> list[str]:
        return [node.name for node in self.shape.nodes] if self.shape else []

    def _clamp(self) -> None:
        count = len(self.shape.nodes) if self.shape else 0
        self.top = max(0, min(self.top, count - max(1, self.content_size.height - 2)))

    def scroll_lines(self, lines: int) -> None:
        self.top += lines
        self._clamp()
        self._stay(self.top)
        self.redraw()

    def reveal(self) -> None:
        names = self.names()
        if self.shape is not None and self.selected in names:
            index = names.index(self.selected)
            if not measured(self.shape, self.content_size.width, self.look)[2]:
                index = ranked(self.shape).index(index)
            self.top = max(index - max(1, self.content_size.height - 2) + 1, min(self.top, index))
            self._clamp()

    def paint(self, shape: Matrix, width: int, height: int) -> Picture:
        self._seek()
        self._clamp()
        return draw_matrix(shape, width, height, self.look, selected=self.selected, marked=self.marked, top=self.top)
