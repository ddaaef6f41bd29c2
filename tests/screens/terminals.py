"""A program on a pseudo-terminal, and what a terminal shows of it."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
from ptyprocess import PtyProcess

HERE = Path(__file__).parent
PATIENCE_S = 60.0
# What pyte does not know: the keyboard protocol and mode queries.
UNKNOWN = re.compile(rb"\x1b\[[<>=]\d*u|\x1b\[\?\d+\$p")
QUESTION, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
MODES = (b"1049", b"1000", b"1003", b"1006", b"1015", b"2004", b"1004")
"""Alternate screen, mouse, paste, focus: what the app switches on and has to switch off."""


class Terminal:
    """A program on a pseudo-terminal, all it wrote, and what a terminal shows of it."""

    def __init__(self, script: str, columns: int = 160, rows: int = 50, *args: str, **env: str) -> None:
        """``script``: beside this file, or a module; with ``args``."""
        program = [str(HERE / script)] if script.endswith(".py") else ["-m", script]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **env}
        self.process: Any = PtyProcess.spawn(
            [sys.executable, *program, *args], dimensions=(rows, columns), env=environment
        )
        self.before = termios.tcgetattr(self.process.fd)
        self.screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self.screen)
        self.output = b""
        self.ended = False
        self.answers = False
        """To the question whether it knows synchronized output; as many terminals do."""

    def read(self, timeout_s: float, most: int = 65536) -> None:
        if not select.select([self.process.fd], [], [], timeout_s)[0]:
            return
        try:
            data = os.read(self.process.fd, most)
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        self.output += data
        if self.answers:
            # Wherever a question was cut in two.
            asked = (self.output[-len(data) - len(QUESTION) + 1 :]).count(QUESTION)
            self.process.write(ANSWER * asked)
        self._stream.feed(UNKNOWN.sub(b"", data))

    def until(self, seen: Callable[[], bool], what: str = "") -> None:
        ends = time.monotonic() + PATIENCE_S
        while not seen():
            assert time.monotonic() < ends, f"never happened: {what}\n{self.text()}"
            assert not self.ended, f"ended before: {what}\n{self.text()}"
            self.read(0.05)

    def shows(self, text: str) -> None:
        self.until(lambda: text in self.text(), text)

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def press(self, keys: str | bytes) -> None:
        self.process.write(keys.encode() if isinstance(keys, str) else keys)

    def flood(self, data: bytes) -> None:
        """Write more than the app may take at once, reading meanwhile."""
        while data:
            readable, writable, _ = select.select([self.process.fd], [self.process.fd], [], PATIENCE_S)
            assert readable or writable, "it neither reads nor writes"
            if readable:
                self.read(0)
                assert not self.ended
            if writable:
                data = data[os.write(self.process.fd, data[:512]) :]

    def pause(self, span_s: float) -> None:
        """Read for so long."""
        ends = time.monotonic() + span_s
        while (left := ends - time.monotonic()) > 0 and not self.ended:
            self.read(left)

    def told(self) -> list[str]:
        """The lines that it said after it had given the terminal back."""
        after = self.output[self.output.rfind(b"\x1b[?1049l") :]
        lines = re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", after).decode().splitlines()
        return [line for line in lines if line.strip()]

    def memory_kb(self) -> int:
        """What the program holds in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def end(self) -> int:
        """Read to the end; the exit code (minus the signal, if one killed it)."""
        ends = time.monotonic() + PATIENCE_S
        while not self.ended:
            assert time.monotonic() < ends, f"never ended\n{self.text()}"
            self.read(0.05)
        self.process.wait()
        return int(-self.process.signalstatus if self.process.signalstatus else self.process.exitstatus)

    def assert_restored(self) -> None:
        """Every mode is off, and the settings are those from before."""
        for mode in MODES:
            assert self.output.rfind(b"\x1b[?" + mode + b"l") > self.output.rfind(b"\x1b[?" + mode + b"h"), mode
        assert self.output.rfind(b"\x1b[?25h") > self.output.rfind(b"\x1b[?25l"), "the cursor is hidden"
        assert b"\x1b[<u" in self.output, "the keyboard protocol is still on"
        # The slave side is closed by now; its settings live on in the master.
        assert termios.tcgetattr(self.process.fd)[:4] == self.before[:4]


Start = Callable[..., Terminal]
"""The fixture ``start``."""
