"""The keys of the views of what led to what: space-time, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp


class TraceActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def spacetime(self, _key: str) -> None:
        """Open the space-time view, or close it."""
        stage = self.app.stage
        if stage.zoomed == "spacetime":
            stage.zoom("")
            self.app.bring(stage.front)
        else:
            self.app.bring("spacetime")

    def why(self, _key: str) -> None:
        raise UserError("not yet")

    def follow(self, _key: str) -> None:
        raise UserError("not yet")

    def cause(self, _key: str) -> None:
        raise UserError("not yet")

    def effect(self, _key: str) -> None:
        raise UserError("not yet")
