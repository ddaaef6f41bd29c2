"""A scenario without a screen: progress while it runs, then the report, or JSON for programs."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from playground.kernel.errors import UserError
from playground.scenario import runner
from playground.scenario.loader import load
from playground.scenario.model import Scenario
from playground.scenario.report import report
from playground.scenario.shelf import shipped


def run_and_report(scenario: Scenario, *, seed: int | None = None, as_json: bool = False) -> int:
    """Play ``scenario`` and print what came of it. 0: passed; 1: not. KeyboardInterrupt if somebody presses Ctrl-C."""
    with _polite_interrupts() as interrupted, _progress(scenario) as show:

        def progress(now_us: int) -> None:
            # Here no task of the world is under way: nothing can be left half done.
            if interrupted:
                raise KeyboardInterrupt
            show(now_us)

        outcome = runner.play(scenario, seed=seed, progress=progress)
    if as_json:
        print(json.dumps(outcome.as_json(), ensure_ascii=False, allow_nan=False))
    else:
        report(outcome, _Plain(highlight=False))
    return 0 if outcome.passed else 1


def print_shelf() -> int:
    """Print the names and titles of the scenarios that are shipped."""
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, path in shipped().items():
        try:
            title = Text(load(path).title)
        except UserError as error:
            title = Text(f"cannot be played: {error}", "red")
        table.add_row(Text(name, "bold"), title)
    _Plain(highlight=False).print(table)
    return 0


class _Plain(Console):
    """Rich's console, but whoever runs the command decides what becomes of a reader that has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@contextlib.contextmanager
def _polite_interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C instead of letting it strike anywhere; the second one strikes."""
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _progress(scenario: Scenario) -> Iterator[runner.Progress]:
    """A bar on a terminal's standard error, and nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _now_us: None
        return
    columns = (TextColumn("{task.fields[at]}"), BarColumn(bar_width=None))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=scenario.until_us or 1, at="")

        def show(now_us: int) -> None:
            settling = now_us > scenario.until_us
            bar.update(
                task,
                completed=min(now_us, scenario.until_us),
                at="waiting until all copies agree" if settling else f"{now_us / 1e6:.1f} s",
            )

        yield show
