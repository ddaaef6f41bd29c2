"""The timeline as a picture: a row for each thing in force, and for each kind of happening.

Points differ in shape, not only in colour: a cross is bad, a triangle a warning, a disc good, a diamond a decision, a
flag what somebody did. Pointing at one tells it.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from playground.handout.axes import AXIS, grounds, name_at, picture, x_of
from playground.handout.content import Happening, Row, Span, Timeline
from playground.handout.markup import element
from widgets.shapes import Tone

ROW = 22.0
_TOP = 6.0
_NUMBER = 16.0
"""Room that the number of a caption takes; the next one nearer than that goes a line lower."""
_PATHS = {
    Tone.BAD: "M-4-4L4 4M4-4L-4 4",
    Tone.WARN: "M0-5L5 4H-5Z",
    Tone.GOOD: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z",
    Tone.ACCENT: "M0-5L5 0L0 5L-5 0Z",
    Tone.PLAIN: "M-3-3H3V3H-3Z",
    Tone.MUTED: "M-3-3H3V3H-3Z",
}
_FLAG = "M0 6V-6L8-2.5L0 1"


def timeline(shown: Timeline) -> Element:
    """The picture, with the numbers of the captions on top."""
    numbers, lines = _captions(shown)
    top = _TOP + lines * ROW
    bottom = top + len(shown.rows) * ROW
    drawn = [each for at, row in enumerate(shown.rows) for each in _row(row, shown.span, top + (at + 0.5) * ROW)]
    title = f"Timeline with the rows: {', '.join(['captions', *(row.name for row in shown.rows)])}"
    return picture(bottom + AXIS, title, *grounds(shown.span, top, bottom), *numbers, *drawn)


def _captions(shown: Timeline) -> tuple[list[Element], int]:
    """Numbers over the axis, and how many lines they take."""
    if not shown.captions:
        return [], 0
    ends: list[float] = []
    found = [name_at("captions", _TOP + ROW / 2 + 4)]
    for number, at_us in enumerate(shown.captions, start=1):
        x = x_of(shown.span, at_us)
        line = next((at for at, end in enumerate(ends) if x >= end), len(ends))
        ends[line:] = [x + _NUMBER, *ends[line + 1 :]]
        y = _TOP + (line + 0.5) * ROW
        found.append(element("circle", cx=x, cy=y, r=8, class_="number"))
        found.append(element("text", str(number), x=x, y=y + 4, class_="numeral", text_anchor="middle"))
    return found, len(ends)


def _row(row: Row, span: Span, y: float) -> Iterable[Element]:
    yield name_at(row.name, y + 4)
    for bar in row.bars:
        left, right = x_of(span, bar.from_us), x_of(span, bar.until_us)
        lasted = f"from {bar.from_us / 1e6:.3f} s " + (f"to {bar.until_us / 1e6:.3f} s" if bar.over else "to the end")
        told = element("title", f"{row.name}, {lasted}")
        yield element("rect", told, class_="bar", x=left, y=y - 6, width=max(right - left, 2), height=12, rx=2)
    for point in row.points:
        yield _point(point, x_of(span, point.at_us), y)


def _point(point: Happening, x: float, y: float) -> Element:
    text = f"{point.who} {point.text}" if point.who else point.text
    path, kind = (_FLAG, "flag") if point.done else (_PATHS[point.tone], point.tone.value)
    told = element("title", f"{point.at_us / 1e6:.3f} s: {text}")
    return element("path", told, d=path, transform=f"translate({x:.1f} {y:g})", class_=f"point {kind}")
