"""What is selected and marked: names only, those of machines checked against each new Frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playground.frame import Frame, Thing
from widgets.shapes import Item

FIRST = 2
"""The place, among those on the ring, of the node that is selected at first: between neighbours on either side."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The selected node, the marked ones, the key that is followed on the ring; what is selected beside the node."""

    selected: str = ""
    marked: frozenset[str] = frozenset()
    key: str = ""
    item: Item | None = None

    def within(self, frame: Frame) -> Choice:
        """The same, as far as it still exists."""
        names = [thing.name for thing in frame.nodes]
        selected = self.selected
        if selected not in names:
            on_ring = [node.name for node in frame.ring.nodes if node.name in names] if frame.ring else []
            members = on_ring or [thing.name for thing in frame.nodes if not thing.client] or names
            selected = frame.first if frame.first in names else members[min(FIRST, len(members) - 1)] if members else ""
        if selected == self.selected and self.marked <= set(names):
            return self
        return replace(self, selected=selected, marked=self.marked & set(names))

    def toggled(self) -> Choice:
        """With the selected one marked, or no longer marked."""
        return replace(self, marked=self.marked ^ {self.selected}) if self.selected else self

    def things(self, frame: Frame) -> list[Thing]:
        """What an act is on: the marked ones in the frame's order, or the selected one."""
        wanted = self.marked or {self.selected}
        return [thing for thing in frame.nodes if thing.name in wanted]

    def next_to(self, frame: Frame, step: int) -> str:
        """The node ``step`` further in the frame's order, round and round."""
        names = [thing.name for thing in frame.nodes if not thing.client]
        if not names:
            return self.selected
        if self.selected not in names:
            return names[0]
        return names[(names.index(self.selected) + step) % len(names)]
