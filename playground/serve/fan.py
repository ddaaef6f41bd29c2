"""One rendering of the app for many terminals: a driver that is a terminal to Textual, and hands on what is drawn.

* What it hands on (:class:`Drawn`) is what changes on the screen, and all of it when somebody needs that. Entering and
  leaving a terminal's modes is the affair of whoever has one; no mode is ever set within a picture.
* Nothing is asked of a terminal, no key comes from one, and nothing that Textual would do on this machine (save a file,
  open a page) is done.
* What is drawn within a moment is handed on together. While the way to the front is full, nothing is drawn; afterwards
  what is new, as the encoder compares with what has been handed on. So nothing ever queues.
* Several apps live in one process and one loop. None of them gets hold of what the process prints, or the first would
  be kept alive by the second.
"""

from __future__ import annotations

import asyncio
import io
from typing import Any, Protocol

from rich.console import Console
from textual import events
from textual.driver import Driver
from textual.geometry import Size

from playground.screens.app import PlaygroundApp
from playground.screens.port import HostPort, SessionPort
from playground.serve.messages import Drawn, Style
from playground.serve.styles import look_of
from widgets.palette import Theme

GATHER_S = 0.02
"""What is drawn within so long travels together."""
LOOK_S = 0.03
"""So often a picture that waits looks whether there is room on the way."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""A terminal that knows synchronized output shows what is between them at once; others don't mind."""
_SYSTEMS: dict[int, Any] = {0: "standard", 16: "standard", 256: "256", 1 << 24: "truecolor"}


class Way(Protocol):
    """To the front."""

    @property
    def ready(self) -> bool:
        """Whether something can be sent without waiting."""

    def send(self, message: Any) -> None: ...


class FanDriver(Driver):
    """The terminal that all of them share."""

    _app: Picture

    def start_application_mode(self) -> None:
        size = Size(*(self._size or (80, 24)))
        self._app.post_message(events.Resize(size, size))

    def write(self, data: str) -> None:
        self._app.collect(data)

    def flush(self) -> None:
        self._app.hand_on_soon()

    def disable_input(self) -> None:
        """There is none."""

    def stop_application_mode(self) -> None:
        """There is no mode to end."""

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Nobody who would see it is here."""

    def deliver_binary(self, binary: Any, **_: Any) -> None:
        """Nobody who could have it is here."""
        binary.close()


class Picture(PlaygroundApp):
    """The app, as all see it whose terminals have that style."""

    def __init__(self, style: Style, session: SessionPort, host: HostPort | None, theme: Theme, way: Way) -> None:
        super().__init__(session, look=look_of(style, theme), host=host, files=False)
        self.style = style
        self.driver_class = FanDriver
        self.no_color = not style.colors
        self.console = Console(
            file=io.StringIO(),
            color_system=_SYSTEMS[style.colors],
            width=style.columns,
            height=style.rows,
            force_terminal=True,
            legacy_windows=False,
            highlight=False,
            emoji=False,
            _environ={},
        )
        self._capture_stdout = self._capture_stderr = _NOWHERE  # type: ignore[assignment]
        self._way = way
        self._collected: list[str] = []
        self._handing: asyncio.TimerHandle | None = None
        self._asked = False
        self._owes = False
        self._over = False

    async def show_until_shut(self) -> None:
        """Draw until :meth:`shut`; returns before that if it has crashed."""
        try:
            await self.run_async(size=(self.style.columns, self.style.rows))
        finally:
            self._over = True

    def shut(self) -> None:
        """Hand on nothing more, and end."""
        self._over = True
        self.exit()

    def whole(self) -> None:
        """Somebody needs all of the picture: hand it on as soon as there is one."""
        self._asked = True
        self._hand_on()

    @property
    def lost(self) -> str:
        """Why it has ended, for strangers: where it was is enough for whoever knows the program."""
        return f"the picture could not be drawn any more ({type(self.crash).__name__})" if self.crash else ""

    # --- for the driver ---------------------------------------------------------------

    def collect(self, data: str) -> None:
        self._collected.append(data)

    def hand_on_soon(self) -> None:
        if self._handing is None:
            self._handing = asyncio.get_running_loop().call_later(GATHER_S, self._hand_on)

    def _hand_on(self) -> None:
        if self._handing is not None:
            self._handing.cancel()
            self._handing = None
        changes = "".join(self._collected)
        self._collected.clear()
        if self._over:
            return
        if changes:
            self._way.send(Drawn(self.style, changes.encode()))
        if self._asked and self.encoder is not None:
            self._asked = False
            self._way.send(Drawn(self.style, f"{_BEGIN}{self.encoder.full()}{_END}".encode(), whole=True))

    # --- as an App --------------------------------------------------------------------

    def _display(self, screen: Any, renderable: Any) -> None:
        if self._way.ready:
            super()._display(screen, renderable)
        elif not self._owes:
            self._owes = True
            self.set_timer(LOOK_S, self._look_again)

    def _look_again(self) -> None:
        if self._way.ready:
            self._owes = False
            self.refresh()
        else:
            self.set_timer(LOOK_S, self._look_again)

    def bell(self) -> None:
        """Not for all of them at once."""

    def _set_pointer_shape(self, shape: str) -> None:
        """Their mice are their own."""


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


_NOWHERE = _Nowhere()
