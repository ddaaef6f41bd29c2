"""The front's way to the hall: starts its process, tells it who comes and goes, passes on the ends of wires."""

from __future__ import annotations

from collections.abc import Callable

from playground.company import Role
from playground.remote.wire import Wire
from playground.serve.messages import Closed, Programme


class Doors:
    """Of one hall. ``hear`` is called in the front's loop with what the hall says: Assigned, Failed."""

    def __init__(self, programme: Programme, hear: Callable[[object], None], *, save: bool = False) -> None:
        raise NotImplementedError

    async def opened(self) -> None:
        """Until the session runs. UserError: it can't."""
        raise NotImplementedError

    def enter(self, name: str, role: Role) -> None:
        raise NotImplementedError

    def leave(self, name: str) -> None:
        raise NotImplementedError

    def decline(self, name: str, text: str) -> None:
        raise NotImplementedError

    def sit(self, name: str) -> Wire:
        """The end of a wire to the session, for the process of that visitor; "": for a rendering. The caller drops it."""
        raise NotImplementedError

    async def close(self) -> Closed | None:
        """End it. None: it had ended before, and said nothing."""
        raise NotImplementedError
