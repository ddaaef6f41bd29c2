"""The palette in both themes: legible, told apart by everybody, and the only place with colours in it."""

from __future__ import annotations

import asyncio
import math
import os
import pty
import re
import threading
import tty
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from widgets import gallery_data as data
from widgets.detecting import detect, theme_asked, theme_for, theme_from, theme_in
from widgets.gallery import Gallery
from widgets.palette import BACKGROUND, ICE, MUTED, RAISED, RGB, SELECTION, Colors, Ground, Look, Theme, mix
from widgets.panel import Panel
from widgets.ring import RingPanel
from widgets.shapes import State, Tone

HERE = Path(__file__).resolve().parents[2]
LOOKS = [Look(theme=theme) for theme in Theme]
NAMES = [theme.value for theme in Theme]
HUES = range(8)
JUDGING = (Tone.GOOD, Tone.WARN, Tone.BAD, Tone.ACCENT)

# What a dichromat sees of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0.
EYES = {
    "trichromat": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanope": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranope": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanope": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(color: RGB) -> list[float]:
    """sRGB to linear light, 0..1 (WCAG 2.2)."""
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]


def luminance(color: RGB) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """1..21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def times(matrix: Iterable[Iterable[float]], vector: list[float]) -> list[float]:
    return [sum(factor * value for factor, value in zip(row, vector, strict=True)) for row in matrix]


def lab(color: RGB, eyes: str) -> list[float]:
    """CIELAB (D65) of a colour as it is seen by such eyes."""
    seen = [min(1.0, max(0.0, part)) for part in times(EYES[eyes], linear(color))]
    to_xyz = ((0.412456, 0.357576, 0.180438), (0.212673, 0.715152, 0.072175), (0.019334, 0.119192, 0.950304))
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (value / white for value, white in zip(times(to_xyz, seen), (0.95047, 1.0, 1.08883), strict=True))
    )
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def closest(colors: list[RGB], eyes: str) -> float:
    """The least distance (CIE 1976) between any two."""
    places = [lab(color, eyes) for color in colors]
    return min(math.dist(one, other) for one, other in combinations(places, 2))


@pytest.mark.parametrize("look", LOOKS, ids=NAMES)
class TestLegibility:
    def test_text_can_be_read_on_every_ground_it_stands_on(self, look: Look) -> None:
        for tone in Tone:
            for ground in (BACKGROUND, RAISED, SELECTION):
                if (tone, ground) != (Tone.MUTED, SELECTION):  # what is selected is never muted
                    assert contrast(look.tone(tone), look.ground(ground)) >= 4.5, (tone, ground)
        for ground in (Ground.TEXT, Ground.STRONG, MUTED, ICE):
            assert contrast(look.ground(ground), look.ground(BACKGROUND)) >= 4.5, ground

    def test_names_in_their_hue_can_be_read(self, look: Look) -> None:
        for hue in HUES:
            assert contrast(look.hue(hue), look.ground(BACKGROUND)) >= 4.5, hue
            assert contrast(look.hue(hue), look.ground(SELECTION)) >= 3, hue

    def test_marks_of_further_nodes_can_be_seen(self, look: Look) -> None:
        for hue in range(8, 24):
            assert contrast(look.hue(hue), look.ground(BACKGROUND)) >= 3, hue

    def test_the_name_of_a_side_can_be_read_on_its_badge(self, look: Look) -> None:
        for side in range(6):
            style = look.badge(side)
            assert style.color is not None
            assert style.bgcolor is not None
            assert contrast(style.color.triplet, style.bgcolor.triplet) >= 4.5  # type: ignore[arg-type]

    def test_the_border_of_what_has_the_focus_can_be_seen(self, look: Look) -> None:
        assert contrast(look.ground(Ground.FOCUS), look.ground(BACKGROUND)) >= 3
        assert contrast(look.ground(Ground.FOCUS), look.ground(Ground.BORDER)) >= 2


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("look", LOOKS, ids=NAMES)
class TestColourBlindness:
    """2.3 is about what can be noticed at all, side by side; a projector takes most of it."""

    def test_eight_nodes_are_told_apart(self, look: Look, eyes: str) -> None:
        assert closest([look.hue(hue) for hue in HUES], eyes) >= 18

    def test_good_doubtful_bad_and_chosen_are_told_apart(self, look: Look, eyes: str) -> None:
        assert closest([look.tone(tone) for tone in JUDGING], eyes) >= 18


@pytest.mark.parametrize("theme", Theme)
def test_sixteen_colours_are_those_that_terminals_have(theme: Theme) -> None:
    look = Look(Colors.SIXTEEN, theme=theme)
    colors = [look.hue(hue) for hue in range(30)] + [look.tone(tone) for tone in Tone]
    colors += [look.ground(ground) for ground in Ground] + [look.state(state) for state in State]
    assert all(set(color) <= {0, 85, 170, 255} for color in colors)
    assert len({look.hue(hue) for hue in HUES}) == 8
    for tone in Tone:
        assert look.tone(tone) != look.ground(BACKGROUND)
        assert look.tone(tone) != look.ground(SELECTION)
        assert theme is Theme.LIGHT or look.tone(tone) != (85, 85, 85)  # bright black, which may be the background


def test_a_look_lights_away_from_the_background_and_fades_into_it() -> None:
    for look in LOOKS:
        ground = look.ground(BACKGROUND)
        for hue in HUES:
            color = look.hue(hue)
            assert contrast(look.lit(color, 0.2), ground) > contrast(color, ground)
            assert contrast(look.faded(color, 0.4), ground) < contrast(color, ground)
        assert look.faded(look.hue(0), 1.0) == ground
    plain = Look(Colors.SIXTEEN)
    assert plain.faded(plain.hue(2), 0.9) == plain.lit(plain.hue(2), 0.9) == plain.hue(2)
    assert mix((0, 0, 0), (255, 255, 255), 0.5) == (128, 128, 128)


def test_no_other_file_names_a_colour() -> None:
    """Neither #rrggbb nor three numbers handed on as a colour: of our own screen; a browser's is its own affair."""
    named = re.compile(r"#[0-9a-fA-F]{6}\b|RGB = \(|Color\.from_rgb\(\d|rgb\(\d")
    found = []
    for folder in ("widgets", "playground/screens"):
        for path in sorted((HERE / folder).rglob("*.py")):
            if path != HERE / "widgets" / "paint.py":
                lines = path.read_text(encoding="utf-8").splitlines()
                found += [f"{path.name}:{n}" for n, line in enumerate(lines, start=1) if named.search(line)]
    assert found == []


class TestWhichTheme:
    @pytest.mark.parametrize(
        ("value", "theme"),
        [("15;0", Theme.DARK), ("0;15", Theme.LIGHT), ("0;default;15", Theme.LIGHT), ("0;7", Theme.LIGHT),
         ("7;8", Theme.DARK), ("", None), ("0;default", None), ("0;²", None)],
    )  # fmt: skip
    def test_the_environment_may_tell(self, value: str, theme: Theme | None) -> None:
        assert theme_from({"COLORFGBG": value}) is theme

    @pytest.mark.parametrize(
        ("answer", "theme"),
        [(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c", Theme.LIGHT), (b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07", Theme.DARK),
         (b"\x1b]11;rgba:fd/f6/e3/ff\x1b\\", Theme.LIGHT), (b"\x1b[?1;2c", None), (b"", None),
         (b"\x1b]11;rgb:zz", None)],
    )  # fmt: skip
    def test_an_answer_of_the_terminal_is_understood(self, answer: bytes, theme: Theme | None) -> None:
        assert theme_in(answer) is theme

    def test_who_names_a_theme_gets_it(self) -> None:
        assert theme_for("light", {"COLORFGBG": "15;0"}) is Theme.LIGHT
        assert theme_for("auto", {"COLORFGBG": "0;15"}) is Theme.LIGHT
        assert detect({"TERM": "xterm-256color"}, theme=Theme.LIGHT) == Look(theme=Theme.LIGHT)

    @pytest.mark.parametrize("reply", [b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22c", b"\x1b[?1;2c"])
    def test_a_terminal_is_asked_and_left_as_it_was(self, reply: bytes) -> None:
        ours, theirs = pty.openpty()
        try:
            tty.setcbreak(theirs)
            before = tty.tcgetattr(theirs)  # type: ignore[attr-defined]
            asked: list[bytes] = []

            def terminal() -> None:
                while not asked or not asked[-1].endswith(b"c"):
                    asked.append(os.read(ours, 64))
                os.write(ours, reply)

            thread = threading.Thread(target=terminal)
            thread.start()
            theme = theme_asked(theirs, theirs, patience_s=20.0)
            thread.join()
            assert theme is theme_in(reply)
            assert b"".join(asked) == b"\x1b]11;?\x1b\\\x1b[c"
            assert tty.tcgetattr(theirs) == before  # type: ignore[attr-defined]
        finally:
            os.close(ours)
            os.close(theirs)

    def test_whoever_has_typed_already_loses_nothing(self) -> None:
        ours, theirs = pty.openpty()
        try:
            tty.setcbreak(theirs)
            os.write(ours, b"x")
            assert theme_asked(theirs, theirs, patience_s=20.0) is None
            assert os.read(theirs, 8) == b"x"
        finally:
            os.close(ours)
            os.close(theirs)

    def test_what_is_no_terminal_is_not_asked(self) -> None:
        source, sink = os.pipe()
        try:
            assert theme_asked(source, sink) is None
        finally:
            os.close(source)
            os.close(sink)


def test_every_panel_changes_its_theme_at_once() -> None:
    """Line by line the running app shows what one that began in the other theme shows."""

    async def shown(begin: Look, end: Look) -> list[str]:
        app = Gallery(look=begin, still=True)
        async with app.run_test(size=(160, 50)) as pilot:
            await pilot.pause()
            if end != begin:
                app.wear(end)
            await pilot.pause()
            await pilot.pause()
            assert all(panel.look == end for panel in app.query(Panel))
            return [repr(list(strip)) for strip in app.screen._compositor.render_strips()]

    light = replace(Look(), theme=Theme.LIGHT)
    changed = asyncio.run(shown(Look(), light))
    assert changed == asyncio.run(shown(light, light))
    assert changed != asyncio.run(shown(Look(), Look()))


def test_a_panel_of_an_app_without_themes_shows_itself_too() -> None:
    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield RingPanel("ring", "ring")

    async def go() -> str:
        app = Bare()
        async with app.run_test(size=(60, 24)) as pilot:
            app.query_one(RingPanel).show(data.ring(6))
            await pilot.pause()
            return app.query_one(RingPanel).text()

    assert "n6" in asyncio.run(go())
