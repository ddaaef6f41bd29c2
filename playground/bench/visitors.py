"""A process full of viewers who come over SSH, for :mod:`playground.bench.viewers`; it says only what they saw.

``python -m playground.bench.visitors PORT SPECTATORS PLAYERS KEY NETWORK``: each comes from an address of that network
(three numbers), and ``"aboard"`` is said once all have seen a picture. For each line with a number of seconds it counts
for so long, and says what it came to, as one JSON object. At the end of its input all of them leave.

Viewers do as little as they can: of all that comes to a terminal they follow only the top line, where the clock is.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from itertools import cycle
from typing import Any

COLUMNS, ROWS = 160, 50
PICTURE_S = 30.0
"""The first picture has come by then."""
KEY_S = 0.5
KEYS = (b"j", b"k", b"2", b"j", b"k", b"1")
"""They select and focus, and change nothing."""
ANSWER = b"\x1bP1$r48:2::1:2:3m\x1b\\\x1b[?62c"
"""To the question how many colours a terminal has: all of them, which takes the most bytes."""
_MOVE = re.compile(
    rb"\x1b\[(\d*)(?:;(\d+))?([A-Za-z])|\x1b\[[?<>=]?[\d;:$ ]*[A-Za-z~]"
    rb"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]P]"
)
_CUT = re.compile(
    rb"\x1b(?:\[[\d;:?<>=$ ]*|[\]P][^\x07\x1b]*\x1b?)?$"
    rb"|[\xc2-\xf4]$|[\xe0-\xf4][\x80-\xbf]$|[\xf0-\xf4][\x80-\xbf]{2}$"
)
"""A sequence, or a character, of which the rest is still to come."""
_CLOCK = re.compile(r"(?<!\d)(\d+):(\d\d)\.(\d\d\d)")


class TopLine:
    """The first line of a terminal, as far as it takes to read a clock on it."""

    def __init__(self, columns: int = COLUMNS) -> None:
        self._cells = [" "] * columns
        self._row = self._column = 0
        self._rest = b""
        self.clock_us = -1
        """What the clock shows; -1: there is none."""

    def feed(self, data: bytes) -> bool:
        """Take what came. Returns whether the clock shows something else now."""
        data = self._rest + data
        cut = _CUT.search(data)
        self._rest = data[cut.start() :] if cut else b""
        data = data[: cut.start()] if cut else data
        at, touched = 0, False
        for move in _MOVE.finditer(data):
            touched |= self._write(data[at : move.start()])
            at = move.end()
            self._move(move[3] or b"", int(move[1] or 1), int(move[2] or 1))
        touched |= self._write(data[at:])
        return touched and self._read()

    def _write(self, data: bytes) -> bool:
        if self._row or not data:
            return False
        text = data.decode("utf-8", "replace")
        self._cells[self._column : self._column + len(text)] = text
        self._column += len(text)
        return True

    def _move(self, kind: bytes, first: int, second: int) -> None:
        if kind == b"H":
            self._row, self._column = first - 1, second - 1
        elif kind == b"C":
            self._column += first
        elif kind == b"J":
            self._cells = [" "] * len(self._cells)

    def _read(self) -> bool:
        found = _CLOCK.search("".join(self._cells))
        shown = int(found[1]) * 60_000_000 + int(found[2]) * 1_000_000 + int(found[3]) * 1_000 if found else -1
        before, self.clock_us = self.clock_us, shown
        return shown != before


class Viewer:
    """One of them; counts what comes."""

    def __init__(self) -> None:
        self._top = TopLine()
        self.pictures = self.bytes = 0
        self.first: tuple[int, float] | None = None
        """The clock, and when it came to stand there."""
        self.last = (-1, 0.0)
        self.seen = asyncio.Event()

    def begin(self) -> None:
        """Count from now on."""
        self.pictures = self.bytes = 0
        self.first = None

    def take(self, data: bytes) -> None:
        self.bytes += len(data)
        if self._top.feed(data) and self._top.clock_us >= 0:
            self.pictures += 1
            self.last = (self._top.clock_us, time.monotonic())
            self.first = self.first or self.last
            self.seen.set()

    def told(self) -> dict[str, Any]:
        first_us, first_s = self.first or self.last
        last_us, last_s = self.last
        return {"frames": self.pictures, "bytes": self.bytes, "first_us": first_us, "first_s": first_s,
                "last_us": last_us, "last_s": last_s}  # fmt: skip


async def _follow(reader: Any, viewer: Viewer) -> None:
    while data := await reader.read(65536):
        viewer.take(data)


async def _press(writer: Any) -> None:
    for key in cycle(KEYS):
        writer.write(key)
        await asyncio.sleep(KEY_S)


async def ride(port: int, spectators: int, players: int, key: str, network: str) -> None:
    """Come, count whenever asked, and leave."""
    import asyncssh

    connections, tasks, viewers = [], [], []
    try:
        for number in range(spectators + players):
            acts = number >= spectators
            connection = await asyncssh.connect(
                "127.0.0.1", port, username="player" if acts else "viewer", known_hosts=None, config=[],
                agent_path=None, client_keys=[key] if acts else None, local_addr=(f"{network}.{number + 1}", 0),
            )  # fmt: skip
            connections.append(connection)
            process = await connection.create_process(
                term_type="xterm-256color", term_size=(COLUMNS, ROWS), encoding=None
            )
            process.stdin.write(ANSWER)
            viewers.append(Viewer())
            tasks.append(asyncio.create_task(_follow(process.stdout, viewers[-1])))
            if acts:
                tasks.append(asyncio.create_task(_press(process.stdin)))
        async with asyncio.timeout(PICTURE_S):
            for viewer in viewers:
                await viewer.seen.wait()
        print(json.dumps("aboard"), flush=True)
        await _count(viewers)
    finally:
        for task in tasks:
            task.cancel()
        for connection in connections:
            connection.close()
        await asyncio.gather(*(connection.wait_closed() for connection in connections), return_exceptions=True)


async def _count(viewers: list[Viewer]) -> None:
    """Until nobody asks any more."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        for viewer in viewers:
            viewer.begin()
        began_s = time.process_time()
        await asyncio.sleep(float(line))
        took_s = time.process_time() - began_s
        print(json.dumps({"viewers": [viewer.told() for viewer in viewers], "cpu_s": took_s}), flush=True)


if __name__ == "__main__":
    asyncio.run(ride(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
