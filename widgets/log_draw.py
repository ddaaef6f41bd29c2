"""How the event log is drawn: entries as lines, the newest at the bottom.

A text that is too long for its line goes on under itself, in a few lines at most: what matters often stands at its end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from rich.style import Style

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap
from widgets.palette import SELECTION, Look
from widgets.shapes import Item, Log, LogLine, Tone

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


def is_about(entry: LogLine, selected: str | None, items: frozenset[Item]) -> bool:
    """Whether the line says something of the selected machine, or of what else is selected."""
    return (selected is not None and entry.subject == selected) or not items.isdisjoint(entry.items)


def draw_entry(
    entry: LogLine,
    width: int,
    look: Look,
    wanted: str,
    selected: str | None,
    kinds: int = _KIND_WIDTH[0],
    most: int = _MOST_LINES,
    under_cursor: bool = False,
    items: frozenset[Item] = frozenset(),
) -> list[list[Piece]]:
    """One entry in ``most`` lines at most, its kind in ``kinds`` cells; kind and then the time give way if narrow.

    ``under_cursor``: what it begins with is shown in reverse.
    """
    chosen = is_about(entry, selected, items)
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
    if under_cursor:
        lines[0] = _reversed(lines[0], look)
    return lines


def _reversed(pieces: list[Piece], look: Look) -> list[Piece]:
    """The same, its first word in reverse: the mark of the chosen entry takes no room, so nothing moves with it."""
    mark = look.style(look.tone(Tone.ACCENT), bold=True, reverse=True)
    marked: list[Piece] = []
    for number, (text, style) in enumerate(pieces):
        if text.startswith(" "):
            return [*marked, *pieces[number:]]
        word, blank, rest = text.partition(" ")
        marked.append((word, mark))
        if blank:
            return [*marked, (blank + rest, style), *pieces[number + 1 :]]
    return marked


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
    cursor: int | None = None,
    items: frozenset[Item] = frozenset(),
) -> Picture:
    """The last lines up to the entry with index ``bottom`` (None: the newest), newest at the bottom.

    ``cursor``: the index of the chosen entry; None: none is marked.
    """
    return draw_rows(log, width, height, look, wanted, selected, bottom, cursor, items)[0]


def draw_rows(
    log: Log,
    width: int,
    height: int,
    look: Look,
    wanted: str,
    selected: str | None,
    bottom: int | None,
    cursor: int | None,
    items: frozenset[Item],
) -> tuple[Picture, list[int]]:
    """The picture, and of each of its lines the index of the entry that stands there; -1: none does."""
    entries = [entry for entry in log.lines if matches(entry, wanted)] if wanted else log.lines
    end = place_of(entries, bottom) + 1
    kinds = kinds_width(log)
    newer = len(entries) - end
    room = height - (1 if newer and height > 1 else 0)
    most = lines_at_most(height)
    drawn: list[tuple[LogLine, list[list[Piece]]]] = []
    used = 0
    start = end
    while start > 0 and used < room:
        start -= 1
        chosen = entries[start].index == cursor
        pieces = draw_entry(entries[start], width, look, wanted, selected, kinds, most, chosen, items)
        drawn.append((entries[start], pieces))
        used += len(pieces)
    strips = []
    spots = []
    rows: list[int] = []
    note: str | None = None
    if start == 0 and log.dropped and used < room:
        note = f"{log.dropped:,} older lines dropped"
    elif not entries:
        note = f"no line holds “{wanted}”" if wanted else "nothing has happened yet"
    if note:
        strips.append(line([(shorten(look.clean(note), width, look), look.text_style(Tone.MUTED))], width))
        rows.append(-1)
    cut = max(0, used - room)  # of the oldest one the end is shown, as terminals do
    for entry, lines in reversed(drawn):
        chosen = is_about(entry, selected, items)
        fill = look.style(bg=look.ground(SELECTION)) if chosen else look.style()
        for row in lines[cut:]:
            if entry.subject:
                spots.append(Spot(len(strips), 0, width, entry.subject))
            strips.append(line(row, width, fill))
            rows.append(entry.index)
        cut = 0
    if newer and height > 1:
        text = shorten(look.clean(f"▼ {newer} newer"), width, look)
        strips.append(line([(text, look.text_style(Tone.ACCENT))], width))
    return Picture(strips, spots), rows


def place_of(entries: Sequence[LogLine], index: int | None) -> int:
    """Where the entry of that index stands, or would stand: the place of the last one up to it; None: of the newest."""
    if index is None:
        return len(entries) - 1
    return bisect_right(entries, index, key=lambda entry: entry.index) - 1


def kinds_width(log: Log | None) -> int:
    """Of the kinds' column: by all lines, not by those in sight, so it doesn't move when somebody scrolls."""
    least, most = _KIND_WIDTH
    return max(least, min(most, max((len(entry.kind) for entry in log.lines), default=least) if log else least))


def lines_at_most(height: int) -> int:
    """How many lines one entry may take in a log of ``height``: it does not drive out all others."""
    return min(_MOST_LINES, max(2, height // 2)) if height > 1 else 1
