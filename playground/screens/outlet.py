"""What is on its way to the terminal: written without ever waiting for who reads it.

A terminal may read slowly (a thin line), or not at all for a while (somebody selects text, or presses ctrl-s in
another program). Whoever waits for it stands still as well. Rules kept here:

* The terminal is opened a second time, as what makes writing not wait would else hold for the shell, too.
* What it does not take at once stays in ``pending`` and is tried again; the app shows no new picture meanwhile
  (:mod:`playground.screens.terminal`), so that next to nothing is added to it.
* What is written beyond ``MOST`` is lost: it can only be something that belongs to no picture (a bell, a copied text).
* Who leaves gives the terminal a moment; then what it has not read is taken back, to make room for the last words,
  which put its modes back. Each escape sequence ends the one before it, wherever that was cut.
* Writing to a terminal that is gone is lost in silence: its hang-up signal ends the app.
"""

from __future__ import annotations

import asyncio
import os
import select
import termios
import threading
import time
from contextlib import suppress
from typing import TextIO

MOST = 1 << 20
"""So many bytes may be pending."""
RETRY_S = 0.01
GRACE_S = 0.4
"""How long a terminal may take for what it is owed when the app leaves."""


class Outlet:
    """The way to one terminal, from one event loop."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, encoding: str) -> None:
        """``fd`` does not block; it is closed with the outlet."""
        self._fd = fd
        self._loop = loop
        self._encoding = encoding
        self._lock = threading.Lock()  # the thread that reads keys writes, too
        self._pending = bytearray()
        self._tries = False
        self._gone = False
        self.written = 0
        """Bytes that were handed in so far."""

    @classmethod
    def of(cls, file: TextIO, loop: asyncio.AbstractEventLoop) -> Outlet | None:
        """An outlet to the terminal behind ``file``; None: it cannot be opened a second time."""
        try:
            fd = os.open(os.ttyname(file.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        return cls(fd, loop, file.encoding or "utf-8")

    @property
    def pending(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return len(self._pending)

    def write(self, text: str) -> None:
        """Hand in ``text``; it is sent with the next ``flush``, or soon."""
        data = text.encode(self._encoding, "replace")
        self.written += len(data)
        with self._lock:
            if not self._gone and len(self._pending) + len(data) <= MOST:
                self._pending += data
        self._try_later(0.0)

    def flush(self) -> None:
        """Send as much as the terminal takes; the rest is tried again by itself."""
        self._send()
        self._try_later(RETRY_S)

    def drained(self, within_s: float = GRACE_S) -> bool:
        """Whether the terminal has taken everything, waiting for it so long."""
        ends = time.monotonic() + within_s
        self._send()
        while self._pending:
            left = ends - time.monotonic()
            if left <= 0:
                return False
            select.select([], [self._fd], [], min(left, RETRY_S))
            self._send()
        return True

    def take_back(self) -> None:
        """Forget what the terminal has not read, even if it has left this process."""
        with self._lock:
            self._pending.clear()
        with suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)

    def close(self) -> None:
        """Drain for a moment, and end."""
        if not self.drained():
            self.take_back()
        with self._lock:
            self._gone = True
            with suppress(OSError):
                os.close(self._fd)

    def _send(self) -> None:
        with self._lock:
            try:
                while self._pending and not self._gone:
                    del self._pending[: os.write(self._fd, self._pending)]
            except BlockingIOError:
                pass
            except OSError:
                self._gone = True
                self._pending.clear()

    def _try_later(self, after_s: float) -> None:
        if self._pending and not self._tries:
            self._tries = True
            with suppress(RuntimeError):  # the loop is over
                self._loop.call_soon_threadsafe(self._loop.call_later, after_s, self._try)

    def _try(self) -> None:
        self._tries = False
        self.flush()
