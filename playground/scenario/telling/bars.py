"""A figure over variants as a picture: a bar for each, as long as its value is large, against the largest.

Bars need no colour. They begin at zero, so twice the value is twice the length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from playground.figure import Figure, Value, spell
from playground.scenario.telling.layout import GAP, INDENT, grid

FEWEST = 3
"""Of fewer values a picture says no more than the numbers do."""
_WIDEST = 48
_NARROWEST = 8
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bars(figure: Figure, measured: Mapping[str, Value], console: Console) -> Table | None:
    """Name, bar, value of each; None where there is nothing to picture, or no room."""
    known = [value for value in measured.values() if isinstance(value, int | float) and math.isfinite(value)]
    largest = max(known, default=0)
    texts = {name: spell(figure.kind, value) for name, value in measured.items()}
    room = max(map(len, texts.values()), default=0)
    width = min(_WIDEST, console.width - INDENT - max(map(len, measured), default=0) - room - 2 * GAP)
    if len(known) < FEWEST or largest <= 0 or min(known) < 0 or width < _NARROWEST:
        return None
    picture = grid("left", "left", "left")
    for name, value in measured.items():
        share = value / largest if isinstance(value, int | float) and math.isfinite(value) else 0.0
        drawn = bar(share, width, ascii_only=console.options.ascii_only)
        picture.add_row(name, Text(drawn, "cyan"), texts[name].rjust(room))
    return picture


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """``share`` (0..1) of ``width`` cells, in eighths of a cell; anything above nothing can be seen."""
    if ascii_only:
        return "#" * (max(1, round(share * width)) if share > 0 else 0)
    eighths = max(1, round(share * width * 8)) if share > 0 else 0
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
