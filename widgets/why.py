"""A chain of causes, as sentences: from the first cause, down a line of time, to what was asked about.

* The question stands on top, its answer in one sentence under it, then the steps in the order of time.
* Beside them runs the line of time (:mod:`.why_rail`), with how much has passed between two steps of the chain.
* One step is under the cursor: whoever shows the panel can go there. Where all have room they stand apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from widgets import units
from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap
from widgets.log import clock
from widgets.palette import BORDER, SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import Place, Step, Tone, Why
from widgets.why_rail import Rail

_CLOCK = 9
_GAP = 8
"""Cells of ``+2.5 s``, with a blank."""
_NARROW = 64
"""Below this there is no column for what has passed between two steps."""
_SUBJECT = 10
_READ = 120
"""A sentence is no wider than that: longer lines are hard to read."""
_HEAD = 4
"""Lines that question and answer take at most, each."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The whole picture, however high: its head, its steps, and to which step each line of these belongs."""

    head: list[Strip]
    body: list[Strip]
    steps: list[int]
    """-1: between two steps."""


def span(duration_us: int) -> str:
    """``+2.5 s``, ``+231 ms``, ``+40 us``; "" for no time at all."""
    if duration_us <= 0:
        return ""
    return f"+{units.duration(duration_us)}" if duration_us >= 1_000 else f"+{duration_us} us"


def draw_why(why: Why, width: int, height: int, look: Look, *, selected: str | None = None, cursor: int = -1) -> _Drawn:
    """Question, answer and steps. ``cursor``: the place of the chosen step; -1: none is."""
    head = _head(why, width, look)
    if not why.steps:
        return _Drawn(head, [], [])
    rail = Rail(why.steps, width, look)
    lanes = rail.head()
    if lanes is not None:
        head.append(line([(" " * _before(width), look.text_style(Tone.MUTED)), *lanes], width))
    blocks = [
        _step(why.steps, place, width, look, rail, selected=selected, chosen=place == cursor)
        for place in range(len(why.steps))
    ]
    apart = sum(map(len, blocks)) + len(blocks) - 1 <= height - len(head)
    body: list[Strip] = []
    steps: list[int] = []
    for place, block in enumerate(blocks):
        if place and apart:
            body.append(_between(width, look, rail))
            steps.append(-1)
        body += block
        steps += [place] * len(block)
    return _Drawn(head, body, steps)


def _head(why: Why, width: int, look: Look) -> list[Strip]:
    wide = min(width, _READ)
    lines: list[Strip] = []
    if why.question:
        lines += _wrapped(why.question, wide, width, look.text_style(why.tone, bold=True), look)
    if why.answer:
        lines += _wrapped(why.answer, wide, width, look.text_style(), look)
    if why.empty:
        lines += _wrapped(why.empty, wide, width, look.text_style(Tone.MUTED), look)
    if why.steps:
        rule = look.glyph("─", "-") * width
        lines.append(line([(rule, look.style(look.ground(BORDER)))], width))
    return lines


def _wrapped(text: str, wide: int, width: int, style: Style, look: Look) -> list[Strip]:
    parts = wrap(look.clean(text), wide)
    if len(parts) > _HEAD:
        parts[_HEAD - 1 :] = [shorten(" ".join(parts[_HEAD - 1 :]), wide, look)]
    return [line([(part, style)], width) for part in parts]


def _step(
    steps: Sequence[Step], place: int, width: int, look: Look, rail: Rail, *, selected: str | None, chosen: bool
) -> list[Strip]:
    step = steps[place]
    last = place == len(steps) - 1
    bg = look.ground(SELECTION) if chosen else None
    muted = look.text_style(Tone.MUTED, selected=chosen)
    main = not step.depth
    tone = step.tone if step.tone in (Tone.BAD, Tone.WARN, Tone.GOOD, Tone.ACCENT) else Tone.PLAIN
    words = look.text_style(tone if main else Tone.PLAIN, selected=chosen, bold=main and last)
    mark = look.style(look.tone(Tone.ACCENT), bg, bold=True)
    head: list[Piece] = [(look.chosen_mark if chosen else " ", mark), (" ", muted)]
    head.append((clock(step.at_us), mark if chosen else muted))
    if width >= _NARROW:
        head.append((_since(steps, place).rjust(_GAP), muted))
    head.append(("  ", muted))
    head += rail.at(place, look.text_style(tone, selected=chosen, bold=main), muted)
    subject = _subject(step, steps, look)
    if subject:
        color = look.tone(Tone.PLAIN) if step.hue is None else look.hue(step.hue)
        head.append((subject, look.style(color, bg, bold=True, underline=step.subject == selected)))
    before = sum(width_of(text) for text, _ in head)
    parts = wrap(look.clean(step.text), max(1, min(_READ, width - before)))
    fill = look.style(bg=bg)
    lines = [line([*head, (parts[0], words)], width, fill)]
    for part in parts[1:]:
        pieces: list[Piece] = [(" " * _before(width), muted), *rail.beside(muted, last)]
        pieces.append((" " * (before - _before(width) - rail.width), muted))
        lines.append(line([*pieces, (part, words)], width, fill))
    return lines


def _before(width: int) -> int:
    """Cells before the line of time."""
    return 2 + _CLOCK + (_GAP if width >= _NARROW else 0) + 2


def _subject(step: Step, steps: Sequence[Step], look: Look) -> str:
    """Whom the step is about, in a column as wide as the longest name."""
    wide = min(_SUBJECT, max(width_of(look.clean(each.subject)) for each in steps))
    return f"{shorten(look.clean(step.subject), wide, look).ljust(wide)} " if wide else ""


def _since(steps: Sequence[Step], place: int) -> str:
    """How much later than the step of the chain before it."""
    before = [step for step in steps[:place] if not step.depth]
    return span(steps[place].at_us - before[-1].at_us) if before and not steps[place].depth else ""


def _between(width: int, look: Look, rail: Rail) -> Strip:
    muted = look.text_style(Tone.MUTED)
    return line([(" " * _before(width), muted), *rail.beside(muted, False)], width)


class WhyPanel(Panel[Why]):
    """Shows a ``Why``. Its cursor stands on the last step at first: on what was asked about."""

    class Chosen(Message):
        """Another step is under the cursor."""

        def __init__(self, step: Step) -> None:
            super().__init__()
            self.step = step

    cursor: int = -1
    """The place of the chosen step; -1: the last one."""
    _of: tuple[str, int] = ("", -1)
    """The question, and when what it is about happened: another one begins at its end again."""
    _rows: Sequence[int] = ()

    def on_mount(self) -> None:
        if self.look.keyed:
            self.border_subtitle = self.look.clean("enter: this step in space-time · r: rewind there · W: why that?")

    def show(self, shape: Why) -> None:
        if shape.ahead and self._steps:
            return  # back at one of the steps: the way from there stays to be read
        asked = (shape.question, shape.steps[-1].at_us if shape.steps else -1)
        another = asked != self._of
        if another:
            self._of, self.top = asked, 0
            if not self._led:
                self.cursor = -1
        super().show(shape)
        if another:
            self._tell()

    # -- the chosen step -------------------------------------------------------------------------------

    @property
    def chosen(self) -> Step | None:
        """The step under the cursor."""
        steps = self._steps
        return steps[self._at] if steps else None

    def chosen_us(self) -> int | None:
        """Its instant."""
        return self.chosen.at_us if self.chosen is not None else None

    def step(self, lines: int) -> bool:
        """To the step so many further down (or up)."""
        if self._steps:
            self._choose(max(0, min(len(self._steps) - 1, self._at + lines)))
        return True

    def along(self, steps: int) -> bool:
        """To the next step of the chain itself, down (positive) or up; whether there is one."""
        chain = [place for place, step in enumerate(self._steps) if not step.depth]
        further = [place for place in chain if (place > self._at if steps > 0 else place < self._at)]
        if not further:
            return False
        self._choose(further[0] if steps > 0 else further[-1])
        return True

    def _choose(self, place: int) -> None:
        before, self.cursor, self._led = self._at, place, False
        if place != before:
            self.redraw()
            self._tell()

    def _tell(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen))

    @property
    def _steps(self) -> tuple[Step, ...]:
        return self.shape.steps if self.shape is not None else ()

    @property
    def _at(self) -> int:
        last = len(self._steps) - 1
        return last if self.cursor < 0 else min(self.cursor, last)

    # -- the base asks ---------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return list(dict.fromkeys(step.subject for step in self._steps if step.subject))

    def scroll_lines(self, lines: int) -> None:
        self.step(1 if 0 < lines < 4 else -1 if -4 < lines < 0 else lines)

    @property
    def place(self) -> Place:
        return () if self.cursor < 0 else (self.cursor,)

    def turn_to(self, place: Place) -> None:
        self._led = bool(place)
        if place != self.place:
            self.cursor = place[0] if place else -1
            self.redraw()

    def text(self) -> str:
        """All of it, whether or not it has room."""
        if self.shape is None:
            return ""
        drawn = draw_why(self.shape, max(1, self.content_size.width), 0, self.look)
        return Picture([*drawn.head, *drawn.body]).text

    def paint(self, shape: Why, width: int, height: int) -> Picture:
        drawn = draw_why(shape, width, height, self.look, selected=self.selected, cursor=self._at)
        room = max(1, height - len(drawn.head))
        own = [y for y, place in enumerate(drawn.steps) if place == self._at]
        if own:  # the chosen step is in sight, and as much as can be of what is around it
            self.top = max(own[-1] - room + 1, min(self.top, own[0]))
        self.top = max(0, min(self.top, len(drawn.body) - room))
        shown = range(self.top, min(len(drawn.body), self.top + room))
        head = drawn.head[: height - 1] if drawn.body else drawn.head[:height]
        self._rows = [*([-1] * len(head)), *(drawn.steps[y] for y in shown)]
        spots = [
            Spot(y, 0, width, shape.steps[place].subject)
            for y, place in enumerate(self._rows)
            if place >= 0 and shape.steps[place].subject
        ]
        return Picture([*head, *(drawn.body[y] for y in shown)], spots)

    def on_click(self, event: events.Click) -> None:
        """The base selects whom the step is about; here the cursor comes as well."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= offset.y < len(self._rows) and self._rows[offset.y] >= 0:
            self._choose(self._rows[offset.y])
