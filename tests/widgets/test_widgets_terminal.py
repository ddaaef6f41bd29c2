"""The gallery on a true terminal: terse or not, the same screen; and few enough bytes."""

from __future__ import annotations

import os
import select
import signal
import sys
import time

import ptyprocess
import pyte


class Terminal:
    """A gallery behind a pseudo terminal, and the screen a person would see."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (100, 30)) -> None:
        width, height = size
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        env.pop("NO_COLOR", None)
        command = [sys.executable, "-m", "widgets.gallery", *arguments]
        self.process = ptyprocess.PtyProcess.spawn(command, dimensions=(height, width), env=env)
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = 0

    def settle(self, wanted: str, quiet: float = 0.25, limit: float = 10.0) -> None:
        """Read until ``wanted`` is on the screen and nothing has come for a while."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            ready, _, _ = select.select([self.process.fd], [], [], quiet)
            if ready:
                data = os.read(self.process.fd, 65536)
                self.bytes += len(data)
                self.stream.feed(data.replace(b"\x1b[<u", b"").replace(b"\x1b[>25u", b""))
            elif any(wanted in line for line in self.screen.display):
                return
        raise AssertionError(f"{wanted!r} never came:\n" + "\n".join(self.screen.display))

    def close(self) -> None:
        self.process.write(b"q")
        self.process.close(force=True)

    def cells(self) -> list[list[tuple[str, str, str]]]:
        return [
            [
                (c.data, c.bg, "" if c.data == " " else c.fg)
                for c in (self.screen.buffer[y][x] for x in range(self.screen.columns))
            ]
            for y in range(self.screen.lines)
        ]


def test_a_stopped_and_continued_screen_is_drawn_again() -> None:
    terminal = Terminal("--still")
    try:
        terminal.settle("replicas")
        before = terminal.cells()
        terminal.process.kill(signal.SIGTSTP)
        while os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WEXITED) is None:
            pass
        terminal.screen.reset()  # somebody else had the terminal meanwhile
        terminal.process.kill(signal.SIGCONT)
        terminal.settle("replicas")
        assert terminal.cells() == before
    finally:
        terminal.close()


def test_terse_and_verbose_show_the_same() -> None:
    terse, verbose = Terminal("--still"), Terminal("--still", "--verbose")
    try:
        for terminal in (terse, verbose):
            terminal.settle("replicas")
        assert terse.cells() == verbose.cells()
        for keys, wanted in ((b"\tj", "▸"), (b"c", "┊"), (b"v", "◆")):
            for terminal in (terse, verbose):
                terminal.process.write(keys)
                terminal.settle(wanted)
            assert terse.cells() == verbose.cells()
        assert terse.bytes < verbose.bytes / 2
        for terminal in (terse, verbose):
            terminal.process.setwinsize(24, 80)
            terminal.screen.resize(24, 80)
            terminal.screen.erase_in_display(2)
            terminal.settle("replicas")
        assert terse.cells() == verbose.cells()
    finally:
        terse.close()
        verbose.close()
