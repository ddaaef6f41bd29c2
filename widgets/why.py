"""A chain of causes, as sentences."""

from __future__ import annotations

from widgets.canvas import Picture
from widgets.panel import Panel
from widgets.shapes import Why


class WhyPanel(Panel[Why]):
    """Shows a ``Why``."""

    def paint(self, shape: Why, width: int, height: int) -> Picture:
        return Picture([])
