"""A recording is what the app shows, the same bytes whoever makes it, and leaves a terminal as it was."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.color import Color
from textual.pilot import Pilot

from playground.cli import filming
from playground.cluster import Cluster
from playground.kernel.errors import UserError, WorldStopped
from playground.scenario.loader import load
from playground.scenario.model import Scenario
from playground.scenario.runner import play
from playground.screens import asciicast
from playground.screens.asciicast import MARKER, OUTPUT, Cast
from playground.screens.cast import HOLD_S, AppCrashed, FilmedApp, Reel, SteppedSession, film
from playground.screens.header import HeaderBar
from playground.session import Session
from widgets.palette import Ground, Look, Theme, hex_of

TEXT = """
title: A short one
seed: 5
until: 4s
cluster: {nodes: 4}
load: {rate: 30, clients: 2}
method:
  - at: 500ms
    say: Four nodes, and all is well.
  - at: 1s
    do: freeze
    nodes: [n2]
    say: >
      n2 stands still, and this is said in so many words that one line is not enough for them on
      a small screen, so that all that stands above has to make room while the film is running.
  - at: 3050ms
    do: thaw
    nodes: [n2]
    say: Back again.
"""
SMALL = (60, 20)
RESETTLED = ((80, 20), (140, 43))
"""Here the lines that a caption takes decide where the panels stand, and what moved asks for another picture."""
FRAMES = 41
"""Of these four seconds, the first and the last included."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def short(path: Path) -> Scenario:
    return load(path)


def session_of(scenario: Scenario) -> Session:
    session = Session(
        scenario.spec,
        scenario.seed,
        timeline=scenario.timeline,
        captions=scenario.captions,
        until_us=scenario.until_us,
        title=scenario.title,
    )
    session.pause()
    return session


Cell = tuple[str, str, str, bool]
"""Character, colour (of what is no blank), colour of the ground, bold."""


def screen_at(events: Iterable[tuple[float, str, str]], size: tuple[int, int], at_s: float) -> Any:
    """A terminal emulator that has been shown the recording up to that instant."""
    screen = pyte.Screen(*size)
    stream = pyte.Stream(screen)
    for when_s, code, text in events:
        if code == OUTPUT and when_s <= at_s:
            stream.feed(text)
    return screen


def cells_of(screen: Any) -> list[list[Cell]]:
    """What the emulator shows, cell by cell."""
    rows = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
    return [[cell(char.data, char.fg, char.bg, char.bold) for char in row] for row in rows]


def drawn_by(app: FilmedApp) -> list[list[Cell]]:
    """What stands on the app's own screen, cell by cell."""
    return [
        [
            cell(char, _hex(segment.style.color), _hex(segment.style.bgcolor), bool(segment.style.bold))
            for segment in strip
            if segment.style is not None
            for char in segment.text
        ]
        for strip in app.screen._compositor.render_strips()
    ]


def cell(char: str, color: str, ground: str, bold: bool) -> Cell:
    return (char, color, ground, bold) if char != " " else (char, "", ground, False)


def _hex(color: Color | None) -> str:
    return "default" if color is None else color.get_truecolor().hex.removeprefix("#")


def shown_by_the_app(
    scenario: Scenario, size: tuple[int, int], instants_us: Iterable[int]
) -> dict[int, list[list[Cell]]]:
    """What the app shows at some instants, each waited for until the process is idle."""
    shown = {}

    async def look(app: FilmedApp, session: SteppedSession) -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for at_us in instants_us:
                session.advance(at_us)
                await pilot.pause()
                await pilot.pause()
                shown[at_us] = drawn_by(app)

    with session_of(scenario) as running:
        stepped = SteppedSession(running)
        asyncio.run(look(FilmedApp(stepped), stepped))
    return shown


@pytest.mark.parametrize("size", [SMALL, (120, 36), *RESETTLED])
def test_a_terminal_that_plays_it_shows_what_the_app_shows(short: Scenario, size: tuple[int, int]) -> None:
    made = film(short, size=size)
    frames = range(100_000, short.until_us + 1, 100_000)
    for at_us, cells in shown_by_the_app(short, size, frames).items():
        assert cells_of(screen_at(made.events, size, at_us / 1e6)) == cells, at_us
    last = "\n".join(screen_at(made.events, size, short.until_us / 1e6).display)
    assert "ended" in last
    assert "Back again." in last


def test_at_rest_the_app_has_nothing_left_to_draw(short: Scenario) -> None:
    drawn = []

    class Suspicious(Reel):
        async def _rest(self, pilot: Pilot[Any]) -> None:
            await super()._rest(pilot)
            drawn.append(drawn_by(self._app))
            await pilot.pause()
            assert drawn_by(self._app) == drawn[-1]

    with session_of(short) as session:
        reel = Suspicious(session, RESETTLED[0], 1.0, short.until_us, lambda at_us: None)
        reel.run()
    assert reel.ended_by is None
    assert len(drawn) == FRAMES
    assert all(one != other for one, other in itertools.pairwise(drawn)), "the clock at least should have moved"


def test_the_file_is_an_asciicast_in_ascending_time(short: Scenario, tmp_path: Path) -> None:
    made = film(short, size=(80, 24))
    file = tmp_path / "short.cast"
    assert made.write(file) == file.stat().st_size
    first, *rest = file.read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert header["title"] == "A short one"
    assert header["duration"] == 4 + HOLD_S
    assert "timestamp" not in header
    events = [tuple(json.loads(line)) for line in rest]
    assert events == list(made.events)
    assert [each[0] for each in events] == sorted(each[0] for each in events)
    assert len({at_s for at_s, code, _ in events if code == OUTPUT}) == FRAMES + 1
    assert [each for each in events if each[1] == MARKER] == [
        (0.5, MARKER, short.captions[0][1]),
        (1.0, MARKER, short.captions[1][1]),
        (3.1, MARKER, short.captions[2][1]),  # said between two frames, seen with the next
    ]


def test_the_terminal_is_left_as_it_was(short: Scenario) -> None:
    output = "".join(text for _, code, text in film(short, size=SMALL).events if code == OUTPUT)
    modes = re.findall(r"\x1b\[\?([0-9;]+)([hl])", output)
    assert modes == [("1049", "h"), ("25", "l"), ("25", "h"), ("1049", "l")]
    end = output.rpartition("\x1b[?1049l")
    assert re.fullmatch(r"seed 5, 4\.000 s, 2 commands, digest [0-9a-f]+\r\n", end[2])
    assert end[0].endswith("\x1b[0m\x1b[?25h")


def test_a_light_film_is_light_and_tells_players_so(short: Scenario) -> None:
    header, grounds = {}, {}
    for theme in Theme:
        made = film(short, size=SMALL, theme=theme)
        header[theme] = json.loads(next(made.lines()))["theme"]["bg"]
        cells = cells_of(screen_at(made.events, SMALL, 2.0))
        grounds[theme] = Counter(ground for row in cells for _, _, ground, _ in row).most_common(1)[0][0]
        assert f"#{grounds[theme]}" == header[theme] == hex_of(Look(theme=theme).ground(Ground.BACKGROUND))
    assert header[Theme.LIGHT] != header[Theme.DARK]


def test_a_bad_theme_is_told_with_what_to_write_instead() -> None:
    with pytest.raises(UserError, match=r"^--cast-theme: 'auto' is no theme; write light or dark$"):
        asciicast.theme_from("auto")


def test_the_digest_is_that_of_a_replay(short: Scenario) -> None:
    assert film(short, size=SMALL).digest == play(short).digest
    assert film(short, size=SMALL, seed=6).digest == play(short, seed=6).digest != play(short).digest


def test_speed_shortens_time_and_is_shown_in_the_header(short: Scenario) -> None:
    made = film(short, size=(120, 36), speed=4.0)
    assert made.lasts_s == 1 + HOLD_S
    assert "▶ 4x " in screen_at(made.events, (120, 36), 0.5).display[0]
    assert len({at_s for at_s, code, _ in made.events if code == OUTPUT}) == 10 + 1 + 1
    assert made.digest == film(short, size=SMALL, speed=0.5).digest


def recorded_elsewhere(path: Path, out: Path, env: dict[str, str]) -> tuple[bytes, Any]:
    """The file, and what was reported, of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "playground", "replay", str(path), "--json", "--cast", str(out), "--size", "80x24"],
        env={**os.environ, **env},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert re.fullmatch(rb"\S+short\.cast: 9\.0 s, 80x24, \d+ kB; watch it: asciinema play \S+\n", done.stderr)
    return out.read_bytes(), json.loads(done.stdout)


def test_environment_locale_and_hash_seed_have_no_say_in_the_bytes(path: Path, tmp_path: Path) -> None:
    environments = (
        {"PYTHONHASHSEED": "1", "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "2", "NO_COLOR": "1", "TERM": "dumb", "COLORTERM": "", "LC_ALL": "C", "COLUMNS": "44",
         "TEXTUAL_THEME": "textual-light", "TEXTUAL_FILTERS": "dim", "TEXTUAL_COLOR_SYSTEM": "standard"},
    )  # fmt: skip
    one, other = (recorded_elsewhere(path, tmp_path / "short.cast", env) for env in environments)
    assert one[0] == other[0]
    assert one[1]["digest"] == other[1]["digest"]
    assert f"digest {one[1]['digest']}".encode() in one[0]
    assert b"38;2;" in one[0]


def test_it_ends_in_order_when_somebody_interrupts(short: Scenario) -> None:
    told: list[int] = []

    def progress(at_us: int) -> None:
        told.append(at_us)
        if at_us >= 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film(short, size=SMALL, progress=progress)
    assert told == list(range(100_000, 1_000_001, 100_000))
    assert "world" not in [thread.name for thread in threading.enumerate()]


def test_a_crash_of_the_app_is_told_in_one_line(short: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    paint = HeaderBar.paint

    def fail(self: HeaderBar, shape: Any, width: int, height: int) -> Any:
        if shape.header.at_us >= 2_000_000:
            raise RuntimeError("made to fail")
        return paint(self, shape, width, height)

    monkeypatch.setattr(HeaderBar, "paint", fail)
    with pytest.raises(AppCrashed, match=r"^The app has crashed at 00:02\.000; .*RuntimeError: made to fail"):
        film(short, size=SMALL)
    assert "world" not in [thread.name for thread in threading.enumerate()]


def test_a_world_that_stops_is_filmed_up_to_there(short: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = Cluster.advance

    async def fail(self: Cluster, until_us: int) -> None:
        if until_us > 2_000_000:
            raise WorldStopped(5, 2_000_000, RuntimeError("made to fail"))
        await advance(self, until_us)

    monkeypatch.setattr(Cluster, "advance", fail)
    made = film(short, size=(120, 36))
    assert "stopped by an error in the playground" in "\n".join(screen_at(made.events, (120, 36), 3.0).display)
    assert made.lasts_s == 2.1 + HOLD_S


@pytest.mark.parametrize(
    "text", ["", "120", "x", "0x0", "59x20", "60x19", "201x60", "200x61", "-80x24", "80X24", "8²x24"]
)
def test_a_bad_size_is_told_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(UserError, match=r"^--size: .* write columns x rows from 60x20 to 200x60, as 120x36$"):
        asciicast.size_from(text)


def test_sizes_reach_from_the_smallest_to_the_largest() -> None:
    assert [asciicast.size_from(text) for text in ("60x20", "200x60")] == [(60, 20), (200, 60)]


@pytest.mark.parametrize("text", ["", "max", "0", "0.09", "101", "-1", "nan", "inf", "fast"])
def test_a_bad_speed_is_told_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(UserError, match=r"^--cast-speed: .* write a number from 0\.1 to 100$"):
        asciicast.speed_from(text)


def test_a_speed_may_be_written_as_the_header_shows_it() -> None:
    assert [asciicast.speed_from(text) for text in ("0.1", "2", "10x", "100")] == [0.1, 2.0, 10.0, 100.0]


def test_where_nothing_can_be_written_is_told_before_anything_runs(short: Scenario, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="that is a folder"):
        asciicast.check(tmp_path, short, 1.0)
    with pytest.raises(UserError, match="there is no folder"):
        asciicast.check(tmp_path / "no" / "a.cast", short, 1.0)
    with pytest.raises(UserError, match="there is no folder"):
        asciicast.check(tmp_path / "short.yaml" / "a.cast", short, 1.0)
    asciicast.check(tmp_path / "short.yaml", short, 1.0)  # overwritten: who names a file means it


def test_a_write_that_fails_is_one_line(tmp_path: Path) -> None:
    cast = Cast("", 80, 24, ((0.0, OUTPUT, ""),), "")
    with pytest.raises(UserError, match=r"x: the recording cannot be written there: File name too long$"):
        cast.write(tmp_path / ("x" * 300))
    with pytest.raises(UserError, match="cannot be written there: Is a directory"):
        cast.write(tmp_path)


def test_a_recording_of_hours_is_refused_with_the_speed_that_does(path: Path, tmp_path: Path) -> None:
    path.write_text(TEXT.replace("until: 4s", "until: 9001s"), encoding="utf-8")
    hours = load(path)
    with pytest.raises(UserError, match=r"would last 2\.5 hours; take --cast-speed 3 or more$"):
        asciicast.check(tmp_path / "a.cast", hours, 1.0)
    asciicast.check(tmp_path / "a.cast", hours, 3.0)


def test_options_of_a_recording_without_a_file_are_a_mistake(short: Scenario, tmp_path: Path) -> None:
    assert filming.wanted(short, None, None, None) is None
    for size, speed in (("80x24", None), (None, "2")):
        with pytest.raises(UserError, match="--cast FILE"):
            filming.wanted(short, None, size, speed)
    found = filming.wanted(short, tmp_path / "a.cast", None, None)
    assert found is not None
    assert (found.size, found.speed) == ((120, 36), 1.0)


def test_a_film_of_another_run_than_the_replayed_one_is_not_kept(
    short: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = filming.wanted(short, tmp_path / "a.cast", "60x20", "10")
    assert plan is not None
    assert filming.film(plan, seed=None, digest="0" * 32) == 1
    assert not plan.path.exists()
    told = capsys.readouterr().err
    assert told.startswith("playground: nothing filmed: the run in the app came to the digest ")
    assert told.count("\n") == 1
    assert filming.film(plan, seed=6, digest=play(short, seed=6).digest) == 0
    assert plan.path.exists()
