"""A tree on the Line API: a line per node, guides, what it holds, and who it belongs to.

``├╴◇ s1-0000000003   10.0.0.1:80        ephemeral s1``: a node with a mark of its own has a diamond
in its owner's colour before its name, and says at the end of the line what it is and whose. When it
is narrow the word goes first (the diamond says it as well), then what the nodes hold is shortened;
names stay. What the nodes hold begins in one column, unless a name is too long for that.

Lines that somebody owns are selectable, by the owner's name; all of the owner's lines light up.
The panel keeps its place by the path of its first line, so that what comes and goes above moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.canvas import Picture, Piece, Spot, curtail, line, shorten, width_of
from widgets.palette import SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import Tone, Tree, TreeNode

_DEEPEST = 32
"""Deeper nodes stand no further to the right."""
_LEAST_TEXT = 4
"""Fewer cells than this of a text tell nothing."""


def guides(nodes: Sequence[TreeNode], look: Look) -> list[str]:
    """What stands before each node: two cells for each step of its depth; where a line goes on, a brother follows."""
    through, blank = look.glyph("│ ", "| "), "  "
    middle, last = look.glyph("├╴", "|-"), look.glyph("└╴", "`-")
    more: list[bool] = []  # by depth: a later node of that depth has the same parent
    found = []
    for node in reversed(nodes):
        depth = max(0, min(_DEEPEST, node.depth))
        del more[depth + 1 :]
        more += [False] * (depth + 1 - len(more))
        above = "".join(through if more[level] else blank for level in range(1, depth))
        found.append(above + (middle if more[depth] else last) if depth else "")
        more[depth] = True
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on every line of a tree, so that its columns are straight."""

    guides: tuple[str, ...]
    column: int
    """Where what the nodes hold begins; a longer name pushes it to the right."""
    tail: bool
    """Whether there is room at the end of the lines for whose they are …"""
    words: bool
    """… and for the word that says what kind of node it is; without it, the diamond tells enough."""


def layout(nodes: Sequence[TreeNode], width: int, look: Look) -> Layout:
    """The columns for a tree in ``width`` cells."""
    before = guides(nodes, look)
    names = texts = owners = tails = 0
    for node, guide in zip(nodes, before, strict=True):
        names = max(names, 1 + len(guide) + 2 * bool(node.mark) + width_of(look.clean(node.name)))
        texts = max(texts, width_of(look.clean(node.text)))
        owner = width_of(look.clean(node.subject))
        owners = max(owners, owner)
        tails = max(tails, owner + (1 + width_of(look.clean(node.mark)) if node.mark else 0))
    words = tails > owners and names + 2 + texts + 2 + tails <= width
    tail = tails if words else owners if owners <= width // 3 else 0
    room = width - (tail + 2 if tail else 0) - texts
    return Layout(tuple(before), max(min(names + 2, room), min(names + 2, width // 3)), tail > 0, words)


def draw_node(
    node: TreeNode, guide: str, places: Layout, width: int, look: Look, *, chosen: bool, marked: bool
) -> list[Piece]:
    """One line of ``width`` cells. What there is no room for is left out or ends in dots."""
    ground = look.ground(SELECTION) if chosen else None
    blank = look.style(bg=ground)
    muted = look.text_style(Tone.MUTED, selected=chosen)
    owner = muted if node.hue is None else look.style(look.hue(node.hue), ground, bold=True)
    gutter = look.marked_mark if marked else look.chosen_mark if chosen else " "
    guide = guide[: max(0, width // 2 - 1)]
    lines = guide.lstrip()  # blanks apart: exported as SVG, text that begins with them would move
    pieces: list[Piece] = [
        (gutter, look.style(look.tone(Tone.ACCENT), ground, bold=True)),
        (" " * (len(guide) - len(lines)), blank),
        (lines, muted),
    ]
    used = 1 + len(guide)
    if node.mark:
        pieces.append((look.owned_mark + " ", owner))
        used += 2
    name = shorten(look.clean(node.name), max(1, width - used), look)
    word = look.clean(node.mark) + " " if places.words and node.mark else ""
    whose = look.clean(node.subject) if places.tail else ""
    if used + width_of(name) + 2 + width_of(word + whose) > width:
        word = whose = ""
    end = width - (width_of(word + whose) + 2 if word or whose else 0)
    tone = Tone.ACCENT if node.fresh else Tone.PLAIN
    pieces.append((name, look.text_style(tone, selected=chosen, bold=node.fresh)))
    used += width_of(name)
    text = look.clean(node.text)
    start = max(used + 2, places.column)
    if text and end - start >= min(_LEAST_TEXT, width_of(text)):
        text = shorten(text, end - start, look)
        said = Tone.MUTED if node.tone is Tone.PLAIN else node.tone
        pieces += [(" " * (start - used), blank), (text, look.text_style(said, selected=chosen))]
        used = start + width_of(text)
    if word or whose:
        pieces += [(" " * (width - used - width_of(word) - width_of(whose)), blank), (word, muted), (whose, owner)]
    return pieces


def draw_tree(
    tree: Tree,
    width: int,
    height: int | None,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    top: int = 0,
) -> Picture:
    """The tree from line ``top`` on, in ``height`` lines (None: as many as it takes)."""
    nodes = tree.nodes
    places = layout(nodes, width, look)
    caption = look.clean(tree.caption)
    has_caption = bool(caption) and (height is None or height >= 4)
    room = None if height is None else max(0, height - has_caption)
    strips = []
    spots: list[Spot] = []
    if not nodes:
        strips.append(line([(shorten(look.clean(tree.empty), width, look), look.text_style(Tone.MUTED))], width))
    shown = nodes[top : None if room is None else top + room]
    for node, guide in zip(shown, places.guides[top:], strict=False):
        chosen = bool(node.subject) and node.subject == selected
        group = bool(node.subject) and node.subject in marked
        pieces = draw_node(node, guide, places, width, look, chosen=chosen, marked=group)
        if node.subject:
            spots.append(Spot(len(strips), 0, width, node.subject))
        strips.append(line(pieces, width, look.style(bg=look.ground(SELECTION)) if chosen else look.style()))
    if has_caption:
        if len(shown) < len(nodes):
            hint = look.clean(f" · {top + len(shown)}/{len(nodes)}")
            caption = curtail(caption, width - width_of(hint), look) + hint
        while height is not None and len(strips) < height - 1:
            strips.append(line([], width))
        strips.append(line([(shorten(caption, width, look), look.text_style(Tone.MUTED))], width))
    return Picture(strips, spots)


class TreePanel(Panel[Tree]):
    """Shows a ``Tree``. Scrolls; the selected machine's lines are kept in view."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.top = 0
        self._first = ""
        """The path of the first visible line, while the panel is scrolled."""

    def names(self) -> list[str]:
        return list(dict.fromkeys(node.subject for node in self.shape.nodes if node.subject)) if self.shape else []

    def show(self, shape: Tree) -> None:
        if self.top and self._first:
            paths = [node.path for node in shape.nodes]
            if self._first in paths:
                self.top = paths.index(self._first)
        super().show(shape)

    def _room(self) -> int:
        """How many nodes are visible."""
        height = self.content_size.height
        return max(1, height - (1 if self.shape and self.shape.caption and height >= 4 else 0))

    def _clamp(self) -> None:
        nodes = self.shape.nodes if self.shape else ()
        self.top = max(0, min(self.top, len(nodes) - self._room()))
        self._first = nodes[self.top].path if nodes else ""

    def scroll_lines(self, lines: int) -> None:
        self.top += lines
        self._clamp()
        self.redraw()

    def reveal(self) -> None:
        if self.shape is None or self.selected is None:
            return
        own = [index for index, node in enumerate(self.shape.nodes) if node.subject == self.selected]
        if own and not any(self.top <= index < self.top + self._room() for index in own):
            self.top = own[0] if own[0] < self.top else own[0] - self._room() + 1
            self._clamp()

    def paint(self, shape: Tree, width: int, height: int) -> Picture:
        self._clamp()
        return draw_tree(shape, width, height, self.look, selected=self.selected, marked=self.marked, top=self.top)
