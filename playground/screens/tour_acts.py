"""The key of the tour."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp


class TourActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def tour(self, _key: str) -> None:
        """Begin the tour of two minutes; at the end of a lesson, the next one."""
        self.app.guide.start()
        self.app.show_bars()
