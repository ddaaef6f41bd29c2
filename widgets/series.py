"""Sparklines: several curves over one time axis, newest at the right, each under its own nice scale."""

from __future__ import annotations

import math

from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, fit, line, shorten, width_of
from widgets.palette import SELECTION, Look
from widgets.panel import Panel
from widgets.shapes import Line, Series, Tone

_DOTS_LEFT = (0x40, 0x04, 0x02, 0x01)  # bottom to top: dots 7, 3, 2, 1
_DOTS_RIGHT = (0x80, 0x20, 0x10, 0x08)
_ASCII = " .:-=+*#%@"
_FIGURE = 7
"""Cells of the newest value: ``1234/s``, ``504 ms``."""


def nice_top(value: float) -> float:
    """The next of 1, 2, 5 x 10^k: a scale that doesn't tremble when the maximum does."""
    if not value > 0 or math.isinf(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for step in (1.0, 2.0, 5.0, 10.0):
        if value <= step * power * 1.0000001:
            return step * power
    return 10.0 * power


def short_number(value: float) -> str:
    """A number in at most five cells: 0.5, 12, 1.5k, 20M."""
    for limit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}"[:4] + sign
    return f"{value:g}"[:5]


def curve(values: tuple[float | None, ...], width: int, height: int, top: float, look: Look) -> list[str]:
    """A filled curve as ``height`` lines of ``width`` characters: braille holds two values a cell, ASCII one.

    None leaves a gap; a zero shows as a dot on the ground, so that "nothing" and "not measured" differ.
    """
    per_cell = 2 if look.unicode else 1
    shown = values[-width * per_cell :]
    missing = width * per_cell - len(shown)
    steps = height * (4 if look.unicode else 9)
    levels = [-1] * missing + [
        -1
        if value is None or value != value
        else max(0, min(steps, math.ceil(min(1.0, max(0.0, value / top)) * steps - 1e-9)))
        for value in shown
    ]
    lines: list[str] = []
    for row in range(height - 1, -1, -1):
        if not look.unicode:
            floor = row * 9
            lines.append(
                "".join(
                    " " if level < 0 or (row and level <= floor) else _ASCII[max(1, min(9, level - floor))]
                    for level in levels
                )
            )
            continue
        floor = row * 4
        chars = []
        for cell in range(width):
            bits = 0
            for level, dots in ((levels[2 * cell], _DOTS_LEFT), (levels[2 * cell + 1], _DOTS_RIGHT)):
                if level < 0:
                    continue
                if row == 0:
                    level = max(1, level)
                for step in range(max(0, min(4, level - floor))):
                    bits |= dots[step]
            chars.append(chr(0x2800 + bits) if bits else " ")
        lines.append("".join(chars))
    return lines


def _top_of(lines: tuple[Line, ...]) -> float:
    return nice_top(max((v for item in lines for v in item.values if v is not None and math.isfinite(v)), default=0.0))


def draw_series(
    series: Series, width: int, height: int, look: Look, *, selected: str | None = None, top: int = 0
) -> Picture:
    """The curves from number ``top`` on, with label, newest value and scale: as high as there is room for; lines
    that don't suffice for all go to the first ones."""
    lines = series.lines[top:]
    if not lines:
        return Picture([line([("no curves yet", look.text_style(Tone.MUTED))], width)])
    caption = series.caption if height > len(lines) and height >= 4 else ""
    room = height - (1 if caption else 0)
    if len(lines) > height > 2:
        caption, room = f"+{len(lines) - height + 1} more{': m shows them' * look.keyed}", height - 1
    rows = max(1, min(4, room // len(lines)))
    taller = room - len(lines) if rows == 1 and room > len(lines) else 0
    lines = lines[: max(1, room // rows)]
    shared = _top_of(series.lines) if series.shared_scale else None
    # Room for any figure, so that the curves stay where they are when one gets longer.
    value = min(max(_FIGURE, *(width_of(item.latest) for item in lines)), max(3, width // 3))
    label = min(max((width_of(item.name) for item in lines), default=0), max(3, width - value - 10))
    if rows > 1:
        label = value = max(label, value)
    beside = label + 1 if rows > 1 else label + value + 2
    scale_width = 6 if width - beside >= 24 else 0
    plot = width - beside - scale_width
    if plot < 4:
        label, value, scale_width, plot = min(label, width), 0, 0, max(0, width - min(label, width) - 1)
    strips: list[Strip] = []
    spots: list[Spot] = []
    for number, item in enumerate(lines):
        chosen = bool(item.name) and item.name == selected
        bg = look.ground(SELECTION) if chosen else None
        color = look.tone(Tone.ACCENT if item.tone is Tone.PLAIN else item.tone)
        color = color if item.hue is None else look.hue(item.hue)
        named = look.style(color if item.hue is not None else look.tone(Tone.PLAIN), bg, bold=chosen)
        # What is not there is neither bad nor doubtful, whatever the curve has seen.
        quiet = item.tone in (Tone.BAD, Tone.WARN) and not (item.values and item.values[-1])
        latest = look.text_style(Tone.MUTED if quiet else item.tone, selected=chosen, bold=not quiet)
        drawn = look.style(color, bg)
        scale = look.text_style(Tone.MUTED, selected=chosen)
        peak = shared or _top_of((item,))
        high = rows + 1 if number < taller else rows
        for row, text in enumerate(curve(item.values, plot, high, peak, look) if plot > 0 else [""] * high):
            pieces: list[Piece] = []
            if row == 0:
                pieces.append((fit(look.clean(item.name), label, look), named))
            if rows == 1:
                if value and not row:
                    pieces += [(" ", drawn), (fit(look.clean(item.latest), value, look, right=True), latest)]
                elif row:
                    pieces.append((" " * (label + value + 1 if value else label), drawn))
            elif row == 1:
                pieces.append((fit(look.clean(item.latest), label, look), latest))
            elif row:
                pieces.append((" " * label, drawn))
            pieces += [(" ", drawn), (text, drawn)]
            if scale_width and row == 0:
                pieces.append((fit(short_number(peak), scale_width, look, right=True), scale))
            if item.name:
                spots.append(Spot(len(strips), 0, width, item.name))
            strips.append(line(pieces, width, look.style(bg=bg)))
    if caption:
        while len(strips) < height - 1:
            strips.append(line([], width))
        strips.append(line([(shorten(look.clean(caption), width, look), look.text_style(Tone.MUTED))], width))
    return Picture(strips, spots)


class SeriesPanel(Panel[Series]):
    """Shows a ``Series``; scrolls by whole curves when there are more than lines."""

    def names(self) -> list[str]:
        return [item.name for item in self.shape.lines if item.name] if self.shape else []

    def scroll_lines(self, lines: int) -> None:
        self.top += 1 if lines > 0 else -1
        self._clamp(self.content_size.height)
        self._stay(self.top)
        self.redraw()

    def _clamp(self, height: int) -> None:
        count = len(self.shape.lines) if self.shape else 0
        most = max(0, count - height + (height < count))  # what is cut takes a line to say so
        self.top = max(0, min(self.top, most))

    def paint(self, shape: Series, width: int, height: int) -> Picture:
        self._seek()
        self._clamp(height)
        return draw_series(shape, width, height, self.look, selected=self.selected, top=self.top)
