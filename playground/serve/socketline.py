"""The line to a visitor in a browser: a web socket.

What the page says is a JSON list as text: ``["enter", {"name", "key"}]`` first, then ``["stdin", text]``,
``["resize", {"width", "height"}]``, ``["ping", text]``, ``["focus"]`` and ``["blur"]``; what is shown goes to it as
bytes. One task writes; when the visitor does not read, what was written is counted in :attr:`SocketLine.backlog`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

LONGEST = 64_000
"""Bytes of a message from a page."""
AT_ONCE = 32_000
"""Bytes of a message to a page."""
FAREWELL_S = 2.0
"""A page has so long to answer that the line ends."""
LONGEST_REASON = 120
"""Bytes that a web socket carries when it closes."""
ODD = "not a message of the page"


class SocketLine:
    """Begins at once. ``reason``: asked at the end for what the page shall say."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport, reason: Callable[[], str]) -> None:
        self._socket = socket
        self._transport = transport
        self.reason = reason
        self._queue: deque[bytes | str] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._over = False
        self._settling: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(data), AT_ONCE):
            self._put(bytes(view[start : start + AT_ONCE]))

    def answer(self, stamp: str) -> None:
        """Answer the page's ping: for the page itself, not for the terminal in it."""
        self._put(json.dumps(["pong", stamp]))

    def settle(self, after_s: float, resized: Callable[[int, int], None], columns: int, rows: int) -> None:
        """Say later that the terminal has this size, unless there is another one by then."""
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(after_s, resized, columns, rows)

    @property
    def backlog(self) -> int:
        return self._queued + (0 if self._transport.is_closing() else self._transport.get_write_buffer_size())

    def hang_up(self, status: int = 0) -> None:
        if not self._over:
            self._over = True
            self._wake.set()
            asyncio.get_running_loop().call_later(2 * FAREWELL_S, self._transport.abort)

    def drop(self) -> None:
        self._transport.abort()
        self._task.cancel()

    async def ended(self) -> None:
        """Wait until nothing more is written, and the connection is gone."""
        await asyncio.wait([self._task])

    def _put(self, message: bytes | str) -> None:
        if not self._over and not self._task.done():
            self._queue.append(message)
            self._queued += len(message)
            self._wake.set()

    async def _run(self) -> None:
        try:
            while not self._over or self._queue:
                await self._wake.wait()
                self._wake.clear()
                await self._flush()
            text = self.reason().encode()[:LONGEST_REASON].decode(errors="ignore").encode()
            async with asyncio.timeout(FAREWELL_S):
                await self._socket.close(message=text)
        except (OSError, TimeoutError, RuntimeError):
            pass  # gone, or as good as gone
        finally:
            if self._settling is not None:
                self._settling.cancel()
            self._queue.clear()
            self._queued = 0
            self._transport.abort()

    async def _flush(self) -> None:
        while self._queue:
            message = self._queue.popleft()
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
            self._queued -= len(message)


# --- what a page says ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    """The first message. ``key``: the secret of the link that the visitor came by; "": it had none."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Typed:
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Pinged:
    text: str


Said = Entered | Typed | Resized | Pinged | None
"""None: nothing to be done about it."""


def parse(text: str) -> Said:
    """What a page has said. ValueError: no page of ours says that."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(ODD) from None
    match message:
        case ["enter", {"name": str(name), "key": str(key)}]:
            return Entered(name[:200], key[:200])
        case ["stdin", str(data)]:
            return Typed(data.encode("utf-8", "replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            return Resized(max(1, width), max(1, height))
        case ["ping", str(stamp)] if len(stamp) <= 32:
            return Pinged(stamp)
        case ["focus"] | ["blur"]:
            return None
    raise ValueError(ODD)
