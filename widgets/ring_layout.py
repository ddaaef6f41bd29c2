"""Where things stand on a ring: pure geometry, cached per size, so that nothing ever jumps.

Units: a *pixel* is half a cell high and one cell wide, near enough a square. A ring ``width`` cells wide
and ``height`` cells high has ``width x 2*height`` pixels. Turns run clockwise from the top.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_SAMPLES = (0.125, 0.375, 0.625, 0.875)
TAU = math.tau


@dataclass(frozen=True, slots=True)
class Pixel:
    """A pixel of the annulus: ``cover`` of it (0..1) is inside; its samples lie at ``turns``."""

    x: int
    y: int
    cover: float
    turn: float
    turns: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """The ring's measures in pixels. ``outer`` <= 0: no room for a ring at all."""

    width: int
    height: int
    cx: float
    cy: float
    outer: float
    inner: float

    def at(self, turn: float, radius: float) -> tuple[float, float]:
        """The point at a turn and a radius, in pixels."""
        angle = turn * TAU
        return self.cx + radius * math.sin(angle), self.cy - radius * math.cos(angle)

    def cell(self, turn: float, radius: float) -> tuple[int, int]:
        """The cell of that point, kept inside the panel."""
        x, y = self.at(turn, radius)
        return max(0, min(self.width - 1, int(x))), max(0, min(self.height - 1, int(y / 2)))


@lru_cache(maxsize=64)
def circle(width: int, height: int, legend: int = 0) -> Circle:
    """The largest ring in ``width x height`` cells, less a margin for sparks and ``legend`` cells at the right."""
    room = min(width - legend, 2 * height)
    outer = room / 2 - (2.6 if room >= 18 else 1.6)
    if width - legend < 10 or height < 5:
        outer = 0.0
    thick = max(2.0, min(7.0, outer * 0.17))
    return Circle(width, height, (width - legend) / 2, height, outer, max(0.0, outer - thick))


@lru_cache(maxsize=16)
def pixels(ring: Circle) -> tuple[Pixel, ...]:
    """Every pixel of the annulus, its edges supersampled 4x4."""
    found: list[Pixel] = []
    if ring.outer <= 0:
        return ()
    low, high = ring.inner - 1.0, ring.outer + 1.0
    for y in range(2 * ring.height):
        for x in range(ring.width):
            mx, my = x + 0.5 - ring.cx, y + 0.5 - ring.cy
            distance = math.hypot(mx, my)
            if not low <= distance <= high:
                continue
            inside = 0
            turns: list[float] = []
            for sy in _SAMPLES:
                dy = y + sy - ring.cy
                for sx in _SAMPLES:
                    dx = x + sx - ring.cx
                    if ring.inner <= math.hypot(dx, dy) <= ring.outer:
                        inside += 1
                        turns.append(math.atan2(dx, -dy) / TAU % 1.0)
            if inside:
                found.append(Pixel(x, y, inside / 16, math.atan2(mx, -my) / TAU % 1.0, tuple(turns)))
    return tuple(found)


@lru_cache(maxsize=256)
def node_turns(count: int) -> tuple[float, ...]:
    """Where the nodes stand on the inner circle: evenly, the first at the top."""
    return tuple(index / max(1, count) for index in range(count))


def node_cells(ring: Circle, widths: Sequence[int]) -> list[tuple[int, int]]:
    """The cells at which the labels of these widths begin, on an ellipse that keeps them off the annulus."""
    spots: list[tuple[int, int]] = []
    for turn, size in zip(node_turns(len(widths)), widths, strict=True):
        ry = max(0.0, ring.inner - 2.4)
        rx = max(0.0, ring.inner - size / 2 - 1.6)
        angle = turn * TAU
        x = _toward(ring.cx - size / 2, rx * math.sin(angle))
        y = _toward((ring.height - 1) / 2, -ry / 2 * math.cos(angle))
        spots.append((max(0, min(ring.width - size, x)), max(0, min(ring.height - 1, y))))
    return spots


def _toward(middle: float, distance: float) -> int:
    """``middle + distance`` rounded so that left and right, top and bottom come out alike."""
    value = middle + distance
    return math.ceil(value - 0.5) if distance < 0 else math.floor(value + 0.5)


def collide(spots: Sequence[tuple[int, int]], widths: Sequence[int]) -> bool:
    """Whether any two labels touch."""
    taken: dict[int, list[tuple[int, int]]] = {}
    for (x, y), size in zip(spots, widths, strict=True):
        for left, right in taken.get(y, ()):
            if x < right + 1 and left < x + size + 1:
                return True
        taken.setdefault(y, []).append((x, x + size))
    return False


@lru_cache(maxsize=4096)
def dots(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[int, int, int], ...]:
    """The braille dots of a line between two pixels: ``(cell x, cell y, bit)`` in order, each dot once."""
    # A cell is 2 dots wide and 4 high; a pixel is 2 dots wide and 2 high.
    ax, ay, bx, by = x0 * 2, y0 * 2, x1 * 2, y1 * 2
    steps = max(1, int(max(abs(bx - ax), abs(by - ay))))
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    for step in range(steps + 1):
        part = step / steps
        dx, dy = int(ax + (bx - ax) * part), int(ay + (by - ay) * part)
        found.setdefault((dx, dy), (dx >> 1, dy >> 2, BRAILLE[dy & 3][dx & 1]))
    return tuple(found.values())


BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille cell, by row and column."""


def cut_turns(sides: Sequence[int]) -> list[float]:
    """Where a partition cuts the circle: half way between neighbours on different sides."""
    count = len(sides)
    if count < 2:
        return []
    return [((i + 0.5) / count) % 1.0 for i in range(count) if sides[i] != sides[(i + 1) % count]]
