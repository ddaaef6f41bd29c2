"""The part of a ring that seldom changes: the annulus and the cut, as rows of (character, style)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from rich.style import Style

from widgets.palette import BACKGROUND, ICE, RGB, Colors, Ground, Look, mix
from widgets.ring_layout import BRAILLE, Circle, Pixel, cut_turns, dots, pixels
from widgets.shapes import Arc, RingNode, State, Tone

_MANY = 40
"""From so many nodes on, arcs are coloured by health, not by owner: nobody tells forty hues apart."""


class Owners:
    """Who owns which turn; later arcs win nothing, gaps belong to nobody (-1)."""

    def __init__(self, arcs: Sequence[Arc]) -> None:
        cuts: list[tuple[float, float, int]] = []
        for arc in arcs:
            if arc.end > arc.start:
                cuts.append((arc.start, arc.end, arc.owner))
            elif arc.end < arc.start:  # over the top
                cuts += [(arc.start, 1.0, arc.owner), (0.0, arc.end, arc.owner)]
        cuts.sort()
        self._starts = [start for start, _, _ in cuts]
        self._cuts = cuts

    def at(self, turn: float) -> int:
        index = bisect_right(self._starts, turn) - 1
        if index < 0:
            return -1
        _, end, owner = self._cuts[index]
        return owner if turn < end else -1


Owned = tuple[Pixel, tuple[tuple[int, float], ...]]
"""A pixel, and (owner, part of the pixel) for each of its owners."""


def pixel_owners(ring: Circle, arcs: Sequence[Arc]) -> list[Owned]:
    """Each pixel of the annulus with its owners and their parts: one, or two where arcs meet."""
    owners = Owners(arcs)
    at = owners.at
    found = []
    for pixel in pixels(ring):
        turns = pixel.turns
        first = at(turns[0])
        if len(turns) > 1:
            counts = Counter([at(turn) for turn in turns]) if len(arcs) > 1 else Counter((first,))
            if len(counts) == 2:
                total = counts.total()
                found.append((pixel, tuple((owner, n / total) for owner, n in counts.most_common())))
                continue
            # Three or more owners in a pixel would mix to mud: show the strongest.
            first = counts.most_common(1)[0][0]
        found.append((pixel, ((first, 1.0),)))
    return found


def arc_color(node: RingNode | None, pixel: Pixel, look: Look, by_health: bool, lit: bool | None) -> RGB:
    """The colour of a node's arc at a pixel: down is dark and hatched, frozen icy bands, booting a checker."""
    ground = look.ground(BACKGROUND)
    if node is None:
        return look.ground(Ground.NOBODY)
    base = look.hue(node.hue)
    if by_health:
        base = look.state(node.state)
    if not look.blends:
        if node.state is State.DOWN:
            return base if (pixel.x + pixel.y) % 4 == 0 else ground
        if node.state is State.FROZEN:
            return look.ground(ICE) if pixel.y % 4 < 2 else base
        return base
    if lit is False:
        base = look.faded(base, 0.38)
    if lit:
        base = look.lit(base, 0.12)
    if node.state is State.DOWN:
        return mix(base, ground, 0.62 if (pixel.x + pixel.y) % 3 == 0 else 0.90)
    if node.state is State.FROZEN:
        return mix(look.ground(ICE), base, 0.25) if (pixel.x - pixel.y) % 4 < 2 else mix(base, ground, 0.45)
    if node.state is State.BOOTING:
        return base if (pixel.x + pixel.y) % 2 else mix(base, ground, 0.65)
    return base


Cells = list[list[str]]
Styles = list[list[Style]]


def annulus(
    ring: Circle, nodes: Sequence[RingNode], owned: Sequence[Owned], look: Look, selected: str | None
) -> tuple[Cells, Styles]:
    """The annulus and the cut through it, ``height`` rows of ``width`` characters and styles.

    ``owned`` comes from ``pixel_owners``, the costly part, so that a change of state needn't repeat it.
    """
    empty = look.style()
    chars = [[" "] * ring.width for _ in range(ring.height)]
    styles = [[empty] * ring.width for _ in range(ring.height)]
    known = any(node.name == selected for node in nodes)
    by_health = len(nodes) > _MANY
    ground = look.ground(BACKGROUND)
    cuts = cut_turns([node.side for node in nodes])
    half_gap = 2.2 / (6.283 * max(1.0, ring.outer)) if cuts else 0.0

    def node_of(owner: int) -> RingNode | None:
        return nodes[owner] if 0 <= owner < len(nodes) else None

    halves: dict[tuple[int, int], list[RGB | None]] = {}
    letters: dict[tuple[int, int], str] = {}
    for pixel, parts in owned:
        if cuts and any(abs((pixel.turn - turn + 0.5) % 1.0 - 0.5) < half_gap for turn in cuts):
            continue
        if not look.blends and pixel.cover < 0.5:
            continue
        node = node_of(parts[0][0])
        if look.colors is Colors.NONE or not look.unicode:
            letters[pixel.x, pixel.y // 2] = letter_of(node, look)
            if look.colors is Colors.NONE:
                continue
        lit = None if not known or node is None else node.name == selected
        color = arc_color(node, pixel, look, by_health, lit)
        if look.blends:
            if len(parts) == 2:
                other = node_of(parts[1][0])
                lit = None if not known or other is None else other.name == selected
                color = mix(color, arc_color(other, pixel, look, by_health, lit), parts[1][1])
            if pixel.cover < 1.0:
                color = mix(ground, color, pixel.cover)
        halves.setdefault((pixel.x, pixel.y // 2), [None, None])[pixel.y & 1] = color
    if letters:
        for (x, y), letter in letters.items():
            pair = halves.get((x, y))
            color16 = pair[0] or pair[1] if pair else None
            chars[y][x], styles[y][x] = letter, look.style(color16)
    else:
        for (x, y), (upper, lower) in halves.items():
            if lower is None:
                chars[y][x], styles[y][x] = "▀", look.style(upper)
            elif upper is None:
                chars[y][x], styles[y][x] = "▄", look.style(lower)
            elif upper == lower:
                # A full block prints as one colour and merges with its neighbours into one run.
                chars[y][x], styles[y][x] = "█", look.style(upper)
            else:
                chars[y][x], styles[y][x] = "▀", look.style(upper, lower)
    if cuts:
        _draw_cuts(ring, cuts, chars, styles, look)
    return chars, styles


def letter_of(node: RingNode | None, look: Look) -> str:
    """What an arc is made of where colours don't tell: the owner's letter, or its mark when it isn't up."""
    if node is None:
        return look.glyph("·", ".")
    return look.letter(node.hue) if node.state is State.UP else look.mark(node.state)


def _draw_cuts(ring: Circle, turns: Sequence[float], chars: Cells, styles: Styles, look: Look) -> None:
    """Dashed lines from the middle out through the annulus."""
    style = look.style(look.tone(Tone.BAD), bold=True)
    if look.unicode and look.colors is not Colors.NONE and ring.inner >= 10:
        _draw_bars(ring, turns, chars, styles, look)
        return
    bits: dict[tuple[int, int], int] = {}
    for turn in turns:
        start = 0.0 if len(turns) <= 2 else ring.inner * 0.25
        x0, y0 = ring.at(turn, start)
        x1, y1 = ring.at(turn, ring.outer + 1.5)
        # Two dots wide, to be told from messages.
        ax, ay = math.cos(turn * math.tau) * 0.25, math.sin(turn * math.tau) * 0.25
        for sign in (-1, 1):
            way = dots(x0 + sign * ax, y0 + sign * ay, x1 + sign * ax, y1 + sign * ay)
            for number, (x, y, bit) in enumerate(way):
                if number % 7 < 5 and 0 <= x < ring.width and 0 <= y < ring.height:
                    bits[x, y] = bits.get((x, y), 0) | bit
    for (x, y), mask in bits.items():
        if chars[y][x] != " ":
            continue
        chars[y][x], styles[y][x] = braille(mask, look), style


def _draw_bars(ring: Circle, turns: Sequence[float], chars: Cells, styles: Styles, look: Look) -> None:
    """The cut in half-block pixels, as bold as the annulus: it is the first thing to be seen."""
    color = look.tone(Tone.BAD)
    color = look.faded(color, 0.25)
    found: dict[tuple[int, int], int] = {}
    for turn in turns:
        radius = 0.0 if len(turns) <= 2 else ring.inner * 0.25
        number = 0
        while radius <= ring.outer + 1.0:
            x, y = ring.at(turn, radius)
            px, py = int(x), int(y)
            if number % 3 < 2 and 0 <= px < ring.width and 0 <= py < 2 * ring.height:
                found[px, py // 2] = found.get((px, py // 2), 0) | (1 << (py & 1))
            radius += 1.0
            number += 1
    for (x, y), halves in found.items():
        if chars[y][x] == " ":
            chars[y][x] = " ▀▄█"[halves]
            styles[y][x] = look.style(color)


def braille(mask: int, look: Look) -> str:
    """A braille cell, or the nearest ASCII."""
    if look.unicode:
        return chr(0x2800 + mask)
    upper = mask & (BRAILLE[0][0] | BRAILLE[0][1] | BRAILLE[1][0] | BRAILLE[1][1])
    lower = mask & ~upper
    return ":" if upper and lower else "'" if upper else "."
