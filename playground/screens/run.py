"""Runs the app on this terminal and leaves the terminal as it was: after quit, signal and crash alike."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType

from playground.screens.app import PlaygroundApp
from playground.screens.port import SessionPort
from widgets.log import clock
from widgets.palette import Look, detect

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def run_app(
    session: AbstractContextManager[SessionPort],
    *,
    save: Callable[[], str] | None = None,
    look: Look | None = None,
) -> int:
    """Start ``session``, show it until somebody quits, and return the exit code.

    0: quit; 1: the app crashed (the traceback goes to stderr); 128+n: ended by signal n.
    """
    look = look or detect(encoding=sys.stdout.encoding or "ascii")
    with session as running:
        app = PlaygroundApp(running, save=save, look=look)
        ended_by: list[int] = []

        def leave(number: int, _frame: FrameType | None) -> None:
            # Textual restores the terminal only on its own way out, so that is the way to take.
            ended_by.append(number)
            if not app.leave(128 + number):
                raise SystemExit(128 + number)

        before = {number: signal.signal(number, leave) for number in SIGNALS}
        try:
            app.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if ended_by:
        return 128 + ended_by[0]
    if app.return_code:
        print(f"The app has crashed at {clock(app.frame.header.at_us)}; the cluster is not to blame.", file=sys.stderr)
    return app.return_code or 0
