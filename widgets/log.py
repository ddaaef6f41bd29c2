"""The event log: coloured by kind, filtered by a text, at its tail until somebody scrolls."""

from __future__ import annotations

from rich.style import Style

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of
from widgets.palette import SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import Log, LogLine, Tone

_KIND_WIDTH = (9, 11)
"""Of the kinds' column: at least, and at most."""


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


def draw_line(
    entry: LogLine, width: int, look: Look, wanted: str, selected: str | None, kinds: int = _KIND_WIDTH[0]
) -> list[Piece]:
    """One line, its kind in ``kinds`` cells; kind and then the time give way when it is narrow."""
    chosen = selected is not None and entry.subject == selected
    bg = look.ground(SELECTION) if chosen else None
    muted = look.text_style(Tone.MUTED, selected=chosen)
    tone = look.text_style(entry.tone, selected=chosen, bold=entry.tone is Tone.BAD)
    plain = look.text_style(entry.tone if entry.tone in (Tone.BAD, Tone.WARN, Tone.MUTED) else Tone.PLAIN,
                            selected=chosen)  # fmt: skip
    hit = look.style((0, 0, 0), look.tone(Tone.WARN), bold=True)
    subject_color = look.tone(Tone.PLAIN) if entry.hue is None else look.hue(entry.hue)
    subject_style = look.style(subject_color, bg, bold=True)
    pieces: list[Piece] = []
    left = width
    if width >= 28:
        pieces += [*highlight(clock(entry.at_us), muted, wanted, hit), (" ", muted)]
        left -= 10
    if width >= 44:
        kind = shorten(look.clean(entry.kind), kinds, look)
        pieces += [*highlight(kind, tone, wanted, hit), (" " * (kinds + 1 - width_of(kind)), muted)]
        left -= kinds + 1
    subject = look.clean(entry.subject)
    if subject:
        subject = shorten(subject, max(1, left // 2), look)
        pieces += [*highlight(subject, subject_style, wanted, hit), (" ", plain)]
        left -= width_of(subject) + 1
        if width_of(subject) < 3 < left:  # n9 and n10 keep one edge
            pieces.append((" ", plain))
            left -= 1
    pieces += highlight(shorten(look.clean(entry.text), max(0, left), look), plain, wanted, hit)
    return pieces


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
    # By all lines, not by those in sight: the column doesn't move when somebody scrolls.
    least, most = _KIND_WIDTH
    kinds = min(most, max((len(entry.kind) for entry in log.lines), default=least))
    kinds = max(least, kinds)
    newer = len(entries) - end
    room = height - (1 if newer and height > 1 else 0)
    start = max(0, end - room)
    strips = []
    spots = []
    note: str | None = None
    if start == 0 and log.dropped and end < room:
        note = f"{log.dropped:,} older lines dropped"
    elif not entries:
        note = f"no line holds “{wanted}”" if wanted else "nothing has happened yet"
    if note:
        strips.append(line([(shorten(look.clean(note), width, look), look.text_style(Tone.MUTED))], width))
    for entry in entries[start:end]:
        chosen = selected is not None and entry.subject == selected
        if entry.subject:
            spots.append(Spot(len(strips), 0, width, entry.subject))
        fill = look.style(bg=look.ground(SELECTION)) if chosen else look.style()
        strips.append(line(draw_line(entry, width, look, wanted, selected, kinds), width, fill))
    if newer and height > 1:
        text = shorten(look.clean(f"▼ {newer} newer"), width, look)
        strips.append(line([(text, look.text_style(Tone.ACCENT))], width))
    return Picture(strips, spots)


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
        height = self.content_size.height
        first = height - 2 if len(entries) > height > 1 else min(len(entries), height) - 1
        end = max(first, end + lines)
        self.bottom = None if end >= len(entries) - 1 else entries[end].index
        self.redraw()

    def paint(self, shape: Log, width: int, height: int) -> Picture:
        return draw_log(shape, width, height, self.look, wanted=self.wanted, selected=self.selected, bottom=self.bottom)
