"""The front's handle on the gallery, the process that renders for spectators (:mod:`playground.serve.gallery`).

Nothing here waits for that process, and it waits for the front: while the front's loop is behind, nothing more is read
from the wire, and while nothing is read, nothing more is drawn.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from playground.remote.aside import started_aside
from playground.remote.wire import Gone, Wire

AHEAD = 8
"""So many messages may be read before the loop has come to the first of them."""


class Renderer:
    """Begins at once. ``hear``: called in the loop with what it says; ``died``: called once, if it ends by itself."""

    def __init__(self, theme: str, hear: Callable[[Any], None], died: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._died = died
        self._closed = False
        self._ahead = threading.Semaphore(AHEAD)
        self._wire, there = Wire.pair()
        self._process = started_aside("playground.serve.gallery", there, theme)
        self._reading = threading.Thread(target=self._read, name="gallery", daemon=True)
        self._reading.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, message: Any, carrying: Wire | None = None) -> None:
        """Say this; ``carrying`` is the process's from now on."""
        if self._wire.ready:
            with contextlib.suppress(Gone):  # the thread that reads says so
                self._wire.send(message, carrying)
        else:  # it has not read what it was told for long
            self.kill()
        if carrying is not None:
            carrying.drop()

    def kill(self) -> None:
        """It is of no use any more: ``died`` will be called."""
        self._process.kill()

    async def close(self) -> None:
        """End it, whatever it is doing. May be called again."""
        self._closed = True
        self._process.kill()
        self._ahead.release(AHEAD)
        await asyncio.to_thread(self._reading.join)

    def _read(self) -> None:
        try:
            while True:
                message, _ = self._wire.receive()
                self._ahead.acquire()
                self._loop.call_soon_threadsafe(self._take, message)
        except Exception:
            # It has ended, or the loop has, or what came is nothing that can be read: there is no more to come.
            self._process.kill()
        self._process.wait()
        self._wire.close()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended)

    def _take(self, message: Any) -> None:
        self._ahead.release()
        if not self._closed:
            self._hear(message)

    def _ended(self) -> None:
        if not self._closed:
            self._closed = True
            self._died()
