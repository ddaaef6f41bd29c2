"""What is left of the colours on a terminal that has 256 of them."""

from __future__ import annotations

from itertools import combinations

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from widgets.encoder import Encoder
from widgets.fewer import nearest
from widgets.paint import PAINTS, Ground, Theme
from widgets.shapes import Tone

GREYS = range(232, 256)


@pytest.mark.parametrize(
    ("color", "number"),
    [((0, 0, 0), 16), ((255, 255, 255), 231), ((255, 0, 0), 196), ((95, 135, 215), 68), ((8, 8, 8), 232)],
)
def test_a_colour_that_there_is_is_itself(color: tuple[int, int, int], number: int) -> None:
    assert nearest(color) == number


@pytest.mark.parametrize("color", [(31, 50, 78), (13, 17, 23), (54, 61, 70), (60, 44, 20)])
def test_what_is_dark_and_hardly_coloured_does_not_become_loud(color: tuple[int, int, int]) -> None:
    assert nearest(color) in GREYS


@pytest.mark.parametrize("theme", list(Theme))
def test_nodes_are_told_apart_from_each_other_and_from_what_is_wrong(theme: Theme) -> None:
    paint = PAINTS[theme, False]
    for one, other in combinations([*paint.hues, paint.tones[Tone.BAD]], 2):
        assert nearest(one) != nearest(other), (one, other)
    assert nearest(paint.grounds[Ground.SELECTION]) != nearest(paint.grounds[Ground.BACKGROUND])


def test_a_terminal_of_256_colours_is_sent_no_others() -> None:
    encoder = Encoder()
    encoder.resize(2, 1)
    style = Style(color="#1fcef8", bgcolor="#1f324e")
    assert "\x1b[38;5;45;48;5;236m" in encoder.update([(0, 0, [Segment("ab", style)])], ColorSystem.EIGHT_BIT)
