"""The app as a guest: who is here, who may what, following a presenter, and no offer of what a visitor has not."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from typing import Any

import pytest
from textual import events

from playground.commandline import parse_line
from playground.company import Company, Role, Visitor, Wish
from playground.frame import Lens, Question, View
from playground.remote.client import RemoteSession
from playground.remote.wire import Wire
from playground.screens import keys
from playground.screens.app import PlaygroundApp
from playground.screens.header import Here, Top, second_line
from playground.screens.layout import LEAST
from playground.screens.means import NO_FILES, OWN, Means
from playground.screens.prompt import proposals
from playground.screens.run import told
from playground.screens.timelines import Timelines
from playground.screens.words import COMPANY, WORDS
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from tests.screens.hosting import ALL, ANNA, BEN, CLEO, DORA, FakeHost, visit
from tests.screens.monkey import Monkey
from widgets.canvas import width_of
from widgets.palette import DEFAULT
from widgets.shapes import Item, State, Tone

ALONE = Company((BEN,))


async def typed(d: Driver, text: str) -> None:
    await d.press("colon")
    await d.write(text)
    await d.press("enter")


# --- no files ---------------------------------------------------------------------------


def test_visitors_are_told_in_one_line_that_they_have_no_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved: list[str] = []

    async def steps(d: Driver) -> None:
        for key in ("w", "f2"):
            await d.press("x")
            await d.press(key)
            assert d.notice.endswith(NO_FILES)
        await d.press("ctrl+z")
        d.app.action_screenshot()
        d.app.save_screenshot()
        assert d.app.deliver_text("") is d.app.deliver_binary("") is d.app.deliver_screenshot() is None
        d.app.open_url("http://nowhere.invalid")
        await d.press("f3")
        assert "--theme" not in d.notice

    drive(steps, files=False, save=lambda: saved.append("x") or "saved")  # type: ignore[func-returns-value]
    assert not saved
    assert not list(tmp_path.iterdir())


def test_what_a_visitor_has_not_is_offered_nowhere() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        assert not {"save", "screenshot", "rewind", "back_second", "present", "toggle_lock"} & {
            key.act for key in d.app.keys
        }
        await d.press("question_mark")
        assert "F2" not in d.text()
        assert "save the session" not in d.text()
        assert "rewind" not in d.text()
        await d.press("escape", "ctrl+p")
        await d.write("save")
        await d.until(lambda: "No matches" in d.text() or ":" in d.text())
        assert "save (w)" not in d.text()

    visit("ben", steps)


def test_whoever_has_files_and_a_past_is_offered_all_but_the_company() -> None:
    assert {key.act for key in keys.KEYS} - {key.act for key in keys.offered(OWN)} == {"toggle_lock", "bring_all"}
    assert keys.offered(OWN & ~Means.KEYS) == ()


def test_a_crash_is_told_to_a_visitor_without_a_place_in_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_TRACEBACK", "1")
    app = PlaygroundApp(FakeSession(), files=False)
    try:
        raise ValueError("/srv/secret")
    except ValueError as error:
        app.crash = error
    assert told(app) == "The app has crashed at 00:12.345; the cluster is not to blame: ValueError"


@pytest.mark.parametrize(("files", "steps"), [(True, 10), (False, 9)])
def test_the_tour_of_a_visitor_has_no_step_for_which_files_are_needed(files: bool, steps: int) -> None:
    async def look(d: Driver) -> None:
        await d.press("T")
        assert f"1/{steps} " in d.text()
        while f"{steps}/{steps} " not in d.text():
            assert d.app.guide.on_tour
            await d.press("space")
        assert ("playground tour" in d.text()) is files

    drive(look, files=files)


# --- who is here ------------------------------------------------------------------------


def test_the_header_says_how_many_are_here_who_presents_and_what_one_does() -> None:
    async def presenter(d: Driver, host: FakeHost) -> None:
        line = d.text().splitlines()[1]
        assert line.endswith("you present  4 here ")
        host.change(locked=True)
        await d.until(lambda: "locked" in d.text())
        assert d.text().splitlines()[1].endswith("you present  locked  4 here ")

    async def player(d: Driver, host: FakeHost) -> None:
        assert d.text().splitlines()[1].endswith("anna presents  you play  4 here ")
        host.change(visitors=(BEN,))
        await d.until(lambda: "1 here" in d.text())
        assert "presents" not in d.text()

    visit("anna", presenter)
    visit("ben", player, size=(80, 24))


@pytest.mark.parametrize("width", [60, 80, 120, 160, 200])
def test_who_is_here_crowds_out_nothing_and_moves_nothing(width: int) -> None:
    frame = FakeSession().frame()
    down = tuple(replace(thing, state=State.DOWN) for thing in frame.nodes[:2])
    frame = replace(frame, nodes=(*down, *frame.nodes[2:]), faults=("partition n1 n2 | n3", "link n4 n5 loss=20%"))
    here = Here(120, ("a-name-of-16-char", "eve"), Role.PLAYER, locked=True)
    alone, among = (second_line(Top.of(frame, each), width, DEFAULT).text for each in (None, here))
    assert width_of(among) == width == width_of(alone)
    assert among.endswith("120 here ")
    assert "2 down n1 n2" in among
    start = among.index("in force") if "in force" in among else among.index("down")
    assert among[:start] == alone[:start]


def test_comings_do_not_bury_an_alert_but_what_concerns_everybody_is_said() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        d.session.write("alert", "", "a promise is broken", Tone.BAD)
        d.session.tick()
        await d.until(lambda: "a promise is broken" in d.notice)
        d.session.tell("eve has come", Tone.MUTED)
        d.session.tick()
        await d.pilot.pause()
        assert "a promise is broken" in d.notice
        d.session.tell("anna locks the keyboards", Tone.ACCENT)
        d.session.tick()
        await d.until(lambda: "anna locks the keyboards" in d.notice)
        d.session.tell("fay has come", Tone.MUTED)
        d.session.tick()
        await d.until(lambda: "fay has come" in d.notice)

    visit("anna", steps)


# --- those who watch ---------------------------------------------------------------------

LEADS = [
    View(selected="n5", front="gossip"),
    View(selected="n2", front="log"),
    View(selected="n2", front="spacetime", zoomed="spacetime", lens=Lens(span_us=50_000, wanted="n2")),
    View(selected="n7", key="k17", item=Item("key", "k17"), front="replicas", zoomed="replicas"),
    View(selected="n7", front="detail", zoomed="replicas"),
    View(selected="n1", front="why", zoomed="why", question=Question(entry=3)),
    View(selected="n4", front="spacetime", zoomed="why", question=Question(entry=3)),
    View(selected="n1", front="detail"),
]


@pytest.mark.parametrize("size", [(160, 50), (120, 36), (80, 24), LEAST])
def test_who_watches_sees_what_the_presenter_looks_at(size: tuple[int, int]) -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        fresh = d.app.view()
        for lead in (*LEADS, *reversed(LEADS)):
            host.lead(lead)
            await d.until(lambda lead=lead: d.app.choice.selected == lead.selected and d.app.stage.lens == lead.lens)  # type: ignore[misc]
            await d.pilot.pause()
            view = d.session.view
            assert (view.selected, view.key, view.item) == (lead.selected, lead.key, lead.item)
            assert (view.lens, view.question) == (lead.lens, lead.question)
            shown = d.seen()
            assert lead.front in shown or (lead.zoomed in ("replicas",) and shown == ["detail"])
            assert d.app.stage.front in shown
            assert "esc" not in d.text()
            assert "rewind" not in d.text()
            assert d.footer.strip() == "you are watching · q leaves · anna leads"
        host.lead(None)
        await d.until(lambda: d.app.choice.selected == fresh.selected)
        await d.until(lambda: d.app.view() == fresh)
        assert not d.session.sent
        assert not d.session.asked

    visit("", steps, size=size)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_who_watches_reads_where_the_presenter_does(size: tuple[int, int]) -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        log = d.app.stage.events
        for number in range(60):
            d.session.write("note", "n1", f"{'old' if number < 20 else 'new'} {number}")
        d.session.tick()
        host.lead(View(selected="n1", front="log"))
        await d.until(lambda: "new 59" in log.text())
        oldest = next(line.index for line in d.app.frame.log.lines if line.text == "old 0")
        host.lead(View(selected="n1", front="log", places=(("log", (oldest + 9, oldest + 1)),)))
        await d.until(lambda: any(line.rstrip().endswith("old 1") for line in log.text().splitlines()))
        assert log.chosen_entry() == oldest + 1
        assert "new 59" not in log.text()
        host.lead(View(selected="n1", front="log", filtered="old"))
        await d.until(lambda: "old 19" in log.text())
        assert "new" not in log.text()
        assert "filter: old" in d.text()
        host.lead(View(selected="n1", front="log"))
        await d.until(lambda: "new 59" in log.text() and "filter" not in d.text())

    visit("", steps, size=size)


def test_a_presenter_lets_others_read_along_and_loses_the_place_with_the_selection() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        for number in range(60):
            d.session.write("note", "n1", f"note {number}")
        d.session.tick()
        await d.press("slash")
        await d.write("note")
        assert d.session.view.filtered == "note"
        await d.press("enter", "up", "up")
        chosen = d.app.stage.events.chosen_entry()
        assert dict(d.session.view.places)["log"][1] == chosen
        await d.press("escape")
        assert d.session.view.filtered == ""
        await d.press("end", "4", "pagedown")
        front = d.app.stage.front
        assert [name for name, _ in d.session.view.places] in ([front], [])
        before = len(d.session.views)
        d.session.tick()
        await d.pilot.pause()
        assert len(d.session.views) == before

    visit("anna", steps)


def test_who_watches_is_not_told_of_keys() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        assert "press" not in d.notice
        d.session.write("alert", "", "a promise is broken", Tone.BAD)
        d.session.caption = "Now it breaks."
        d.session.pause()
        await d.until(lambda: "a promise is broken" in d.notice)
        assert "W: why?" not in d.text()
        assert "space" not in d.text()
        d.session.ended = True
        d.session.tick()
        await d.until(lambda: "the scenario is over" in d.notice)
        assert "q to quit" not in d.text()
        host.change(visitors=(CLEO,))
        await d.until(lambda: d.footer.strip() == "you are watching · q leaves")

    visit("", steps)


def test_a_scroll_of_company_leaves_a_view_alone_that_nobody_has_changed() -> None:
    """Somebody comes: no panel is brought anew, no session asked again."""

    async def steps(d: Driver, host: FakeHost) -> None:
        host.lead(LEADS[0])
        await d.until(lambda: d.app.choice.selected == "n5")
        views = len(d.session.views)
        host.change(visitors=(*ALL.visitors, Visitor("eve", Role.SPECTATOR)))
        await d.until(lambda: "5 here" in d.text())
        assert len(d.session.views) == views

    visit("", steps)


# --- those who act -----------------------------------------------------------------------


def test_a_player_looks_where_they_like_until_they_are_brought() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        selected = d.app.choice.selected
        host.lead(LEADS[0])
        await d.pilot.pause()
        assert d.app.choice.selected == selected
        await d.press("colon")
        await d.write("crash n")
        host.change(brought=1)
        await d.until(lambda: d.app.choice.selected == "n5")
        assert d.app.stage.front == "gossip"
        await d.write("1")
        assert d.app.prompt.text == "crash n1", "what is being typed stays"
        await d.press("enter", "1", "right")
        assert d.lines() == ["crash n1"]
        assert d.app.stage.front == "ring"
        host.lead(LEADS[1])
        await d.pilot.pause()
        assert d.app.stage.front == "ring"

    visit("ben", steps, company=replace(ALL, brought=0))


def test_who_comes_later_is_not_brought_but_who_was_lent_the_keyboard_begins_where_they_watched() -> None:
    async def later(d: Driver, host: FakeHost) -> None:
        assert d.app.choice.selected != "n5"

    async def lent(d: Driver, host: FakeHost) -> None:
        await d.until(lambda: d.app.choice.selected == "n5")

    company = replace(ALL, lead=LEADS[0], brought=3)
    visit("ben", later, company=company)
    visit("dora", lent, company=company)


def test_a_player_has_no_way_back_and_is_told_why() -> None:
    async def presented(d: Driver, host: FakeHost) -> None:
        assert "pause" not in d.footer
        for key in ("less_than_sign", "greater_than_sign", "r"):
            await d.press("x")
            await d.press(key)
            assert d.notice.endswith("time is in the presenter's hands")
        await d.press("colon")
        await d.write("rewind 1")
        await d.press("enter")
        assert "time is in the presenter's hands" in d.text()
        assert d.app.prompt.is_open

    async def alone(d: Driver, host: FakeHost) -> None:
        assert "pause" in d.footer
        await d.press("less_than_sign")
        assert "only a presenter has one" in d.notice

    visit("ben", presented)
    visit("ben", alone, company=ALONE)


def test_words_of_presenters_are_refused_in_one_line() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        for word in ("lend cleo", "take dora", "lock", "unlock", "bring", "lend"):
            await typed(d, word)
            assert "only a presenter can do that" in d.text().splitlines()[-1]
            await d.press("escape")
        for key in ("L", "B"):
            await d.press(key)
            assert d.notice.endswith("only a presenter can do that")
        await d.press("colon")
        await d.write("l")
        assert "lock" not in d.text().splitlines()[-5]
        assert not host.wishes

    visit("ben", steps)


def test_without_a_company_nobody_hears_of_it() -> None:
    async def steps(d: Driver) -> None:
        assert " here" not in d.text().splitlines()[1]
        for key in ("L", "B"):
            await d.press(key)
            assert d.notice.endswith("nobody else looks at this session")
        await typed(d, "lend cleo")
        assert "unknown command 'lend'" in d.text()

    drive(steps)


# --- presenters --------------------------------------------------------------------------


def test_a_presenter_lends_takes_locks_and_brings_by_word_and_key() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        for line in ("lend cleo", "lend all", "take dora", "take all", "lock", "unlock", "bring"):
            await typed(d, line)
            assert not d.app.prompt.is_open
        said = [Wish("lend", "cleo"), Wish("lend"), Wish("take", "dora"), Wish("take"), Wish("lock"), Wish("unlock")]
        assert host.wishes == [*said, Wish("bring")]
        await d.press("B", "L")
        assert host.wishes[-2:] == [Wish("bring"), Wish("lock")]
        host.change(locked=True)
        await d.until(lambda: "L unlock" in d.footer)
        await d.press("L")
        assert host.wishes[-1] == Wish("unlock")

    visit("anna", steps, size=(200, 60))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("lend", "lend: to whom? write lend cleo, or lend all"),
        ("lend clea", "lend: unknown visitor 'clea': did you mean cleo?"),
        ("take", "take: whose? write take ben, or take all"),
        ("take anna", "take: anna is you, and you keep the keyboard"),
        ("lock ben", "lock: takes no name, it is for all; write lock"),
    ],
)
def test_a_wish_that_makes_no_sense_is_explained_and_stays_on_the_line(line: str, complaint: str) -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        await typed(d, line)
        assert complaint in d.text().splitlines()[-1]
        assert d.app.prompt.text == line
        assert not host.wishes

    visit("anna", steps)


def test_visitors_names_are_completed_and_follow_who_comes() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        await d.press("colon")
        await d.write("lend c")
        await d.press("tab")
        assert d.app.prompt.text == "lend cleo "
        host.change(visitors=(*ALL.visitors, Visitor("eve", Role.SPECTATOR)))
        await d.until(lambda: "5 here" in d.text())
        assert d.app.prompt.tails == {"lend": ("cleo", "eve", "all"), "take": ("ben", "dora", "all")}

    visit("anna", steps)


def test_one_word_is_proposed_at_a_time() -> None:
    words, tails = {**WORDS, **COMPANY}, {"lend": ("ben", "all")}
    assert proposals("le", (), words, tails) == ["lend"]
    assert proposals("lend ", (), words, tails) == ["lend ben", "lend all"]
    assert proposals("lend x", (), words, tails) == []
    assert "lend" not in proposals("le", ())


def test_the_list_of_who_is_here_follows_them_and_leaves() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        await typed(d, "who")
        assert "who is here" in d.text()
        assert "dora" in d.text()
        assert "was lent the keyboard" in d.text()
        host.change(visitors=(ANNA, BEN, DORA, Visitor("eve", Role.SPECTATOR)))
        await d.until(lambda: "eve" in d.text() and "cleo" not in d.text())
        await d.press("escape")
        assert "who is here" not in d.text()
        host.change(visitors=(ANNA,))
        await d.until(lambda: "1 here" in d.text())
        assert "who is here" not in d.text()
        await typed(d, "who")
        await typed(d, "who")
        assert "who is here" in d.text()
        await d.press("escape")
        await d.press("question_mark")
        assert " help " in d.text()

    for name in ("anna", "ben"):
        visit(name, steps, size=(80, 24))


def test_the_palette_and_help_know_the_words_and_keys_of_presenters() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        await d.press("question_mark")
        assert "presenters: bring everybody" in d.text()
        assert "Lend the keyboard to somebody who watches" in d.text()
        await d.press("escape", "ctrl+p")
        await d.write("lend")
        await d.until(lambda: ":lend" in d.text())

    visit("anna", steps, size=(200, 70))


def test_a_presenter_leads_with_each_panel_they_focus() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        for key, front in (("6", "detail"), ("escape", "detail"), ("2", "replicas"), ("tab", "gossip")):
            await d.press(key)
            assert d.session.view.front == d.app.stage.front
            assert key == "escape" or d.app.stage.front == front
        before = len(d.session.views)
        d.session.tick()
        await d.pilot.pause()
        assert len(d.session.views) == before

    visit("anna", steps)


# --- another session on stage --------------------------------------------------------------


class Past(FakeSession):
    """A session that stands at a past instant."""

    def _make(self) -> Any:
        frame = super()._make()
        return replace(frame, header=replace(frame.header, present_us=60_000_000))


@pytest.mark.parametrize("name", ["ben", ""])
def test_all_turn_to_the_past_that_the_presenter_shows_and_back(name: str) -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        past = Past()
        host.show(past)
        await d.until(lambda: d.app.session is past)
        assert d.notice.endswith("anna goes back to 00:12.345")
        line = d.text().splitlines()[0]
        assert "PAST" in line
        assert "> to the present" not in line
        past.tick()
        await d.until(lambda: "00:12.445" in d.text())
        assert not d.app.frame.header.paused
        host.show(d.session)
        await d.until(lambda: d.app.session is d.session)
        assert "the present again" in d.notice
        assert not host.staged

    visit(name, steps)


def test_what_the_presenter_turns_to_goes_on_stage() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        past = Past()
        d.app.turn(past)
        d.app.turn(d.session)
        assert host.staged == [past, d.session]
        assert past.view.selected == d.app.choice.selected

    visit("anna", steps)


def test_when_a_present_elsewhere_has_ended_its_last_picture_stays() -> None:
    here, there = Wire.pair()
    guest = RemoteSession(here)
    timelines = Timelines(guest)
    there.send(FakeSession().frame())

    async def steps(d: Driver, host: FakeHost) -> None:
        d.app.timelines = timelines
        d.app.turn(guest)
        there.close()
        await d.until(lambda: bool(guest.over))
        await d.until(lambda: "this session has stopped: the process in which it ran has ended" in d.notice)
        assert d.app.session is guest

    ends = time.monotonic() + 60
    while not guest.arrived:
        assert time.monotonic() < ends
        time.sleep(0.001)
    visit("anna", steps)


# --- what is left to the session --------------------------------------------------------------


def test_acts_are_sent_whatever_the_company_says_and_refusals_come_from_the_session() -> None:
    async def steps(d: Driver, host: FakeHost) -> None:
        host.change(locked=True)
        await d.press("x", "space")
        assert d.lines() == [parse_line("crash n3").line()]
        assert d.session.asked == [("pause", True)]

    visit("ben", steps)


def test_an_app_that_has_ended_hears_no_more() -> None:
    session, host = FakeSession(), FakeHost("ben")
    app = PlaygroundApp(session, host=host, files=False)

    async def run() -> None:
        async with app.run_test() as pilot:
            await pilot.pause()

    asyncio.run(run())
    host.change(locked=True)
    host.show(Past())


# --- anything, in any order -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "seed"), [("anna", 1), ("ben", 2), ("", 4)])
def test_whatever_is_pressed_while_people_come_and_go_the_app_goes_on(name: str, seed: int) -> None:
    chance = random.Random(seed)
    monkey = Monkey(chance)

    def upset(d: Driver, host: FakeHost, past: FakeSession) -> None:
        company = host.company()
        match chance.randrange(6):
            case 0:
                host.lead(chance.choice((*LEADS, None)))
            case 1:
                host.change(brought=company.brought + 1)
            case 2:
                host.change(locked=not company.locked)
            case 3:
                role = Visitor(name, chance.choice([Role.PLAYER, Role.PRESENTER]), lent=chance.random() < 0.3)
                others = chance.sample([ANNA, BEN, CLEO, DORA], 3)
                host.change(visitors=(*(each for each in others if each.name != name), *([role] if name else [])))
            case 4:
                host.change(visitors=())
            case _:
                host.show(chance.choice((past, d.session)))

    async def steps(d: Driver, host: FakeHost) -> None:
        past = Past()
        for _ in range(15):
            for event in (each for _ in range(8) for each in (monkey.draw() if name else ())):
                if not (isinstance(event, events.Key) and event.key in ("q", "Q")):
                    event.set_sender(d.app)
                    d.app.post_message(event)
            upset(d, host, past)
            chance.choice((past, d.session)).tick()
            await d.pilot.pause()
            if not d.app.is_running:
                return  # it was told to quit, on its command line
        assert d.app.crash is None
        if not name:
            host.show(d.session)
            host.lead(LEADS[3])
            await d.until(lambda: d.session.view.item == LEADS[3].item)
            assert not d.session.sent
            assert not past.sent

    visit(name, steps)
