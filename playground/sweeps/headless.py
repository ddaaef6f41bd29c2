"""``playground sweep``: progress while it runs, then the report, or JSON for programs; Ctrl-C ends it in between."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from playground.scenario.telling.terminal import bar, plain_console, polite_interrupts
from playground.sweeps.engine import Engine
from playground.sweeps.report import Swept, report
from playground.sweeps.results import Results
from playground.sweeps.sweep import Tally, recall, sweep
from playground.sweeps.trial import Plan, Trial

INTERRUPTED = 130


def sweep_and_report(
    plan: Plan,
    tally: Tally,
    make_engine: Callable[[], Engine],
    results: Results | None,
    *,
    name: str,
    as_json: bool = False,
) -> int:
    """Play what ``tally`` lacks and print what came of all. 0: every seed passed; 1: not; 130: Ctrl-C.

    ``results`` (an open file, or None) says what is known, and is told what is found out. ``name``: the scenario as
    it was typed.
    """
    if results is not None:
        recall(tally, results.known())
    began_s = time.monotonic()
    with interrupts() as interrupted, contextlib.closing(make_engine()) as engine, _progress(tally) as show:
        interrupted.stop(engine)

        def finished(trial: Trial) -> None:
            if results is not None:
                results.append(trial)
            show()

        sweep(plan, tally, engine, finished)
    swept = Swept(plan, tally, name, time.monotonic() - began_s)
    if as_json:
        print(json.dumps(swept.as_json(), ensure_ascii=False, allow_nan=False))
    else:
        report(swept, plain_console())
    if interrupted.pressed and not tally.complete:
        _say_how_to_go_on(results)
        return INTERRUPTED
    return 0 if tally.passed == len(tally.seeds) else 1


class Interrupts:
    """Whether somebody pressed Ctrl-C, and which engine to stop then."""

    def __init__(self) -> None:
        self.pressed: list[int] = []
        self._engine: Engine | None = None

    def stop(self, engine: Engine) -> None:
        """From now on, Ctrl-C stops ``engine``."""
        self._engine = engine
        if self.pressed:
            engine.stop()

    def note(self) -> None:
        """Ctrl-C was pressed."""
        if self._engine is not None:
            self._engine.stop()


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Collect Ctrl-C instead of letting it strike anywhere: what is known can be told. The second one strikes."""
    found = Interrupts()
    with polite_interrupts(found.note) as found.pressed:
        yield found


@contextlib.contextmanager
def _progress(tally: Tally) -> Iterator[Callable[[], None]]:
    """A bar on a terminal; yields what to call when there is more to show."""
    columns = (
        MofNCompleteColumn(),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[failed]} failed"),
        TimeRemainingColumn(),
    )
    with bar(*columns, total=len(tally.seeds), completed=tally.done, failed=tally.failed) as show:
        yield lambda: show(completed=tally.done, failed=tally.failed)


def _say_how_to_go_on(results: Results | None) -> None:
    if results is None:
        text = "nothing was kept; with --results FILE a sweep goes on where it was interrupted"
    else:
        text = f"to go on, run the same command again: {results.path} holds what is known"
    print(text, file=sys.stderr)
