"""What a hand-out says, whatever it is written in: a title and sections of plain blocks, all frozen.

Composers make it of what came of a scenario, writers make Markdown or HTML of it. Tables are the ones of the screen
(:class:`widgets.shapes.Table`). Times are microseconds of virtual time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from widgets.shapes import Table, Tone


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Command:
    """A line for a shell, to be copied as it is."""

    line: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they come to, in order."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the story: ``who`` may be ""."""

    at_us: int
    who: str
    text: str
    tone: Tone = Tone.PLAIN
    done: bool = False
    """Somebody did it: ``text`` is the command."""
    kind: str = ""
    """Of the journal's entry that it tells of."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happened from one caption to the next. Before the first caption: ``number`` 0, and the caption is ""."""

    number: int
    at_us: int
    caption: str
    lines: tuple[Happening, ...]
    left_out: int = 0
    """So many lines more happened, alike or of less weight."""


@dataclass(frozen=True, slots=True)
class Story:
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Something in force from one instant to another."""

    from_us: int
    until_us: int
    over: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the timeline: bars or points, under one name."""

    name: str
    bars: tuple[Bar, ...] = ()
    points: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """The time axis that a timeline and its charts share, and what is drawn through all of them."""

    until_us: int
    shaded: tuple[tuple[int, int], ...]
    """Stretches in which something was broken, apart from each other, in order."""
    acts: tuple[int, ...]
    """The instants at which somebody did something."""


@dataclass(frozen=True, slots=True)
class Timeline:
    span: Span
    rows: tuple[Row, ...]
    captions: tuple[int, ...] = ()
    """When something was said; numbered from 1 in the story, too."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of consecutive seconds; None where nothing was measured. ``hue``: a machine's, instead of a tone."""

    name: str
    values: tuple[float | None, ...]
    tone: Tone = Tone.PLAIN
    hue: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves of one unit over the time axis."""

    title: str
    unit: str
    span: Span
    first_s: int
    """The second that the first values are of."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Strips:
    """A low chart for each curve, one below the other on one scale: for machines, of which there may be many."""

    title: str
    unit: str
    span: Span
    first_s: int
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """One figure of several runs, against the largest: ``(name, share of the largest 0..1, value as text)``."""

    title: str
    note: str
    bars: tuple[tuple[str, float, str], ...]


Block: TypeAlias = Paragraph | Command | Facts | Table | Story | Timeline | Chart | Strips | Bars


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]
    level: int = 2
    """Of its heading, from 2."""


@dataclass(frozen=True, slots=True)
class Handout:
    title: str
    sections: tuple[Section, ...]
    foot: str
    """The last line: what made it."""
