"""A ring drawn in two layers: what seldom changes is kept, what moves is laid over it row by row.

Order from below: annulus and cut (static), lines (links, messages, key to replicas) in braille, labels
(static), sparks and the key's mark. A row that nothing moves on keeps its strip.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, line, merge, shorten, width_of
from widgets.palette import Colors, Look
from widgets.ring_labels import Labels, place_labels, replicas_of
from widgets.ring_layout import Circle, dots
from widgets.ring_static import Cells, Owned, Styles, annulus, braille, pixel_owners
from widgets.shapes import Arc, Chord, Ring, RingNode, Tone

_COMET = 0.22
"""Length of a message's tail as a part of its way."""


class _Key(NamedTuple):
    width: int
    height: int
    nodes: tuple[RingNode, ...]
    arcs: tuple[Arc, ...]
    selected: str | None
    marked: frozenset[str]
    replicas: tuple[str, ...]


class _Static(NamedTuple):
    ring: Circle
    chars: Cells
    styles: Styles
    labels: Labels
    strips: list[Strip]


class RingPainter:
    """Draws rings for one panel; keeps the static layer of the last one."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._key: _Key | None = None
        self._static: _Static | None = None
        self._owned: list[Owned] = []

    def static(self, shape: Ring, width: int, height: int, selected: str | None, marked: frozenset[str]) -> _Static:
        """The kept layer, drawn anew if size, nodes, arcs, selection or replicas changed."""
        replicas = replicas_of(shape)
        key = _Key(width, height, shape.nodes, shape.arcs, selected, marked, replicas)
        kept = self._static
        if kept is not None and self._same(key):
            return kept
        ring, labels = place_labels(shape, width, height, self.look, selected, marked)
        old = self._key
        if kept is None or old is None or kept.ring != ring or not (old.arcs is shape.arcs or old.arcs == shape.arcs):
            self._owned = pixel_owners(ring, shape.arcs)
        owner = shape.replicas[0] if shape.replicas else selected  # of the selected shard: its master
        chars, styles = annulus(ring, shape.nodes, self._owned, self.look, owner)
        for (x, y), (char, style) in labels.cells.items():
            if 0 <= y < height and 0 <= x < width:
                chars[y][x], styles[y][x] = char, style
        strips = [merge(*row) for row in zip(chars, styles, strict=True)]
        self._key, self._static = key, _Static(ring, chars, styles, labels, strips)
        return self._static

    def _same(self, key: _Key) -> bool:
        old = self._key
        if old is None:
            return False
        # Identity first: the same arcs come again and again, and comparing a thousand of them costs.
        return all(a is b or a == b for a, b in zip(old, key, strict=True))

    def draw(
        self,
        shape: Ring,
        width: int,
        height: int,
        *,
        selected: str | None = None,
        marked: frozenset[str] = frozenset(),
    ) -> Picture:
        """The whole ring with its caption, ``height`` strips of ``width`` cells."""
        look = self.look
        has_caption = bool(shape.caption) and height >= 8
        rows = height - 1 if has_caption else height
        kept = self.static(shape, width, rows, selected, marked)
        if kept.ring.outer <= 0:
            strips = self._roll_call(shape, width, rows, selected)
            spots: list[Spot] = []
        else:
            strips = self._overlay(kept, self._moving(shape, kept))
            spots = list(kept.labels.spots)
        if has_caption:
            text = shorten(look.clean(shape.caption), width, look)
            left = (width - width_of(text)) // 2
            strips = [*strips, line([(" " * left, look.style()), (text, look.text_style(Tone.MUTED))], width)]
        return Picture(strips, spots)

    def _roll_call(self, shape: Ring, width: int, rows: int, selected: str | None) -> list[Strip]:
        """No room for a circle: the nodes' marks in reading order."""
        look = self.look
        per_line = max(1, width)
        strips = []
        for start in range(0, len(shape.nodes), per_line):
            pieces: list[Piece] = []
            for node in shape.nodes[start : start + per_line]:
                bold = node.name == selected
                pieces.append((look.mark(node.state), look.style(look.hue(node.hue), bold=bold, underline=bold)))
            strips.append(line(pieces, width))
        return (strips + [line([], width)] * rows)[:rows]

    # -- the moving layer ------------------------------------------------------------------------------

    def _moving(self, shape: Ring, kept: _Static) -> dict[int, dict[int, tuple[str, Style]]]:
        look = self.look
        ring, labels = kept.ring, kept.labels
        bits: dict[tuple[int, int], int] = {}
        inks: dict[tuple[int, int], Style] = {}
        taken = labels.cells
        for chord in shape.chords:
            for x, y, bit in self._chord_dots(chord, labels):
                place = (x, y)
                if place not in taken:
                    bits[place] = bits.get(place, 0) | bit
                    inks[place] = look.style(look.tone(chord.tone), bold=chord.progress is not None)
        if shape.key is not None:
            start = ring.at(shape.key.at, ring.inner - 0.5)
            for rank, name in enumerate(shape.key.replicas):
                target = labels.centres.get(name)
                if target is None:
                    continue
                ink = look.style(look.tone(Tone.ACCENT), dim=rank > 0 and look.colors is Colors.NONE)
                for number, (x, y, bit) in enumerate(dots(*start, *target)):
                    if (rank == 0 or number % 3 == 0) and (x, y) not in taken:
                        bits[x, y] = bits.get((x, y), 0) | bit
                        inks.setdefault((x, y), ink)
        rows: dict[int, dict[int, tuple[str, Style]]] = {}
        for (x, y), mask in bits.items():
            if 0 <= y < ring.height and 0 <= x < ring.width:
                if kept.chars[y][x] != " ":
                    continue
                rows.setdefault(y, {})[x] = (braille(mask, look), inks[x, y])
        for spark in sorted(shape.sparks, key=lambda spark: -spark.age):
            x, y = ring.cell(spark.at % 1.0, ring.outer + 1.1)
            rows.setdefault(y, {})[x] = self._spark(spark.write, spark.tone, spark.age)
        if shape.key is not None:
            x, y = ring.cell(shape.key.at % 1.0, ring.outer + 1.1)
            mark = (look.key_mark, look.style(look.tone(Tone.ACCENT), bold=True))
            rows.setdefault(y, {})[x] = mark
        return rows

    def _chord_dots(self, chord: Chord, labels: Labels) -> Iterable[tuple[int, int, int]]:
        source, target = labels.centres.get(chord.source), labels.centres.get(chord.target)
        if source is None or target is None:
            return ()
        way = dots(*source, *target)
        if chord.progress is None:
            # A link in a state, not a message: a sparse dotted line.
            return [dot for number, dot in enumerate(way) if number % 4 < 2]
        head = max(0.0, min(1.0, chord.progress)) * len(way)
        tail = head - (max(4.0, _COMET * len(way)) if self.look.unicode else 2.0)
        return way[max(0, int(tail)) : max(1, int(head))]

    def _spark(self, write: bool, tone: Tone, age: float) -> tuple[str, Style]:
        look = self.look
        color = look.tone(tone)
        # In five steps: a smooth fade would send every spark again in every frame.
        color = look.faded(color, min(4, int(max(0.0, age) * 5)) / 5 * 0.85)
        return look.request(write, tone), look.style(color, bold=age < 0.4, dim=age > 0.6 and not look.blends)

    @staticmethod
    def _overlay(kept: _Static, moving: dict[int, dict[int, tuple[str, Style]]]) -> list[Strip]:
        strips = list(kept.strips)
        for y, cells in moving.items():
            chars, styles = kept.chars[y].copy(), kept.styles[y].copy()
            for x, (char, style) in cells.items():
                chars[x] = char
                # Sparks beside the annulus may touch its soft edge: keep the ground it has.
                styles[x] = style
            strips[y] = merge(chars, styles)
        return strips
