"""A visit over a line that is none, with a terminal at its end that shows what came."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pyte

from playground.company import Role
from playground.remote.wire import Wire
from playground.serve.limits import Limits
from playground.serve.line import Terminal, terminal
from playground.serve.messages import Brief, Programme
from playground.serve.seat import PlayerSeat
from playground.serve.visit import Caller, Visit
from playground.spec import ClusterSpec

PATIENCE_S = 60.0
UNKNOWN = re.compile(rb"\x1b\[[<>=]\d*u|\x1b\[\?\d+\$p")
"""What the emulated terminal does not know."""
SMALL = ClusterSpec.model_validate({"nodes": 3})


class ShownLine:
    """A line whose visitor reads at once, unless told not to."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self.screen)
        self.output = b""
        self.stuck = 0
        """So many bytes are said to be under way."""
        self.most = 0
        """The longest write."""
        self.status: int | None = None
        self.dropped = False

    def write(self, data: bytes) -> None:
        assert self.status is None
        assert not self.dropped
        self.most = max(self.most, len(data))
        self.output += data
        self._stream.feed(UNKNOWN.sub(b"", data))

    @property
    def backlog(self) -> int:
        return self.stuck

    def hang_up(self, status: int = 0) -> None:
        self.status = status

    def drop(self) -> None:
        self.dropped = True

    def text(self) -> str:
        return "\n".join(self.screen.display)


class Guest:
    """A visitor on a seat, within a running loop."""

    def __init__(
        self,
        limits: Limits | None = None,
        at: Terminal | None = None,
        *,
        own: Programme | None = None,
        wire: Wire | None = None,
        role: Role = Role.PLAYER,
        name: str = "anna",
    ) -> None:
        at = at or terminal("xterm-256color", "en_US.UTF-8", 120, 36)
        limits = limits or Limits()
        self.line = ShownLine(at.columns, at.rows)
        self.over: list[str] = []
        self.seat: PlayerSeat | None = None
        programme = None if wire is not None else own or Programme(SMALL, 7, name="playground --nodes 3")

        def seat(visit: Visit) -> PlayerSeat:
            brief = Brief(visit.name, visit.role, own=programme, memory_bytes=limits.memory_bytes)
            self.seat = PlayerSeat(visit, brief, wire, limits)
            return self.seat

        self.visit = Visit(
            name,
            Caller(name, "127.0.0.1", role=role),
            self.line,
            at,
            limits,
            seat,
            lambda _, why: self.over.append(why),
        )
        self.visit.begin()

    @property
    def process(self) -> psutil.Process:
        assert self.seat is not None
        return psutil.Process(self.seat.pid)

    async def shows(self, text: str) -> None:
        await until(lambda: text in self.line.text() or bool(self.over), lambda: f"{text}\n{self.line.text()}")
        assert text in self.line.text(), f"over: {self.over}\n{self.line.text()}"

    def press(self, keys: str) -> None:
        self.visit.typed(keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.line.screen.resize(rows, columns)
        self.visit.resized(columns, rows)

    def family(self) -> list[psutil.Process]:
        """The process, and all that have come of it."""
        return [self.process, *self.process.children(recursive=True)]

    async def visit_left(self) -> None:
        """The visit is ended from outside."""
        self.visit.end("time to go")
        await self.gone()

    async def gone(self) -> str:
        """Why."""
        await until(lambda: bool(self.over), lambda: f"it never ended\n{self.line.text()}")
        return self.over[0]

    def last_words(self) -> str:
        """What stands on the terminal after the app has given it back."""
        after = self.line.output[self.line.output.find(b"\x1b[?1049l") :]
        return re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", after).decode()


async def until(so: Callable[[], bool], what: Callable[[], str] = str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, f"never happened: {what()}"
        await asyncio.sleep(0.01)


def in_loop(test: Callable[[], Awaitable[None]]) -> None:
    """Run it; whatever it has started is gone after it, and whatever it has opened is closed."""
    before = _open()
    started: list[psutil.Process] = []

    async def watched() -> None:
        async def note() -> None:
            while True:
                started.extend(each for each in psutil.Process().children(recursive=True) if each not in started)
                await asyncio.sleep(0.2)

        noting = asyncio.create_task(note())
        try:
            await test()
        finally:
            noting.cancel()

    asyncio.run(watched())
    _, alive = psutil.wait_procs(started, timeout=PATIENCE_S)
    assert not alive, f"left behind: {alive}"
    assert _open() == before, "a file is still open"


def _open() -> int:
    return len(os.listdir("/proc/self/fd"))
