"""From pieces of text to lines of exactly the right width. Every widget draws through these few functions.

A *piece* is ``(text, style)``. Lines become Textual ``Strip``s; a ``Picture`` is a panel's lines plus
the *spots* on them that can be clicked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.palette import Look
from widgets.shapes import Item

Piece = tuple[str, Style]


@dataclass(frozen=True, slots=True)
class Spot:
    """Cells ``x1 <= x < x2`` of line ``y`` mean ``name`` (a machine, or "") and ``item`` (what else is shown there)."""

    y: int
    x1: int
    x2: int
    name: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a panel shows: one strip per line, all of the panel's width, and the selectable spots."""

    strips: list[Strip]
    spots: Sequence[Spot] = ()

    @property
    def text(self) -> str:
        """The lines as plain text, without trailing blanks."""
        return "\n".join(strip.text.rstrip() for strip in self.strips)


def width_of(text: str) -> int:
    """Width in cells."""
    return len(text) if text.isascii() else cell_len(text)


def line(pieces: Iterable[Piece], width: int, fill: Style | None = None) -> Strip:
    """One strip of exactly ``width`` cells: too much is cut, too little is filled up (None: with the panel's paper)."""
    segments: list[Segment] = []
    left = width
    for text, style in pieces:
        if not text:
            continue
        size = width_of(text)
        if size > left:
            text, size = set_cell_size(text, left), left
        if size:
            segments.append(Segment(text, style))
            left -= size
        if left <= 0:
            break
    if left > 0:
        segments.append(Segment(" " * left, fill))
    return Strip(segments, width)


def fit(text: str, width: int, look: Look, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells; what is too long ends in an ellipsis, at a word's end if one is near."""
    if width <= 0:
        return ""
    size = width_of(text)
    if size > width:
        text = shorten(text, width, look)
        size = width_of(text)
    pad = " " * (width - size)
    return pad + text if right else text + pad


def shorten(text: str, width: int, look: Look) -> str:
    """At most ``width`` cells of ``text``, with an ellipsis if something is missing."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    dots = look.glyph("…", "~")
    if width == 1:
        return dots
    kept = set_cell_size(text, width - 1).rstrip()
    space = kept.rfind(" ")
    # At the end of a word unless that costs more than half; a name alone is better cut than gone.
    after = text[len(kept) :].lstrip(",;:·")  # punctuation before a blank ends a word as well
    if not after[:1].isspace() and width_of(kept[: max(0, space)]) * 2 >= width:
        kept = kept[:space]
    return kept.rstrip(" ,;:·") + dots


def curtail(text: str, width: int, look: Look) -> str:
    """At most ``width`` cells of ``text``, without its last parts (between commas) rather than with an ellipsis."""
    while width_of(text) > width and ", " in text:
        text = text.rpartition(", ")[0]
    return shorten(text, width, look)


def wrap(text: str, width: int) -> list[str]:
    """``text`` broken at blanks into lines of at most ``width`` cells; longer words are broken hard."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        while width_of(word) > width > 0:
            head = set_cell_size(word, width - width_of(current) - 1 if current else width).rstrip()
            if current and not head:
                lines.append(current)
                current = ""
                continue
            lines.append(f"{current} {head}" if current else head)
            current, word = "", word[len(head) :] if head else ""
        if not current:
            current = word
        elif width_of(current) + 1 + width_of(word) <= width:
            current = f"{current} {word}"
        else:
            lines.append(current)
            current = word
    lines.append(current)
    return lines


def wrap_list(text: str, width: int) -> list[str]:
    """As ``wrap``, but broken after commas where that takes no further line: "rewritten 0 times" stays together."""
    by_words = wrap(text, width)
    if len(by_words) < 2:
        return by_words
    lines: list[str] = []
    parts = text.split(", ")
    for number, part in enumerate(parts, start=1):
        part += "," if number < len(parts) else ""
        if lines and width_of(lines[-1]) + 1 + width_of(part) <= width:
            lines[-1] += " " + part
        else:
            lines.append(part)
    fits = all(width_of(each) <= width for each in lines)
    return lines if fits and len(lines) <= len(by_words) else by_words


def merge(chars: Sequence[str], styles: Sequence[Style]) -> Strip:
    """A strip from one-cell characters and their interned styles (compared by identity)."""
    segments: list[Segment] = []
    start = 0
    total = len(chars)
    if not total:
        return Strip([], 0)
    current = styles[0]
    for index in range(1, total):
        style = styles[index]
        if style is not current:
            segments.append(Segment("".join(chars[start:index]), current))
            start, current = index, style
    segments.append(Segment("".join(chars[start:]), current))
    return Strip(segments, total)


def pad(strips: list[Strip], width: int, height: int) -> list[Strip]:
    """Exactly ``height`` strips: cut below, or filled up with blank ones."""
    if len(strips) >= height:
        return strips[:height]
    return strips + [Strip.blank(width)] * (height - len(strips))


EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(part: float, width: int, look: Look) -> tuple[str, str]:
    """A horizontal bar of ``width`` cells as (filled, empty) text; in Unicode to an eighth of a cell."""
    part = min(1.0, max(0.0, part)) if part == part else 0.0
    if not look.unicode:
        full = round(part * width)
        return "#" * full, "." * (width - full)
    eighths = round(part * width * 8)
    if part > 0 and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    text = "█" * full + (EIGHTHS[rest] if rest else "")
    return text, " " * (width - len(text))
