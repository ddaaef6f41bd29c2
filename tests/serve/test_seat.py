"""The seat of a visitor who acts, with real processes: keys, sizes, and all the ways in which it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import subprocess
import sys

import psutil
import pytest

from playground.company import Role
from playground.remote.wire import Wire
from playground.serve import player
from playground.serve.bonds import NICE, OOM_SCORE
from playground.serve.line import terminal
from playground.serve.messages import Brief, Programme
from playground.serve.seat import AHEAD_BYTES
from playground.serve.watch import MARK, lives
from tests.serve.seat_lab import SMALL, Guest, in_loop, until


def test_keys_act_sizes_change_and_who_quits_is_told_how_to_play_it_again() -> None:
    async def test() -> None:
        guest = Guest(at=terminal("xterm-256color", "en_US.UTF-8", 80, 24))
        await guest.shows("n1")
        guest.press(":crash n2\r")
        await guest.shows("1 down n2")
        guest.press(" ")
        await guest.shows("paused")
        guest.resize(200, 60)
        await until(lambda: "q quit" in guest.line.screen.display[59], guest.line.text)
        assert any(len(row.rstrip()) == 200 for row in guest.line.screen.display)
        guest.press("q")
        assert await guest.gone() == "quit"
        assert guest.line.status == 0
        lines = guest.last_words().split("\r\n")
        assert lines[0].startswith("seed 7, ")
        assert "1 command, digest" in lines[0]
        assert lines[1] == "the same cluster at home: playground --nodes 3"

    in_loop(test)


def test_whose_seed_was_drawn_gets_a_command_that_names_it() -> None:
    async def test() -> None:
        guest = Guest(own=Programme(SMALL, None, name="playground --nodes 3"))
        await guest.shows("n1")
        guest.press("q")
        await guest.gone()
        seed = guest.last_words().split(",")[0]
        assert f"playground --nodes 3 --{seed}\r" in guest.last_words()

    in_loop(test)


def test_nothing_goes_faster_than_a_visitor_may_and_plus_says_so() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        guest.press("++++")
        await guest.shows("10x is as fast as it goes here")
        assert "▶ 10x" in guest.line.text()
        await guest.visit_left()

    in_loop(test)


def test_the_process_knows_nothing_of_ours_and_has_little_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")

    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        process = guest.process
        env = process.environ()
        assert "hunter2" not in str(env)
        assert set(env) <= {
            *("PATH", "HOME", "TERM", "LANG", "COLORTERM", "TEXTUAL_COLOR_SYSTEM", "PYTHONPATH"),
            *("PYTHONDONTWRITEBYTECODE", "PYTHONCOERCECLOCALE", MARK),
        }
        assert (env["TERM"], env["LANG"], env["HOME"]) == ("xterm-256color", "en_US.UTF-8", "/nonexistent")
        assert process.cwd() == "/"
        assert process.nice() == min(19, psutil.Process().nice() + NICE)
        assert process.rlimit(resource.RLIMIT_CORE) == (0, 0)
        assert process.rlimit(resource.RLIMIT_FSIZE) == (0, 0)
        assert 0 < process.rlimit(resource.RLIMIT_CPU)[1] < 7_200
        assert 0 < process.rlimit(resource.RLIMIT_AS)[1] < 4_000_000_000
        with open(f"/proc/{process.pid}/oom_score_adj", encoding="ascii") as file:
            assert int(file.read()) >= OOM_SCORE
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            assert "Umask:\t0077" in file.read()
        opened = {os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{process.pid}/fd")}
        assert not any(path.startswith(("/work", "/root", "/home", "/tmp")) for path in opened), opened
        assert process.terminal() is not None, "its terminal could not hang up on it"
        await guest.visit_left()

    in_loop(test)


@pytest.mark.parametrize(("lang", "rounded"), [("C", False), ("de_DE.ISO-8859-1", False), ("de_DE.UTF-8", True)])
def test_it_draws_with_what_the_visitors_terminal_can_show(lang: str, rounded: bool) -> None:
    async def test() -> None:
        guest = Guest(at=terminal("xterm", lang, 80, 24))
        await guest.shows("n1")
        assert ("╭" in guest.line.text()) is rounded
        assert guest.line.text().isascii() is not rounded
        await guest.visit_left()

    in_loop(test)


@pytest.mark.parametrize(
    ("term", "columns", "why"),
    [("dumb", 80, "TERM=dumb: this terminal cannot place text"), ("xterm", 40, "the terminal has 40x24 characters")],
)
def test_a_terminal_that_cannot_show_it_gets_one_line(term: str, columns: int, why: str) -> None:
    async def test() -> None:
        guest = Guest(at=terminal(term, "C.UTF-8", columns, 24))
        assert (await guest.gone()).startswith(why)
        assert guest.line.status == 1
        assert b"Traceback" not in guest.line.output
        assert guest.line.output.count(b"\n") == 1

    in_loop(test)


def test_a_process_that_is_killed_is_told_in_one_line_and_takes_all_of_its_own_along() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        await until(lambda: len(guest.family()) > 2)  # the way back has been prepared
        family = guest.family()
        family[1].suspend()  # it does not hear the end of its wire
        guest.process.kill()
        assert await guest.gone() == "the process of your seat has failed"
        assert guest.line.status == 1
        assert "playground: the process of your seat has failed\r\n" in guest.last_words()
        await until(lambda: not any(lives(each) for each in family))

    in_loop(test)


def test_a_process_that_hangs_holds_up_nobody_and_takes_no_memory() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        guest.process.suspend()
        for _ in range(30):
            guest.press("j" * 5_000)
        assert guest.seat is not None
        assert len(guest.seat._ahead) <= AHEAD_BYTES
        await guest.visit_left()
        assert guest.over == ["time to go"]
        assert "playground: time to go" in guest.last_words()

    in_loop(test)


def test_whoever_is_cut_gets_the_terminal_back_and_hears_why() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        await guest.visit_left()
        words = guest.last_words()
        assert words.index("seed 7") < words.index("playground: time to go")
        for mode in (b"1049", b"1000", b"1003", b"1006", b"2004"):
            assert guest.line.output.rfind(b"\x1b[?" + mode + b"l") > guest.line.output.rfind(b"\x1b[?" + mode + b"h")
        assert guest.seat is not None
        await guest.seat.leave()  # once more

    in_loop(test)


def test_who_does_not_read_for_a_while_gets_whole_pictures_again() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("all promises kept")
        guest.line.stuck = 1_000_000
        await asyncio.sleep(0)
        size = len(guest.line.output)
        guest.press(":crash n2 n3\r")
        busy_s = sum(guest.process.cpu_times()[:2]) + 0.2
        await until(lambda: sum(guest.process.cpu_times()[:2]) > busy_s)
        assert len(guest.line.output) == size, "nothing is shown to who has no room"
        guest.line.stuck = 0
        await guest.shows("2 down n2 n3")
        guest.press(" ")
        await guest.shows("paused")
        settled = ""
        while settled != guest.line.text():
            settled = guest.line.text()
            await asyncio.sleep(0.3)
        guest.resize(119, 36)
        await asyncio.sleep(0.3)
        guest.resize(120, 36)
        await until(lambda: guest.line.text() == settled, lambda: f"{settled}\n{guest.line.text()}")
        await guest.visit_left()

    in_loop(test)


def test_junk_is_no_input_and_ctrl_z_stops_nothing() -> None:
    async def test() -> None:
        guest = Guest()
        guest.press("\x03\x1a\x1c\x13")  # before anybody is there to read
        await guest.shows("n1")
        guest.visit.typed(random.Random(1).randbytes(60_000))
        guest.press("\x1a")
        guest.process.send_signal(signal.SIGWINCH)
        await asyncio.sleep(0.3)
        guest.visit.typed(b"\x1b[201~")  # should it have come to a paste
        for key in "\x1bq" * 50:  # out of whatever it has opened
            if not guest.over:
                guest.press(key)
                await asyncio.sleep(0.2)
        assert await guest.gone() == "quit"

    in_loop(test)


FRONT = """
import asyncio, sys
from tests.serve.seat_lab import Guest, until

async def main():
    guest = Guest()
    await guest.shows("n1")
    seen = []

    def all_there():
        seen[:] = guest.family()  # some of it has only a moment's work
        return len(seen) > 2

    await until(all_there)
    print(*(each.pid for each in seen), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_front_that_is_killed_leaves_nobody_behind() -> None:
    front = subprocess.Popen([sys.executable, "-c", FRONT], stdout=subprocess.PIPE, text=True)
    assert front.stdout is not None
    pids = [int(pid) for pid in front.stdout.readline().split()]
    family = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):  # one that had only a moment's work
            family.append(psutil.Process(pid))
    front.kill()
    front.communicate()
    assert len(pids) > 2
    assert family
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not [each for each in alive if lives(each)]


def test_of_what_has_failed_a_visitor_is_told_one_line_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def crashed(*_: object) -> int:
        print("Traceback (most recent call last):\n  File '/somewhere/secret.py'\nThe app has crashed", file=sys.stderr)
        return 1

    monkeypatch.setattr(player, "_own", crashed)
    here, there = Wire.pair()
    brief = Brief("anna", Role.PLAYER, own=Programme(SMALL))
    assert player._played(brief, None, player.Ear(here)) == (player.FAULT, "The app has crashed")
    there.close()
    try:
        open("/nonexistent/file", encoding="ascii")  # noqa: SIM115
    except OSError as error:
        told = player._failure(error)
    assert told.startswith("it has failed: FileNotFoundError (test_seat.py:")
    assert "/" not in told
