"""The seats of those who watch: one rendering for all with the same terminal, handed on as it comes."""

from __future__ import annotations

from playground.serve.doors import Doors
from playground.serve.limits import Limits
from playground.serve.visit import Seat, Visit


class Stands:
    """Starts the process that renders (:mod:`playground.serve.gallery`) when somebody comes to watch."""

    def __init__(self, doors: Doors, limits: Limits, theme: str) -> None:
        raise NotImplementedError

    def take(self, visit: Visit) -> Seat:
        """A seat for this visitor."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
