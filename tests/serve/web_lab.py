"""A web server in this process, with a seat that says what it hears, and pages to look at it with."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import aiohttp
import pyte

from playground.company import Role
from playground.scenario.loader import cluster_spec
from playground.serve.front import Front, Offer
from playground.serve.limits import Limits
from playground.serve.links import Links
from playground.serve.logbook import Logbook
from playground.serve.messages import Programme
from playground.serve.visit import Seat, Visit
from playground.serve.web import Web
from tests.screens.terminals import UNKNOWN

DEADLINE_S = 60.0


class EchoSeat:
    """Tells the visitor who they are, and what was typed."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        size = f"{visit.terminal.columns}x{visit.terminal.rows}"
        visit.show(f"\x1b[2Jwelcome {visit.name}, {visit.role.value} at {size}\r\n".encode())

    def typed(self, data: bytes) -> None:
        if data == b"q":
            self._visit.left()
        elif data == b"flood":
            self._visit.show(b"#" * 10_000_000)
        else:
            self._visit.show(b"typed " + repr(data).encode() + b"\r\n")

    def resized(self, columns: int, rows: int) -> None:
        self._visit.show(f"resized {columns}x{rows}\r\n".encode())

    async def leave(self) -> None:
        pass


class EchoFront(Front):
    def _seat(self, visit: Visit) -> Seat:
        return EchoSeat(visit)


class SharedEcho(EchoFront):
    """Leaves to everybody the role that they come in."""

    def __init__(self, offer: Offer, limits: Limits, logbook: Logbook) -> None:
        super().__init__(replace(offer, shared=True), limits, logbook)

    async def __aenter__(self) -> Front:
        self._offer, shared = replace(self._offer, shared=False), self._offer
        try:
            return await super().__aenter__()
        finally:
            self._offer = shared


@dataclass
class Served:
    """Where it is, and what its logbook says. ``port``: here."""

    url: str
    front: Front
    links: Links
    logged: io.StringIO
    web: Web
    port: int

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    @property
    def log(self) -> str:
        return self.logged.getvalue()


@asynccontextmanager
async def serving(
    limits: Limits | None = None,
    *,
    front: type[Front] = EchoFront,
    guests: Role = Role.PLAYER,
    open_to_all: bool = True,
    offer: Offer | None = None,
    host: str = "127.0.0.1",
    **options: Any,
) -> AsyncIterator[Served]:
    limits = limits or Limits()
    logged = io.StringIO()
    logbook = Logbook(logged)
    links = Links(guests, open_to_all=open_to_all, presented=True)
    programme = Programme(cluster_spec("small", {}), seed=1)
    async with front(offer or Offer(programme), limits, logbook) as opened:
        web = Web(opened, limits, logbook, links, **options)
        async with web.open(host, 0) as origins:
            yield Served(origins.url, opened, links, logged, web, origins.port)


class Page:
    """What a page does, without a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.shown = b""
        self.said: list[Any] = []

    async def say(self, *message: object) -> None:
        await self.socket.send_str(json.dumps(message))

    async def sees(self, text: str) -> None:
        """Read until that is shown."""
        async with asyncio.timeout(DEADLINE_S):
            while text.encode() not in self.shown:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.shown += message.data
                elif message.type is aiohttp.WSMsgType.TEXT:
                    self.said.append(json.loads(message.data))
                else:
                    raise AssertionError(
                        f"the line ended ({message.extra}) before {text!r} came: {self.shown[-300:]!r}"
                    )

    async def draws(self, text: str, columns: int = 80, rows: int = 24) -> None:
        """Read until a terminal of that size shows it."""
        screen = pyte.Screen(columns, rows)
        stream = pyte.ByteStream(screen)
        fed = 0
        async with asyncio.timeout(DEADLINE_S):
            while not any(text in line for line in screen.display):
                if fed == len(self.shown):
                    assert self._take(await self.socket.receive()), (text, screen.display)
                stream.feed(UNKNOWN.sub(b"", self.shown[fed:]))
                fed = len(self.shown)

    async def farewell(self) -> str:
        """Read to the end: what the page is told there."""
        async with asyncio.timeout(DEADLINE_S):
            while (message := await self.socket.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                self._take(message)
        return str(message.extra or "")

    def _take(self, message: aiohttp.WSMessage) -> bool:
        if message.type is aiohttp.WSMsgType.BINARY:
            self.shown += message.data
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.said.append(json.loads(message.data))
        else:
            return False
        return True


class Somewhere(Protocol):
    @property
    def url(self) -> str: ...


@asynccontextmanager
async def page(
    served: Somewhere, name: str = "anna", key: str = "", size: str = "width=80&height=24", *, enters: bool = True
) -> AsyncIterator[Page]:
    """A page that has come in."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{served.url}ws?{size}", origin=served.url.rstrip("/"), max_msg_size=0) as socket,
    ):
        visitor = Page(socket)
        if enters:
            await visitor.say("enter", {"name": name, "key": key})
        yield visitor


async def until(holds: Callable[[], object]) -> None:
    """Wait until that is so."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.01)


async def handshaken(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A web socket that one can hold as one likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1_000)
    head = {
        "Host": f"127.0.0.1:{served.port}",
        "Origin": served.origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    writer.write(
        ("GET /ws HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n").encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def send(writer: asyncio.StreamWriter, text: str) -> None:
    """A short text message."""
    data = text.encode()
    assert len(data) < 126
    writer.write(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)
