"""A lab on the screen: an experiment without a cluster, its captions, its tables, and what it came to.

The experiment runs in a thread of its own; it is told to end when somebody quits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from playground.figure import spell
from playground.scenario.model import Experiment
from playground.scenario.playing import Examined, examine
from playground.screens.bars import CaptionBar, Notice, NoticeBar
from playground.screens.leaving import Leaving
from playground.screens.terminal import Patient
from widgets.detail import DetailPanel
from widgets.detecting import detect
from widgets.encoder import TerseDisplay
from widgets.palette import Look
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

_KEYS = "space: go on · r: run it again · arrows: scroll · q: quit"


class _GivenUp(Exception):
    """Somebody has quit: the experiment need not go on."""


class LabApp(Leaving, Patient, TerseDisplay, App[None], inherit_bindings=False):
    """Shows one experiment. ``result`` is what it came to, once it is over."""

    CSS = """
    Screen { background: $background; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "next", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
        Binding("up,k", "scroll(-1)", show=False, priority=True),
        Binding("down,j", "scroll(1)", show=False, priority=True),
        Binding("pageup", "scroll(-10)", show=False, priority=True),
        Binding("pagedown", "scroll(10)", show=False, priority=True),
        Binding("q,ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, experiment: Experiment, *, look: Look | None = None) -> None:
        self.look = look or detect()
        super().__init__()
        self.experiment = experiment
        self.result: Examined | None = None
        self.head = NoticeBar("head")
        self.panel = DetailPanel("lab", f"lab: {experiment.lab.name}")
        self.caption = CaptionBar("caption")
        self.keys = NoticeBar("keys")
        self._said = 0
        self._runs = False
        self._ends = False

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.panel
        yield self.caption
        yield self.keys

    def on_mount(self) -> None:
        self.keys.show(Notice(_KEYS, Tone.MUTED))
        self._say()
        self.action_again()

    def on_unmount(self) -> None:
        self._ends = True

    # --- the experiment ---------------------------------------------------------------

    def action_again(self) -> None:
        """Run it (once more), unless it runs."""
        if not self._runs:
            self._runs = True
            self.result = None
            self._show(0.0)
            # A daemon: who quits does not wait until an experiment looks up.
            threading.Thread(target=self._run, name="lab", daemon=True).start()

    def _run(self) -> None:
        try:
            result = examine(self.experiment, progress=lambda done: self._tell(self._show, done))
            self._tell(self._over, result)
        except _GivenUp:
            return
        except Exception as error:
            with suppress(_GivenUp):
                self._tell(self._handle_exception, error)

    def _tell(self, function: Callable[..., None], *args: Any) -> None:
        """Have the app's thread call ``function``. Raises _GivenUp if there is no app any more."""
        if self._ends or self.running_loop is None:
            raise _GivenUp
        try:
            self.running_loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # closed just now
            raise _GivenUp from None

    def _over(self, result: Examined) -> None:
        self._runs = False
        self.result = result
        self._show(1.0)

    # --- what is shown ------------------------------------------------------------------

    def action_next(self) -> None:
        """The next caption; after the last one the first."""
        self._said += 1
        self._say()

    def action_scroll(self, lines: int) -> None:
        self.panel.scroll_lines(lines)

    def _say(self) -> None:
        captions = self.experiment.captions
        if captions:
            number = self._said % len(captions)
            self.caption.show(Notice(f"{captions[number]} ({number + 1}/{len(captions)})", Tone.ACCENT))

    def _show(self, done: float) -> None:
        result = self.result
        if result is None:
            text, tone = f"{self.experiment.title}: running, {done:.0%}", Tone.ACCENT
        elif result.passed:
            text, tone = f"{self.experiment.title}: all as expected", Tone.GOOD
        else:
            text, tone = f"{self.experiment.title}: not as expected", Tone.BAD
        self.head.show(Notice(text, tone))
        self.panel.show(detail(self.experiment, result))


def detail(experiment: Experiment, result: Examined | None) -> Detail:
    """The experiment as facts and tables; what it came to, once that is known."""
    settings = "  ".join(f"{name}={value}" for name, value in experiment.lab.model_dump().items())
    facts = (
        Fact("what", " ".join(experiment.description.split())),
        Fact("settings", settings),
        Fact("seed", str(experiment.seed)),
    )
    if result is None:
        return Detail("", facts)
    tables = [(table.caption, Table(table.columns, table.rows)) for table in result.results.tables]
    return Detail("", facts, (("what it came to", _figures(result)), *tables))


def _figures(result: Examined) -> Table:
    wanted = {each.expectation.figure.name: each for each in result.verdicts}
    rows = []
    for figure, value in result.figures:
        verdict = wanted.get(figure.name)
        tone = Tone.PLAIN if verdict is None else Tone.GOOD if verdict.passed else Tone.BAD
        judged = "" if verdict is None else "pass" if verdict.passed else "FAIL"
        expected = "(this machine)" if figure.varies else "" if verdict is None else verdict.expectation.text
        rows.append(
            Row(
                (
                    Cell(figure.name),
                    Cell(spell(figure.kind, value)),
                    Cell(expected, Tone.MUTED),
                    Cell(judged, tone),
                    Cell(figure.help, Tone.MUTED),
                )
            )
        )
    columns = (
        Column("figure", 22),
        Column("measured", 12, right=True),
        Column("expected", 14),
        Column("", 4),
        Column("", 20, weight=1),
    )
    return Table(columns, tuple(rows))
