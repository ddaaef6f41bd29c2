"""How an app ends: from a signal handler too, and with one line for an error instead of a screenful."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.app import App
from textual.theme import Theme

from widgets.palette import Look

if TYPE_CHECKING:
    _Base = App[None]
else:
    _Base = object

THEME = Theme(
    name="playground",
    primary="#58a6ff",
    accent="#79c0ff",
    foreground="#c9d1d9",
    background="#0d1117",
    surface="#161b22",
    panel="#161b22",
    dark=True,
)
"""For what Textual draws itself: palette, inputs. The panels have their own palette."""


class Leaving(_Base):
    """Mixed into an app, before it. ``look`` is how it draws."""

    look: Look
    crash: Exception | None = None
    """What ended the app, if an error did; who ran it tells."""
    running_loop: asyncio.AbstractEventLoop | None = None

    def on_load(self) -> None:
        self.running_loop = asyncio.get_running_loop()
        self.register_theme(THEME)
        self.theme = THEME.name

    def leave(self, return_code: int) -> bool:
        """End from a signal handler. False: it does not run yet, or no longer."""
        if self.running_loop is None or self.running_loop.is_closed():
            return False
        self.running_loop.call_soon_threadsafe(self.exit, None, return_code)
        return True

    def where(self) -> str:
        """Where it stood, for the line about a crash."""
        return ""

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual would print a traceback of some hundred lines, with all locals; ``run.py`` says it in one."""
        self._close_messages_no_wait()
