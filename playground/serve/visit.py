"""One visitor, from being let in until gone: the seat they have, what they may take, and how it ends.

All of it runs in the front's event loop, and nothing in it waits for a visitor. Whoever breaks a limit is *cut*: their
terminal is put back in order as far as they read, they are told why in one line, and the logbook says it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from playground.bucket import Bucket
from playground.company import Role
from playground.serve.limits import UNREAD, Limits, span
from playground.serve.line import Line, Terminal, terminal
from playground.serve.restoring import Restoring

BACKLOG_BYTES = 64_000
"""With so much under way to a visitor, nothing more is written."""
LEAVE_S = 3.0
"""A seat that is left has so long to tidy up."""


class Seat(Protocol):
    """Where a visitor is: writes to their terminal through :meth:`Visit.show`, and hears what they type."""

    def typed(self, data: bytes) -> None: ...

    def resized(self, columns: int, rows: int) -> None: ...

    async def leave(self) -> None:
        """Put the terminal back in order, write nothing more, and let go of everything. May be called again."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants to come in. ``by``: how they have shown who they are, for the logbook."""

    wanted: str
    address: str
    by: str = ""
    role: Role = Role.SPECTATOR


class Visit:
    """``seat``: makes a seat for a role. ``over``: called once, when it has ended and all is let go of.

    ``number``: that of no other visit to the same front.
    """

    def __init__(
        self,
        name: str,
        caller: Caller,
        line: Line,
        screen: Terminal,
        limits: Limits,
        seat: Callable[[Visit], Seat],
        over: Callable[[Visit, str], None],
        number: int = 0,
    ) -> None:
        now_s = time.monotonic()
        self.number = number
        self.name = name
        self.role = caller.role
        self.address = caller.address
        self.terminal = screen
        self.began_s = now_s
        self._line = line
        self._restoring = Restoring()
        self._limits = limits
        self._make = seat
        self._over = over
        self._out = Bucket(limits.output_burst_bytes, limits.output_bytes_per_s, now_s)
        self._in = Bucket(limits.input_burst_bytes, limits.input_bytes_per_s, now_s)
        self._typed_s = now_s
        self._flowed_s = now_s
        """When the line was last seen to take what it was given."""
        self._pending = 0
        self._seat: Seat | None = None
        self._moving: asyncio.Task[None] | None = None
        self.ending = ""
        """Not empty: it is about to end, and this is why."""

    # --- for the line ------------------------------------------------------------------

    def begin(self) -> None:
        """Take a seat."""
        self._seat = self._make(self)

    def typed(self, data: bytes) -> None:
        now_s = time.monotonic()
        self._typed_s = now_s
        if not self._in.take(len(data), now_s):
            self.end("too much was sent: nobody types so fast")
        elif self._seat is not None and not self.ending:
            self._seat.typed(data)

    def resized(self, columns: int, rows: int) -> None:
        now = self.terminal
        self.terminal = terminal(now.term, now.lang, columns, rows, now.colors)
        if self._seat is not None and not self.ending:
            self._seat.resized(self.terminal.columns, self.terminal.rows)

    def gone(self, why: str = "") -> None:
        """The line has ended by itself, or has been ended, and this is why."""
        self._finish(why or "the connection ended", silent=True)

    # --- for the seat ------------------------------------------------------------------

    def room(self) -> int:
        """So many bytes may be shown now; 0: come back later."""
        left = min(self._out.left(time.monotonic()), BACKLOG_BYTES - self._line.backlog)
        return max(0, int(left))

    def show(self, data: bytes) -> None:
        """Write to the visitor's terminal."""
        self._out.take(len(data), time.monotonic())
        self._restoring.wrote(data)
        self._line.write(data)

    def left(self, why: str = "") -> None:
        """The visitor has left the seat, or the seat is gone: so is the visitor. ``why``: if it was not their wish."""
        self._finish(why or "quit", status=1 if why else 0, text=why)

    # --- for the front -----------------------------------------------------------------

    def assign(self, role: Role) -> None:
        """From now on in another role: on another seat, if need be."""
        if role is not self.role and not self.ending:
            self.role = role
            self._moving = asyncio.create_task(self._move(self._moving))

    def check(self) -> None:
        """Cut whoever is over a limit of time. To be called every second or so."""
        now_s = time.monotonic()
        backlog = self._line.backlog
        if not backlog or backlog < self._pending:
            self._flowed_s = now_s
        self._pending = backlog
        if now_s - self._flowed_s > self._limits.stalled_s:
            self.end(UNREAD)
        elif now_s - self.began_s > self._limits.session_s:
            self.end(f"a visit lasts {span(self._limits.session_s)} at most")
        elif self.role is Role.PLAYER and now_s - self._typed_s > self._limits.idle_s:
            self.end(f"no key for {span(self._limits.idle_s)}")

    def end(self, why: str, status: int = 1) -> None:
        """Ask the visitor to leave, and tell them why."""
        self._finish(why, status=status, text=why)

    async def ended(self) -> None:
        """Wait until it has."""
        moved = None
        while self._moving is not moved:
            moved = self._moving
            if moved is not None:
                await asyncio.wait([moved])

    # --- the ways from seat to seat ------------------------------------------------------

    async def _move(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self._stand_up()
        if self.ending:
            return
        try:
            self._seat = self._make(self)
        except OSError as error:
            why = f"there is no seat left on this machine ({error.strerror})"
            self._finish(why, status=1, text=why)

    async def _stand_up(self) -> None:
        seat, self._seat = self._seat, None
        if seat is not None:
            # A seat that takes longer has been cut off from the line, and ends its processes all the same.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(seat.leave(), LEAVE_S)

    def _finish(self, why: str, *, status: int = 0, text: str = "", silent: bool = False) -> None:
        if self.ending:
            return
        self.ending = why
        self._moving = asyncio.create_task(self._go(self._moving, why, status, text, silent))

    async def _go(self, before: asyncio.Task[None] | None, why: str, status: int, text: str, silent: bool) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._stand_up()
            if silent or self._line.backlog > BACKLOG_BYTES:
                self._line.drop()
            else:
                self._line.write(self._restoring.bytes() + (f"playground: {text}\r\n".encode() if text else b""))
                self._line.hang_up(status)
        finally:
            self._over(self, why)
