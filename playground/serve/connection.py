"""One SSH connection of a stranger, from its first byte until it has ended, with a sluice between socket and library.

Between us and a client that has stopped there may be room for megabytes. So it is asked now and then whether it is
there, and has to answer, which it can't without having read all before; and here little is kept for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncssh

from playground.bucket import Bucket
from playground.serve.limits import UNREAD, Limits
from playground.serve.listening import keep_little
from playground.serve.sluice import FLOODED, LAST_OF_KEX, Sluice

KEXINIT = 20
"""Keys are exchanged anew: the message with which that begins (RFC 4253)."""
EXCHANGES, EXCHANGES_PER_S = 20.0, 0.2
"""Each costs us more than it costs the client. Clients want one in an hour, or in a gigabyte."""


class Connection(asyncssh.SSHServerConnection):
    """``knocks``: may it go on, now that its :attr:`address` is known? ``over``: it has ended. Each is called once."""

    def __init__(
        self,
        options: asyncssh.SSHServerConnectionOptions,
        limits: Limits,
        knocks: Callable[[Connection], bool],
        over: Callable[[Connection], None],
    ) -> None:
        super().__init__(asyncio.get_running_loop(), options)
        self.address = "?"
        self.logged_in = False
        self.visited = False
        """It became a visit: whatever happens to it now stands in the logbook as what happened to that."""
        self.cut_because = ""
        self.refuse: Callable[[str], None] = _nobody
        """Hears what the client asked for that there is not."""
        self._knocks = knocks
        self._over: Callable[[Connection], None] | None = over
        self._sluice: Sluice | None = None
        self._dropping: asyncio.TimerHandle | None = None
        self._limits = limits
        self._exchanges = Bucket(EXCHANGES, EXCHANGES_PER_S, time.monotonic())

    @property
    def unsent(self) -> int:
        """Bytes that have been handed to this connection and have not left for the client."""
        return self._sluice.unsent if self._sluice is not None else 0

    def enter(self) -> None:
        """The client has logged in."""
        self.logged_in = True
        if self._sluice is not None:
            self._sluice.enter()

    def cut(self, why: str) -> None:
        """End it at once."""
        self.cut_because = self.cut_because or why
        self.drop()

    def drop(self) -> None:
        """As :meth:`cut`, for no reason worth a word."""
        if self._sluice is not None:
            self._sluice.transport.abort()

    def drop_after(self, span_s: float) -> None:
        """As :meth:`drop`, if it has not ended by then."""
        if self._sluice is not None and self._dropping is None:
            self._dropping = asyncio.get_running_loop().call_later(span_s, self.drop)

    def leave(self) -> None:
        """Nothing more is to be said; all that was said has arrived."""
        if self._sluice is not None and not self._sluice.transport.is_closing():
            self.close()

    # --- as asyncio and asyncssh call it -----------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        keep_little(transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self.address = str(peer[0])
        self._sluice = Sluice(transport, self._limits, self._pass_on, self.cut)
        if self._knocks(self):
            super().connection_made(self._sluice.tap)
        else:
            transport.abort()

    def data_received(self, data: bytes, datatype: asyncssh.DataType = None) -> None:
        if self._sluice is not None:
            self._sluice.came(data)

    def connection_lost(self, exc: Exception | None = None) -> None:
        over, self._over = self._over, None
        if self._sluice is not None:
            if self.logged_in and exc is not None and self._sluice.silent_s() > 0.9 * self._limits.stalled_s:
                self.cut_because = self.cut_because or UNREAD
            self._sluice.close()
        if self._dropping is not None:
            self._dropping.cancel()
        super().connection_lost(exc)
        if over is not None:
            # After all that the library has still to say of it.
            asyncio.get_running_loop().call_soon(over, self)

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:
        sluice = self._sluice
        before = sluice.tap.written if sluice is not None else 0
        super().send_packet(pkttype, *args, handler=handler)
        if sluice is not None:
            sluice.sent(sum(map(len, args)), held_back=sluice.tap.written == before, exchanging=pkttype <= LAST_OF_KEX)
        if pkttype == KEXINIT and not self._exchanges.take(1, time.monotonic()):
            self.cut(FLOODED)

    async def attach_x11_listener(self, *_: Any, **__: Any) -> None:
        self.refuse("forwarding of X11")

    async def create_agent_listener(self) -> bool:
        self.refuse("forwarding of an agent")
        return False

    def _pass_on(self, data: bytes) -> None:
        super().data_received(data)


def _nobody(_what: str) -> None:
    pass
