"""The chain of causes, and the log's cursor: drawn at any size, and never jumping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from widgets.canvas import Picture
from widgets.log import LogPanel
from widgets.palette import Colors, Look
from widgets.panel import Panel
from widgets.shapes import Log, LogLine, Step, Tone, Why
from widgets.why import WhyPanel, draw_why, span
from widgets.why_rail import ROOMY

LOOKS = (Look(), Look(Colors.SIXTEEN), Look(Colors.NONE), Look(Colors.NONE, unicode=False))
STEPS = (
    Step(6_000_000, "", "the command “partition n1 | rest”", Tone.WARN, None, -1, 3),
    Step(6_340_000, "n1", "loses 9 messages to z1, z2 and z3 until 00:08.341: 5 Connect, 4 Ping", Tone.WARN, 0, -4),
    Step(8_503_000, "z3", "has heard nothing of n1 for too long: its session expires", Tone.WARN, 8, 17, 5),
    Step(8_768_000, "n1", "loses 40 messages to n3, n4 and n6", Tone.WARN, 0, -9, depth=1),
    Step(8_735_100, "n2", "is elected master of shard-1 in epoch 2", Tone.ACCENT, 1, 18, 7),
    Step(16_136_000, "n1", "does not lead shard-1 any more: epoch 2 has begun", Tone.WARN, 0, 19, 9),
)
WHY = Why(STEPS[-1].text, STEPS, "the command at 00:06.000; 10.1 s later n1 does not lead shard-1 any more", Tone.WARN)


def drawn(width: int, height: int, look: Look = LOOKS[0], why: Why = WHY, cursor: int = -1) -> str:
    picture = draw_why(why, width, height, look, cursor=cursor)
    return Picture([*picture.head, *picture.body]).text


class Shown(App[None]):
    def __init__(self, panel: Panel[object]) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel


def play(panel: Panel[object], act: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (90, 14)) -> None:
    async def run() -> None:
        async with Shown(panel).run_test(size=size) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


# --- why -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [1, 5, 20, 60, 76, 116, 156])
def test_every_line_has_the_width_of_the_panel(look: Look, width: int) -> None:
    picture = draw_why(WHY, width, 30, look, selected="n1", cursor=2)
    assert {strip.cell_length for strip in (*picture.head, *picture.body)} == {width}
    assert len(picture.steps) == len(picture.body)
    if not look.unicode:
        assert Picture([*picture.head, *picture.body]).text.isascii()


def test_no_word_of_a_sentence_is_lost_at_any_width() -> None:
    for width in (44, 76, 116, 156):
        text = " ".join(drawn(width, 30).split())
        for step in STEPS:
            assert all(word in text for word in step.text.split()), (width, step)


def test_where_there_is_room_each_machine_has_a_lane_and_lines_lead_from_cause_to_effect() -> None:
    lines = drawn(ROOMY + 40, 40).splitlines()
    head = next(line for line in lines if line.split() == ["n1", "z3", "n2"])
    column = {name: head.index(name) for name in ("n1", "z3", "n2")}
    expired = next(line for line in lines if "session expires" in line)
    assert expired[column["z3"]] == "●"
    assert expired[column["n1"]] == "├"
    assert expired[column["n1"] + 1 : column["z3"]] == "───"
    deposed = next(line for line in lines if "does not lead" in line and "16.136" in line)
    assert deposed[column["n1"]] == "●"
    assert deposed[column["n2"]] == "┤"
    aside = next(line for line in lines if "loses 40" in line)
    assert aside[column["n1"]] == "○"
    assert "├" not in aside
    assert "┤" not in aside


def test_what_has_passed_is_told_between_the_steps_of_the_chain_alone() -> None:
    lines = drawn(76, 40).splitlines()
    assert any("00:06.340 +340 ms" in line for line in lines)
    assert any("00:16.136  +7.4 s" in line for line in lines)
    assert all("+" not in line for line in lines if "loses 40" in line)


@given(st.integers(-5, 10**10))
def test_a_span_fits_its_column(duration_us: int) -> None:
    assert len(span(duration_us)) <= 7
    assert bool(span(duration_us)) == (duration_us > 0)


def test_the_cursor_begins_at_what_was_asked_about_and_is_always_in_sight() -> None:
    panel = WhyPanel("why", "why")

    async def act(pilot: Pilot[None]) -> None:
        panel.show(WHY)
        await pilot.pause()
        assert panel.chosen == STEPS[-1]
        for place in reversed(range(len(STEPS) - 1)):
            panel.step(-1)
            assert panel.chosen == STEPS[place]
            assert "▸" in "\n".join(strip.text for strip in panel._strips)
        panel.step(-1)
        assert panel.chosen == STEPS[0]
        assert not panel.along(-1)
        assert panel.along(1)
        assert panel.chosen == STEPS[1]
        panel.show(replace(WHY, answer="otherwise told"))
        assert panel.chosen == STEPS[1]
        panel.show(Why("another question", STEPS[:3]))
        assert panel.chosen == STEPS[2]

    play(panel, act)


def test_without_an_answer_it_says_why_there_is_none() -> None:
    assert "no longer kept" in drawn(60, 10, why=Why("", empty="that is no longer kept"))
    panel = WhyPanel("why", "why", shape=Why("", empty="that is no longer kept"))

    async def act(pilot: Pilot[None]) -> None:
        assert panel.chosen is None
        assert panel.chosen_us() is None
        assert panel.step(1)
        assert not panel.along(1)

    play(panel, act)


def test_whoever_goes_back_to_a_step_keeps_the_chain_that_leads_on_from_there() -> None:
    panel = WhyPanel("why", "why", shape=WHY)

    async def act(pilot: Pilot[None]) -> None:
        panel.step(-2)
        panel.show(Why("", empty="that has not happened yet", ahead=True))
        assert panel.chosen == STEPS[-3]
        panel.show(Why("", empty="that is no longer kept"))
        assert panel.chosen is None

    play(panel, act)


def test_every_size_down_to_nothing() -> None:
    panel = WhyPanel("why", "why", shape=WHY)

    async def act(pilot: Pilot[None]) -> None:
        for size in ((200, 60), (80, 24), (40, 12), (20, 6), (7, 3), (1, 1), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            panel.step(-1)

    play(panel, act)


def test_a_click_chooses_the_step() -> None:
    panel = WhyPanel("why", "why", shape=WHY)

    async def act(pilot: Pilot[None]) -> None:
        y = next(y for y, strip in enumerate(panel._strips) if "session expires" in strip.text)
        offset = panel.content_region.offset - panel.region.offset
        await pilot.click(panel, offset=(offset.x + 30, offset.y + y))
        assert panel.chosen == STEPS[2]

    play(panel, act, size=(120, 30))


# --- the log's cursor ------------------------------------------------------------------------------


def log(count: int, first: int = 0, long: bool = False) -> Log:
    text = "is a sentence that is so long that it has to go on under itself in any panel " * 2 if long else "is here"
    return Log(
        tuple(LogLine(number, number * 1_000, "say", f"n{number}", text) for number in range(first, count)), first
    )


def rows(panel: LogPanel) -> list[str]:
    return [strip.text.rstrip() for strip in panel._strips]


def test_without_anybodys_doing_the_newest_line_is_chosen() -> None:
    panel = LogPanel("log", "events", shape=log(30))

    async def act(pilot: Pilot[None]) -> None:
        assert panel.chosen_entry() == 29
        panel.show(log(35))
        assert panel.chosen_entry() == 34
        assert panel.chosen_us() == 34_000
        assert panel.following

    play(panel, act)


def test_who_reads_is_not_disturbed_and_comes_back_by_going_to_the_newest() -> None:
    panel = LogPanel("log", "events", shape=log(30))

    async def act(pilot: Pilot[None]) -> None:
        panel.step(-2)
        assert panel.chosen_entry() == 27
        before = rows(panel)
        panel.show(log(40))
        assert panel.chosen_entry() == 27
        assert rows(panel)[:-1] == before[1:]
        assert "10 newer" in rows(panel)[-1]
        panel.step(1)
        assert panel.chosen_entry() == 28
        panel.step(100)
        assert panel.chosen_entry() == 39
        assert panel.following

    play(panel, act)


@pytest.mark.parametrize("long", [False, True])
def test_the_cursor_goes_through_all_lines_one_by_one_and_stays_in_sight(long: bool) -> None:
    panel = LogPanel("log", "events", shape=log(40, first=10, long=long))

    async def act(pilot: Pilot[None]) -> None:
        for wanted in reversed(range(10, 39)):
            panel.step(-1)
            assert panel.chosen_entry() == wanted
            assert panel._rows.count(wanted) == (panel._height(panel.chosen) if panel.chosen else 0)
        panel.step(-1)
        assert panel.chosen_entry() == 10
        for wanted in range(11, 40):
            panel.step(1)
            assert panel.chosen_entry() == wanted
            assert wanted in panel._rows

    play(panel, act, size=(60, 16))


def test_the_mark_of_the_chosen_line_moves_nothing() -> None:
    panel = LogPanel("log", "events", shape=log(30))

    async def act(pilot: Pilot[None]) -> None:
        panel.step(-3)
        before = rows(panel)
        panel.step(1)
        assert rows(panel) == before
        styles = [segment.style for strip in panel._strips for segment in strip if segment.text == "00:00.027"]
        assert [style.reverse for style in styles if style is not None] == [True]

    play(panel, act)


def test_whoever_scrolls_takes_the_cursor_along() -> None:
    panel = LogPanel("log", "events", shape=log(60))

    async def act(pilot: Pilot[None]) -> None:
        panel.scroll_lines(-20)
        chosen = panel.chosen_entry()
        assert chosen is not None
        assert chosen in panel._rows
        panel.scroll_lines(-1_000)
        assert panel.chosen_entry() in panel._rows
        panel.scroll_lines(1_000)
        assert panel.following
        assert panel.chosen_entry() == 59

    play(panel, act)


def test_a_filter_leaves_only_its_lines_to_be_chosen() -> None:
    panel = LogPanel("log", "events", shape=log(30))

    async def act(pilot: Pilot[None]) -> None:
        panel.search("n1")
        assert panel.chosen_entry() == 19
        panel.step(-1)
        assert panel.chosen_entry() == 18
        panel.step(-100)
        assert panel.chosen_entry() == 1
        panel.search("nothing has this")
        assert panel.chosen_entry() is None
        panel.step(1)
        assert panel.chosen_us() is None

    play(panel, act)


def test_a_chosen_line_that_is_dropped_leaves_the_oldest_chosen() -> None:
    panel = LogPanel("log", "events", shape=log(30))

    async def act(pilot: Pilot[None]) -> None:
        panel.step(-100)
        assert panel.chosen_entry() == 0
        panel.show(log(60, first=20))
        assert panel.chosen_entry() == 20

    play(panel, act)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["step", "scroll", "grow", "filter"]), st.integers(-50, 50)), max_size=12))
@example([("filter", 22), ("step", -10), ("grow", 49), ("filter", 12)])
def test_whatever_is_done_the_chosen_line_is_in_sight(acts: list[tuple[str, int]]) -> None:
    panel = LogPanel("log", "events", shape=log(40))

    async def act(pilot: Pilot[None]) -> None:
        count = 40
        for name, amount in acts:
            if name == "step":
                panel.step(amount)
            elif name == "scroll":
                panel.scroll_lines(amount)
            elif name == "grow":
                count += abs(amount)
                panel.show(log(count, first=max(0, count - 60)))
            elif panel.wanted == str(amount % 5):
                continue  # nothing is done
            else:
                panel.search(str(amount % 5))
            chosen = panel.chosen_entry()
            if name != "grow":
                assert chosen is None or chosen in panel._rows

    play(panel, act, size=(60, 12))
