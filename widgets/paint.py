"""The colours themselves, theme by theme. Who draws asks a :class:`widgets.palette.Look` for them.

The hues are Okabe and Ito's set (2008), its black a grey, each moved as far as it takes that all are told apart by
deuteranopes, protanopes and tritanopes too (Machado 2009); likewise the tones. Text has a contrast of 4.5:1 or more on
its ground, marks have 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). A test measures both. Where there are sixteen colours, they
are exactly the RGB values of Rich's standard palette, so that Rich's downgrade to ANSI finds the colour that was
meant and never a neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from widgets.shapes import Tone

RGB = tuple[int, int, int]


class Theme(Enum):
    """For which ground the colours are made."""

    DARK = "dark"
    LIGHT = "light"

    @property
    def other(self) -> Theme:
        return Theme.LIGHT if self is Theme.DARK else Theme.DARK


class Ground(Enum):
    """What lies under text, or stands around it. ``Look.ground`` gives the colour."""

    BACKGROUND = "background"
    RAISED = "raised"
    """Of the bars at the edges, and of what lies over the panels."""
    TRACK = "track"
    """The empty part of a bar."""
    BORDER = "border"
    FOCUS = "focus"
    """The border of what has the focus."""
    SELECTION = "selection"
    TEXT = "text"
    STRONG = "strong"
    """Of what is typed, and of the title of what has the focus."""
    MUTED = "muted"
    ACCENT = "accent"
    ICE = "ice"
    """Of what is frozen."""
    NOBODY = "nobody"
    """Of an arc that nobody owns."""


BACKGROUND, RAISED, TRACK, BORDER = Ground.BACKGROUND, Ground.RAISED, Ground.TRACK, Ground.BORDER
SELECTION, MUTED, ACCENT, ICE = Ground.SELECTION, Ground.MUTED, Ground.ACCENT, Ground.ICE


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """The colours of one theme. ``hues``: sky, orange, bluish green, reddish purple, yellow, vermilion, blue, grey.

    ``tints``: what is mixed, and how much of it, into the hues of the nodes from the ninth, and from the
    seventeenth on. ``badges``: the grounds of the sides of a cut, under ``on_badge``; the first: of no side.
    """

    grounds: Mapping[Ground, RGB]
    tones: Mapping[Tone, RGB]
    hues: tuple[RGB, ...]
    tints: tuple[tuple[RGB, float], ...] = ()
    badges: tuple[RGB, ...] = ()
    on_badge: RGB = (255, 255, 255)


_BADGES: tuple[RGB, ...] = ((92, 92, 92), (58, 78, 120), (140, 46, 46), (96, 74, 128), (98, 86, 36))
_DARK = Paint(
    {
        Ground.BACKGROUND: (13, 17, 23), Ground.RAISED: (22, 27, 34), Ground.TRACK: (33, 38, 45),
        Ground.BORDER: (54, 61, 70), Ground.FOCUS: (88, 166, 255), Ground.SELECTION: (31, 50, 78),
        Ground.TEXT: (201, 209, 217), Ground.STRONG: (255, 255, 255), Ground.MUTED: (134, 143, 154),
        Ground.ACCENT: (130, 190, 255), Ground.ICE: (165, 232, 255), Ground.NOBODY: (40, 46, 54),
    },
    {
        Tone.PLAIN: (201, 209, 217), Tone.MUTED: (134, 143, 154), Tone.GOOD: (80, 230, 140),
        Tone.WARN: (250, 204, 50), Tone.BAD: (250, 108, 80), Tone.ACCENT: (130, 190, 255),
    },
    ((31, 206, 248), (248, 183, 65), (2, 162, 112), (180, 109, 161),
     (250, 246, 50), (207, 95, 12), (107, 118, 220), (172, 203, 196)),
    (((255, 255, 255), 0.5), ((255, 255, 255), 0.25)),
    _BADGES,
)  # fmt: skip
_LIGHT = Paint(
    {
        Ground.BACKGROUND: (255, 255, 255), Ground.RAISED: (242, 245, 248), Ground.TRACK: (224, 229, 235),
        Ground.BORDER: (190, 198, 207), Ground.FOCUS: (9, 105, 218), Ground.SELECTION: (221, 238, 255),
        Ground.TEXT: (36, 41, 47), Ground.STRONG: (0, 0, 0), Ground.MUTED: (87, 96, 106),
        Ground.ACCENT: (70, 85, 205), Ground.ICE: (0, 108, 140), Ground.NOBODY: (218, 223, 229),
    },
    {
        Tone.PLAIN: (36, 41, 47), Tone.MUTED: (87, 96, 106), Tone.GOOD: (0, 122, 80),
        Tone.WARN: (155, 92, 0), Tone.BAD: (165, 0, 35), Tone.ACCENT: (70, 85, 205),
    },
    ((14, 121, 202), (110, 56, 0), (39, 92, 69), (179, 69, 136),
     (112, 123, 72), (197, 83, 0), (73, 57, 195), (42, 48, 64)),
    (((0, 0, 0), 0.35), ((255, 255, 255), 0.15)),
    _BADGES,
)  # fmt: skip
# No text in bright black: there are palettes in which that is the background (Solarized).
_DARK_16 = Paint(
    {
        Ground.BACKGROUND: (0, 0, 0), Ground.RAISED: (0, 0, 0), Ground.TRACK: (0, 0, 0),
        Ground.BORDER: (85, 85, 85), Ground.FOCUS: (85, 255, 255), Ground.SELECTION: (0, 0, 170),
        Ground.TEXT: (255, 255, 255), Ground.STRONG: (255, 255, 255), Ground.MUTED: (170, 170, 170),
        Ground.ACCENT: (85, 255, 255), Ground.ICE: (255, 255, 255), Ground.NOBODY: (85, 85, 85),
    },
    {
        Tone.PLAIN: (255, 255, 255), Tone.MUTED: (170, 170, 170), Tone.GOOD: (85, 255, 85),
        Tone.WARN: (255, 255, 85), Tone.BAD: (255, 85, 85), Tone.ACCENT: (85, 255, 255),
    },
    ((85, 255, 255), (255, 255, 85), (85, 255, 85), (255, 85, 255),
     (170, 85, 0), (255, 85, 85), (85, 85, 255), (170, 170, 170)),
)  # fmt: skip
_LIGHT_16 = Paint(
    {
        Ground.BACKGROUND: (255, 255, 255), Ground.RAISED: (255, 255, 255), Ground.TRACK: (255, 255, 255),
        Ground.BORDER: (170, 170, 170), Ground.FOCUS: (0, 0, 170), Ground.SELECTION: (255, 255, 85),
        Ground.TEXT: (0, 0, 0), Ground.STRONG: (0, 0, 0), Ground.MUTED: (85, 85, 85),
        Ground.ACCENT: (0, 0, 170), Ground.ICE: (0, 170, 170), Ground.NOBODY: (170, 170, 170),
    },
    {
        Tone.PLAIN: (0, 0, 0), Tone.MUTED: (85, 85, 85), Tone.GOOD: (0, 170, 0),
        Tone.WARN: (170, 85, 0), Tone.BAD: (170, 0, 0), Tone.ACCENT: (0, 0, 170),
    },
    ((0, 170, 170), (170, 85, 0), (0, 170, 0), (170, 0, 170),
     (85, 85, 255), (170, 0, 0), (0, 0, 170), (85, 85, 85)),
)  # fmt: skip
PAINTS = {
    (Theme.DARK, False): _DARK,
    (Theme.LIGHT, False): _LIGHT,
    (Theme.DARK, True): _DARK_16,
    (Theme.LIGHT, True): _LIGHT_16,
}
"""By theme, and whether there are but sixteen colours."""
