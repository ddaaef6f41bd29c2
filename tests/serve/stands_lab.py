"""Spectators of a session in this process, with emulated terminals; what renders for them may be played by a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pyte

from playground.company import Company, Role
from playground.remote.server import Server
from playground.remote.wire import Call, Wire
from playground.serve.limits import Limits
from playground.serve.line import Terminal, terminal
from playground.serve.messages import Drawn, Open, Style, Whole
from playground.serve.stands import Stands
from playground.serve.visit import Caller, Visit
from playground.session import Session

PATIENCE_S = 60.0
LIMITS = Limits()


async def until(so: Callable[[], object], what: str = "") -> None:
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, f"it never came to that: {what}"
        await asyncio.sleep(0.01)


class Screen:
    """A terminal, and what it shows of the bytes that come."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        self._stream.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)

    def lines(self) -> list[str]:
        return list(self._screen.display)

    def text(self) -> str:
        return "\n".join(self.lines())

    def cells(self) -> list[list[tuple[object, ...]]]:
        """What can be seen of each: of a blank its foreground can't."""
        return [[_seen(self._screen.buffer[y][x]) for x in range(self.columns)] for y in range(self.rows)]


def _seen(cell: Any) -> tuple[object, ...]:
    if cell.data == " " and not (cell.underscore or cell.reverse or cell.strikethrough):
        return (" ", cell.bg)
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.underscore, cell.reverse, cell.strikethrough)


class Watching:
    """A spectator: their line, their terminal, their visit."""

    def __init__(self, stands: Stands, screen: Terminal, name: str = "someone") -> None:
        self.screen = Screen(screen.columns, screen.rows)
        self.writes: list[bytes] = []
        self.backlog = 0
        """So much they have not read."""
        self.status: int | None = None
        self.dropped = False
        self.gone = ""
        caller = Caller(name, "there", role=Role.SPECTATOR)
        self.visit = Visit(name, caller, self, screen, LIMITS, stands.take, self._over)
        self.visit.begin()

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self.screen.feed(data)

    def hang_up(self, status: int = 0) -> None:
        self.status = status

    def drop(self) -> None:
        self.dropped = True

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(columns, rows)
        self.visit.resized(columns, rows)

    @property
    def output(self) -> bytes:
        return b"".join(self.writes)

    async def shows(self, text: str) -> None:
        await until(lambda: text in self.screen.text(), f"{text!r} in\n{self.screen.text()}")

    async def leave(self) -> None:
        self.visit.end("thank you for coming", status=0)
        await self.visit.ended()

    def _over(self, _visit: Visit, why: str) -> None:
        self.gone = why


class SessionDoors:
    """The way to a session in this process."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.servers: list[Server] = []

    def sit(self, name: str) -> Wire:
        here, there = Wire.pair()
        viewpoint = self._session.viewpoint(name)
        self.servers.append(Server(viewpoint, here, viewpoint.close, host=_Open(), first=[Company()]))
        return there


class _Open:
    def may(self, call: Call) -> str:
        return ""

    def hear(self, call: Call, carried: Wire | None) -> None:
        pass


class NoDoors:
    """They lead nowhere, which nobody notices where nothing is rendered."""

    def sit(self, name: str) -> Wire:
        here, there = Wire.pair()
        here.close()
        return there


class PlayedRenderer:
    """Stands for the process that renders: a test says what it says."""

    made: list[PlayedRenderer]

    def __init__(self, theme: str, hear: Callable[[Any], None], died: Callable[[], None]) -> None:
        self.theme = theme
        self.hear = hear
        self.die = died
        self.told: list[Any] = []
        self.killed = False
        self.made.append(self)

    def tell(self, message: Any, carrying: Wire | None = None) -> None:
        assert (carrying is not None) is isinstance(message, Open)
        self.told.append(message)
        if carrying is not None:
            carrying.drop()

    def kill(self) -> None:
        self.killed = True

    async def close(self) -> None:
        pass

    def asked(self, style: Style) -> int:
        return self.told.count(Whole(style))

    def whole(self, style: Style, data: bytes) -> None:
        self.hear(Drawn(style, data, whole=True))

    def change(self, style: Style, data: bytes) -> None:
        self.hear(Drawn(style, data))


def sized(columns: int, rows: int, term: str = "xterm-256color", lang: str = "en_US.UTF-8") -> Terminal:
    return terminal(term, lang, columns, rows)


@asynccontextmanager
async def stands_of(doors: Any, renderings: int = LIMITS.renderings) -> AsyncIterator[Stands]:
    stands = Stands(doors, replace(LIMITS, renderings=renderings), "dark")
    try:
        yield stands
    finally:
        await stands.close()
