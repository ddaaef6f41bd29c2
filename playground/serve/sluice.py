"""The sluice of one SSH connection, below all that it says: how much comes in, how fast, and how much waits to go out.

The library keeps whatever a stranger makes it keep. Rules kept here, for every connection, from its first byte on:

* What comes in is handed on in small pieces, and only so fast: while a piece waits, nothing further is read from the
  socket. A login takes so many bytes; after it there are so many in the long run, whatever they are: keys, requests,
  packets that mean nothing, or new keys over and over.
* What goes out is all counted: what waits for the socket, and what the library holds back while keys are exchanged
  anew, which a client need never complete. Whoever asks for answers and reads none of them is cut.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from playground.bucket import Bucket
from playground.serve.limits import UNREAD, Limits

LOGIN_BYTES = 100_000
"""More than any client needs for logging in, with many keys."""
PIECE_BYTES = 8_192
PIECES_BYTES_PER_S = 65_536
"""So fast it is handed on: the smallest packets, at this pace, take a tenth of a processor."""
OVERHEAD = 8
"""A key that is typed takes so many times its bytes, and more, on the way; a paste takes hardly more than its bytes."""
UNREAD_BYTES = 512_000
"""Answers and pictures under way: several times more than ever waits for somebody who reads."""
LAST_OF_KEX = 49
"""Messages of a higher number wait until keys have been exchanged (RFC 4250)."""
FLOODED = "too much was sent"


class Tap(asyncio.Transport):
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


class Sluice:
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
        self.tap = Tap(transport)
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
