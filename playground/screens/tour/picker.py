"""The lessons on a terminal: arrows choose, enter plays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from playground.scenario.lessons import Lesson
from playground.screens.bars import CaptionBar, Notice, NoticeBar
from playground.screens.leaving import Leaving
from playground.screens.terminal import Patient
from playground.screens.tour.progress import Progress, Stage
from widgets.detecting import detect
from widgets.encoder import TerseDisplay
from widgets.palette import Look
from widgets.panel import Panel
from widgets.shapes import Cell, Column, Row, Table, Tone
from widgets.table import TablePanel

_KEYS = "enter: play · arrows: choose · q: quit"
_TITLE = "lessons: each is a scenario that stops to be read"
_PAGE = 10


class LessonsApp(Leaving, Patient, TerseDisplay, App[None], inherit_bindings=False):
    """The list. ``chosen``: the name of the lesson that is to be played, "" for none."""

    CSS = """
    Screen { background: $background; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "play", show=False, priority=True),
        Binding("up,k", "go(-1)", show=False, priority=True),
        Binding("down,j,tab", "go(1)", show=False, priority=True),
        Binding("pageup", f"go(-{_PAGE})", show=False, priority=True),
        Binding("pagedown", f"go({_PAGE})", show=False, priority=True),
        Binding("home", "go(-1000)", show=False, priority=True),
        Binding("end", "go(1000)", show=False, priority=True),
        Binding("q,escape,ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, lessons: Sequence[Lesson], progress: Progress, *, look: Look | None = None) -> None:
        self.look = look or detect()
        super().__init__()
        self.title = "lessons"
        self.chosen = ""
        self._lessons = tuple(lessons)
        self._progress = progress
        fresh = [number for number, each in enumerate(lessons) if progress.lesson(each.name) is not Stage.DONE]
        self._at = fresh[0] if fresh else 0
        self.head = NoticeBar("head")
        self.panel = TablePanel("lessons", _TITLE)
        self.caption = CaptionBar("caption")
        self.keys = NoticeBar("keys")

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.panel
        yield self.caption
        yield self.keys

    def on_mount(self) -> None:
        done = sum(self._progress.lesson(each.name) is Stage.DONE for each in self._lessons)
        self.head.show(Notice(f"{done} of {len(self._lessons)} lessons done", Tone.ACCENT))
        self.keys.show(Notice(_KEYS, Tone.MUTED))
        self.panel.show(table(self._lessons, self._progress, self.look))
        self.panel.focus()
        self.call_after_refresh(self._show)

    def action_go(self, step: int) -> None:
        """Another lesson; the list has two ends."""
        self._at = max(0, min(len(self._lessons) - 1, self._at + step))
        self._show()

    def action_play(self) -> None:
        """Play the one that is chosen."""
        self.chosen = self._lessons[self._at].name
        self.exit()

    def on_panel_selected(self, message: Panel.Selected) -> None:
        names = [each.name for each in self._lessons]
        if message.name in names:
            self._at = names.index(message.name)
            self._show()

    def _show(self) -> None:
        lesson = self._lessons[self._at]
        self.panel.select(lesson.name)
        text = f"{lesson.title}. {length(lesson)} of virtual time: {', '.join(lesson.systems)}."
        self.caption.show(Notice(text, Tone.PLAIN, f"{self._at + 1}/{len(self._lessons)}"))


def table(lessons: Sequence[Lesson], progress: Progress, look: Look) -> Table:
    """One row a lesson; the chapter stands beside its first one."""
    rows = []
    chapter = ""
    for each in lessons:
        head, chapter = each.chapter if each.chapter != chapter else "", each.chapter
        text, tone = mark(progress.lesson(each.name), look)
        rows.append(
            Row(
                (
                    Cell(head, Tone.ACCENT),
                    Cell(text, tone),
                    Cell(each.name),
                    Cell(each.learns, Tone.MUTED if tone is Tone.GOOD else Tone.PLAIN),
                    Cell(", ".join(each.systems), Tone.MUTED),
                    Cell(length(each)),
                    Cell(f"{each.stops}"),
                ),
                each.name,
            )
        )
    columns = (
        Column("", 20, drop=2),
        Column("", 1),
        Column("lesson", 23),
        Column("what one learns", 48, weight=1),
        Column("on", 35, drop=4),
        Column("length", 6, right=True, drop=1),
        Column("stops", 5, right=True, drop=3),
    )
    return Table(columns, tuple(rows))


def mark(stage: Stage, look: Look) -> tuple[str, Tone]:
    """One character, and its tone: done, begun, or nothing yet."""
    marks = {
        Stage.DONE: (look.glyph("✓", "+"), Tone.GOOD),
        Stage.BEGUN: (look.glyph("▸", ">"), Tone.WARN),
        Stage.NEW: (" ", Tone.PLAIN),
    }
    return marks[stage]


def length(lesson: Lesson) -> str:
    """``40 s``"""
    return f"{lesson.length_us / 1e6:g} s"
