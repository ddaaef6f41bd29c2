"""A grid of cells to draw a diagram on: characters, and lines of dots that may cross and meet.

What is drawn later lies above what was drawn before; dots of several lines share a cell, which has the colour of the
last one. Without Unicode a line is a row of strokes.
"""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import merge, width_of
from widgets.palette import Look
from widgets.ring_layout import dots


class Grid:
    """``width`` x ``height`` cells, all blank at first. Lines are not drawn to the left of ``left``."""

    def __init__(self, width: int, height: int, look: Look, left: int = 0) -> None:
        self._left = left
        self.width = width
        self.height = height
        self._look = look
        blank = look.style()
        self._chars = [[" "] * width for _ in range(height)]
        self._styles = [[blank] * width for _ in range(height)]
        self._masks: dict[tuple[int, int], int] = {}

    def put(self, x: int, y: int, char: str, style: Style) -> None:
        """One character of one cell; outside nothing happens."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._chars[y][x] = char
            self._styles[y][x] = style
            self._masks.pop((x, y), None)

    def write(self, x: int, y: int, text: str, style: Style) -> None:
        """Text of one-cell characters; what doesn't fit is cut."""
        for offset, char in enumerate(text):
            self.put(x + offset, y, char, style)

    def room(self, x: int, y: int, text: str) -> bool:
        """Whether a text, and a blank on either side of it, would cover nothing."""
        if x < 0 or x + width_of(text) > self.width or not 0 <= y < self.height:
            return False
        return all(char == " " for char in self._chars[y][max(0, x - 1) : x + width_of(text) + 1])

    def char(self, x: int, y: int) -> str:
        """What stands there; outside: nothing."""
        return self._chars[y][x] if 0 <= x < self.width and 0 <= y < self.height else ""

    def column(self, x: int, top: int, bottom: int, style: Style, char: str = "") -> None:
        """A vertical line, both ends included."""
        if x < self._left:
            return
        char = char or self._look.glyph("│", "|")
        for y in range(max(0, top), min(self.height - 1, bottom) + 1):
            self.put(x, y, char, style)

    def slant(self, x0: float, y0: float, x1: float, y1: float, style: Style) -> None:
        """A line between two places, in cells and parts of them: (0.5, 0.5) is the middle of the first cell."""
        if not self._look.unicode:
            self._stroke(x0, y0, x1, y1, style)
            return
        if x1 < 0 or x0 >= self.width:
            return
        for x, y, bit in dots(x0, y0 * 2, x1, y1 * 2):
            if self._left <= x < self.width and 0 <= y < self.height:
                mask = self._masks.get((x, y), 0) | bit
                self._masks[x, y] = mask
                self._chars[y][x] = chr(0x2800 + mask)
                self._styles[y][x] = style

    def _stroke(self, x0: float, y0: float, x1: float, y1: float, style: Style) -> None:
        """The same, a character for each cell that the line passes."""
        steps = max(1, int(max(abs(x1 - x0), abs(y1 - y0))))
        steep = "\\" if (y1 > y0) == (x1 > x0) else "/"
        char = "-" if abs(x1 - x0) > 3 * abs(y1 - y0) else steep
        for step in range(1, steps):
            part = step / steps
            x = int(x0 + (x1 - x0) * part)
            if x >= self._left:
                self.put(x, int(y0 + (y1 - y0) * part), char, style)

    def strips(self) -> list[Strip]:
        return [merge(chars, styles) for chars, styles in zip(self._chars, self._styles, strict=True)]
