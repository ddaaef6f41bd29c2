"""A terminal, and the person at it, while something long runs without a screen: output, a bar, Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn


class PlainConsole(Console):
    """Rich's console, but whoever runs the command decides what becomes of a reader that has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def plain_console(*, errors: bool = False) -> Console:
    """Standard output (or standard error) without highlighting."""
    return PlainConsole(highlight=False, stderr=errors)


@contextlib.contextmanager
def polite_interrupts(noted: Callable[[], None] | None = None) -> Iterator[list[int]]:
    """Collect Ctrl-C instead of letting it strike anywhere, and call ``noted`` then; the second one strikes."""
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        pressed.append(number)
        if noted is not None:
            noted()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def bar(*columns: ProgressColumn, total: float, **fields: Any) -> Iterator[Callable[..., None]]:
    """A bar on a terminal's standard error, and nothing anywhere else. ``columns`` show ``fields``.

    Yields what to tell how far it is: ``completed=…`` and new values of the fields.
    """
    if not sys.stderr.isatty():
        yield lambda **_progress: None
        return
    with Progress(*columns, console=plain_console(errors=True), transient=True) as progress:
        task = progress.add_task("", total=total, **fields)
        yield lambda **now: progress.update(task, **now)
