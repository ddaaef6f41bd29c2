"""The ring panel: a consistent-hashing circle, the nodes in it, and what is going on between them."""

from __future__ import annotations

import math

from widgets.canvas import Picture
from widgets.panel import Panel
from widgets.ring_draw import RingPainter
from widgets.ring_layout import node_turns
from widgets.shapes import Ring


class RingPanel(Panel[Ring]):
    """Shows a ``Ring``; a click on a node's label selects it; arrows walk the circle by direction."""

    _painter: RingPainter | None = None

    def names(self) -> list[str]:
        return [node.name for node in self.shape.nodes] if self.shape else []

    def kinds(self) -> frozenset[str]:
        """A key has its place on the circle, a shard its stretches; the selection itself stands on nodes."""
        return frozenset(("key", "shard"))

    def neighbour(self, dx: int, dy: int) -> str | None:
        """The node one step along the circle that lies more in the arrow's direction."""
        names = self.names()
        if self.selected not in names or not names:
            return names[0] if names else None
        count = len(names)
        index = names.index(self.selected)
        turns = node_turns(count)

        def toward(other: int) -> float:
            angle = turns[other % count] * math.tau
            here = turns[index] * math.tau
            return dx * (math.sin(angle) - math.sin(here)) - dy * (math.cos(angle) - math.cos(here))

        best = max((index + 1, index - 1), key=toward)
        return names[best % count] if toward(best) > 1e-9 else names[index]

    def paint(self, shape: Ring, width: int, height: int) -> Picture:
        if self._painter is None or self._painter.look != self.look:
            self._painter = RingPainter(self.look)
        return self._painter.draw(shape, width, height, selected=self.selected, marked=self.marked)
