"""The `:` line and the `/` filter: completion, history, and no mistake that costs what was typed."""

from __future__ import annotations

from textual import events

from playground.screens.prompt import usage
from tests.screens.driving import Driver, drive


def test_a_command_is_typed_completed_and_sent() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        assert "crash  start  restart" in d.text()
        await d.write("cr")
        await d.press("tab")
        assert d.app.prompt.text == "crash "
        assert "crash NODE... [lose_disk=yes]" in d.text()
        assert "Power off: unsynced writes are lost" in d.text()
        await d.write("n2")
        await d.press("enter")
        assert d.lines() == ["crash n2"]
        assert not d.app.prompt.is_open
        assert d.app.stage.panels["ring"].has_focus

    drive(steps)


def test_what_is_typed_in_one_go_is_a_command_and_no_acts() -> None:
    async def steps(d: Driver) -> None:
        for key in ("colon", *"crash", "space", *"n1", "enter"):  # no waiting in between
            d.app.post_message(events.Key(key, " " if key == "space" else key if len(key) == 1 else None))
        await d.until(lambda: d.lines() == ["crash n1"])
        assert d.app.choice.selected == "n3"
        assert not d.app.frame.header.paused

    drive(steps)


def test_right_completes_at_the_end_and_moves_before_it() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("fr")
        await d.press("right")
        assert d.app.prompt.text == "freeze "
        await d.press("left", "left", "right")
        await d.write("X")
        assert d.app.prompt.text == "freezeX "

    drive(steps)


def test_a_mistake_says_what_is_wrong_and_keeps_the_text() -> None:
    async def steps(d: Driver) -> None:
        for typed, wanted in (
            ("crush n1", "did you mean crash?"),
            ("rewnd 3", "unknown command 'rewnd': did you mean rewind?"),
            ("crash leder", "unknown node 'leder': did you mean leader?"),
            ("crash n77", "unknown node 'n77'"),
            ("partition n1", "usage: partition"),
            ("link n1 latency=fast", "is not a duration"),
            ("put 'a", "no closing quotation"),
        ):
            await d.press("colon")
            await d.write(typed)
            await d.press("enter")
            assert d.app.prompt.is_open
            assert d.app.prompt.text == typed
            assert wanted in d.text().splitlines()[-1].lower() or wanted in d.text().splitlines()[-1]
            await d.press("escape")
        assert d.lines() == []

    drive(steps)


def test_history_goes_up_and_comes_back_to_the_draft() -> None:
    async def steps(d: Driver) -> None:
        for line in ("crash n1", "start n1"):
            await d.press("colon")
            await d.write(line)
            await d.press("enter")
        await d.press("colon")
        await d.write("he")
        await d.press("up")
        assert d.app.prompt.text == "start n1"
        await d.press("up", "up", "up")
        assert d.app.prompt.text == "crash n1"
        await d.press("down", "down")
        assert d.app.prompt.text == "he"

    drive(steps)


def test_slow_link_is_proposed_and_can_be_left() -> None:
    async def steps(d: Driver) -> None:
        await d.press("o")
        assert d.app.prompt.text == "link n3 latency=200ms loss=5%"
        await d.press("escape")
        assert d.lines() == []
        await d.press("o", "enter")
        assert d.lines()[0].startswith("link n3 latency=200ms")

    drive(steps)


def test_an_empty_line_closes_and_letters_are_not_acts() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon", "enter")
        assert not d.app.prompt.is_open
        await d.press("colon", "x", "q", "space", "ctrl+d", "shift+tab", "escape")
        assert d.app.is_running
        assert d.lines() == []
        assert d.session.asked == []

    drive(steps)


def test_colon_q_quits() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon", "q", "enter")
        await d.until(lambda: not d.app.is_running)

    drive(steps)


def test_put_and_get_follow_their_key_on_the_ring() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("put cat tom")
        await d.press("enter")
        assert d.lines() == ["put cat tom"]
        assert d.session.view.key == "cat"

    drive(steps)


def test_the_filter_works_while_typing_stays_with_enter_and_goes_with_escape() -> None:
    async def steps(d: Driver) -> None:
        await d.press("slash")
        await d.write("line 7 ")
        assert d.app.stage.events.wanted == "line 7 "
        assert "line 7 of" in d.text()
        assert "line 8 of" not in d.text()
        await d.press("enter")
        assert d.app.stage.events.wanted == "line 7 "
        assert d.app.stage.events.has_focus
        assert "filter: line 7" in d.text()
        await d.press("slash", "escape")
        assert d.app.stage.events.wanted == ""
        await d.press("slash", "z", "enter", "escape")
        assert d.app.stage.events.wanted == ""
        assert d.lines() == []

    drive(steps)


def test_the_filter_brings_the_log_when_it_is_a_tab() -> None:
    async def steps(d: Driver) -> None:
        await d.press("3")
        assert d.app.stage.front == "gossip"
        await d.press("slash")
        await d.write("line 1")
        assert "log" in d.seen()

    drive(steps, size=(60, 20))


def test_the_line_fits_small_terminals_without_cutting_words() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("link n2 ")
        assert "such as: link n1 -> n2 latency=200ms jitter=50ms loss=10%" in d.text()

    drive(steps, size=(80, 24))


def test_usage_shows_last_words_only() -> None:
    found = usage("crash n2 n", ["n1", "n2", "n3"])
    assert found.candidates == ("n1", "n3", "nodes")  # the last one: all machines that keep data
    assert usage("", ["n1"]).candidates[:2] == ("crash", "start")
    assert usage("nonsense ", ["n1"]).candidates == ()


def test_keys_find_the_line_again_after_a_window_that_was_too_small() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("crash n")
        await d.pilot.resize_terminal(59, 8)  # everything is hidden, the line too
        await d.pilot.resize_terminal(120, 36)
        await d.pilot.pause()
        await d.write("2")
        assert d.app.prompt.text == "crash n2"
        await d.press("escape")
        assert not d.app.prompt.is_open
        assert d.app.stage.panels["ring"].has_focus

    drive(steps)


def test_a_click_beside_the_line_takes_no_key_from_it() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("crash n")
        await d.pilot.click(d.app.stage.panels["ring"], offset=(3, 3))
        await d.write("2")
        assert d.app.prompt.text == "crash n2"
        await d.press("enter")
        assert d.lines() == ["crash n2"]

    drive(steps)


def test_to_type_over_a_filter_replaces_it_and_the_arrows_keep_it() -> None:
    async def steps(d: Driver) -> None:
        await d.press("slash")
        await d.write("crash")
        await d.press("enter", "slash", "u", "p")
        assert d.app.stage.events.wanted == "up"
        await d.press("enter", "slash", "end", "x")
        assert d.app.stage.events.wanted == "upx"

    drive(steps)
