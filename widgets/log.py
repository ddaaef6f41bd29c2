"""The event log: coloured by kind, filtered by a text, at its tail until somebody scrolls.

A text that is too long for its line goes on under itself, in a few lines at most: what matters often stands at its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.style import Style

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap
from widgets.palette import SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import Log, LogLine, Tone

_KIND_WIDTH = (9, 11)
"""Of the kinds' column: at least, and at most."""
_MOST_LINES = 4
"""So many an entry takes at most."""
_UNITS = re.compile(r"([0-9]) (?=m?s\b)")
"""What stands between a number and its unit: no place to break a line."""
_ROOMY = 40
"""Texts with so many cells go on under themselves, others further to the left."""


def clock(at_us: int) -> str:
    """Virtual time as ``mm:ss.mmm``; minutes may pass 99."""
    ms = at_us // 1000
    return f"{ms // 60000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def matches(entry: LogLine, wanted: str) -> bool:
    """Whether the line holds ``wanted``, whatever the case."""
    wanted = wanted.casefold()
    return wanted in f"{clock(entry.at_us)} {entry.kind} {entry.subject} {entry.text}".casefold()


def highlight(text: str, style: Style, wanted: str, hit: Style) -> list[Piece]:
    """``text`` with every place of ``wanted`` in the style ``hit``."""
    folded = text.casefold()
    if not wanted or len(folded) != len(text):
        return [(text, style)]
    pieces: list[Piece] = []
    start = 0
    needle = wanted.casefold()
    while (at := folded.find(needle, start)) >= 0:
        pieces += [(text[start:at], style), (text[at : at + len(needle)], hit)]
        start = at + len(needle)
    pieces.append((text[start:], style))
    return pieces


def draw_entry(
    entry: LogLine,
    width: int,
    look: Look,
    wanted: str,
    selected: str | None,
    kinds: int = _KIND_WIDTH[0],
    most: int = _MOST_LINES,
) -> list[list[Piece]]:
    """One entry in ``most`` lines at most, its kind in ``kinds`` cells; kind and then the time give way if narrow."""
    chosen = selected is not None and entry.subject == selected
    bg = look.ground(SELECTION) if chosen else None
    muted = look.text_style(Tone.MUTED, selected=chosen)
    tone = look.text_style(entry.tone, selected=chosen, bold=entry.tone is Tone.BAD)
    plain = look.text_style(entry.tone if entry.tone in (Tone.BAD, Tone.WARN, Tone.MUTED) else Tone.PLAIN,
                            selected=chosen)  # fmt: skip
    hit = look.style((0, 0, 0), look.tone(Tone.WARN), bold=True)
    subject_color = look.tone(Tone.PLAIN) if entry.hue is None else look.hue(entry.hue)
    subject_style = look.style(subject_color, bg, bold=True)
    head: list[Piece] = []
    left = width
    if width >= 28:
        head += [*highlight(clock(entry.at_us), muted, wanted, hit), (" ", muted)]
        left -= 10
    if width >= 44:
        kind = shorten(look.clean(entry.kind), kinds, look)
        head += [*highlight(kind, tone, wanted, hit), (" " * (kinds + 1 - width_of(kind)), muted)]
        left -= kinds + 1
    before = width - left  # where a subject begins, and what has none goes on
    subject = look.clean(entry.subject)
    if subject:
        subject = shorten(subject, max(1, left // 2), look)
        head += [*highlight(subject, subject_style, wanted, hit), (" ", plain)]
        left -= width_of(subject) + 1
        if width_of(subject) < 3 < left:  # n9 and n10 keep one edge
            head.append((" ", plain))
            left -= 1
        before = width - left
    if left < _ROOMY:
        before = min(before, 10 if width >= 28 else 2)
    parts = _parts(look.clean(entry.text), max(1, left), max(1, width - before), most, look)
    lines = [[*head, *highlight(parts[0], plain, wanted, hit)]]
    lines += [[(" " * before, muted), *highlight(part, plain, wanted, hit)] for part in parts[1:]]
    return lines


def _parts(text: str, first: int, others: int, most: int, look: Look) -> list[str]:
    """``text`` in at most ``most`` lines: one of ``first`` cells, the others of ``others``."""
    if width_of(text) <= first:
        return [text]
    if most < 2:
        return [shorten(text, first, look)]
    text = _UNITS.sub("\\1\N{NO-BREAK SPACE}", text)
    begin = wrap(text, first)[0]
    parts = [begin, *wrap(text[len(begin) :].lstrip(), others)]
    if len(parts) > most:
        parts[most - 1 :] = [shorten(" ".join(parts[most - 1 :]), others, look)]
    return [part.replace("\N{NO-BREAK SPACE}", " ") for part in parts]


def draw_log(
    log: Log,
    width: int,
    height: int,
    look: Look,
    *,
    wanted: str = "",
    selected: str | None = None,
    bottom: int | None = None,
) -> Picture:
    """The last lines up to the one with index ``bottom`` (None: the newest), newest at the bottom."""
    entries = [entry for entry in log.lines if matches(entry, wanted)] if wanted else log.lines
    end = len(entries)
    if bottom is not None:
        while end > 0 and entries[end - 1].index > bottom:
            end -= 1
    kinds = kinds_width(log)
    newer = len(entries) - end
    room = height - (1 if newer and height > 1 else 0)
    most = lines_at_most(height)
    drawn: list[tuple[LogLine, list[list[Piece]]]] = []
    used = 0
    start = end
    while start > 0 and used < room:
        start -= 1
        pieces = draw_entry(entries[start], width, look, wanted, selected, kinds, most)
        drawn.append((entries[start], pieces))
        used += len(pieces)
    strips = []
    spots = []
    note: str | None = None
    if start == 0 and log.dropped and used < room:
        note = f"{log.dropped:,} older lines dropped"
    elif not entries:
        note = f"no line holds “{wanted}”" if wanted else "nothing has happened yet"
    if note:
        strips.append(line([(shorten(look.clean(note), width, look), look.text_style(Tone.MUTED))], width))
    cut = max(0, used - room)  # of the oldest one the end is shown, as terminals do
    for entry, lines in reversed(drawn):
        chosen = selected is not None and entry.subject == selected
        fill = look.style(bg=look.ground(SELECTION)) if chosen else look.style()
        for row in lines[cut:]:
            if entry.subject:
                spots.append(Spot(len(strips), 0, width, entry.subject))
            strips.append(line(row, width, fill))
        cut = 0
    if newer and height > 1:
        text = shorten(look.clean(f"▼ {newer} newer"), width, look)
        strips.append(line([(text, look.text_style(Tone.ACCENT))], width))
    return Picture(strips, spots)


def kinds_width(log: Log | None) -> int:
    """Of the kinds' column: by all lines, not by those in sight, so it doesn't move when somebody scrolls."""
    least, most = _KIND_WIDTH
    return max(least, min(most, max((len(entry.kind) for entry in log.lines), default=least) if log else least))


def lines_at_most(height: int) -> int:
    """How many lines one entry may take in a log of ``height``: it does not drive out all others."""
    return min(_MOST_LINES, max(2, height // 2)) if height > 1 else 1


class LogPanel(Panel[Log]):
    """Shows a ``Log``. ``search`` filters; scrolling back stops following, scrolling to the end follows again."""

    wanted: str = ""
    bottom: int | None = None
    """Index of the line at the bottom; None follows the newest. An index, so appended lines move nothing."""

    def search(self, wanted: str) -> None:
        """Show only lines that hold ``wanted`` (any case); empty shows all again."""
        if wanted != self.wanted:
            self.wanted = wanted
            self.bottom = None
            self.redraw()

    def follow(self) -> None:
        """Back to the newest line."""
        self.bottom = None
        self.redraw()

    @property
    def following(self) -> bool:
        return self.bottom is None

    def names(self) -> list[str]:
        return list(dict.fromkeys(e.subject for e in self.shape.lines if e.subject)) if self.shape else []

    def scroll_lines(self, lines: int) -> None:
        if self.shape is None:
            return
        entries = [e for e in self.shape.lines if not self.wanted or matches(e, self.wanted)]
        end = len(entries) - 1
        if self.bottom is not None:
            while end > 0 and entries[end].index > self.bottom:
                end -= 1
        # While there are newer lines, one line of the panel says so and is not there for entries.
        end = max(self._first(entries), end + lines)
        self.bottom = None if end >= len(entries) - 1 else entries[end].index
        self.redraw()

    def _first(self, entries: Sequence[LogLine]) -> int:
        """Which entry stands at the bottom when the oldest stands on top."""
        size = self.content_size
        width, height = max(1, size.width), size.height
        most, kinds = lines_at_most(height), kinds_width(self.shape)
        used = 0
        for number, entry in enumerate(entries):
            used += len(draw_entry(entry, width, self.look, "", None, kinds, most))
            last = number == len(entries) - 1
            if used > height - (0 if last else 1):
                return max(0, number - 1)
        return len(entries) - 1

    def paint(self, shape: Log, width: int, height: int) -> Picture:
        return draw_log(shape, width, height, self.look, wanted=self.wanted, selected=self.selected, bottom=self.bottom)
