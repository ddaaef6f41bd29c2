"""A tree on the Line API: a line per node, guides, what it holds, and who it belongs to.

``├╴◇ s1-0000000003   10.0.0.1:80        ephemeral s1``: a node with a mark of its own has a diamond
in its owner's colour before its name, and says at the end of the line what it is and whose. When it
is narrow the word goes first (the diamond says it as well), then what the nodes hold is shortened;
names stay. What the nodes hold begins in one column, unless a name is too long for that.

Where there is no room for all of it, it is folded: those nodes are shown that matter most (``TreeNode.rank``; the
selected ones before all), each under the nearest of its parents that is shown, by what lies between them in its name;
the last line counts the others. Whoever goes on beyond that line unfolds it; home folds it again, as does leaving it.

Every line is selectable, as the node that it is; with it whoever owns it. The lines of the selected node, and what
belongs to what is selected, light up; else all lines of the selected machine. The panel keeps its place by the path of
its first line, so that what comes and goes above moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from widgets.canvas import Picture, Piece, Spot, curtail, line, shorten, width_of
from widgets.palette import SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import NOTHING_PICKED, Item, Picked, Place, Tone, Tree, TreeNode
from widgets.tree_layout import Layout, fold, layout

_LEAST_TEXT = 4
"""Fewer cells than this of a text tell nothing."""


def draw_node(
    node: TreeNode, guide: str, places: Layout, width: int, look: Look, *, chosen: bool, sign: str
) -> list[Piece]:
    """One line of ``width`` cells, after ``sign``. What there is no room for is left out or ends in dots."""
    ground = look.ground(SELECTION) if chosen else None
    blank = look.style(bg=ground)
    muted = look.text_style(Tone.MUTED, selected=chosen)
    owner = muted if node.hue is None else look.style(look.hue(node.hue), ground, bold=True)
    guide = guide[: max(0, width // 2 - 1)]
    lines = guide.lstrip()  # blanks apart: exported as SVG, text that begins with them would move
    pieces: list[Piece] = [
        (sign, look.style(look.tone(Tone.ACCENT), ground, bold=True)),
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
        while width_of(text) > end - start and "  " in text:
            text = text.rpartition("  ")[0]  # rather less said than half of it
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
    picked: Picked = NOTHING_PICKED,
    top: int = 0,
    folded: bool = False,
) -> Picture:
    """The tree from line ``top`` on, in ``height`` lines (None: as many as it takes). ``folded``: what matters most."""
    caption = look.clean(tree.caption)
    has_caption = bool(caption) and (height is None or height >= 4)
    room = None if height is None else max(0, height - has_caption)
    nodes = fold(tree.nodes, room, selected, picked) if folded and room is not None else tree.nodes
    places = layout(nodes, width, look)
    strips = []
    spots: list[Spot] = []
    if not nodes:
        strips.append(line([(shorten(look.clean(tree.empty), width, look), look.text_style(Tone.MUTED))], width))
    by_item = any(node.item in picked.items for node in tree.nodes)
    shown = nodes[top : None if room is None else top + room]
    for node, guide in zip(shown, places.guides[top:], strict=False):
        owned = bool(node.subject)
        chosen = node.item in picked.items if by_item else owned and node.subject == selected
        here = node.item == picked.item if by_item else chosen
        sign = look.marked_mark if owned and node.subject in marked else look.chosen_mark if here else " "
        if sign == " " and owned and node.subject in picked.nodes:
            sign = look.related_mark
        pieces = draw_node(node, guide, places, width, look, chosen=chosen, sign=sign)
        spots.append(Spot(len(strips), 0, width, node.subject, node.item))
        strips.append(line(pieces, width, look.style(bg=look.ground(SELECTION)) if chosen else look.style()))
    hidden = len(tree.nodes) - len(nodes)
    if hidden:
        more = look.clean(f" … {hidden} more{': page down' * look.keyed}")
        strips.append(line([(shorten(more, width, look), look.text_style(Tone.MUTED))], width))
    if has_caption:
        if len(shown) < len(nodes):
            hint = look.clean(f" · {top + len(shown)}/{len(nodes)}")
            caption = curtail(caption, width - width_of(hint), look) + hint
        while height is not None and len(strips) < height - 1:
            strips.append(line([], width))
        strips.append(line([(shorten(caption, width, look), look.text_style(Tone.MUTED))], width))
    return Picture(strips, spots)


class TreePanel(Panel[Tree]):
    """Shows a ``Tree``. Up and down go from line to line, left and right to the lines that somebody owns."""

    own_way = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.folded = True
        """Whether it shows what matters most where there is no room for all."""
        self._first = ""
        """The path of the first visible line, while the panel is scrolled."""
        self._row = ""
        """The path of the line on which the selection stands."""

    def names(self) -> list[str]:
        return list(dict.fromkeys(node.subject for node in self.shape.nodes if node.subject)) if self.shape else []

    def kinds(self) -> frozenset[str]:
        return frozenset(("znode", "session"))

    def stand_on(self, item: Item) -> None:
        if self.shape is not None and any(node.item == item for node in self.shape.nodes):
            self._row = item.name
            self.reveal()

    def standing(self) -> Item | None:
        nodes = self.shape.nodes if self.shape else ()
        node = self._stands_on() or next((node for node in nodes if node.subject), None)
        return node.item if node is not None else nodes[0].item if nodes else None

    def neighbour(self, dx: int, dy: int) -> str | None:
        """Step to another line; gives who owns it (None: nobody does)."""
        nodes = self._lines()
        if not nodes:
            return None
        here = self._stands_on()
        paths = [node.path for node in nodes]
        at = paths.index(here.path) if here is not None and here.path in paths else -1
        if dx:
            owned = [index for index, node in enumerate(nodes) if node.subject]
            if not owned:
                return None
            onward = [index for index in owned if (index - at) * dx > 0]
            to = (min(onward) if dx > 0 else max(onward)) if onward else owned[0 if dx > 0 else -1]
        elif at + dy >= len(nodes) and self._unfold():
            nodes = self._lines()  # on it goes, through all of them
            paths = [node.path for node in nodes]
            to = min(len(nodes) - 1, (paths.index(here.path) if here is not None else 0) + 1)
        else:
            to = max(0, min(len(nodes) - 1, at + dy))
        self._row = nodes[to].path
        self._follow(to)
        self.redraw()
        return nodes[to].subject or None

    def on_click(self, event: events.Click) -> None:
        """A click stands on the line; the panel itself tells what it is."""
        spot = self.spot_of(event)
        if spot is not None and spot.item is not None:
            self._row = spot.item.name

    def on_blur(self) -> None:
        """Whoever looks elsewhere wants to see here what matters."""
        self.folded = True
        self.redraw()

    def show(self, shape: Tree) -> None:
        if self.top and self._first:
            paths = [node.path for node in shape.nodes]
            if self._first in paths:
                self.top = paths.index(self._first)
        super().show(shape)

    def scroll_lines(self, lines: int) -> None:
        if lines > 0:
            self._unfold()
        self.top += lines
        self._clamp()
        if lines < 0 and self.top == 0:
            self.folded = True
        self.redraw()

    @property
    def place(self) -> Place:
        return () if self.folded else (self.top,)

    def turn_to(self, place: Place) -> None:
        if place != self.place:
            self.folded = not place
            self.top = place[0] if place else 0
            self._clamp()
            self.redraw()

    def reveal(self) -> None:
        nodes = self._lines()
        here = self._stands_on()
        own = [index for index, node in enumerate(nodes) if here is not None and node.path == here.path]
        own = own or [index for index, node in enumerate(nodes) if node.subject and node.subject == self.selected]
        if own and not any(self.top <= index < self.top + self._room() for index in own):
            self._follow(own[0])

    def paint(self, shape: Tree, width: int, height: int) -> Picture:
        self._clamp()
        return draw_tree(
            shape,
            width,
            height,
            self.look,
            selected=self.selected,
            marked=self.marked,
            picked=self.picked,
            top=self.top,
            folded=self.folded,
        )

    # --- which line is where ----------------------------------------------------------------------

    def _room(self) -> int:
        """How many nodes are visible."""
        height = self.content_size.height
        return max(1, height - (1 if self.shape and self.shape.caption and height >= 4 else 0))

    def _lines(self) -> Sequence[TreeNode]:
        """The nodes that have lines, visible or not."""
        nodes = self.shape.nodes if self.shape else ()
        return fold(nodes, self._room(), self.selected, self.picked) if self.folded else nodes

    def _stands_on(self) -> TreeNode | None:
        """The line stepped on last, if it is still there and still has to do with the selection."""
        nodes = self.shape.nodes if self.shape else ()
        own = [node for node in nodes if node.path == self._row]
        if own and (own[0].item == self.picked.item or own[0].subject in ("", self.selected)):
            return own[0]
        lit = [node for node in nodes if node.item in self.picked.items]
        owned = [node for node in nodes if node.subject and node.subject == self.selected]
        return next(iter((*lit, *owned)), None)

    def _unfold(self) -> bool:
        """Show all lines from now on. Returns whether that is new."""
        nodes = self.shape.nodes if self.shape else ()
        if not self.folded or len(nodes) <= self._room():
            return False
        self.folded = False
        return True

    def _follow(self, index: int) -> None:
        """Scroll until a line can be seen."""
        self.top = max(index - self._room() + 1, min(self.top, index))
        self._clamp()

    def _clamp(self) -> None:
        if self.folded:
            self.top = 0
            return
        nodes = self._lines()
        self.top = max(0, min(self.top, len(nodes) - self._room()))
        self._first = nodes[self.top].path if nodes else ""
