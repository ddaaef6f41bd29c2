"""Scenarios without a screen: progress while they run, then the report, or JSON for programs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.table import Table
from rich.text import Text

from playground.kernel.errors import UserError
from playground.scenario.loader import load_file
from playground.scenario.model import Experiment, Scenario, Script
from playground.scenario.outcome import Outcome
from playground.scenario.playing import Examined, Played, examine, play_script
from playground.scenario.runner import Begun
from playground.scenario.runner import Progress as Told
from playground.scenario.shelf import shipped
from playground.scenario.telling.report_all import report_lab, report_script
from playground.scenario.telling.terminal import bar, plain_console, polite_interrupts


def run_and_report(
    scripts: Sequence[Script | Experiment],
    *,
    seed: int | None = None,
    as_json: bool = False,
    keep: Callable[[Outcome], None] | None = None,
    done: Callable[[Played | Examined], None] | None = None,
    begun: Begun | None = None,
    chronicled: bool = False,
) -> int:
    """Play ``scripts`` one after the other, and print what came of each: a report, or a line of JSON.

    0: all passed; 1: not. ``keep`` is given each outcome, ``done`` what came of each script, ``begun`` each world;
    ``chronicled``: outcomes hold the course of their runs, too.
    KeyboardInterrupt if somebody presses Ctrl-C.
    """
    failed: list[str] = []
    console = plain_console()
    for number, script in enumerate(scripts):
        came = run_one(script, seed, begun, chronicled)
        if done is not None:
            done(came)
        failed += [] if came.passed else [script.title]
        if keep is not None and isinstance(came, Played):
            for outcome in came.outcomes:
                keep(outcome)
        if as_json:
            print(json.dumps(came.as_json(), ensure_ascii=False, allow_nan=False), flush=True)
            continue
        if number:
            console.print(f"\n{'-' * console.width}\n")
        if isinstance(came, Examined):
            report_lab(came, console)
        else:
            report_script(came, console)
    if len(scripts) > 1 and not as_json:
        _sum_up(len(scripts), failed, console)
    return 1 if failed else 0


def _sum_up(played: int, failed: list[str], console: Console) -> None:
    """The last lines after several scenarios: who has to look where."""
    console.print(f"\n{'-' * console.width}\n")
    style = "bold red" if failed else "bold green"
    console.print(Text(f"{played - len(failed)} of {played} scenarios passed", style))
    for title in failed:
        console.print(Text(f"  failed: {title}", "red"))


def print_shelf() -> int:
    """Print the names and titles of the scenarios that are shipped."""
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, path in shipped().items():
        try:
            title = Text(load_file(path).title)
        except UserError as error:
            title = Text(f"cannot be played: {error}", "red")
        table.add_row(Text(name, "bold"), title)
    plain_console().print(table)
    return 0


def run_one(
    script: Script | Experiment, seed: int | None = None, begun: Begun | None = None, chronicled: bool = False
) -> Played | Examined:
    """Play it with a bar on the terminal. KeyboardInterrupt, between two events, if somebody presses Ctrl-C."""
    with _looking() as look:
        if isinstance(script, Experiment):
            return examine(script, seed=seed, progress=lambda done: look(done, f"{done:.0%}"))
        return play_script(
            script, seed=seed, started=lambda each: _progress(each, look), begun=begun, chronicled=chronicled
        )


@contextlib.contextmanager
def watched(scenario: Scenario) -> Iterator[Told]:
    """What to tell the virtual time while ``scenario`` is run: it shows a bar, and raises KeyboardInterrupt in time."""
    with _looking() as look:
        yield _progress(scenario, look)


@contextlib.contextmanager
def _looking() -> Iterator[Callable[[float, str], None]]:
    """What to tell the share that is done, and a word; raises KeyboardInterrupt if Ctrl-C was pressed."""
    columns = TextColumn("{task.fields[at]}"), BarColumn(bar_width=None)
    with polite_interrupts() as interrupted, bar(*columns, total=1.0, at="") as show:

        def look(done: float, text: str) -> None:
            # Here no task of the world is under way: nothing can be left half done.
            if interrupted:
                raise KeyboardInterrupt
            show(completed=done, at=text)

        yield look


def _progress(scenario: Scenario, look: Callable[[float, str], None]) -> Told:
    named = f"{scenario.variant}: " if scenario.variant else ""

    def told(now_us: int) -> None:
        settling = now_us > scenario.until_us
        text = "waiting until all copies agree" if settling else f"{now_us / 1e6:.1f} s"
        look(min(1.0, now_us / (scenario.until_us or 1)), named + text)

    return told
