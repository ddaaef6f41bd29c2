"""The key that asks why: what is asked about, where the answer leads, and the way back."""

from __future__ import annotations

import time
from dataclasses import replace

from playground.commandline import parse_line
from playground.frame import Frame, Question, Thing
from playground.screens.why_acts import MOMENT_US
from playground.session import Session
from playground.spec import PRESETS, ClusterSpec
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from widgets.shapes import Hop, Lane, Moment, SpaceTime, State, Step, Tone, Why

STEPS = (
    Step(1_000_000, "n1", "crashed, by the command “crash n1”", Tone.BAD, 0, id=-1, entry=3),
    Step(1_500_000, "n1", "loses 4 messages to n2", Tone.WARN, 0, id=-2),
    Step(1_600_000, "n3", "knows nothing of it", Tone.PLAIN, 2, id=44, depth=1),
    Step(3_000_000, "n2", "suspects n1: no heartbeat for 2.0 s", Tone.WARN, 1, id=77, entry=9),
)
WHY = Why("n2 suspects n1: no heartbeat for 2.0 s", STEPS, "n1 crashed; 2.0 s later n2 suspects n1", Tone.WARN)
TRACE = SpaceTime(
    (Lane("n1", 0), Lane("n2", 1)),
    (Hop(55, 0, 1, 12_000_000, 12_001_000, "Push", "gossip"),),
    (Moment(66, 0, 12_100_000, "crash", "n1 crashed", Tone.BAD, entry=21),),
    (),
    11_000_000,
    12_345_000,
)


class Asked(FakeSession):
    """It answers every question in the same way."""

    def _make(self) -> Frame:
        frame = super()._make()
        if "why" in self.view.panels and self.view.question is not None:
            frame = replace(frame, why=WHY)
        if "spacetime" in self.view.panels:
            frame = replace(frame, spacetime=replace(TRACE, picked=self.view.lens.picked))
        return frame


def question(d: Driver) -> Question | None:
    return d.session.view.question


def test_from_the_log_the_line_under_the_cursor_is_asked_about() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "up", "up", "up")
        chosen = d.app.stage.events.chosen_entry()
        await d.press("W")
        assert question(d) == Question(entry=chosen or -1)
        assert d.app.stage.front == "why"
        await d.until(lambda: "crashed, by the command" in d.text())
        assert "n1 crashed; 2.0 s later n2 suspects n1" in d.text()
        await d.press("escape")
        assert d.app.stage.front == "log"
        assert d.app.stage.events.chosen_entry() == chosen

    drive(steps, session=Asked())


def test_elsewhere_the_alert_of_the_moment_is_asked_about() -> None:
    async def steps(d: Driver) -> None:
        d.session.write("alert", "", "stale read", Tone.BAD)
        d.session.tick(0)
        await d.until(lambda: "stale read" in d.text())
        await d.press("W")
        assert question(d) == Question(entry=len(d.session.lines) - 1)

    drive(steps, session=Asked())


def test_an_old_alert_gives_way_to_what_befell_the_selected_machine() -> None:
    async def steps(d: Driver) -> None:
        d.session.write("alert", "", "stale read", Tone.BAD)
        d.session.write("crash", "n3", "n3 crashed", Tone.BAD)
        d.session.write("say", "n3", "nothing bad")
        d.session.tick(MOMENT_US + 1)
        await d.until(lambda: d.app.frame.header.at_us > MOMENT_US + 12_000_000)
        assert d.app.choice.selected == "n3"
        await d.press("W")
        assert question(d) == Question(entry=len(d.session.lines) - 2)

    drive(steps, session=Asked())


def test_where_there_is_nothing_to_ask_about_it_says_what_can_be_asked_about() -> None:
    async def steps(d: Driver) -> None:
        await d.press("W")
        assert "why what?" in d.notice
        assert d.app.stage.front != "why"
        await d.press("t", "W")
        assert "no message is picked" in d.notice

    drive(steps, session=Asked())


def test_of_a_client_its_newest_request_that_went_wrong_is_asked_about() -> None:
    class WithClient(Asked):
        def _make(self) -> Frame:
            frame = super()._make()
            return replace(frame, nodes=(*frame.nodes, Thing("c1", 9, State.UP, client=True)))

    async def steps(d: Driver) -> None:
        d.app.choose(replace(d.app.choice, selected="c1"))
        await d.press("W")
        assert question(d) == Question(client="c1", asked_us=d.app.frame.header.at_us)

    drive(steps, session=WithClient())


def test_from_the_space_time_view_what_is_picked_is_asked_about() -> None:
    async def steps(d: Driver) -> None:
        await d.press("t")
        await d.until(lambda: "Push" in d.text() or "n1" in d.text())
        d.app.stage.lens = replace(d.app.stage.lens, picked=55)
        await d.press("W")
        assert question(d) == Question(happening=55)
        await d.press("escape")
        assert d.app.stage.front == "spacetime"
        d.app.stage.lens = replace(d.app.stage.lens, picked=66)
        await d.press("W")
        assert question(d) == Question(entry=21)

    drive(steps, session=Asked())


def test_up_and_down_go_from_step_to_step_and_the_brackets_along_the_chain_alone() -> None:
    async def steps(d: Driver) -> None:
        panel = d.app.stage.panels["why"]
        await d.press("5", "W")
        await d.until(lambda: panel.chosen_us() == 3_000_000)
        await d.press("k")
        assert panel.chosen_us() == 1_600_000
        await d.press("down", "down")
        assert panel.chosen_us() == 3_000_000
        await d.press("(")
        assert panel.chosen_us() == 1_500_000
        await d.press("(")
        assert panel.chosen_us() == 1_000_000
        await d.press("(")
        assert panel.chosen_us() == 1_000_000
        assert "where it began" in d.notice
        await d.press(")", ")")
        assert panel.chosen_us() == 3_000_000
        await d.press(")")
        assert "what was asked about" in d.notice
        await d.press("home")
        assert panel.chosen_us() == 1_000_000
        await d.press("end")
        assert panel.chosen_us() == 3_000_000

    drive(steps, session=Asked())


def test_a_step_opens_in_the_space_time_view_and_escape_leads_back_through_why() -> None:
    async def steps(d: Driver) -> None:
        for key in ("t", "enter", "f"):
            await d.press("5", "W")
            await d.until(lambda: d.app.stage.panels["why"].chosen_us() is not None)
            await d.press("end", "(", key)
            assert d.app.stage.front == "spacetime"
            assert (d.session.view.lens.picked, d.session.view.lens.following) == (-2, -2)
            while d.app.stage.front == "spacetime":  # first from the story, then from the view
                await d.press("escape")
            assert d.app.stage.front == "why"
            assert d.app.stage.panels["why"].chosen_us() == 1_500_000
            await d.press("escape")
            assert d.app.stage.front == "log"

    drive(steps, session=Asked())


def test_where_there_is_room_the_diagram_under_the_sentences_shows_the_step_under_the_cursor() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "W")
        await d.until(lambda: d.seen() == ["spacetime", "why"])
        await d.until(lambda: d.session.view.lens.picked == 77)
        assert d.session.view.lens.wanted == "n2"
        await d.press("(")
        assert (d.session.view.lens.picked, d.session.view.lens.following) == (-2, -2)
        await d.press("t")
        assert d.app.stage.front == "spacetime"
        assert d.seen() == ["spacetime", "why"]
        await d.press(*["escape"] * 3)
        assert d.app.stage.front == "log"
        await d.press("t")
        assert d.session.view.lens.wanted == "", "nobody has typed a filter"

    drive(steps, session=Asked())

    async def small(d: Driver) -> None:
        await d.press("5", "W")
        await d.until(lambda: d.seen() == ["why"])

    drive(small, session=Asked(), size=(80, 24))


def test_why_of_a_step_asks_about_that_one() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "W")
        await d.until(lambda: d.app.stage.panels["why"].chosen_us() == 3_000_000)
        await d.press("home", "W")
        assert question(d) == Question(entry=3)
        await d.press("end", "k", "W")
        assert question(d) == Question(happening=44)

    drive(steps, session=Asked())


def test_a_click_on_a_line_of_the_log_puts_the_cursor_there() -> None:
    async def steps(d: Driver) -> None:
        log = d.app.stage.panels["log"]
        newest = d.app.stage.events.chosen_entry() or 0
        offset = log.content_region.offset - log.region.offset
        await d.pilot.click(log, offset=(offset.x + 12, offset.y + log.content_size.height - 3))
        await d.pilot.pause()
        chosen = d.app.stage.events.chosen_entry()
        assert chosen is not None
        assert chosen == newest - 2
        assert d.app.choice.selected == d.session.lines[chosen].subject

    drive(steps, session=Asked())


def test_the_footer_offers_to_ask_and_to_go_back_where_something_is_chosen() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5")
        assert "W why?" in d.footer
        assert "r rewind" in d.footer

    drive(steps, size=(80, 24), session=Asked())


def test_a_real_world_answers() -> None:
    spec = ClusterSpec.model_validate(PRESETS["small"])
    timeline = [(3_000_000, parse_line("freeze n2"))]
    with Session(spec, 7, timeline=timeline, until_us=9_000_000, speed=0.0) as session:
        ends = time.monotonic() + 60
        while session.frame().header.at_us < 9_000_000:
            assert time.monotonic() < ends

        async def steps(d: Driver) -> None:
            await d.press("8" if len(d.app.stage.names) > 6 else "5")
            while "suspect" not in str(d.app.stage.events.chosen):
                await d.press("up")
            await d.press("W")
            await d.until(lambda: "froze, by the command “freeze n2”" in d.text())
            assert "later" in d.text()

        drive(steps, session=session)  # type: ignore[arg-type]
