"""The space-time panel: exact widths at every size, arrows where they belong, marks, clicks, pictures."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from widgets.palette import Colors, Look
from widgets.shapes import Fact, Hop, Lane, Moment, Reading, SpaceTime, Spell, State, Tone
from widgets.spacetime import SpaceTimePanel, nearest, told
from widgets.spacetime_chart import Chart
from widgets.spacetime_layout import head_of, keep_lanes, measure, tick_us

SNAPSHOTS = Path(__file__).parent / "snapshots"
ASCII = Look(Colors.NONE, unicode=False)
LANES = tuple(Lane(f"n{number}", number) for number in range(1, 6))


def hop(id: int, source: int, target: int, sent_us: int, took_us: int = 1_000, **more: Any) -> Hop:
    return Hop(id, source, target, sent_us, sent_us + took_us, more.pop("label", "Append"), "shards", **more)


def diagram(*hops: Hop, **more: Any) -> SpaceTime:
    given_ = {"moments": (), "spells": (), "start_us": 0, "end_us": 100_000, "now_us": 100_000} | more
    return SpaceTime(more.pop("lanes", LANES), hops, **{key: given_[key] for key in given_ if key != "lanes"})


def story() -> SpaceTime:
    """One write: asked, copied to two slaves of which one does not get it, answered; a crash, a frozen machine."""
    hops = (
        hop(1, 0, 1, 10_000, 12_000, label="Ask"),
        hop(2, 1, 2, 22_000, 9_000, label="Append"),
        Hop(3, 1, 3, 22_000, None, "Append", "shards", lost="the link was cut", lost_us=22_000),
        hop(4, 2, 1, 35_000, 11_000, label="Report"),
        hop(5, 1, 0, 46_000, 12_000, label="reply to Ask"),
        hop(6, 1, 4, 60_000, 8_000, label="Append", lost="n5 had no power", lost_us=68_000),
        Hop(7, 0, 1, 95_000, None, "Ask", "shards", due_us=110_000),
    )
    return diagram(
        *hops,
        lanes=(*LANES[:4], Lane("n5", 5, State.DOWN)),
        moments=(
            Moment(20, 4, 50_000, "crash", "n5 crashed", Tone.BAD, 3),
            Moment(21, None, 15_000, "partition", "partition n4 | n1 n2 n3", Tone.WARN, 1),
            Moment(22, 2, 75_000, "freeze", "n3 froze", Tone.WARN, 4),
        ),
        spells=(Spell(4, 50_000, 100_000, State.DOWN), Spell(2, 75_000, 100_000, State.FROZEN)),
        legend=(("shards", 0),),
        caption="what n2 sends and gets",
        hidden=12,
    )


def picked() -> SpaceTime:
    reading = Reading(
        "Append: n2 → n3",
        (Fact("sent", "00:00.022000 by n2"), Fact("because", "Ask from n1"), Fact("entries", "x" * 200)),
        (1,),
        (4,),
        ((1, 10_000), (4, 35_000)),
    )
    return replace(story(), picked=2, reading=reading)


def followed() -> SpaceTime:
    return replace(picked(), following=True, caption="request 7 of n1: write k1=x: ok, 48.00 ms, 7 messages")


def chart(shape: SpaceTime, width: int = 100, height: int = 24, look: Look | None = None, **more: Any) -> list[str]:
    kept = keep_lanes(shape, height - head_of(height), (), None)
    place = measure(shape, width, height, kept)
    grid = Chart(shape, place, look or Look(), more.get("selected"), frozenset()).draw()
    return [strip.text for strip in grid.strips()]


# --- drawing ------------------------------------------------------------------------------------


def test_an_arrow_goes_from_its_sender_then_to_its_receiver_later() -> None:
    lines = chart(diagram(hop(1, 0, 2, 30_000, 30_000)))
    place = measure(diagram(), 100, 24, range(5))
    sent, arrived = place.column(30_000), place.column(60_000)
    assert lines[place.rows[0]][sent] == "┬"
    assert lines[place.rows[2]][arrived] == "▼"
    between = {y: line for y, line in enumerate(lines) if place.rows[0] < y < place.rows[2]}
    columns = [min(x for x, char in enumerate(line) if "⠀" < char <= "⣿") for line in between.values()]
    assert columns == sorted(columns)
    assert sent <= columns[0] <= columns[-1] <= arrived


def test_what_took_no_time_at_this_scale_is_upright_wherever_the_cells_begin() -> None:
    for sent_us in range(20_000, 22_000, 100):
        lines = chart(diagram(hop(1, 3, 1, sent_us, 400)))
        place = measure(diagram(), 100, 24, range(5))
        x = place.column(sent_us)
        assert lines[place.rows[3]][x] == "┴"
        assert lines[place.rows[1]][x] == "▲"
        assert all(lines[y][x] == "│" for y in range(place.rows[1] + 1, place.rows[3]))


def test_a_lost_message_breaks_off_half_way_and_one_to_a_dead_machine_at_its_lane() -> None:
    lines = chart(story())
    place = measure(story(), 100, 24, range(5))
    x = place.column(22_000)
    cross = next(y for y in range(place.rows[1] + 1, place.rows[3]) if lines[y][x] == "✕")
    assert place.rows[1] < cross < place.rows[3]
    assert lines[place.rows[3]][x] != "▼"
    assert lines[place.rows[4]][place.column(68_000)] == "✕"


def test_what_is_under_way_ends_in_the_open() -> None:
    lines = chart(story())
    place = measure(story(), 100, 24, range(5))
    assert "▼" not in lines[place.rows[1]][place.column(93_000) :]
    assert lines[place.rows[0]][place.column(95_000)] == "┬"


def test_the_head_of_an_arrow_is_seen_though_another_arrow_leaves_there() -> None:
    lines = chart(diagram(hop(1, 0, 2, 20_000, 20_000), hop(2, 2, 0, 40_000, 20_000), hop(3, 2, 4, 40_000, 20_000)))
    place = measure(diagram(), 100, 24, range(5))
    assert lines[place.rows[2]][place.column(40_000)] == "▼"


def test_nothing_is_drawn_over_the_names() -> None:
    hops = [hop(number + 1, number % 5, (number + 3) % 5, -40_000 + number * 2_000, 37_000) for number in range(30)]
    for line in chart(diagram(*hops))[3:]:
        assert re.fullmatch(r" (n[1-5])?\s*", line[: measure(diagram(), 100, 24, range(5)).label]), line


def test_lanes_show_how_their_machines_are() -> None:
    lines = chart(story())
    place = measure(story(), 100, 24, range(5))
    dead = lines[place.rows[4]]
    assert "─" in dead[: place.column(49_000)]
    assert "─" not in dead[place.column(52_000) :]
    assert dead.startswith(" n5")
    assert "✕" in dead[: place.label]
    frozen = lines[place.rows[2]][place.column(76_000) :]
    assert frozen.count("❄") >= 3
    assert "★✕❄"[2] in lines[place.rows[2]][place.column(75_000)]


def test_what_befell_everybody_is_a_line_through_all_lanes_and_is_told_above() -> None:
    lines = chart(story())
    place = measure(story(), 100, 24, range(5))
    x = place.column(15_000)
    assert sum(lines[y][x] == "┊" for y in range(place.head, 24)) > 10
    assert "partition n4" in lines[0]
    assert "n5 crashed" in lines[0]


def test_a_diagram_that_flows_moves_by_whole_cells() -> None:
    hops = tuple(hop(number, number % 5, (number + 2) % 5, number * 7_300, 4_000) for number in range(60))
    cell_us = measure(diagram(), 100, 24, range(5)).cell_us
    before: list[str] = []
    for step in range(5):
        end_us = 300_000 + step * cell_us
        shape = diagram(*hops, start_us=end_us - 100_000, end_us=end_us, now_us=end_us)
        lines = [line[8:] for line in chart(shape)[3:]]
        if before:
            # Only the edges may differ: there an arrow comes into sight, or goes.
            assert [line[1:90] for line in before] == [line[:89] for line in lines]
        before = lines


def test_where_there_is_no_room_for_all_lanes_the_busy_ones_stay_and_the_selected() -> None:
    lanes = tuple(Lane(f"m{number}", number) for number in range(40))
    hops = tuple(hop(number + 1, number % 7, 7, number * 1_000) for number in range(50))
    shape = diagram(*hops, lanes=lanes)
    kept = keep_lanes(shape, 9, (), "m30")
    assert kept == [*range(8), 30]
    chosen = keep_lanes(replace(shape, picked=1, hops=(hop(1, 38, 39, 0),)), 4, ("m0", "m1"), "m30")
    assert chosen == [0, 30, 38, 39]
    again = keep_lanes(replace(shape, hops=()), 9, tuple(f"m{lane}" for lane in kept), "m30")
    assert again == kept, "lanes must not come and go with the traffic"


@pytest.mark.parametrize("span_us", [5_000, 20_000, 100_000, 2_000_000, 60_000_000])
def test_the_ruler_tells_round_times_with_room_between_them(span_us: int) -> None:
    step_us = tick_us(span_us // 100)
    assert step_us >= 15 * (span_us // 100)
    assert str(step_us).rstrip("0") in ("1", "2", "5")
    shape = diagram(start_us=70_000_000, end_us=70_000_000 + span_us, now_us=70_000_000 + span_us)
    ruler = chart(shape)[measure(shape, 100, 24, range(5)).head - 1]
    assert len(re.findall(r"\d\d:\d\d", ruler)) >= 2


# --- the panel ----------------------------------------------------------------------------------


class One(App[None]):
    """A single panel."""

    def __init__(self, look: Look, shape: SpaceTime | None) -> None:
        super().__init__()
        self.look = look
        self.panel = SpaceTimePanel("spacetime", "space-time: who sent what", look=look, shape=shape)
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_space_time_panel_picked(self, message: SpaceTimePanel.Picked) -> None:
        self.heard.append(message.id)

    def on_space_time_panel_wheeled(self, message: SpaceTimePanel.Wheeled) -> None:
        self.heard.append(("wheel", message.steps))

    def on_panel_selected(self, message: SpaceTimePanel.Selected) -> None:
        self.heard.append(message.name)


def play(
    act: Callable[[One, Pilot[None]], Awaitable[Any]],
    shape: SpaceTime | None,
    size: tuple[int, int] = (160, 50),
    look: Look | None = None,
) -> Any:
    async def run() -> Any:
        app = One(look or Look(), shape)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await act(app, pilot)

    return asyncio.run(run())


hop_shapes = st.builds(
    lambda id, source, target, sent, took, lost, late: Hop(
        id, source, target, sent, None if lost == 1 or late else sent + took, "Ask Wríte", "kafka",
        lost="gone" if lost else "", lost_us=sent + took if lost else None, due_us=sent + took if late else None,
    ),
    st.integers(1, 50), st.integers(0, 4), st.integers(0, 4), st.integers(-50_000, 150_000), st.integers(0, 300_000),
    st.integers(0, 2), st.booleans(),
)  # fmt: skip
moment_shapes = st.builds(
    Moment,
    st.integers(-3, 50),
    st.none() | st.integers(0, 4),
    st.integers(-50_000, 150_000),
    st.sampled_from(["crash", "elected", "partition", "alert", "load", "unheard-of"]),
    st.text(max_size=40),
    st.sampled_from(Tone),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(hop_shapes, max_size=25),
    st.lists(moment_shapes, max_size=8),
    st.integers(1, 170),
    st.integers(1, 55),
    st.sampled_from([Look(), ASCII, Look(Colors.SIXTEEN)]),
    st.booleans(),
    st.integers(1, 10_000_000),
)
def test_whatever_is_shown_fills_its_room_exactly(
    hops: list[Hop], moments: list[Moment], width: int, height: int, look: Look, following: bool, span_us: int
) -> None:
    shape = diagram(*hops, moments=tuple(moments), start_us=100_000 - span_us, following=following, caption="é" * 90)
    if hops:
        shape = replace(shape, picked=hops[0].id, reading=Reading("title", (Fact("a", "b " * 80),)))
    panel = SpaceTimePanel("spacetime", look=look)
    panel.selected = "n2"
    picture = panel.paint(shape, width, height)
    strips = picture.strips
    assert all(strip.cell_length == width for strip in strips[:height])
    if not look.unicode:
        assert all(strip.text.isascii() for strip in strips[:height])
    for spot in picture.spots:
        assert spot.name.startswith(("#", "n"))


def test_a_click_means_the_arrow_next_to_it_or_the_machine_of_the_lane() -> None:
    async def act(app: One, pilot: Pilot[None]) -> None:
        place = app.panel._geometry
        assert place is not None
        x, y = place.column(23_500), place.rows[1] + 1
        await pilot.click(app.panel, offset=(place.column(16_000) + 2, (place.rows[0] + place.rows[1]) // 2 + 2))
        assert app.heard == [1]
        await pilot.click(app.panel, offset=(4, place.rows[3] + 2))
        assert app.heard == [1, "n4"]
        assert nearest(story(), place, x, y) in (2, 3)
        assert nearest(story(), place, place.column(50_000), place.rows[4]) == 20
        assert nearest(story(), place, place.column(90_000), place.rows[3]) == 0

    play(act, story())


def test_a_click_on_a_step_of_a_story_means_its_message() -> None:
    async def act(app: One, pilot: Pilot[None]) -> None:
        spot = next(spot for spot in app.panel._spots if spot.name == "#4")
        await pilot.click(app.panel, offset=(spot.x1 + 4, spot.y + 1))
        assert app.heard == [4]

    play(act, followed())


def test_the_wheel_goes_through_time() -> None:
    async def act(app: One, pilot: Pilot[None]) -> None:
        app.panel.scroll_lines(3)
        app.panel.scroll_lines(-3)
        await pilot.pause()
        assert app.heard == [("wheel", 1), ("wheel", -1)]

    play(act, story())


def test_what_is_copied_are_the_messages_as_text() -> None:
    text = told(picked())
    assert "00:00.022  n2 -> n4  Append (shards), lost: the link was cut" in text
    assert "> 00:00.022  n2 -> n3  Append (shards), 9.00 ms" in text
    assert "00:00.095  n1 -> n2  Ask (shards), under way" in text
    assert "n5 crashed" in text
    assert "because" in text


def test_the_instant_of_what_is_picked_is_known() -> None:
    panel = SpaceTimePanel("spacetime", shape=picked())
    assert panel.chosen_us() == 22_000
    panel.shape = replace(story(), picked=20)
    assert panel.chosen_us() == 50_000
    panel.shape = story()
    assert panel.chosen_us() is None


def test_only_changed_lines_are_repainted() -> None:
    async def act(app: One, pilot: Pilot[None]) -> None:
        before = list(app.panel._strips)
        app.panel.show(replace(story(), caption="another caption"))
        changed = [y for y, strip in enumerate(app.panel._strips) if strip is not before[y]]
        assert changed == [0]

    play(act, story())


def test_every_size_down_to_nothing() -> None:
    async def act(app: One, pilot: Pilot[None]) -> None:
        for size in ((200, 60), (80, 24), (40, 12), (20, 6), (7, 3), (1, 1), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()

    play(act, followed())


def normalised(svg: str) -> str:
    """Without what differs between runs: the ids of classes and clips."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return re.sub(r"[ \t]+\n", "\n", svg)


@pytest.mark.parametrize(
    ("name", "size", "shape", "look"),
    [
        ("spacetime-160x50", (160, 50), story(), Look()),
        ("spacetime-followed-120x36", (120, 36), followed(), Look()),
        ("spacetime-picked-80x24", (80, 24), picked(), Look()),
        ("spacetime-ascii-100x30", (100, 30), followed(), ASCII),
    ],
)
def test_snapshot(name: str, size: tuple[int, int], shape: SpaceTime, look: Look) -> None:
    async def act(app: One, pilot: Pilot[None]) -> str:
        app.panel.select("n2")
        await pilot.pause()
        return app.export_screenshot(title=name)

    svg = normalised(play(act, shape, size, look))
    path = SNAPSHOTS / f"{name}.svg"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(svg)
    assert path.exists(), f"no snapshot {path.name}: look at it, then store it with UPDATE_SNAPSHOTS=1"
    if svg != path.read_text():
        actual = path.with_suffix(".actual.svg")
        actual.write_text(svg)
        pytest.fail(f"{path.name} looks different: compare it with {actual.name}, or UPDATE_SNAPSHOTS=1 if it should")
