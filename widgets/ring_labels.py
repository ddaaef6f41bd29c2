"""The nodes inside a ring: as full labels, as marks with a legend beside, or as marks alone, as room allows."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.style import Style

from widgets.canvas import Spot, shorten, width_of
from widgets.matrix_cells import wrong_style
from widgets.palette import BACKGROUND, Look
from widgets.ring_layout import Circle, circle, collide, node_cells
from widgets.shapes import Belief, Ring, RingNode, State, Tone

_RANKS = "¹²³⁴⁵⁶⁷⁸⁹"


@dataclass(slots=True)
class Labels:
    """Characters by cell, the centre of each node in pixels (chords end there), and what can be clicked."""

    cells: dict[tuple[int, int], tuple[str, Style]] = field(default_factory=dict)
    centres: dict[str, tuple[float, float]] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)

    def write(self, x: int, y: int, pieces: list[tuple[str, Style]]) -> int:
        """Put pieces down from ``x`` on; wide characters are not for labels and are left out."""
        for text, style in pieces:
            for char in text:
                if width_of(char) == 1:
                    self.cells[x, y] = (char, style)
                    x += 1
        return x


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that labels depend on besides their place."""

    nodes: tuple[RingNode, ...]
    ranks: dict[str, int]
    """The replicas of the key that is looked at, by preference."""
    cut: bool
    look: Look
    selected: str | None
    marked: frozenset[str]

    def pieces(self, node: RingNode, gap: str = " ") -> list[tuple[str, Style]]:
        """``▲ n3²A``: state, name, rank as a replica of the key, side of the cut."""
        look = self.look
        selected = node.name == self.selected
        down = node.state is State.DOWN
        hue = look.hue(node.hue)
        bg = hue if selected else None
        dark = look.ground(BACKGROUND)
        mark_color = look.state(node.state) if node.state is not State.UP else hue
        name_color = look.faded(hue, 0.25) if down else hue
        name = (look.letter(node.hue) + ":" if look.lettered else "") + look.clean(node.name)
        pieces = [
            (look.mark(node.state) + gap, look.style(dark if selected else mark_color, bg, bold=True)),
            (name, look.style(dark if selected else name_color, bg, bold=not down, strike=down)),
        ]
        rank = self.ranks.get(node.name)
        if rank is not None:
            text = _RANKS[rank] if rank < len(_RANKS) and look.unicode else f"/{rank + 1}"
            pieces.append((text, look.style(look.tone(Tone.ACCENT), bold=True)))
        if self.cut:
            pieces.append(side_badge(node.side, look))
        return pieces

    def write(self, node: RingNode, x: int, y: int, labels: Labels, gap: str = " ") -> int:
        """The label, after one cell that tells whether the node is marked; returns where it ends."""
        if node.name in self.marked and x >= 0:
            style = self.look.style(self.look.tone(Tone.ACCENT), bold=True)
            labels.write(x, y, [(self.look.marked_mark, style)])
        return labels.write(x + 1, y, self.pieces(node, gap))


def side_badge(side: int, look: Look) -> tuple[str, Style]:
    """What stands after a node's name while there is a cut: its side."""
    return look.side(side), look.badge(side)


def _width(pieces: list[tuple[str, Style]]) -> int:
    return sum(width_of(text) for text, _ in pieces)


def replicas_of(shape: Ring) -> tuple[str, ...]:
    """Who holds what is looked at: the selected shard, else the key."""
    return shape.replicas or (shape.key.replicas if shape.key else ())


def place_labels(
    shape: Ring, width: int, height: int, look: Look, selected: str | None, marked: frozenset[str]
) -> tuple[Circle, Labels]:
    """The ring's circle and its labels. Room is judged by the longest a label can get, so that nothing
    moves when nodes are marked, cut off or become replicas."""
    nodes = shape.nodes
    cut = len({node.side for node in nodes}) > 1
    ranks = {name: i for i, name in enumerate(replicas_of(shape))}
    labels = Labels()
    ring = circle(width, height)
    if ring.outer <= 0 or not nodes:
        return ring, labels
    scene = _Scene(nodes, ranks, cut, look, selected, marked)
    name_widths = [width_of(node.name) + (2 if look.lettered else 0) for node in nodes]
    extra = (1 if look.unicode else 2) + width_of(look.side(0))  # room for a rank and a side
    for gap in (" ", ""):
        widths = [1 + len(gap) + size + extra for size in name_widths]
        if max(widths) + 4 < 2 * ring.inner:
            spots = node_cells(ring, widths)
            if not collide(spots, widths):
                _full(scene, spots, widths, gap, labels)
                return ring, labels
    legend = _legend_width(width, height, max(name_widths), look)
    ring = circle(width, height, legend)
    if ring.outer <= 0:
        return ring, labels
    ones = [1] * len(nodes)
    spots = node_cells(ring, ones)
    crowded = len(nodes) > 3 * max(1.0, ring.inner)
    for node, (x, y) in zip(nodes, spots, strict=True):
        labels.centres[node.name] = (x + 0.5, 2 * y + 1.0)
        if crowded and node.state is State.UP and node.name not in (selected, *marked) and node.name not in ranks:
            continue
        chosen = node.name == selected
        color = look.hue(node.hue) if node.state is State.UP else look.state(node.state)
        ground = look.hue(node.hue) if chosen else None
        style = look.style(look.ground(BACKGROUND) if chosen else color, ground, bold=True)
        labels.write(x, y, [(look.mark(node.state), style)])
        labels.spots.append(Spot(y, x, x + 1, node.name))
    if legend:
        _legend(scene, width - legend, legend, height, labels)
    elif selected is not None:
        _centre(scene, ring, labels)
    return ring, labels


def _full(scene: _Scene, spots: list[tuple[int, int]], widths: list[int], gap: str, labels: Labels) -> None:
    for node, (x, y), size in zip(scene.nodes, spots, widths, strict=True):
        end = scene.write(node, x, y, labels, gap)
        labels.centres[node.name] = (x + size / 2, 2 * y + 1.0)
        labels.spots.append(Spot(y, x, max(end, x + size), node.name))
    middle = sum(y for _, y in spots) / len(spots)
    for node, (x, y) in zip(scene.nodes, spots, strict=True):
        if node.misjudged:
            _misjudgment(node, x + 1, y + 1 if y <= middle else y - 1, labels, scene.look)


def _misjudgment(node: RingNode, x: int, y: int, labels: Labels, look: Look) -> None:
    """Beside what is, towards the middle: how many others believe something else, if no other label is in the way."""
    belief = Belief.SUSPECT if node.state is State.UP else Belief.ALIVE
    text = f"{look.belief(belief)}{node.misjudged}"
    if not any((x + i, y) in labels.cells for i in range(-1, len(text) + 1)):
        labels.write(x, y, [(text, wrong_style(belief, look))])


def _legend_width(width: int, height: int, longest: int, look: Look) -> int:
    """Columns for a legend at the right if the panel is wide enough for one beside a decent ring, else 0."""
    need = longest + 4 + (1 if look.unicode else 2) + width_of(look.side(0))
    spare = width - 2 * height
    return need if spare >= need or (width - need >= 16 and width >= 24 and longest <= 8) else 0


def _legend(scene: _Scene, x: int, size: int, height: int, labels: Labels) -> None:
    nodes = scene.nodes
    fits = len(nodes) <= height
    shown = list(nodes)
    if not fits:
        # What is not well, selected or holds the key comes first; the order within stays.
        def weight(node: RingNode) -> int:
            if node.name == scene.selected:
                return 0
            return 1 if node.name in scene.ranks else 2 if node.state is not State.UP else 3

        keep = sorted(range(len(nodes)), key=lambda i: (weight(nodes[i]), i))[: max(0, height - 1)]
        shown = [nodes[i] for i in sorted(keep)]
    top = max(0, (height - len(shown) - (0 if fits else 1)) // 2)
    for y, node in enumerate(shown, top):
        scene.write(node, x, y, labels)
        labels.spots.append(Spot(y, x, x + size, node.name))
    if not fits:
        text = shorten(f"+{len(nodes) - len(shown)} more", size - 1, scene.look)
        labels.write(x + 1, min(height - 1, top + len(shown)), [(text, scene.look.text_style(Tone.MUTED))])


def _centre(scene: _Scene, ring: Circle, labels: Labels) -> None:
    """No room for labels or legend: at least the selected node's stands in the middle."""
    for node in scene.nodes:
        if node.name == scene.selected:
            pieces = scene.pieces(node)
            size = _width(pieces)
            if size + 2 < 2 * ring.inner:
                labels.write(int(ring.cx - size / 2), int(ring.cy / 2), pieces)
