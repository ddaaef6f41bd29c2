"""Which picture a terminal is shown: never more than it can do, never larger than it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.serve.messages import Style
from playground.serve.styles import PLAINEST, USUAL, chosen, look_of, style_of
from tests.serve.stands_lab import sized
from widgets.palette import Colors, Theme

TRUE = 1 << 24
STYLES = st.builds(
    Style, st.integers(60, 320), st.integers(20, 100), st.sampled_from([0, 16, 256, TRUE]), st.booleans()
)


@pytest.mark.parametrize(
    ("term", "lang", "colors", "unicode"),
    [
        ("xterm-256color", "en_US.UTF-8", 256, True),
        ("xterm-direct", "de_DE.utf8", TRUE, True),
        ("xterm-kitty", "C.UTF-8", TRUE, True),
        ("alacritty", "C", TRUE, False),
        ("xterm", "POSIX", 16, False),
        ("screen", "de_DE.ISO-8859-1", 16, False),
        ("linux-ascii", "en_US.UTF-8", 16, False),
        ("vt100", "en_US.UTF-8", 0, False),
    ],
)
def test_a_style_is_what_a_terminal_says_of_itself(term: str, lang: str, colors: int, unicode: bool) -> None:
    assert style_of(sized(120, 40, term, lang)) == Style(120, 40, colors, unicode)


def test_a_terminal_may_be_too_small_for_any_picture_and_too_large_for_its_own() -> None:
    assert style_of(sized(59, 40)) is None
    assert style_of(sized(120, 19)) is None
    assert style_of(sized(60, 20)) == Style(60, 20)
    assert style_of(sized(500, 200)) == Style(320, 100)


@given(best=STYLES, drawn=st.sets(STYLES, max_size=20), renderings=st.integers(0, 8))
def test_what_is_chosen_can_be_shown_and_there_is_an_end_of_styles(
    best: Style, drawn: set[Style], renderings: int
) -> None:
    style = chosen(best, drawn, renderings)
    assert style.columns <= best.columns
    assert style.rows <= best.rows
    assert style.colors <= best.colors
    assert style.unicode <= best.unicode
    if best in drawn or len(drawn) < renderings:
        assert style == best
    if len(drawn) >= renderings + len(USUAL):
        assert style in drawn or style == PLAINEST


def test_the_largest_that_fits_is_taken_where_there_is_no_room_for_one_more() -> None:
    drawn = [Style(150, 45), Style(170, 45), Style(150, 45, 16), Style(100, 30, 16, False)]
    assert chosen(Style(165, 48), drawn, 2) == Style(150, 45)
    assert chosen(Style(165, 52), drawn, 2) == Style(160, 50)
    assert chosen(Style(155, 45, 16), drawn, 2) == Style(150, 45, 16)
    assert chosen(Style(90, 30), drawn, 2) == Style(80, 24)


def test_a_look_has_the_colours_of_its_style() -> None:
    for colors, look in ((0, Colors.NONE), (16, Colors.SIXTEEN), (256, Colors.TRUE), (TRUE, Colors.TRUE)):
        assert look_of(Style(80, 24, colors, False), Theme.LIGHT).colors is look
    assert look_of(Style(80, 24), Theme.LIGHT).theme is Theme.LIGHT
