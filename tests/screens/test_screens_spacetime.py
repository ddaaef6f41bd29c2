"""The space-time view in the app, on a real cluster that stands still: every key, the mouse, the filter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from playground.commandline import parse_line
from playground.frame import Lens
from playground.kernel.errors import UserError
from playground.scenario.loader import cluster_spec
from playground.screens import lens as lenses
from playground.screens.app import PlaygroundApp
from playground.session import Session
from widgets.palette import DEFAULT, Colors, Look
from widgets.shapes import Hop, Lane, SpaceTime
from widgets.spacetime import SpaceTimePanel

PATIENCE_S = 60.0


class Room:
    """What a test has in hand."""

    def __init__(self, app: PlaygroundApp, pilot: Pilot[None], session: Session) -> None:
        self.app = app
        self.pilot = pilot
        self.session = session

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Until what is on the screen is what was asked for."""
        ends = time.monotonic() + PATIENCE_S
        while True:
            await self.pilot.pause()
            # A frame that answers all that was asked for before it.
            done: list[int] = []
            self.session._post(lambda _cluster, done=done: done.append(1))
            while not done:
                assert time.monotonic() < ends, "the world answers no more"
                await self.pilot.pause(0.005)
            number = self.session.frame().number
            await self.pilot.pause(0.02)
            if self.session.frame().number == number == self.app.frame.number:
                return

    async def write(self, text: str) -> None:
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    @property
    def panel(self) -> SpaceTimePanel:
        panel = self.app.stage.panels["spacetime"]
        assert isinstance(panel, SpaceTimePanel)
        return panel

    @property
    def shape(self) -> SpaceTime:
        assert self.panel.shape is not None
        return self.panel.shape

    @property
    def lens(self) -> Lens:
        return self.app.stage.lens

    def text(self) -> str:
        return "\n".join("".join(part.text for part in strip) for strip in self.app.screen._compositor.render_strips())


def visit(
    steps: Callable[[Room], Awaitable[Any]],
    *,
    size: tuple[int, int] = (160, 50),
    look: Look = DEFAULT,
    seconds: float = 2.0,
    lines: tuple[tuple[int, str], ...] = (),
) -> None:
    """Run ``steps`` in front of a small store that has run for a while and is paused."""

    async def run() -> None:
        timeline = [(at_us, parse_line(line)) for at_us, line in lines]
        with Session(cluster_spec("small", {}), 7, timeline=timeline) as session:
            session.step(int(seconds * 1_000_000))
            app = PlaygroundApp(session, look=look)
            async with app.run_test(size=size) as pilot:
                room = Room(app, pilot, session)
                await room.settle()
                await steps(room)

    asyncio.run(run())


def test_t_opens_the_view_on_the_selected_machine_and_closes_it() -> None:
    async def steps(r: Room) -> None:
        before = r.app.stage.front
        await r.press("t")
        assert r.app.stage.front == "spacetime"
        selected = r.app.choice.selected
        assert r.shape.caption == f"what {selected} sends and gets, without chatter"
        assert r.shape.hops
        assert "pick a message" in r.text()
        await r.press("t")
        assert r.app.stage.front == before
        assert r.shape is not None
        await r.press("t", "escape")
        assert r.app.stage.front == before

    visit(steps)


def test_up_and_down_pick_and_escape_leads_back_step_by_step() -> None:
    async def steps(r: Room) -> None:
        await r.press("t")
        shown = lenses.pickable(r.shape)
        await r.press("up")
        assert r.shape.picked == shown[-1][1]
        assert r.panel.chosen_us() == shown[-1][0]
        assert r.shape.reading is not None
        assert r.shape.reading.title in r.text()
        assert r.lens.end_us == r.shape.end_us, "what is picked does not flow away"
        await r.press("k")
        assert r.shape.picked == shown[-2][1]
        await r.press("j")
        assert r.shape.picked == shown[-1][1]
        await r.press("escape")
        assert (r.lens.picked, r.lens.end_us) == (0, -1)
        assert r.app.stage.front == "spacetime"
        await r.press("escape")
        assert r.app.stage.front != "spacetime"

    visit(steps)


def test_what_is_picked_stays_while_the_world_goes_on() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "up")
        start_us, picked = r.shape.start_us, r.shape.picked
        await r.press("comma")
        assert r.shape.now_us - r.shape.end_us >= 1_000_000
        assert (r.shape.start_us, r.shape.picked) == (start_us, picked)
        assert "before now" in r.text()
        await r.press("escape")
        assert r.shape.end_us == r.shape.now_us

    visit(steps)


def test_left_and_right_go_through_time_and_the_keys_of_a_page_by_whole_windows() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "left_curly_bracket", "left_curly_bracket")
        span_us = r.shape.end_us - r.shape.start_us
        end_us = r.shape.end_us
        await r.press("left")
        assert r.shape.end_us == end_us - span_us // 4
        await r.press("h")
        assert r.shape.end_us == end_us - span_us // 4 * 2
        await r.press("right", "l")
        assert r.lens.end_us == -1
        assert r.shape.end_us == end_us
        await r.press("right")
        assert "this is now" in r.text()
        await r.press("pageup")
        assert r.shape.end_us == end_us - span_us
        await r.press("pagedown")
        assert r.shape.end_us == end_us
        await r.press("home")
        assert r.shape.start_us == r.shape.since_us == 0
        await r.press("left")
        assert "this is the beginning" in r.text()
        await r.press("end")
        assert r.lens.end_us == -1

    visit(steps)


def test_braces_make_the_time_shorter_and_longer() -> None:
    async def steps(r: Room) -> None:
        await r.press("t")
        assert r.shape.end_us - r.shape.start_us == 2_000_000
        await r.press("left_curly_bracket")
        assert r.shape.end_us - r.shape.start_us == 1_000_000
        await r.press("right_curly_bracket", "right_curly_bracket")
        assert r.shape.end_us - r.shape.start_us == 5_000_000
        for _ in lenses.SPANS_US:
            await r.pilot.press("left_curly_bracket")
            await r.settle()
        assert r.shape.end_us - r.shape.start_us == 5_000
        assert "5 ms is the shortest" in r.text()

    visit(steps)


def test_f_follows_a_request_from_its_invocation_to_its_reply_and_shows_all_again() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "slash")
        await r.write("Put")
        await r.press("enter", "up")
        assert {hop.label for hop in r.shape.hops} >= {"Put"}
        lens = r.lens
        await r.press("f")
        assert r.shape.following
        hops = r.shape.hops
        lanes = [lane.name for lane in r.shape.lanes]
        client = lanes[hops[0].source]
        assert client.startswith("c")
        assert lanes[max(hops, key=lambda hop: hop.arrived_us or 0).target] == client
        assert {"Put", "ReplicaPut"} <= {hop.label for hop in hops}
        assert "in order" in r.text()
        await r.press("f")
        assert not r.shape.following
        assert r.lens == lens
        await r.press("f", "escape")
        assert r.lens == lens

    visit(steps)


def test_f_follows_the_newest_message_if_none_is_picked() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "f")
        assert r.shape.following
        assert r.shape.hops

    visit(steps)


def test_parentheses_lead_to_the_cause_and_to_all_that_came_of_it() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "left_parenthesis")
        assert "no message is picked" in r.text()
        await r.press("slash")
        await r.write("ReplicaPut")
        await r.press("enter", "up")
        start = r.shape.picked
        await r.press("left_parenthesis")
        cause = r.shape.picked
        assert cause != start
        assert r.shape.reading is not None
        assert start in r.shape.reading.effects
        effects = r.shape.reading.effects
        seen = []
        for _ in range(40):
            await r.press("right_parenthesis")
            if "no further message came of it" in r.text():
                break
            seen.append(r.shape.picked)
        assert set(effects) <= set(seen), "the walk comes to every effect"
        assert len(set(seen)) == len(seen)
        for _ in range(10):
            await r.press("left_parenthesis")
        assert "nothing that is kept led to this" in r.text()

    visit(steps)


def test_the_filter_takes_what_fits_and_says_what_would() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "slash")
        assert "k17" in r.text().splitlines()[-1]
        await r.write("n2 gosip")
        await r.press("enter")
        assert r.app.prompt.is_open
        assert "did you mean gossip?" in r.text()
        for _ in range(8):
            await r.pilot.press("backspace")
        await r.write("n2 gossip")
        await r.press("enter")
        assert not r.app.prompt.is_open
        assert r.app.stage.front == "spacetime"
        assert {hop.system for hop in r.shape.hops} == {"gossip"}
        lanes = [lane.name for lane in r.shape.lanes]
        assert all("n2" in (lanes[hop.source], lanes[hop.target]) for hop in r.shape.hops)
        assert "only n2 gossip" in r.text()
        await r.press("slash", "escape")
        assert r.lens.wanted == "n2 gossip"
        await r.press("escape")
        assert r.lens.wanted == ""
        assert r.app.stage.front == "spacetime"
        await r.press("slash")
        await r.write("request 3")
        await r.press("enter")
        assert r.shape.following
        assert "request 3 of c" in r.text()

    visit(steps)


def test_the_filter_of_the_log_is_another_one() -> None:
    async def steps(r: Room) -> None:
        number = r.app.stage.names.index("log") + 1
        await r.press(str(number), "slash")
        await r.write("up")
        assert r.app.stage.events.wanted == "up"
        await r.press("enter")
        assert r.lens.wanted == ""

    visit(steps)


def test_acts_on_the_selected_machine_go_on_to_work_and_are_seen() -> None:
    async def steps(r: Room) -> None:
        await r.press("t", "x")
        selected = r.app.choice.selected
        await r.press("comma")
        assert any(each.kind == "crash" for each in r.shape.moments)
        assert f"{selected} crashed" in r.text()
        await r.press("slash")
        await r.write("lost")
        await r.press("enter")
        assert r.shape.hops
        assert {hop.lost for hop in r.shape.hops} == {f"{selected} had no power"}

    visit(steps)


def test_a_click_picks_and_a_click_on_a_lane_selects_its_machine_everywhere() -> None:
    async def steps(r: Room) -> None:
        await r.press("t")
        lane = next(lane for lane in r.shape.lanes if lane.name.startswith("n") and lane.name != r.app.choice.selected)
        spot = next(spot for spot in r.panel._spots if spot.name == lane.name)
        await r.pilot.click(r.panel, offset=(spot.x1 + 3, spot.y + 1))
        await r.settle()
        assert r.app.choice.selected == lane.name
        assert {panel.selected for panel in r.app.stage.panels.values()} == {lane.name}
        place = r.panel._geometry
        assert place is not None
        hop = next(hop for hop in r.shape.hops if hop.source in place.rows and hop.target in place.rows)
        await r.pilot.click(r.panel, offset=(int(place.x(hop.sent_us)) + 2, place.rows[hop.source] + 2))
        await r.settle()
        assert r.shape.picked
        assert r.app.choice.selected == lane.name

    visit(steps)


def test_the_wheel_goes_back_and_forth() -> None:
    async def steps(r: Room) -> None:
        await r.press("t")
        end_us = r.shape.end_us
        r.panel.scroll_lines(-3)
        await r.settle()
        assert r.shape.end_us == end_us - 200_000
        r.panel.scroll_lines(3)
        await r.settle()
        assert r.lens.end_us == -1

    visit(steps, seconds=4)


def test_y_copies_the_messages_and_help_explains_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(r: Room) -> None:
        copied: list[str] = []
        monkeypatch.setattr(r.app, "copy_to_clipboard", copied.append)
        await r.press("t", "up", "y")
        assert f"{r.shape.hops[0].label} (" in copied[0]
        assert "copied" in r.text()
        await r.press("question_mark")
        assert r.app.stage.help.is_open
        assert "Lamport" in r.text()
        await r.press("down", "escape")
        assert not r.app.stage.help.is_open
        assert r.app.stage.front == "spacetime"

    visit(steps)


def test_keys_of_the_view_say_elsewhere_what_they_are_for() -> None:
    async def steps(r: Room) -> None:
        for key in ("f", "left_curly_bracket", "right_curly_bracket", "left_parenthesis", "right_parenthesis"):
            await r.press(key)
            assert "t opens it" in r.text(), key

    visit(steps)


@pytest.mark.parametrize("size", [(200, 60), (160, 50), (120, 36), (80, 24), (60, 20)])
@pytest.mark.parametrize("look", [DEFAULT, Look(Colors.NONE, unicode=False)], ids=["true", "ascii"])
def test_the_view_fills_every_size(size: tuple[int, int], look: Look) -> None:
    async def steps(r: Room) -> None:
        for keys in (("t",), ("up", "up"), ("f",)):
            await r.press(*keys)
            lines = r.text().splitlines()
            assert len(lines) == size[1]
            assert all(len(line) == size[0] for line in lines)
            assert look.unicode or r.text().isascii()

    visit(steps, size=size, look=look, lines=((1_200_000, "crash n3"), (1_500_000, "freeze n2")))


def test_a_frame_with_the_view_pickles() -> None:
    import pickle

    async def steps(r: Room) -> None:
        await r.press("t", "up", "f")
        assert pickle.loads(pickle.dumps(r.session.frame())) == r.session.frame()

    visit(steps)


# --- lenses, without an app ---------------------------------------------------------------------

LANES = (Lane("n1", 1), Lane("n2", 2))
HOPS = tuple(
    Hop(number, 0, 1, number * 100_000, number * 100_000 + 1_000, "Append", "shards") for number in range(1, 20)
)


def seen(start_us: int, end_us: int, **more: Any) -> SpaceTime:
    return SpaceTime(LANES, HOPS, (), (), start_us, end_us, now_us=more.pop("now_us", 2_000_000), **more)


def test_two_seconds_of_the_person_who_looks_are_shown() -> None:
    assert lenses.opened(1.0).span_us == 2_000_000
    assert lenses.opened(0.01).span_us == 20_000
    assert lenses.opened(0.0).span_us == 2_000_000
    assert lenses.opened(100.0).span_us == 2_000_000


def test_beyond_the_edge_the_window_goes_on() -> None:
    shape = seen(100_000, 2_000_000)
    lens = lenses.stepped(Lens(end_us=2_000_000, picked=1), shape, -1)
    assert lens.end_us == 2_000_000 - 950_000
    assert lens.picked == 1


def test_what_is_picked_stands_in_the_middle_of_a_shorter_time() -> None:
    lens = lenses.spanned(Lens(end_us=2_000_000, picked=5), seen(0, 2_000_000, picked=5), -1)
    assert (lens.span_us, lens.end_us) == (1_000_000, 1_000_000)


def test_a_window_never_ends_after_now() -> None:
    lens = lenses.picked(Lens(), seen(0, 2_000_000), 19, 2_500_000)
    assert lens.end_us == 2_000_000


def test_nothing_older_than_what_is_kept_is_shown() -> None:
    with pytest.raises(UserError, match="nothing older is kept"):
        lenses.moved(Lens(), seen(500_000, 2_000_000, since_us=600_000), -0.25)
    with pytest.raises(UserError, match="nothing to pick"):
        lenses.stepped(Lens(), SpaceTime(LANES, (), (), (), 0, 10), 1)
