"""One visitor's web socket, from its first message until they are gone.

The first message says who comes, and by which link. Each further one costs a little, whatever is in it: whoever sends
too many is cut, and so is whoever sends what no page of ours does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import WSMessage, WSMsgType, web
from aiohttp.http import WebSocketError

from playground.bucket import Bucket
from playground.company import Role
from playground.serve.front import GOODBYE, Front, Refused
from playground.serve.limits import UNREAD, Limits
from playground.serve.line import Terminal, terminal
from playground.serve.links import Links
from playground.serve.logbook import Logbook
from playground.serve.names import PRESENTER
from playground.serve.socketline import LONGEST, ODD, Entered, Pinged, Resized, SocketLine, Typed, parse
from playground.serve.visit import Caller, Visit

ASKED = 2 / 3
"""Of the time that a page may read nothing: when it has been silent for so long, it is asked whether it is there."""
MESSAGES, MESSAGES_PER_S = 1_000, 300
"""From one page: at once, and in the long run. A mouse that moves makes a hundred in a second."""
SETTLED_S = 0.15
"""A window that is being made larger has many sizes on the way; the last one counts."""
TERM, LANG = "xterm-direct", "en_US.UTF-8"
"""Of the page's terminal: it shows all colours."""
BROKEN = f"a message was sent that is broken, or has more than {LONGEST / 1000:.0f} kB"
_END = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


class WebVisits:
    """Of one front."""

    def __init__(self, front: Front, limits: Limits, logbook: Logbook, links: Links) -> None:
        self._front = front
        self._limits = limits
        self._logbook = logbook
        self._links = links
        self._closing = False

    async def close(self) -> None:
        """Tell everybody that it is over, and wait until they are gone."""
        self._closing = True
        visits = self._front.visits
        for visit in visits:
            visit.end(GOODBYE, status=0)
        await asyncio.gather(*(visit.ended() for visit in visits))

    async def receive(self, request: web.Request, address: str, entered: asyncio.Future[None]) -> web.StreamResponse:
        """A web socket that may be opened; returns when it has ended. ``entered``: done when it is a visit."""
        socket = web.WebSocketResponse(
            heartbeat=self._limits.stalled_s * ASKED,
            autoping=False,
            compress=False,
            max_msg_size=LONGEST,
            timeout=2.0,
        )
        await socket.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            return socket  # gone already
        farewell = [""]
        line = SocketLine(socket, transport, lambda: farewell[0])
        try:
            visit = await self._enter(socket, line, address, screen_of(request))
            entered.set_result(None)
        except (Refused, ValueError) as error:
            farewell[0] = str(error)
            self._logbook.refused(address, str(error))
            line.hang_up(1)
            await line.ended()
            return socket
        line.reason = lambda: visit.ending
        try:
            await self._listen(socket, line, visit)
        finally:
            visit.gone()
            await visit.ended()
            await line.ended()
        return socket

    async def _enter(self, socket: web.WebSocketResponse, line: SocketLine, address: str, screen: Terminal) -> Visit:
        """Refused, ValueError: why not, in one line."""
        try:
            message = await socket.receive(timeout=self._limits.start_s)
        except TimeoutError:
            raise ValueError("nothing was said after the web socket had opened") from None
        if self._closing:
            raise ValueError(GOODBYE)
        said = parse(message.data) if message.type is WSMsgType.TEXT else None
        if not isinstance(said, Entered):
            raise ValueError("left before coming in" if message.type in _END else ODD)
        role = self._links.role_of(said.key)
        if role is None:
            raise ValueError("this link opens nothing, or not any more" if said.key else "one comes in by a link only")
        by = "by a link" if said.key else "in a browser"
        wanted = said.name or (PRESENTER if role is Role.PRESENTER else "")
        return self._front.admit(Caller(wanted, address, by, role), line, screen)

    async def _listen(self, socket: web.WebSocketResponse, line: SocketLine, visit: Visit) -> None:
        budget = Bucket(MESSAGES, MESSAGES_PER_S, time.monotonic())
        async for message in _messages(socket):
            if visit.ending:
                continue
            if not budget.take(1, time.monotonic()):
                visit.end("too many messages were sent: nobody types so fast")
            elif message.type is WSMsgType.TEXT:
                try:
                    self._obey(message.data, line, visit)
                except ValueError as error:
                    visit.end(str(error))
            elif message.type is WSMsgType.ERROR:
                visit.end(BROKEN if isinstance(message.data, WebSocketError) else UNREAD)
            elif (
                message.type is WSMsgType.PING and not line.backlog
            ):  # else other bytes are on their way, or many pongs
                with suppress(OSError):
                    await socket.pong(message.data)
            elif message.type is WSMsgType.BINARY:
                visit.end(ODD)

    def _obey(self, text: str, line: SocketLine, visit: Visit) -> None:
        match parse(text):
            case Typed(data):
                visit.typed(data)
            case Resized(columns, rows):
                line.settle(SETTLED_S, visit.resized, columns, rows)
            case Pinged(stamp):
                line.answer(stamp)
            case Entered():
                raise ValueError(ODD)


async def _messages(socket: web.WebSocketResponse) -> AsyncIterator[WSMessage]:
    while (message := await socket.receive()).type not in _END:
        yield message


def screen_of(request: web.Request) -> Terminal:
    """What the page says of its terminal in the address of the web socket."""
    return terminal(TERM, LANG, *(_count(request.query.get(side, "")) for side in ("width", "height")))


def _count(text: str) -> int:
    """Zero: that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
