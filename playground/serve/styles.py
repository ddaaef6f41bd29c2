"""In which style a spectator's terminal is drawn for: as few styles as there can be, none of them too much for it.

While there is room for one more rendering each size gets its own. Beyond that a terminal is shown a picture that fits
into it: one that is drawn already, or one of a few usual sizes. What a terminal cannot do (colours, Unicode) it never
gets; what it can do beyond that it does not need. A stranger says how large a terminal is, and a large picture costs
everybody who watches: beyond :data:`MOST` nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Collection

from playground.screens.layout import LEAST
from playground.serve.line import Terminal
from playground.serve.messages import Style
from widgets.detecting import detect
from widgets.palette import Colors, Look, Theme

MOST = 320, 100
"""Columns and rows of the largest picture."""
USUAL = (200, 60), (160, 50), (120, 36), (100, 30), (80, 24), LEAST
"""The sizes that there are even when all renderings are taken."""
PLAINEST = Style(*LEAST, colors=0, unicode=False)
"""Every terminal that is large enough can show it."""


def style_of(screen: Terminal) -> Style | None:
    """The best style for it. None: it is too small for any."""
    if screen.columns < LEAST[0] or screen.rows < LEAST[1]:
        return None
    unicode = detect({"TERM": screen.term, "LANG": screen.lang}).unicode
    return Style(min(screen.columns, MOST[0]), min(screen.rows, MOST[1]), screen.colors, unicode)


def chosen(best: Style, drawn: Collection[Style], renderings: int) -> Style:
    """What is drawn for whoever would like ``best``, while ``drawn`` is drawn for others.

    There are never more than ``renderings`` and as many as sizes in :data:`USUAL`, and one.
    """
    if best in drawn or len(drawn) < renderings:
        return best
    fitting = [style for style in drawn if fits(style, best)]
    if len(drawn) < renderings + len(USUAL):
        sizes = (Style(columns, rows, best.colors, best.unicode) for columns, rows in USUAL)
        fitting += [style for style in sizes if fits(style, best)]
    return max(fitting, key=worth, default=PLAINEST)


def look_of(style: Style, theme: Theme) -> Look:
    """How the app draws in it."""
    colors = Colors.TRUE if style.colors > 16 else Colors.SIXTEEN if style.colors else Colors.NONE
    return Look(colors, style.unicode, theme)


def fits(style: Style, best: Style) -> bool:
    """Whether a terminal for which ``best`` is best can show this one."""
    return (
        style.columns <= best.columns
        and style.rows <= best.rows
        and style.colors <= best.colors
        and style.unicode <= best.unicode
    )


def worth(style: Style) -> tuple[int, int, bool]:
    """Of two that fit, the one that is worth more is better."""
    return style.columns * style.rows, style.colors, style.unicode
