"""What the processes of a seat take is seen, wherever they are, and counted once."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from playground.serve import watch
from playground.serve.limits import Limits
from playground.serve.watch import MARK, Watch, lives
from tests.serve.seat_lab import Guest, in_loop, until

OURS, ANOTHER = f"ours-{os.getpid()}", f"another-{os.getpid()}"
SPINS = "while True: pass"
# A process that leads its session may not begin another one: so it is the child that does, as in a seat.
LEADS_ANOTHER = """
import os, sys, time
block = bytearray(b"x" * 40_000_000)
if os.fork() == 0:
    os.setsid()
    os.fork()
print("there", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def started(program: str, mark: str = OURS) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, MARK: mark}
    )
    try:
        yield process
    finally:
        for each in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if each.environ().get(MARK) == mark:
                    each.kill()
        process.communicate()


def wait(so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not so():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.01)


def seen(process: subprocess.Popen[bytes], limits: Limits) -> Watch:
    """A watch that has seen three processes in two sessions."""
    eye = Watch(process.pid, OURS, limits, lambda _: None)

    def three() -> bool:
        eye.look()
        return len(eye.alive()) == 3

    wait(three)
    return eye


def test_all_that_came_of_a_process_are_seen_in_whatever_session_and_nobody_else() -> None:
    with started(LEADS_ANOTHER) as process, started(SPINS, ANOTHER) as other:
        eye = seen(process, Limits())
        assert {os.getsid(each.pid) for each in eye.alive()} > {process.pid}
        assert other.pid not in {each.pid for each in eye.alive()}
        family = eye.alive()
        process.kill()
        process.wait()
        eye.look()
        assert len(eye.alive()) == 2, "those whose parent has gone are still known"
        eye.kill()
        wait(lambda: not any(lives(each) for each in family))
        assert lives(psutil.Process(other.pid))


def test_one_that_nobody_had_seen_before_its_parent_went_is_seen() -> None:
    with started(LEADS_ANOTHER) as process:
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        orphans = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        eye = Watch(process.pid, OURS, Limits(), lambda _: None)
        eye.look()
        assert {each.pid for each in eye.alive()} == {each.pid for each in orphans}
        eye.kill()
        wait(lambda: not any(lives(each) for each in orphans))


def test_what_processes_share_is_counted_once() -> None:
    with started(LEADS_ANOTHER) as process:
        # Three times forty million bytes are resident, but there is one of each.
        eye = seen(process, Limits(memory_bytes=110_000_000))
        assert sum(each.memory_info().rss for each in eye.alive()) > 120_000_000
        assert eye.memory_excess(time.monotonic()) == ""
        eye = seen(process, Limits(memory_bytes=40_000_000))
        assert eye.memory_excess(time.monotonic()) == "your seat has taken more than 40 MB of memory"


def test_who_spins_is_found_out_after_the_window_and_not_before() -> None:
    with started(SPINS) as process:
        eye = Watch(process.pid, OURS, Limits(cpu_share=0.02, cpu_window_s=0.5), lambda _: None)
        began = time.monotonic()
        why = ""
        while not why:
            assert time.monotonic() - began < 60
            eye.look()
            why = eye.cpu_excess(time.monotonic())
            time.sleep(0.02)
        assert time.monotonic() - began >= 0.5
        assert why == "your seat has taken more than 2% of a processor for 0 seconds"


def test_who_rests_is_left_alone_and_so_is_whose_share_has_no_limit() -> None:
    rests = "import time; print(flush=True); time.sleep(600)"
    with started(rests) as process, started(SPINS, ANOTHER) as spinning:
        assert process.stdout is not None
        process.stdout.readline()  # it does not begin any more, which is work
        idle = Watch(process.pid, OURS, Limits(cpu_share=0.5, cpu_window_s=0.2), lambda _: None)
        free = Watch(spinning.pid, ANOTHER, Limits(cpu_share=0.0, cpu_window_s=0.2), lambda _: None)
        ends = time.monotonic() + 0.6
        while time.monotonic() < ends:
            for eye in (idle, free):
                eye.look()
                assert eye.cpu_excess(time.monotonic()) == ""
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(memory_bytes=20_000_000), "your seat has taken more than 20 MB of memory"),
        (Limits(cpu_share=0.001, cpu_window_s=0.3), "your seat has taken more than 0% of a processor for 0 seconds"),
    ],
)
def test_a_visitor_who_takes_more_than_there_is_for_them_is_cut(
    limits: Limits, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.1)

    async def test() -> None:
        guest = Guest(limits)
        assert await guest.gone() == why
        assert f"playground: {why}\r\n".encode() in guest.line.output

    in_loop(test)


def test_a_world_that_comes_near_the_limit_stands_still_and_its_visitor_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.1)
    monkeypatch.setattr(watch, "NEAR", 0.02)

    async def test() -> None:
        guest = Guest()
        await guest.shows("grown as much as it may")
        await guest.shows("paused")
        clock = guest.line.screen.display[0][:40]
        guest.press(" ")
        await guest.shows("grown as much as it may")
        assert guest.line.screen.display[0][:40] == clock
        guest.press("q")
        assert await guest.gone() == "quit"

    in_loop(test)


def test_a_visitors_own_world_with_a_way_back_stays_within_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.1)

    async def test() -> None:
        guest = Guest()
        await guest.shows("all promises kept")
        await until(lambda: len(guest.family()) > 2 or bool(guest.over))
        guest.press("<")
        await guest.shows("back at")
        assert len(guest.family()) > 3
        guest.press("q")
        assert await guest.gone() == "quit"

    in_loop(test)
