"""The way back, as it is seen: keys, words, what the header says, and what comes of acts in the past."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.remote.client import RemoteSession
from playground.remote.follower import Follower
from playground.screens.header import Header, first_line
from playground.screens.instants import parse_instant
from playground.screens.timelines import Timelines
from tests.remote.test_remote_follower import is_gone, wait_until
from tests.screens.driving import Driver
from tests.screens.rewinding import NOW_US, Here, rewinding
from tests.screens.terminals import Terminal
from widgets.log import clock
from widgets.palette import DEFAULT, Colors, Look
from widgets.shapes import Tone

CRASH = ((2_000_000, parse_line("crash n2")),)


def top(driver: Driver) -> str:
    return driver.text().splitlines()[0]


async def back(driver: Driver, at_us: int) -> None:
    """Wait until the past is shown that stands there."""
    await driver.until(lambda: f"PAST    {clock(at_us)}" in top(driver))


# --- there and back ------------------------------------------------------------------


@pytest.mark.parametrize("follow", [Here, Follower])
def test_a_second_back_is_shown_as_past_and_the_present_is_as_it_was(follow: type[Here] | type[Follower]) -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        assert f"of {clock(NOW_US)}" in top(driver)
        assert "> to the present, an act branches" in top(driver)
        assert "paused" in top(driver)
        assert "< 1 s back" in driver.footer
        assert "> to the present" in driver.footer
        await driver.press("comma")
        await driver.until(lambda: "PAST" not in top(driver))  # a second forward is the present again
        assert driver.app.frame.header.at_us == NOW_US
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        await driver.press(">")
        assert driver.app.frame.header.at_us == NOW_US
        assert driver.app.frame.header.paused
        assert "the present" in driver.notice
        await driver.press("8")
        assert "> to the present" not in driver.footer, "it would only say that this is the present"

    rewinding(steps, Follower if follow is Follower else Here())


def test_a_tour_waits_in_the_present_for_whoever_looks_at_the_past() -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("T")
        assert "1/10" in driver.text()
        await driver.press("<")
        await driver.until(lambda: "PAST" in top(driver))
        assert "the tour waits in the present: > goes there" in driver.text()
        await driver.press(">")
        await driver.until(lambda: "PAST" not in top(driver))
        assert "Press x" in driver.text()
        assert "1/10" in driver.text()

    rewinding(steps, Here())


def test_every_panel_shows_the_past() -> None:

    async def steps(driver: Driver, timelines: Timelines) -> None:
        assert "1 down n2" in driver.text()
        await driver.press("colon")
        await driver.write("rewind 1.999")
        await driver.press("enter")
        await back(driver, 1_999_000)
        assert "3 up   nothing is broken" in driver.text()
        assert "n2 crashed" not in driver.text()
        await driver.press("full_stop")
        await driver.until(lambda: driver.app.frame.header.at_us > 1_999_000)
        while driver.app.frame.header.at_us < 2_000_000:
            before_us = driver.app.frame.header.at_us
            await driver.press("full_stop")
            await driver.until(lambda before_us=before_us: driver.app.frame.header.at_us > before_us)  # type: ignore[misc]
        assert "1 down n2" in driver.text()
        assert "PAST" in top(driver)

    rewinding(steps, acts=CRASH)


def test_pressed_again_before_it_is_there_it_goes_further_back_and_fetches_no_queue() -> None:
    here = Here()
    here.held = True

    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("<", "<", "<")
        here.let_go()
        await back(driver, NOW_US - 3_000_000)
        assert timelines.fetching_us == -1
        assert here.orders[-1].at_us == NOW_US - 3_000_000
        for ended in here.ended[:-1]:
            assert ended.wait(30), "what nobody waits for any more is given up"
        await driver.press("<")
        await back(driver, 0)
        await driver.press("<")
        assert "this is the beginning" in driver.notice

    rewinding(steps, here)


def test_the_present_goes_on_until_the_past_is_there_and_as_before_after_it() -> None:
    here = Here()
    here.held = True

    async def steps(driver: Driver, timelines: Timelines) -> None:
        app = driver.app
        await driver.press("space")
        await driver.press("<")
        shown_us = app.frame.header.at_us
        await driver.until(lambda: app.frame.header.at_us > shown_us + 500_000)
        await driver.until(
            lambda: re.search(r"rewinding to 00:0\d\.\d{3}: 50%, esc gives up", driver.notice) is not None
        )
        here.let_go()
        await driver.until(lambda: "PAST" in top(driver))
        left_us = app.frame.header.present_us
        assert left_us > shown_us + 500_000
        await driver.press(">")
        await driver.until(lambda: app.frame.header.at_us > left_us)
        assert not app.frame.header.paused

    rewinding(steps, here)


def test_esc_gives_up_and_leaves_the_present_as_it_is() -> None:
    here = Here()
    here.held = True

    async def steps(driver: Driver, timelines: Timelines) -> None:
        present = timelines.shown
        digest = present.record().digest
        await driver.press("<")
        assert timelines.fetching_us >= 0
        await driver.press("escape")
        assert timelines.fetching_us == -1
        assert "gave up" in driver.notice
        await driver.until(lambda: here.ended[0].is_set())
        here.let_go()
        assert timelines.shown is present
        assert present.record().digest == digest
        assert "PAST" not in top(driver)

    rewinding(steps, here)


# --- forward -------------------------------------------------------------------------


def test_forward_it_is_what_it_was_and_then_the_present() -> None:

    async def steps(driver: Driver, timelines: Timelines) -> None:
        app = driver.app
        timelines.shown.send(parse_line("get cat"))
        await driver.until(lambda: app.frame.header.commands == 2)
        await driver.press("colon")
        await driver.write("rewind start")
        await driver.press("enter")
        await back(driver, 0)
        past = timelines.shown
        await driver.press("comma")
        await driver.until(lambda: app.frame.header.at_us == 1_000_000)
        app.session.set_speed(0.0)
        app.session.pause(False)
        await driver.until(lambda: timelines.shown is not past)
        assert app.frame.header.at_us >= NOW_US
        await driver.until(lambda: not app.frame.header.paused)  # who ran into the present runs on in it

    rewinding(steps, acts=CRASH)


def test_the_first_act_branches_and_the_way_out_gives_the_branch_up() -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        app = driver.app
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        await driver.press("x")
        await driver.until(lambda: "branch of" in top(driver))
        assert f"branch of {clock(NOW_US - 1_000_000)}" in top(driver)
        assert "PAST" not in top(driver)
        assert "crashed (a branch of" in driver.notice
        branch = timelines.shown.record()
        assert branch.branched_us == NOW_US - 1_000_000
        await driver.press("comma")
        await driver.until(lambda: app.frame.header.at_us == NOW_US)
        # Within a branch there is a past as well, of its own.
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        assert f"of {clock(NOW_US)}" in top(driver)
        await driver.press(">")
        assert "branch of" in top(driver)
        await driver.press(">")
        assert "branch of" not in top(driver)
        assert "is given up; this is what it came from" in driver.notice
        assert app.frame.header.at_us == NOW_US
        assert not timelines.shown.record().timeline
        await driver.press(">")
        assert "this is the present" in driver.notice

    rewinding(steps)


# --- words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("rewind", "'' is no instant: write 00:31.2, 31.2, -10s or start"),
        ("rewind soon", "'soon' is no instant"),
        ("rewind 1:99", "'1:99' is no instant"),
        ("rewind 99:00", "99:00.000 is not past: the present stands at 00:0"),
        ("rewind -10m", "-10m is before the beginning"),
        ("rewind 1e300", "no instant"),
    ],
)
def test_nonsense_gets_one_line_and_stays_to_be_mended(typed: str, answer: str) -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("colon")
        await driver.write(typed)
        await driver.press("enter")
        await driver.until(lambda: answer in driver.text())
        assert driver.app.prompt.is_open
        assert driver.app.prompt.text == typed
        assert timelines.fetching_us == -1

    rewinding(steps)


def test_r_proposes_a_moment_where_none_is_chosen_and_goes_to_the_chosen_one_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("r")
        assert driver.app.prompt.is_open
        assert driver.app.prompt.text.startswith("rewind 00:0")
        assert "Go back to an instant" in driver.text()
        await driver.press("escape")
        front = driver.app.stage.panels[driver.app.stage.front]
        monkeypatch.setattr(front, "chosen_us", lambda: 1_234_567)
        await driver.press("r")
        await back(driver, 1_234_567)
        assert driver.app.frame.header.at_us == 1_234_567

    rewinding(steps)


def test_the_word_is_completed_and_explained() -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("colon")
        await driver.write("rew")
        assert "rewind MM:SS.mmm" in driver.text()
        await driver.press("tab")
        assert driver.app.prompt.text == "rewind "

    rewinding(steps)


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("31.2", 31_200_000), ("00:31.200", 31_200_000), ("0:31", 31_000_000), ("12:00.000001", 720_000_001),
        ("start", 0), ("-10s", 50_000_000), ("-500ms", 59_500_000), ("90s", 90_000_000), ("-1m", 0),
    ],
)  # fmt: skip
def test_instants_are_read_as_people_write_them(text: str, at_us: int) -> None:
    assert parse_instant(text, 60_000_000) == at_us


@pytest.mark.parametrize("text", ["", "now", "-61s", "1:2:3", "1:60", "--3", "nan", "inf", "00:31.2000001"])
def test_what_is_no_instant_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_instant(text, 60_000_000)
    assert "\n" not in str(refused.value)
    assert "write 00:31.2, 31.2, -10s or start" in str(refused.value)


# --- the header ------------------------------------------------------------------------


def header(**options: int) -> Header:
    return Header("a title of some length", 31_200_000, 1.0, 1.0, True, 7, 3, 40.0, 3_000, 9_000, 0.0, 0,
                  "all promises kept", Tone.GOOD, **options)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("look", [DEFAULT, Look(colors=Colors.NONE, unicode=False)])
def test_the_header_says_plainly_that_it_is_the_past(width: int, look: Look) -> None:
    strip = first_line(header(present_us=105_030_000), width, look)
    text = "".join(segment.text for segment in strip)
    assert " PAST " in text
    assert "00:31.200" in text
    assert "of 01:45.030" in text
    assert "> present" in text or "> to the present, an act branches" in text
    assert [segment.text for segment in strip if segment.style and segment.style.reverse] == [" PAST "]
    assert strip.cell_length == width


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_header_says_where_a_branch_began(width: int) -> None:
    text = "".join(segment.text for segment in first_line(header(branched_us=20_000_000), width, DEFAULT))
    assert "branch of 00:20.000" in text
    assert "PAST" not in text


# --- mishaps ---------------------------------------------------------------------------


def test_when_its_process_is_killed_one_line_says_so_and_the_present_is_there() -> None:
    async def steps(driver: Driver, timelines: Timelines) -> None:
        for _ in range(2):
            await driver.press("<")
            await back(driver, NOW_US - 1_000_000)
            past = timelines.shown
            assert isinstance(past, RemoteSession)
            os.kill(past.pid, signal.SIGKILL)
            await driver.until(lambda: "PAST" not in top(driver))
            assert "the past is gone: the process in which it ran has ended" in driver.notice
            assert driver.app.frame.header.at_us == NOW_US
        assert timelines._follower is not None
        os.kill(timelines._follower.pid, signal.SIGKILL)
        wait_until(lambda: timelines._follower is not None and not timelines._follower.alive)
        await driver.press("<")  # and there is another one
        await back(driver, NOW_US - 1_000_000)

    rewinding(steps, Follower)


def test_a_process_that_dies_on_the_way_is_told_in_one_line() -> None:
    here = Here()
    here.held = True
    stand = here.stand

    def die(*args: object, **options: object) -> RemoteSession:
        session = stand(*args, **options)  # type: ignore[arg-type]
        session._wire._socket.shutdown(2)
        return session

    here.stand = die  # type: ignore[assignment,method-assign]

    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("<")
        await driver.until(lambda: "no way back to" in driver.notice)
        assert "the process in which it ran has ended" in driver.notice
        assert "PAST" not in top(driver)

    rewinding(steps, here)


def test_who_quits_on_the_way_leaves_no_process() -> None:
    pids: list[int] = []

    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        past = timelines.shown
        assert isinstance(past, RemoteSession)
        assert timelines._follower is not None
        pids.extend((past.pid, timelines._follower.pid))
        await driver.press("<")
        await driver.press("q")

    rewinding(steps, Follower)
    for pid in pids:
        wait_until(lambda pid=pid: is_gone(pid))  # type: ignore[misc]


def test_what_is_told_at_the_end_is_what_was_shown() -> None:
    records = []

    async def steps(driver: Driver, timelines: Timelines) -> None:
        await driver.press("colon")
        await driver.write("rewind 1.5")
        await driver.press("enter")
        await back(driver, 1_500_000)
        records.append(timelines.end())

    rewinding(steps, acts=CRASH)
    assert records[0] is not None
    assert records[0].end_us == 1_500_000
    assert records[0].timeline == ()
    assert records[0].seed == 7


def test_without_timelines_the_keys_say_that_there_is_no_way_back() -> None:
    from tests.screens.driving import drive

    async def steps(driver: Driver) -> None:
        for key in ("<", ">", "r"):
            await driver.press(key)
            assert "no way back" in driver.notice

    drive(steps)


# --- on a real terminal ------------------------------------------------------------------


def test_a_branch_that_is_saved_replays_to_the_digest_shown_at_the_end(
    start: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal = start("playground", 120, 36, "--seed", "7", "--preset", "small")
    terminal.until(lambda: re.search(r"00:(0[2-9]|[1-5]\d)\.\d{3}", terminal.text()) is not None, "two seconds")
    terminal.press("w")
    terminal.shows("session-7-1.yaml")
    terminal.press(":rewind 1.5\r")
    terminal.until(lambda: re.search(r"PAST +00:01\.500", terminal.text()) is not None, "the past")
    terminal.press(":crash n2\r")
    terminal.shows("branch of 00:01.500")
    terminal.press(",")
    terminal.shows("00:02.500")
    terminal.press("w")
    terminal.shows("session-7-2.yaml")
    terminal.press("q")
    assert terminal.end() == 0
    terminal.assert_restored()
    said = "\n".join(terminal.told())
    digest = re.search(r"seed 7, 2.500 s, 1 command, digest (\w+)", said)
    assert digest is not None, said
    assert "session-7-1.yaml  (the present, up to" in said, "what was saved before is completed, too"
    saved = tmp_path / "session-7-2.yaml"
    assert digest[1] in saved.read_text()
    replayed = subprocess.run(
        [sys.executable, "-m", "playground", "replay", str(saved)], capture_output=True, text=True, check=False
    )
    assert digest[1] in replayed.stdout, replayed.stdout + replayed.stderr


def test_a_terminal_that_goes_away_takes_the_processes_of_the_past_along(start: Callable[..., Terminal]) -> None:
    terminal = start("playground", 120, 36, "--seed", "7", "--preset", "small")
    terminal.until(lambda: re.search(r"00:(0[2-9]|[1-5]\d)\.\d{3}", terminal.text()) is not None, "two seconds")
    terminal.press("<")
    terminal.shows("PAST")
    pid = terminal.process.pid
    kids = _descendants(pid)
    assert kids
    terminal.process.kill(signal.SIGKILL)  # it has no time to end them
    terminal.end()
    for each in kids:
        wait_until(lambda each=each: is_gone(each))  # type: ignore[misc]


def _descendants(pid: int) -> list[int]:
    """The processes that come from this one, as ``ps`` knows them."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, table.splitlines())}
    return [each for each in parents if pid in _ancestors(each, parents)]


def _ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    found: set[int] = set()
    while (pid := parents.get(pid, 0)) and pid not in found:
        found.add(pid)
    return found


def test_a_scenario_that_has_ended_stays_ended_while_somebody_looks_back() -> None:

    async def steps(driver: Driver, timelines: Timelines) -> None:
        app = driver.app
        present = timelines.shown
        await driver.until(lambda: app.frame.header.ended)
        digest = present.record().digest
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        await driver.press("space")
        await driver.until(lambda: "PAST" not in top(driver))  # forward to the end, and the present takes over
        assert app.frame.header.ended
        assert present.record().digest == digest
        await driver.press("<")
        await back(driver, NOW_US - 1_000_000)
        await driver.press(">")
        assert app.frame.header.ended
        assert present.record().digest == digest
        await driver.press("space")  # only a person goes on
        await driver.until(lambda: app.frame.header.at_us > NOW_US)

    rewinding(steps, acts=CRASH, ends=True)
