"""The front's way to the hall: starts its process, tells it who comes and goes, passes on the ends of wires.

What is said to the hall is sent by a thread of its own, in order, and what it says is read by another: the front's loop
waits for neither. When the hall's process ends, however that happens, the front hears so at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable

from playground.company import Role
from playground.kernel.errors import UserError
from playground.remote.aside import started_aside
from playground.remote.wire import Gone, Wire
from playground.serve.messages import (
    Begin,
    Close,
    Closed,
    Decline,
    Enter,
    Failed,
    Leave,
    Opened,
    Programme,
    Sit,
)

CLOSE_S = 10.0
"""The hall has so long to end; then it is made to."""
ENDED = "the process of the shared session has ended"


class Doors:
    """Of one hall. ``hear`` is called in the front's loop with what the hall says: Assigned, Failed."""

    def __init__(self, programme: Programme, hear: Callable[[object], None], *, save: bool = False) -> None:
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[str] = self._loop.create_future()
        """Done when the session runs, or with why it does not."""
        self._closed: asyncio.Future[Closed | None] = self._loop.create_future()
        self._closing = False
        self._wire, there = Wire.pair()
        self._process = started_aside("playground.serve.hall", there)
        self._orders: queue.SimpleQueue[tuple[object, Wire | None] | None] = queue.SimpleQueue()
        self._say(Begin(programme, save))
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._send, self._read)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Of the hall's process."""
        return self._process.pid

    async def opened(self) -> None:
        """Until the session runs. UserError: it can't, and the hall is closed."""
        why = await asyncio.shield(self._opened)
        if why:
            await self.close()
            raise UserError(why)

    def enter(self, name: str, role: Role, number: int = 0) -> None:
        self._say(Enter(name, role, number))

    def leave(self, name: str) -> None:
        self._say(Leave(name))

    def decline(self, name: str, text: str) -> None:
        self._say(Decline(name, text))

    def sit(self, name: str) -> Wire:
        """The end of a wire to the session, for that visitor's process; "": for a rendering. The caller drops it."""
        here, there = Wire.pair()
        self._say(Sit(name), there)
        return here

    async def close(self) -> Closed | None:
        """End it. None: it had ended before, and said nothing. May be called again."""
        self._say(Close())
        self._closing = True
        closed: Closed | None = None
        try:
            with contextlib.suppress(TimeoutError):
                closed = await asyncio.wait_for(asyncio.shield(self._closed), CLOSE_S)
        finally:
            self._orders.put(None)
            self._wire.close()
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        return closed

    # --- in threads of their own -------------------------------------------------------

    def _say(self, message: object, carrying: Wire | None = None) -> None:
        if not self._closing:
            self._orders.put((message, carrying))
        elif carrying is not None:
            carrying.drop()

    def _send(self) -> None:
        while (order := self._orders.get()) is not None:
            message, carried = order
            with contextlib.suppress(Gone):  # the thread that reads says so
                self._wire.send(message, carried)
            if carried is not None:
                carried.drop()

    def _read(self) -> None:
        try:
            while True:
                message, _ = self._wire.receive()
                self._tell(message)
        except Gone:
            self._tell(None)
        except Exception as error:  # whatever it is, nobody may wait for more
            self._tell(Failed(f"{type(error).__name__}: {error}"))
            self._tell(None)

    def _tell(self, message: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            self._loop.call_soon_threadsafe(self._heard, message)

    # --- in the loop -------------------------------------------------------------------

    def _heard(self, message: object) -> None:
        match message:
            case Opened():
                self._open("")
            case Closed():
                self._end(message)
            case None:
                self._open(ENDED)
                self._end(None)
                if not self._closing:
                    self._hear(Failed(ENDED))
            case Failed(text) if not self._opened.done():
                self._open(text)
            case _:
                self._hear(message)

    def _open(self, why: str) -> None:
        if not self._opened.done():
            self._opened.set_result(why)

    def _end(self, closed: Closed | None) -> None:
        if not self._closed.done():
            self._closed.set_result(closed)
