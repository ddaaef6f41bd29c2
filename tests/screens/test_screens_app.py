"""Sizes, resizing, the mouse, frames from another thread, and terminals that can do less."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from playground.frame import Frame
from playground.screens.footer import fitting, offers
from playground.screens.header import Top, first_line, latency, parts, second_line
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from widgets.palette import DEFAULT, Colors, Look
from widgets.shapes import State

SIZES = [(60, 20), (80, 24), (100, 30), (120, 36), (140, 42), (160, 50), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_filled_to_the_last_cell(size: tuple[int, int]) -> None:
    async def steps(d: Driver) -> None:
        lines = d.text().splitlines()
        assert len(lines) == size[1]
        assert all(len(line) == size[0] for line in lines)
        assert "00:12.345" in lines[0]
        assert "8 up" in lines[1]
        assert "? help" in lines[-1]
        assert "q quit" in lines[-1]
        if size < (140, 42):
            assert "1 ring" in lines[2]
            assert "5 events" in lines[2]

    drive(steps, size=size)


def test_resizing_rearranges_and_keeps_what_was_chosen() -> None:
    async def steps(d: Driver) -> None:
        await d.press("2", "j", "v")
        for width, height in (*SIZES, (50, 15), *reversed(SIZES)):
            await d.pilot.resize_terminal(width, height)
            await d.pilot.pause()
            if width < 60:
                assert d.text().split() == ["!", "60x20", "is", "the", "least,", "this", "is", "50x15"]
            else:
                assert "replicas" in d.seen()
                await d.until(lambda: d.session.view.panels == frozenset(d.seen()))
        assert d.app.choice.selected == "n4"
        assert d.app.choice.marked == {"n4"}
        await d.until(lambda: d.app.stage.panels["replicas"].has_focus)

    drive(steps)


@pytest.mark.parametrize("size", [(59, 20), (60, 19), (20, 3), (5, 1)])
def test_below_the_least_size_there_is_one_polite_line(size: tuple[int, int]) -> None:
    async def steps(d: Driver) -> None:
        assert len([line for line in d.text().splitlines() if line.strip()]) <= 1
        assert "╭" not in d.text()
        await d.press("j", "x", "question_mark", "escape", "colon", "escape")

    drive(steps, size=size)


def test_tabs_bring_panels_to_the_front_by_key_and_mouse() -> None:
    async def steps(d: Driver) -> None:
        await d.press("3")
        assert "gossip" in d.seen()
        assert "ring" not in d.seen()
        tabs = d.app.stage.tabs
        line = d.text().splitlines()[2]
        await d.pilot.click(tabs, offset=(line.index("4 load"), 0))
        await d.pilot.pause()
        assert "load" in d.seen()
        seen = set()
        for _ in range(5):
            await d.press("tab")
            seen.add(d.app.stage.front)
        assert seen == {"ring", "replicas", "gossip", "load", "log"}

    drive(steps, size=(80, 24))


def test_a_click_selects_the_wheel_scrolls_and_footer_keys_can_be_pressed() -> None:
    async def steps(d: Driver) -> None:
        table = d.app.stage.panels["replicas"]
        await d.pilot.click(table, offset=(8, 6))
        await d.pilot.pause()
        assert d.app.choice.selected == "n5"
        assert table.has_focus
        assert d.app.stage.front == "replicas"
        x = d.footer.index("x crash")
        await d.pilot.click(d.app.footer, offset=(x + 2, 0))
        await d.pilot.pause()
        assert d.lines() == ["crash n5"]
        log = d.app.stage.events
        from textual import events

        log.post_message(events.MouseScrollUp(log, 1, 1, 0, 0, 0, False, False, False))
        await d.pilot.pause()
        assert not log.following

    drive(steps)


def test_frames_from_another_thread_never_pile_up() -> None:
    async def steps(d: Driver) -> None:
        took: list[float] = []
        posted: list[object] = []
        post = d.app.post_message
        d.app.post_message = lambda message: posted.append(message) or post(message)  # type: ignore

        def world() -> None:
            for _ in range(500):
                began = time.monotonic()
                d.session.tick()
                took.append(time.monotonic() - began)

        thread = threading.Thread(target=world)
        thread.start()
        await d.until(lambda: not thread.is_alive())
        newest = f"{(12_345_000 + 500 * 100_000) // 60_000_000:02d}:"
        await d.until(lambda: d.app.frame.header.at_us == 62_345_000)
        await d.until(lambda: newest + "02.345" in d.text())
        frames = [message for message in posted if type(message).__name__ == "NewFrame"]
        assert 0 < len(frames) <= 500
        assert not d.app._frame_waits

    drive(steps)


def test_a_panel_that_shows_is_focused_without_moving_anything() -> None:
    async def steps(d: Driver) -> None:
        before = d.app.stage.plan
        assert d.seen() == ["ring", "replicas", "log"]
        for key in ("2", "5", "1"):
            await d.press(key)
            assert d.app.stage.plan == before
        await d.pilot.click(d.app.stage.panels["replicas"], offset=(8, 4))
        await d.pilot.pause()
        assert d.app.stage.front == "replicas"
        assert d.app.stage.plan == before
        await d.pilot.resize_terminal(60, 20)
        await d.until(lambda: d.seen() == ["replicas"])

    drive(steps, size=(80, 24))


def test_only_what_is_visible_is_asked_for() -> None:
    async def steps(d: Driver) -> None:
        assert d.session.view.panels == {"ring", "replicas", "log"}
        await d.press("3")
        assert d.session.view.panels == {"gossip", "load", "replicas", "log"}
        await d.press("5", "enter")
        assert d.session.view.panels == {"log"}

    drive(steps, size=(120, 36))


def test_a_removed_node_passes_the_selection_on_and_a_new_one_gets_room() -> None:
    async def steps(d: Driver) -> None:
        height = d.app.stage.plan.places["replicas"].height
        d.session.states.pop("n3")
        d.session.states |= {"n9": State.BOOTING, "n10": State.UP}
        d.session.tick()
        await d.until(lambda: d.app.choice.selected == "n4")
        await d.until(lambda: d.app.stage.plan.places["replicas"].height == height + 1)

    drive(steps)


@pytest.mark.parametrize("look", [Look(Colors.SIXTEEN, True), Look(Colors.NONE, True), Look(Colors.NONE, False)])
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_terminals_that_can_do_less(look: Look, size: tuple[int, int]) -> None:
    async def steps(d: Driver) -> None:
        await d.press("x", "p", "space", "v", "colon", "escape", "question_mark")
        text = d.text()
        if not look.unicode:
            assert text.isascii(), sorted({char for char in text if not char.isascii()})
        await d.press("escape")
        assert "1 down n3" in d.text()
        assert "paused" in d.text()
        if not look.unicode:
            assert d.text().isascii()

    drive(steps, size=size, look=look)


def frame_of(**changes: object) -> Frame:
    session = FakeSession()
    for name, value in changes.items():
        setattr(session, name, value)
    session.tick(0)
    return session.frame()


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_the_header_degrades_by_priority_and_cuts_no_word(width: int) -> None:
    header = frame_of().header
    strip = first_line(header, width, DEFAULT)
    assert strip.cell_length == width
    whole = [part.text for part in parts(header, DEFAULT, width)]
    rest = strip.text
    for text in whole:
        rest = rest.replace(text, "", 1)
    assert not rest.strip(), f"cut: {rest!r}"
    assert "00:12.345" in strip.text


def test_a_lag_that_comes_and_goes_moves_nothing_else_in_the_header() -> None:
    header = frame_of().header
    even, late = (
        first_line(replace(header, speed=1.0, actual_speed=actual), 160, DEFAULT).text for actual in (1.0, 0.84)
    )
    assert "(0.84x)" in late
    assert even.rstrip() == late.replace("(0.84x)", "       ").rstrip()


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_of_a_long_title_the_beginning_is_shown(width: int) -> None:
    title = "An unclean election is available at once and loses acknowledged messages"
    header = replace(frame_of().header, title=title)
    strip = first_line(header, width, DEFAULT)
    assert strip.cell_length == width
    assert "00:12.345" in strip.text
    if width >= 120:
        assert strip.text.startswith(" An unclean election is")
    assert ("…" in strip.text) == (" An unclean" in strip.text and title not in strip.text)


def test_the_header_keeps_its_width_whatever_the_figures() -> None:
    assert {len(latency(us)) for us in (0, 999, 9_999, 10_000, 999_999, 1_000_000, 59_000_000)} == {6}


def test_the_header_says_how_fast_a_paused_world_will_go_on_if_not_as_usual() -> None:
    header = replace(frame_of(speed=0.1).header, paused=True)
    assert "paused, 0.1x" in first_line(header, 160, DEFAULT).text
    assert "paused " in first_line(replace(header, speed=1.0), 160, DEFAULT).text
    assert "0.1x" not in first_line(header, 80, DEFAULT).text


def test_the_header_says_when_the_machine_lags() -> None:
    header = replace(frame_of(speed=100.0).header, actual_speed=42.0)
    assert "100x (42x)" in first_line(header, 160, DEFAULT).text
    header = replace(header, speed=0.0, actual_speed=310.0)
    assert "full speed 310x" in first_line(header, 160, DEFAULT).text


def test_the_end_of_a_scenario_is_told_and_space_goes_on() -> None:
    async def steps(d: Driver) -> None:
        d.session.ended = True
        d.session.tick()
        await d.until(lambda: "the scenario is over: act or press space to go on, q to quit" in d.notice)
        head = d.text().splitlines()[0]
        assert "■ ended" in head
        assert "▶" not in head
        assert "space go on" in d.footer
        d.session.tell("something else")
        d.session.tick()
        await d.until(lambda: "something else" in d.notice)
        d.session.ended = False
        d.session.tick()
        await d.until(lambda: "▶" in d.text().splitlines()[0])
        d.session.ended = True
        d.session.tick()
        await d.until(lambda: "the scenario is over" in d.notice)
        await d.press("space")
        assert d.session.asked == [("pause", False)]
        await d.until(lambda: "▶" in d.text().splitlines()[0])
        assert "the scenario is over" not in d.notice

    drive(steps)


@pytest.mark.parametrize("size", SIZES)
def test_captions_are_never_cut_and_cover_nothing(size: tuple[int, int]) -> None:
    caption = "A client that asks n3 waits half a second in vain, then asks another node: slow, but no error."

    async def steps(d: Driver) -> None:
        d.session.caption = caption
        d.session.tick()
        await d.until(lambda: "▸ A client" in d.text())
        lines = d.text().splitlines()
        assert caption in " ".join(" ".join(lines[-5:]).split())
        needed = 1 + (size[0] < len(caption) + 4)
        assert lines[-3 - needed].lstrip().startswith("╰")
        d.session.caption = "Short."
        d.session.tick()
        await d.until(lambda: "▸ Short." in d.text())
        assert d.text().splitlines()[-3 - needed].lstrip().startswith("╰")

    drive(steps, size=size)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_faults_in_force_are_always_in_sight(width: int) -> None:
    shown = frame_of(faults=["partition n1 n2 n3 | n4 n5", "one-way cut n1 -> everybody", "n2: +200ms"])
    text = second_line(Top.of(shown), width, DEFAULT).text
    assert "in force: " in text
    assert "n2: +200ms" in text
    assert len(text) == width
    if width == 60:
        assert "more · " in text


@pytest.mark.parametrize("width", range(10, 200, 9))
def test_the_footer_drops_whole_keys_and_the_way_out_last(width: int) -> None:
    session = FakeSession()
    frame = session.frame()
    from playground.screens.choice import Choice

    for panel in ("ring", "load", "log", "detail"):
        kept = fitting(offers(panel, frame, Choice("n3"), ""), width)
        assert sum(offer.width for offer in kept) < width
        if width >= 20:
            assert {"help", "quit"} <= {offer.act for offer in kept}
