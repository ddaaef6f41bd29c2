"""Runs the app on this terminal and leaves the terminal as it was: after quit, signal and crash alike."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType

from textual.worker import WorkerFailed

from playground.screens.app import PlaygroundApp
from playground.screens.lab import LabApp
from playground.screens.port import HostPort, SessionPort
from playground.screens.terminal import give_back, surviving
from playground.screens.timelines import Timelines
from playground.screens.tour.picker import LessonsApp
from playground.screens.tour.progress import Progress
from playground.screens.tour.story import Story
from widgets.detecting import detect, theme_for
from widgets.palette import Look

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
JOB_CONTROL = (signal.SIGTSTP, signal.SIGCONT)
"""What the driver answers while it runs, and nobody after it."""


def run_app(
    session: AbstractContextManager[SessionPort],
    *,
    save: Callable[[], str] | None = None,
    look: Look | None = None,
    story: Story | None = None,
    progress: Progress | None = None,
    timelines: Timelines | None = None,
    host: HostPort | None = None,
    files: bool = True,
) -> int:
    """Start ``session``, show it until somebody quits, and return the exit code (see :func:`run_on_terminal`)."""
    with session as running:
        app = PlaygroundApp(
            running,
            save=save,
            look=look or of_terminal(),
            story=story,
            progress=progress,
            timelines=timelines,
            host=host,
            files=files,
        )
        return run_on_terminal(app)


def of_terminal(theme: str = "dark") -> Look:
    """How to draw on this process's standard output, in the ``light`` or ``dark`` theme, or the one that suits it."""
    return detect(encoding=sys.stdout.encoding or "ascii", theme=theme_for(theme))


def run_on_terminal(app: PlaygroundApp | LabApp | LessonsApp) -> int:
    """Run ``app`` until somebody quits, and return the exit code.

    0: quit; 1: the app crashed (one line on stderr says why;
    if PLAYGROUND_TRACEBACK is set, the traceback before it); 128+n: ended by signal n.
    """
    app.driver_class = surviving(app.driver_class)
    ended_by: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        # Textual restores the terminal only on its own way out, so that is the way to take; who has to ask
        # twice has met an app that does not come to it.
        ended_by.append(number)
        if len(ended_by) > 1 or not app.leave(128 + number):
            raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in SIGNALS}
    before |= {number: signal.getsignal(number) for number in JOB_CONTROL}
    try:
        app.run()
    finally:
        give_back(app._driver)
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended_by:
        return 128 + ended_by[0]
    if app.return_code:
        print(told(app), file=sys.stderr)
    return app.return_code or 0


def told(app: PlaygroundApp | LabApp | LessonsApp) -> str:
    """One line on the crash of the app: when, what and where; all of it for who asks."""
    line = f"The app has crashed{app.where()}"
    error = app.crash.error if isinstance(app.crash, WorkerFailed) else app.crash
    if error is None:
        return f"{line}."
    if isinstance(app, PlaygroundApp) and not app.files:  # what it stumbled over is no business of a visitor's
        return f"{line}: {type(error).__name__}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    what = " ".join("".join(traceback.format_exception_only(error)).split())
    if os.environ.get("PLAYGROUND_TRACEBACK"):
        return "".join(traceback.format_exception(error)) + f"{line}: {what}{where}"
    return f"{line}: {what}{where}; PLAYGROUND_TRACEBACK=1 shows more"
