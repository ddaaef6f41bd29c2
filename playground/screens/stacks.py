"""Panels that stand one over another: each as high as what it shows, one of them takes what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.geometry import Region


class Wish(NamedTuple):
    """How high a panel would like to be, and from which height on it is of any use; in lines, with its border."""

    panel: str
    need: int
    least: int = 7


def stack(place: Region, wishes: Sequence[Wish], stretch: str = "") -> dict[str, Region]:
    """Fill ``place`` from top to bottom; the last ones, for which not even their least is left, don't come.

    First everybody gets its least, then in order what it needs, and what is left goes to ``stretch`` (or the last).
    """
    left = place.height
    heights: dict[str, int] = {}
    for wish in wishes:
        least = min(wish.least, wish.need)
        if least > left and heights:
            break
        heights[wish.panel] = min(least, left)
        left -= heights[wish.panel]
    for wish in wishes[: len(heights)]:
        more = min(left, max(0, wish.need - heights[wish.panel]))
        heights[wish.panel] += more
        left -= more
    if heights:
        heights[stretch if stretch in heights else list(heights)[-1]] += left
    places = {}
    y = place.y
    for panel, height in heights.items():
        places[panel] = Region(place.x, y, place.width, height)
        y += height
    return places
