"""One SSH connection below all that it says: how much comes in and how fast, and how much waits to go out.

The library keeps whatever a stranger makes it keep. Rules kept here, for every connection, from its first byte on:

* What comes in is handed on in small pieces, and only so fast: while a piece waits, nothing further is read from the
  socket. A login takes so many bytes; after it there are so many in the long run, whatever they are: keys, requests,
  packets that mean nothing, or new keys over and over.
* What goes out is all counted: what waits for the socket, and what the library holds back while keys are exchanged
  anew, which a client need never complete. Whoever asks for answers and reads none of them is cut.
* Between us and a client that has stopped there may be room for megabytes. So it is asked now and then whether it is
  there, and has to answer, which it can't without having read all before.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import asyncssh

from playground.serve.limits import Bucket, Limits

LOGIN_BYTES = 100_000
"""More than any client needs for logging in, with many keys."""
PIECE_BYTES = 8_192
PIECES_BYTES_PER_S = 65_536
"""So fast it is handed on: the smallest packets, at this pace, take a tenth of a processor."""
OVERHEAD = 8
"""A key that is typed takes so many times its bytes, and more, on the way; a paste takes hardly more than its bytes."""
UNREAD_BYTES = 512_000
"""Answers and pictures under way: several times more than ever waits for somebody who reads."""
SOCKET_BYTES = 131_072
LAST_OF_KEX = 49
"""Messages of a higher number wait until keys have been exchanged (RFC 4250)."""
FLOODED = "too much was sent"
UNREAD = "nothing that was sent has been read for too long"


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
        self._sluice: _Sluice | None = None
        self._dropping: asyncio.TimerHandle | None = None
        self._limits = limits

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
        opened = transport.get_extra_info("socket")
        if opened is not None:
            # What lies there is neither seen from here nor new any more when it is read.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        peer = transport.get_extra_info("peername")
        if peer:
            self.address = str(peer[0])
        self._sluice = _Sluice(transport, self._limits, self._pass_on, self.cut)
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

    async def attach_x11_listener(self, *_: Any, **__: Any) -> None:
        self.refuse("forwarding of X11")

    async def create_agent_listener(self) -> bool:
        self.refuse("forwarding of an agent")
        return False

    def _pass_on(self, data: bytes) -> None:
        super().data_received(data)


class _Tap(asyncio.Transport):
    """The transport as the library sees it: counts what it writes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self.written = 0

    def write(self, data: Any) -> None:
        self.written += len(data)
        self._transport.write(data)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


class _Sluice:
    """``pass_on``: hand this on to the library."""

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: Limits,
        pass_on: Callable[[bytes], None],
        cut: Callable[[str], None],
    ) -> None:
        now_s = time.monotonic()
        self.transport = transport
        self.tap = _Tap(transport)
        self._limits = limits
        self._pass_on = pass_on
        self._cut = cut
        self._login_bytes: int | None = LOGIN_BYTES
        """Left for the login; None: it is over."""
        self._all = Bucket(2 * limits.input_burst_bytes, OVERHEAD * limits.input_bytes_per_s, now_s)
        self._pace = Bucket(2 * PIECE_BYTES, PIECES_BYTES_PER_S, now_s)
        self._waiting = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._held_back = 0
        self._came_s = now_s

    @property
    def unsent(self) -> int:
        return self._held_back + self.transport.get_write_buffer_size()

    def enter(self) -> None:
        self._login_bytes = None

    def close(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def silent_s(self) -> float:
        """How long nothing has come, not even an answer."""
        return time.monotonic() - self._came_s

    def came(self, data: bytes) -> None:
        self._came_s = time.monotonic()
        if self._login_bytes is not None:
            self._login_bytes -= len(data)
            enough = self._login_bytes >= 0
        else:
            enough = self._all.take(len(data), self._came_s)
        if not enough:
            self._cut(FLOODED)
        elif self.unsent > UNREAD_BYTES:
            self._cut(UNREAD)
        else:
            self._waiting += data
            if self._timer is None:
                self._next()

    def sent(self, size: int, *, held_back: bool, exchanging: bool) -> None:
        """The library was given ``size`` bytes to send: now, or when keys have been exchanged."""
        if held_back:
            self._held_back += size
        elif not exchanging:
            # It holds back all or nothing, and sends in order.
            self._held_back = 0

    def _next(self) -> None:
        """Hand on what may be handed on now; come back for the rest."""
        self._timer = None
        while self._waiting:
            now_s = time.monotonic()
            if (wait_s := self._pace.wait_s(now_s)) > 0:
                self.transport.pause_reading()
                self._timer = asyncio.get_running_loop().call_later(wait_s, self._next)
                return
            piece = bytes(self._waiting[:PIECE_BYTES])
            del self._waiting[:PIECE_BYTES]
            self._pace.take(len(piece), now_s)
            self._pass_on(piece)
        if not self.transport.is_closing():
            self.transport.resume_reading()


def _nobody(_what: str) -> None:
    pass
