"""The key of the tour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp


class TourActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def tour(self, _key: str) -> None:
        raise UserError("not yet")
