"""A space-time diagram: lanes of machines, arrows of messages (Lamport 1978)."""

from __future__ import annotations

from widgets.canvas import Picture
from widgets.panel import Panel
from widgets.shapes import SpaceTime


class SpaceTimePanel(Panel[SpaceTime]):
    """Shows a ``SpaceTime``."""

    def paint(self, shape: SpaceTime, width: int, height: int) -> Picture:
        return Picture([])
