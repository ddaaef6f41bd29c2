"""The color of 256 that looks most like one of all colors.

Rich rounds each of red, green and blue by itself, and takes what is left of saturation along: a dark blue becomes a
bright teal, a soft edge a loud one. Here the nearest is what the eye takes for it: distances are those of Oklab
(Ottosson 2020), among the cube and the greys. Lightness counts less than hue, by which nodes are told apart. The first
16 are whatever somebody has made of them, and not used.
"""

from __future__ import annotations

from functools import lru_cache

from widgets.paint import RGB

_STEPS = 0, 95, 135, 175, 215, 255
_CUBE = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
_GREYS = [(level, level, level) for level in range(8, 248, 10)]
_FIRST = 16
_LIGHTNESS = 0.35


@lru_cache(maxsize=8192)
def nearest(color: RGB) -> int:
    """Its number, 16 to 255."""
    lightness, a, b = _oklab(color)
    distances = [
        _LIGHTNESS * (lightness - there[0]) ** 2 + (a - there[1]) ** 2 + (b - there[2]) ** 2 for there in _THERE
    ]
    return _FIRST + distances.index(min(distances))


def _oklab(color: RGB) -> tuple[float, float, float]:
    red, green, blue = (_linear(part / 255) for part in color)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


_THERE = [_oklab(color) for color in (*_CUBE, *_GREYS)]
