"""Curves and bars as pictures.

A value stands in the middle of its second. Where nothing was measured the curve has a gap. Of several curves in one
chart each has a dash of its own, and its name stands beside it in the legend, so that no colour is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import Element

from playground.handout.axes import AXIS, LEFT, RIGHT, WIDTH, grounds, name_at, picture, x_of
from playground.handout.content import Bars, Chart, Curve, Strips
from playground.handout.markup import element
from playground.handout.reading import caption, is_logarithmic, measured, nice_step, number
from widgets.shapes import Tone

_HEIGHT = 130.0
_TOP = 10.0
_STRIP = 20.0
_BAR = 24.0
_TICKS = 4
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_Y = Callable[[float], float]


def chart(shown: Chart) -> Element:
    """The curves over the time axis."""
    bottom = _TOP + _HEIGHT
    y_of, ticks = _logarithmic(shown, bottom) if is_logarithmic(shown) else _linear(shown, bottom)
    drawn = [*grounds(shown.span, _TOP, bottom), *_scale(ticks, y_of)]
    drawn.append(element("text", shown.unit, x=8, y=_TOP + 4, class_="tick"))
    for at, curve in enumerate(shown.curves):
        drawn += _curve(shown, curve, y_of, _DASHES[at % len(_DASHES)])
    if len(shown.curves) > 1:
        drawn += _legend(shown.curves)
    return picture(bottom + AXIS, f"{shown.title}, {shown.unit}. {caption(shown)}", *drawn)


def strips(shown: Strips) -> Element:
    """A row of bars for each curve, one bar a second, all on one scale."""
    bottom = _TOP + len(shown.curves) * _STRIP
    largest = max(measured(shown), default=0.0) or 1.0
    drawn = grounds(shown.span, _TOP, bottom)
    for at, curve in enumerate(shown.curves):
        foot = _TOP + (at + 1) * _STRIP - 1
        drawn.append(name_at(curve.name, foot - 5))
        path = []
        for second, value in enumerate(curve.values, start=shown.first_s):
            if value:
                left, right = x_of(shown.span, second * 1e6), x_of(shown.span, (second + 1) * 1e6)
                height = max(value / largest * (_STRIP - 3), 0.8)
                path.append(f"M{left:.1f} {foot:g}v{-height:.1f}h{max(right - left - 0.6, 0.6):.1f}v{height:.1f}z")
        hue = (curve.hue or 0) % 24
        drawn.append(element("path", element("title", curve.name), d="".join(path), class_="strip", fill=_hue(hue)))
        drawn.append(element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=foot))
    return picture(bottom + AXIS, f"{shown.title}, {shown.unit}. {caption(shown)}", *drawn)


def bars(shown: Bars) -> Element:
    """A bar for each, from zero, with its value behind it."""
    room = 14 + 8 * max(len(text) for _, _, text in shown.bars)
    longest = WIDTH - LEFT - RIGHT - room
    drawn = []
    for at, (name, share, text) in enumerate(shown.bars):
        y = (at + 0.5) * _BAR
        width = max(share * longest, 1.0 if share else 0.0)
        drawn.append(name_at(name, y + 4))
        drawn.append(element("rect", class_="measure", x=LEFT, y=y - 7, width=width, height=14, rx=2))
        drawn.append(element("text", text, x=LEFT + width + 8, y=y + 4, class_="value"))
    told = "; ".join(f"{name} {text}" for name, _, text in shown.bars)
    return picture(len(shown.bars) * _BAR, f"{shown.title}: {told}", *drawn)


def hues(curves: Iterable[Curve]) -> frozenset[int]:
    """The hues that a page has to define for these curves."""
    return frozenset((each.hue or 0) % 24 for each in curves)


def _hue(hue: int) -> str:
    return f"var(--hue-{hue})"


def _linear(shown: Chart, bottom: float) -> tuple[_Y, list[float]]:
    top = max(measured(shown), default=0.0) or 1.0
    step = nice_step(top, _TICKS)
    high = step * math.ceil(top / step - 1e-9)
    return lambda value: bottom - value / high * _HEIGHT, [step * at for at in range(round(high / step) + 1)]


def _logarithmic(shown: Chart, bottom: float) -> tuple[_Y, list[float]]:
    """From a power of ten to a power of ten."""
    values = measured(shown)
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    decades = max(high - low, 1)
    return lambda value: bottom - (math.log10(value) - low) / decades * _HEIGHT, [
        10.0**power for power in range(low, low + decades + 1)
    ]


def _scale(ticks: Sequence[float], y_of: _Y) -> Iterable[Element]:
    for value in ticks:
        y = y_of(value)
        yield element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        yield element("text", number(value), x=LEFT - 10, y=y + 4, class_="tick", text_anchor="end")


def _curve(shown: Chart, curve: Curve, y_of: _Y, dash: str) -> Iterable[Element]:
    tone = _tone_of(curve)
    run: list[str] = []
    path: list[str] = []
    for second, value in enumerate((*curve.values, None), start=shown.first_s):
        if value is not None:
            run.append(f"{x_of(shown.span, (second + 0.5) * 1e6):.1f} {y_of(value):.1f}")
            continue
        if len(run) == 1:
            x, y = run[0].split()
            yield element("circle", cx=x, cy=y, r=2.5, class_=f"lone {tone}")
        elif run:
            path.append("M" + "L".join(run))
        run = []
    if path:
        named = element("title", curve.name)
        yield element("path", named, d="".join(path), class_=f"curve {tone}", stroke_dasharray=dash or "none")


def _legend(curves: Sequence[Curve]) -> Iterable[Element]:
    """In the left margin, below the unit: a piece of each curve, and its name."""
    for at, curve in enumerate(curves):
        y, dash = _TOP + 28 + at * 18, _DASHES[at % len(_DASHES)] or "none"
        yield element("line", x1=8, x2=36, y1=y, y2=y, class_=f"curve {_tone_of(curve)}", stroke_dasharray=dash)
        yield element("text", curve.name, x=44, y=y + 4, class_="name")


def _tone_of(curve: Curve) -> str:
    return Tone.ACCENT.value if curve.tone is Tone.PLAIN else curve.tone.value
