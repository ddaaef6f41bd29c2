"""The process that renders for spectators: ``python -m playground.serve.gallery FD THEME``.

One event loop holds one app for each style that somebody looks at; each has a wire of its own to the hall, so that
what it looks at is its own. An app that crashes is told of (:class:`Lost`) and takes none of the others along.

It ends when the other end of its wire, the front, is gone; whatever it is doing then. It belongs to no terminal, prints
nowhere, and leaves the processor to the cluster and to the front, should they want it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from playground.remote.guest import Guest
from playground.remote.wire import Gone, Wire
from playground.screens.collecting import collect_seldom
from playground.serve.fan import Picture
from playground.serve.messages import Lost, Open, Shut, Style, Whole
from widgets.palette import Theme

NICE = 5


class Gallery:
    """All renderings, in the loop that is running. ``front``: the wire to it; ``gone``: called when it has ended."""

    def __init__(self, front: Wire, theme: Theme, gone: Callable[[], None]) -> None:
        self._front = front
        self._gone = gone
        self._theme = theme
        self._loop = asyncio.get_running_loop()
        self._renderings: dict[Style, Rendering] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        threading.Thread(target=self._read, name="front", daemon=True).start()

    @property
    def ready(self) -> bool:
        return self._front.ready

    def send(self, message: Any) -> None:
        with contextlib.suppress(Gone):  # the thread that reads ends the process
            self._front.send(message)

    def hear(self, message: Any, carried: Wire | None) -> None:
        """Do what the front wants."""
        match message:
            case Open(style) if carried is not None:
                if style in self._renderings:
                    self._renderings[style].shut()
                self._renderings[style] = rendering = Rendering(self, style, carried)
                task = self._loop.create_task(self._render(rendering))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Shut(style) if style in self._renderings:
                self._renderings.pop(style).shut()
            case Whole(style) if style in self._renderings:
                self._renderings[style].whole()

    async def _render(self, rendering: Rendering) -> None:
        why = await rendering.run(self._theme)
        if self._renderings.get(rendering.style) is rendering:
            del self._renderings[rendering.style]
            self.send(Lost(rendering.style, why))
        self._loop.call_soon(gc.collect)  # an app is a tangle of references

    def _read(self) -> None:
        try:
            while True:
                self._loop.call_soon_threadsafe(self.hear, *self._front.receive())
        except Gone:
            pass
        finally:
            self._gone()


class Rendering:
    """One app on its way, while it runs, and until it has ended."""

    def __init__(self, way: Gallery, style: Style, wire: Wire) -> None:
        self.style = style
        self._way = way
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._picture: Picture | None = None
        self._asked = False
        self._shut = False
        self._guest = Guest(wire, told=self._told)

    async def run(self, theme: Theme) -> str:
        """Until it is shut, or ends by itself: why, in one line."""
        try:
            while not self._guest.arrived and not self._guest.over:
                await self._changed.wait()
                self._changed.clear()
            if self._shut or not self._guest.arrived:
                return self._guest.over
            self._picture = picture = Picture(self.style, self._guest, self._guest, theme, self._way)
            if self._asked:
                picture.whole()
            await picture.show_until_shut()
            return picture.lost or "the picture has ended"
        except Exception as error:  # whatever it is, the others go on
            return f"the picture could not be drawn ({type(error).__name__})"
        finally:
            self._picture = None
            self._guest.close()

    def whole(self) -> None:
        self._asked = True
        if self._picture is not None:
            self._picture.whole()

    def shut(self) -> None:
        self._shut = True
        self._guest.close()
        if self._picture is not None:
            self._picture.shut()

    def _told(self, _guest: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is over
            self._loop.call_soon_threadsafe(self._changed.set)


async def _run(front: Wire, theme: Theme) -> None:
    gallery = Gallery(front, theme, partial(os._exit, 0))
    await asyncio.Event().wait()
    del gallery


def main() -> NoReturn:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    sys.setswitchinterval(0.0005)  # a thread that has a Frame to read must not wait for the app that draws
    collect_seldom()
    asyncio.run(_run(Wire(socket.socket(fileno=int(sys.argv[1]))), Theme(sys.argv[2])))
    raise AssertionError("the thread that reads ends the process")


if __name__ == "__main__":
    main()
