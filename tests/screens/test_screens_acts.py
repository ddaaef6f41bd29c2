"""Every key, pressed in the app: which Command was sent, or what changed; also in the wrong order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.frame import QUORUM_PANELS
from playground.kernel.errors import UserError
from playground.screens import keys
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from widgets.shapes import State, Tone


def test_the_first_frame_says_what_to_press_and_stops_after_the_first_act() -> None:
    async def steps(d: Driver) -> None:
        assert d.notice == "▸ n3 is selected: press x to crash it, ? for help"
        await d.press("x")
        assert d.lines() == ["crash n3"]
        assert "press x" not in d.text()
        assert "done: crash n3" in d.notice

    drive(steps)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("x", "crash n3"),
        ("X", "crash n3 lose_disk=yes"),
        ("z", "freeze n3"),
        ("p", "partition n3 | n1 n2 n4 n5 n6 n7 n8"),
        ("P", "one-way n3"),
        ("e", "heal n3"),
        ("E", "heal"),
        ("[", "load 33"),
        ("]", "load 75"),
    ],
)
def test_a_key_sends_its_command(key: str, line: str) -> None:
    async def steps(d: Driver) -> None:
        await d.press({"[": "left_square_bracket", "]": "right_square_bracket"}.get(key, key))
        sent = d.lines()[0].replace("rate=", "").replace(".0", "")
        assert sent == line

    drive(steps)


def test_start_thaw_and_what_they_say_when_there_is_nothing_to_do() -> None:
    async def steps(d: Driver) -> None:
        await d.press("s")
        assert d.lines() == []
        assert d.notice == "! n3 can't be started: it is up"
        await d.press("x", "x")
        assert d.notice == "! n3 can't be crashed: it is down: s starts it"
        await d.press("z")
        assert d.notice == "! n3 can't be frozen: it is down: s starts it"
        await d.press("s", "z", "s")
        assert d.notice == "! n3 can't be started: it is frozen: z thaws it"
        await d.press("z")
        assert d.lines() == ["crash n3", "start n3", "freeze n3", "thaw n3"]

    drive(steps)


def test_marks_make_one_command_for_all_and_are_used_up() -> None:
    async def steps(d: Driver) -> None:
        await d.press("2", "v", "j", "j", "v")
        assert d.app.choice.marked == {"n3", "n5"}
        assert "marked: n3 n5" in d.text().splitlines()[-2]
        await d.press("p")
        assert d.lines() == ["partition n3 n5 | n1 n2 n4 n6 n7 n8"]
        assert not d.app.choice.marked
        assert "in force: partition n3 n5 | n1 n2 n4 n6 n7 n8" in d.text().splitlines()[1]
        await d.press("v", "v")
        assert not d.app.choice.marked
        await d.press("v", "escape")
        assert not d.app.choice.marked

    drive(steps)


@pytest.mark.parametrize("keys_", [("j", "k"), ("down", "up")])
def test_the_arrows_move_one_selection_for_all_panels(keys_: tuple[str, str]) -> None:
    async def steps(d: Driver) -> None:
        await d.press("2")
        down, up = keys_
        await d.press(down)
        assert {panel.selected for panel in d.app.stage.panels.values()} == {"n4"}
        assert d.session.view.selected == "n4"
        await d.press(up, up, up)
        assert d.app.choice.selected == "n1"
        await d.press(up)
        assert d.app.choice.selected == "n8"

    drive(steps)


def test_left_and_right_move_too_in_every_panel() -> None:
    async def steps(d: Driver) -> None:
        for number in "1234":
            await d.press(number)
            await d.press("l")
            assert d.app.choice.selected == "n4"
            await d.press("left")
            assert d.app.choice.selected == "n3"
        await d.press("5", "right")
        assert d.app.choice.selected == "n4"

    drive(steps)


def test_in_the_log_up_and_down_move_its_cursor_and_what_is_new_comes_below() -> None:
    async def steps(d: Driver) -> None:
        events = d.app.stage.events
        newest = events.chosen_entry()
        await d.press("5", "k", "k")
        assert d.app.choice.selected == "n3"
        assert events.chosen_entry() == (newest or 0) - 2
        before = events.text()
        d.session.write("say", "n1", "something new")
        d.session.tick(0)
        await d.until(lambda: "1 newer" in events.text())
        assert events.text().splitlines()[:-1] == before.splitlines()[1:]
        assert events.chosen_entry() == (newest or 0) - 2
        await d.press("end")
        assert d.app.stage.events.following
        await d.press("home")
        assert "line 0 of" in d.text()
        await d.press("pagedown", "pagedown", "pagedown", "pageup")
        assert not d.app.stage.events.following

    drive(steps)


def test_numbers_and_tab_focus_panels() -> None:
    async def steps(d: Driver) -> None:
        for number, name in enumerate(QUORUM_PANELS, start=1):
            await d.press(str(number))
            assert d.app.stage.front == name
            assert d.app.stage.panels[name].has_focus
        await d.press("tab")
        assert d.app.stage.panels["ring"].has_focus
        await d.press("shift+tab")
        assert d.app.stage.panels["detail"].has_focus
        await d.press("9")
        assert d.notice == "! there is no panel 9: they are 1 to 6"

    drive(steps)


@pytest.mark.parametrize("key", ["enter", "m"])
def test_zoom_and_back(key: str) -> None:
    async def steps(d: Driver) -> None:
        await d.press("2", key)
        assert d.seen() == ["replicas", "log", "detail"]
        assert d.session.view.panels == {"replicas", "log", "detail"}
        assert d.app.stage.panels["replicas"].has_focus
        await d.press("shift+tab")
        assert d.app.stage.panels["detail"].has_focus
        await d.press("4")
        assert d.seen() == ["load"]
        await d.press("escape")
        assert len(d.seen()) == 6
        await d.press("enter", key)
        assert not d.app.stage.zoomed

    drive(steps)


def test_zoom_on_a_small_terminal_is_the_detail() -> None:
    async def steps(d: Driver) -> None:
        await d.press("enter")
        assert d.seen() == ["detail"]
        assert d.app.stage.panels["detail"].has_focus
        assert "18,000 records" in d.text()
        await d.press("j", "l", "escape")
        assert d.app.stage.panels[d.app.stage.front].has_focus
        assert "ring" in d.seen()

    drive(steps, size=(80, 24))


def test_time_keys() -> None:
    async def steps(d: Driver) -> None:
        await d.press("space")
        assert "paused" in d.text().splitlines()[0]
        await d.press("full_stop", "comma", "plus", "minus", "equals_sign", "space")
        assert d.session.asked == [
            ("pause", True), ("step", 0), ("step", 1_000_000), ("faster", 1), ("faster", -1), ("speed", 1.0),
            ("pause", False),
        ]  # fmt: skip
        d.session.set_speed(0.0)
        await d.press("plus")
        assert d.notice == "! it goes as fast as it can already"
        d.session.set_speed(0.01)
        await d.press("minus")
        assert d.notice.startswith("! it can't go slower")

    drive(steps)


def test_help_lies_over_the_panels_and_swallows_acts() -> None:
    async def steps(d: Driver) -> None:
        await d.press("3", "question_mark")
        assert "how nodes know of each other" in d.text()
        assert "crash: power off" in d.text()
        assert "frozen: answers nothing" in d.text()
        await d.press("x")
        assert d.lines() == []
        assert not d.app.stage.help.is_open
        await d.press("question_mark", "tab", "down", "q")
        assert d.app.is_running
        assert not d.app.stage.help.is_open
        await d.press("question_mark", "escape", "x")
        assert d.lines() == ["crash n3"]
        await d.press("question_mark", "question_mark")
        assert not d.app.stage.help.is_open
        await d.press("question_mark", "colon")
        await d.write("thaw n3")
        assert not d.app.stage.help.is_open
        assert d.app.prompt.text == "thaw n3"

    drive(steps)


def test_help_in_one_column_scrolls_to_the_last_key() -> None:
    async def steps(d: Driver) -> None:
        await d.press("question_mark")
        assert "crash: power off" not in d.text()
        await d.press("down", "down")
        await d.press("pagedown")
        assert "crash: power off" in d.text()
        await d.press("end")
        assert "not on enough brokers" in d.text()

    drive(steps, size=(80, 24))


def test_the_palette_finds_acts_and_commands() -> None:
    async def steps(d: Driver) -> None:
        await d.press("ctrl+p")
        await d.until(lambda: len(d.app.screen_stack) == 2)
        await d.write("heal all")
        await d.until(lambda: "heal all" in d.text() and "(E)" in d.text())
        await d.press("enter")
        await d.until(lambda: len(d.app.screen_stack) == 1)
        await d.until(lambda: d.lines() == ["heal"])

    drive(steps)


def test_the_palette_finds_panels_and_words_of_the_app() -> None:
    async def steps(d: Driver) -> None:
        await d.press("ctrl+p")
        await d.until(lambda: len(d.app.screen_stack) == 2)
        await d.write("panel gossip")
        await d.until(lambda: "who believes what of whom" in d.text())
        await d.press("enter")
        await d.until(lambda: d.app.stage.front == "gossip")
        await d.press("ctrl+p")
        await d.until(lambda: len(d.app.screen_stack) == 2)
        await d.write(":rewind")
        await d.until(lambda: "Go back to an instant" in d.text())
        await d.press("enter")
        await d.until(lambda: d.app.prompt.is_open)
        assert d.app.prompt.text == "rewind "

    drive(steps)


def test_save_says_what_came_of_it() -> None:
    said = iter(["saved: x.yaml", UserError("no room for it"), OSError(13, "Permission denied", "x.yaml")])

    def save() -> str:
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async def steps(d: Driver) -> None:
        for wanted in ("✓ saved: x.yaml", "! no room for it", "✕ not saved: x.yaml: Permission denied"):
            await d.press("w")
            await d.until(lambda wanted=wanted: d.notice == wanted)  # type: ignore[misc]

    drive(steps, save=save)


def test_save_without_a_place_says_so() -> None:
    async def steps(d: Driver) -> None:
        await d.press("w")
        assert d.notice == "! this session can't be saved from here"

    drive(steps)


def test_copy_takes_the_text_without_borders() -> None:
    async def steps(d: Driver) -> None:
        await d.press("2", "y")
        copied = d.app.clipboard
        assert "n3" in copied
        assert not set("│╭╰─") & set(copied)
        assert d.notice.startswith("✓ copied: ")

    drive(steps)


def test_a_screenshot_goes_into_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(d: Driver) -> None:
        await d.press("f2")
        (path,) = tmp_path.iterdir()
        assert path.name == "playground-seed42-00m12.345s.svg"
        assert str(path.name) in d.text().replace("\n", "")
        assert 'xml:space="preserve"' in path.read_text()

    drive(steps)


def test_a_screenshot_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    async def steps(d: Driver) -> None:
        monkeypatch.setattr(Path, "write_text", refuse)
        await d.press("f2")
        assert re.match(r"! no screenshot: .* is not writable \(Permission denied\)", d.notice)

    drive(steps)


def test_q_quits_without_asking_ctrl_d_and_ctrl_c_do_not() -> None:
    async def steps(d: Driver) -> None:
        await d.press("ctrl+d", "ctrl+c")
        assert d.app.is_running
        assert d.notice == "· q quits"
        await d.press("q")
        await d.until(lambda: not d.app.is_running)

    drive(steps)


def test_every_key_in_the_wrong_order_on_every_panel_never_breaks() -> None:
    pressed = [name for key in keys.KEYS for name in key.keys if key.act not in ("quit", "palette", "screenshot")]

    async def steps(d: Driver) -> None:
        for number in "16":
            await d.press(number)
            for key in reversed(pressed):
                await d.pilot.press(key)
                if d.app.prompt.is_open:
                    await d.pilot.press("escape")
            await d.press("escape", "escape")
        assert d.app.is_running

    drive(steps, size=(120, 36), save=lambda: "saved")


def test_acts_without_any_node_say_so() -> None:
    async def steps(d: Driver) -> None:
        for key in "xXszpPoev":
            d.app.say("")
            await d.press(key)
            assert d.notice == "! no node is selected: the arrows select one"
        await d.press("j", "l", "enter", "escape")
        assert d.lines() == []

    class Empty(FakeSession):
        def _make(self):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            frame = super()._make()
            return replace(frame, nodes=(), ring=None, gossip=None, replicas=None, load=None, detail=None)

    drive(steps, session=Empty())


def test_states_show_in_the_header_and_the_footer_offers_what_can_be_done() -> None:
    async def steps(d: Driver) -> None:
        assert "x crash" in d.footer
        assert "s start" not in d.footer
        await d.press("x")
        assert "✕ 1 down n3" in d.text().splitlines()[1]
        assert "s start" in d.footer
        assert "x crash" not in d.footer
        d.session.states["n3"] = State.FROZEN
        d.session.tick()
        await d.until(lambda: "z thaw" in d.footer)

    drive(steps)


def test_an_alert_of_the_log_comes_to_the_notice_line() -> None:
    async def steps(d: Driver) -> None:
        d.session.write("alert", "", "stale read: c1 read cat and missed a write", Tone.BAD)
        d.session.tick(0)
        await d.until(lambda: d.notice.startswith("✕ 00:12.345  stale read: c1 read cat and missed a write  "))
        assert d.notice.endswith("  W: why?")
        d.session.tell("n1 started")
        d.session.tick(0)
        await d.until(lambda: d.notice == "· n1 started")

    drive(steps)


def test_a_stopped_world_is_told_plainly() -> None:
    async def steps(d: Driver) -> None:
        d.session.stopped = "world stopped at 12.3 s (seed 42): KeyError: 'n9'"
        d.session.tick(0)
        await d.until(lambda: "stopped by an error in the playground" in d.notice)
        assert "seed 42" in d.notice
        await d.press("x", "question_mark", "escape")
        assert "stopped by an error" in d.notice

    drive(steps)


def test_a_caption_of_a_scenario_gets_a_line_of_its_own() -> None:
    async def steps(d: Driver) -> None:
        d.session.caption = "Now watch n3: the others still believe it alive."
        d.session.tick(0)
        await d.until(lambda: "Now watch n3" in d.text())
        assert "press x to crash it" in d.notice

    drive(steps)


def test_that_a_key_could_not_act_is_said_until_the_next_key() -> None:
    async def steps(d: Driver) -> None:
        await d.press("left_parenthesis")
        assert "space-time" in d.notice
        await d.press("tab")
        assert "space-time" not in d.notice

    drive(steps)
