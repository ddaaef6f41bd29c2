"""The seat of a visitor who acts: a process on a pseudo-terminal (:mod:`playground.serve.player`)."""

from __future__ import annotations

from playground.remote.wire import Wire
from playground.serve.limits import Limits
from playground.serve.messages import Brief
from playground.serve.visit import Visit


class PlayerSeat:
    """Begins at once. ``wire``: to the hall; None: the visitor has a session of their own."""

    def __init__(self, visit: Visit, brief: Brief, wire: Wire | None, limits: Limits) -> None:
        raise NotImplementedError

    def typed(self, data: bytes) -> None:
        raise NotImplementedError

    def resized(self, columns: int, rows: int) -> None:
        raise NotImplementedError

    async def leave(self) -> None:
        raise NotImplementedError
