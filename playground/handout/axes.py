"""The time axis that every picture of a run shares, so that one below the other shows the same instant at one place.

Pictures are 960 units wide. What was broken is shaded, what somebody did is a dashed line, in all of them.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from playground.handout.content import Span
from playground.handout.markup import element
from playground.handout.reading import nice_step

WIDTH = 960.0
LEFT = 190.0
RIGHT = 18.0
"""Margins beside the axis; names stand in the left one."""
AXIS = 24.0
"""Height of the axis with its numbers."""
_TICKS = 12
_CHAR = 6.3
"""Width of a character of the small text, as good as it can be known."""


def x_of(span: Span, at_us: float) -> float:
    """Where an instant lies."""
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(at_us / span.until_us, 0.0), 1.0)


def picture(height: float, title: str, *content: Element) -> Element:
    """An image with a name for those who cannot see it."""
    return element("svg", *content, viewBox=f"0 0 {WIDTH:g} {height:g}", role="img", aria_label=title)


def grounds(span: Span, top: float, bottom: float) -> list[Element]:
    """What lies behind curves and points: the shades, the dashes, the axis below with its seconds."""
    found = [
        element(
            "rect", class_="shade", x=x_of(span, a), y=top, width=x_of(span, b) - x_of(span, a), height=bottom - top
        )
        for a, b in span.shaded
    ]
    found += [
        element("line", class_="act", x1=x_of(span, at), x2=x_of(span, at), y1=top, y2=bottom) for at in span.acts
    ]
    found.append(element("line", class_="axis", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom))
    step_s = nice_step(span.until_us / 1e6, _TICKS)
    tick = 0
    while tick * step_s * 1e6 <= span.until_us:
        at_s = tick * step_s
        x = x_of(span, at_s * 1e6)
        found.append(element("line", class_="axis", x1=x, x2=x, y1=bottom, y2=bottom + 4))
        found.append(element("text", f"{at_s:g} s", x=x, y=bottom + 17, class_="tick", text_anchor="middle"))
        tick += 1
    return found


def name_at(name: str, y: float) -> Element:
    """A name in the left margin, shortened to fit; pointing at it shows all of it."""
    most = int((LEFT - 16) / _CHAR)
    text = name if len(name) <= most else name[: most - 1] + "…"
    content = (text,) if text == name else (element("title", name), text)
    return element("text", *content, x=LEFT - 10, y=y, class_="name", text_anchor="end")
