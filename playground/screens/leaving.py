"""How an app ends: from a signal handler too, and with one line for an error instead of a screenful."""

from __future__ import annotations

import asyncio

from widgets.theming import Themed


class Leaving(Themed):
    """Mixed into an app, before it; brings the theme along, as an app that can't be left well is none of ours."""

    crash: Exception | None = None
    """What ended the app, if an error did; who ran it tells."""
    running_loop: asyncio.AbstractEventLoop | None = None

    def on_load(self) -> None:
        self.running_loop = asyncio.get_running_loop()

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
