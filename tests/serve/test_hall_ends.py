"""How a hall ends, and begins anew: nothing is left behind, and whoever waits for it is told."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from playground.cli.serving import say_closed
from playground.company import Role
from playground.kernel.errors import UserError
from playground.record import Script
from playground.remote.guest import Guest
from playground.remote.wire import Wire
from playground.serve.doors import Doors
from playground.serve.hall import Hall
from playground.serve.messages import Begin, Enter, Failed, Programme, Sit
from playground.spec import ClusterSpec
from tests.remote.test_remote_follower import is_gone, wait_until
from tests.serve.hall_lab import SPEC, Lab, act, descriptors, in_hall, log, until

LOOPED = Programme(SPEC, None, 20.0, Script("brief", until_us=2_000_000), looped=True, rest_s=0.1)


async def _nothing(_lab: Lab) -> None:
    pass


def test_a_hall_that_is_closed_says_what_it_came_to_and_leaves_nothing() -> None:
    before = descriptors()
    closed = in_hall(_nothing)
    assert closed is not None
    assert (closed.seed, closed.commands, closed.saved) == (7, 0, "")
    assert len(closed.digest) == 32
    assert descriptors() == before


def test_its_guests_are_told_that_it_is_over() -> None:
    guests: list[Guest] = []

    async def steps(lab: Lab) -> None:
        guests.append(await lab.guest("anna"))

    in_hall(steps)
    wait_until(lambda: bool(guests[0].over))


def test_a_hall_that_is_killed_is_heard_of_at_once() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        os.kill(lab.doors.pid, signal.SIGKILL)
        await until(lambda: Failed("the process of the shared session has ended") in lab.heard)
        await until(lambda: bool(anna.frame().stopped))

    assert in_hall(steps) is None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors can't be counted here")
def test_guests_that_have_left_leave_no_descriptor_and_no_thread() -> None:
    async def steps(lab: Lab) -> None:
        def held() -> tuple[int, int]:
            of = Path(f"/proc/{lab.doors.pid}")
            return len(list((of / "fd").iterdir())), len(list((of / "task").iterdir()))

        await lab.guest("anna")
        before = held()
        for number in range(10):
            guest = await lab.guest(f"guest-{number}")
            if number % 2:
                guest.close()
            lab.doors.leave(f"guest-{number}")
        deaf = lab.doors.sit("")
        deaf.close()
        await until(lambda: held() == before)

    in_hall(steps)


def test_signals_that_are_for_all_processes_alike_leave_it_alone() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP, signal.SIGTERM):
            os.kill(lab.doors.pid, number)
        act(anna, "crash n3")
        await until(lambda: "anna: crash n3" in log(anna))
        assert os.getsid(lab.doors.pid) == lab.doors.pid

    in_hall(steps)


def test_it_ends_with_its_front_however_that_ends() -> None:
    here, there = Wire.pair()
    process = subprocess.Popen(
        [sys.executable, "-m", "playground.serve.hall", str(there.fileno())], pass_fds=[there.fileno()]
    )
    there.drop()
    here.send(Begin(Programme(SPEC, 7)))
    here.receive()
    here.close()
    wait_until(lambda: is_gone(process.pid))
    process.wait()


def test_a_programme_that_cannot_run_says_why_in_one_line() -> None:

    async def main() -> None:
        doors = Doors(Programme(ClusterSpec.model_construct(nodes=None), 7), print)
        with pytest.raises(UserError) as failed:
            await doors.opened()
        assert "\n" not in str(failed.value)
        assert is_gone(doors.pid)

    asyncio.run(main())


def test_a_world_that_stops_is_told_to_the_front_and_stays_to_be_seen() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        await until(lambda: any(isinstance(each, Failed) for each in lab.heard))
        await until(lambda: bool(anna.frame().stopped))
        late = await lab.guest("ben")
        assert late.frame().stopped == anna.frame().stopped

    broken = Script(timeline=((300_000, None),))
    closed = in_hall(steps, Programme(SPEC, 7, script=broken))
    assert closed is not None
    assert closed.end_us <= 300_000


def test_a_looped_script_begins_anew_for_all_who_look() -> None:
    async def steps(lab: Lab) -> None:
        rendering = await lab.seat("")
        deaf = lab.doors.sit("")
        seeds: list[int] = []
        rendering.on_frame(lambda frame: None if frame.header.seed in seeds else seeds.append(frame.header.seed))
        await until(lambda: len(seeds) >= 3)
        assert rendering.frame().header.at_us < 2_500_000
        deaf.drop()

    in_hall(steps, LOOPED)


def test_what_somebody_left_paused_goes_on_and_begins_anew() -> None:
    async def steps(lab: Lab) -> None:
        rendering, anna = await lab.seat(""), await lab.guest("anna")
        anna.pause()
        await until(lambda: anna.paused)
        act(anna, "crash n3")
        await until(lambda: "anna: crash n3" in log(rendering))
        seed = rendering.frame().header.seed
        lab.doors.leave("anna")
        await until(lambda: rendering.frame().header.seed != seed)
        assert "anna: crash n3" not in log(rendering)

    in_hall(steps, LOOPED)


def test_a_shared_cluster_that_somebody_left_stopped_goes_on_too() -> None:
    async def steps(lab: Lab) -> None:
        rendering, anna = await lab.seat(""), await lab.guest("anna")
        anna.pause()
        anna.set_speed(0.001)
        await until(lambda: anna.paused and rendering.frame().header.speed == 0.001)
        stood_us = rendering.frame().header.at_us
        lab.doors.leave("anna")
        await until(lambda: rendering.frame().header.at_us > stood_us and not rendering.frame().header.paused)
        await until(lambda: rendering.frame().header.speed == 1.0)

    in_hall(steps, Programme(SPEC, 7, rest_s=0.01))


def test_it_does_not_begin_anew_while_somebody_is_at_it() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        seed = anna.frame().header.seed
        await until(lambda: anna.frame().header.ended)
        for number in range(1, 31):
            act(anna, "load rate=20")
            await until(lambda number=number: anna.frame().header.commands == number)  # type: ignore[misc]
        assert anna.frame().header.seed == seed
        lab.doors.leave("anna")
        rendering = await lab.seat("")
        await until(lambda: rendering.frame().header.seed != seed)

    in_hall(steps, replace(LOOPED, rest_s=1.0))  # between acts there may be six of that


def acted_in(hall: Hall) -> Guest:
    """Somebody who has come and crashed a node."""
    mine, its = Wire.pair()
    hall.hear(Enter("anna", Role.PLAYER), None)
    hall.hear(Sit("anna"), its)
    anna = Guest(mine, "anna")
    wait_until(lambda: anna.arrived)
    act(anna, "crash n3")
    wait_until(lambda: "anna: crash n3" in log(anna))
    return anna


def test_a_session_that_has_grown_as_much_as_it_may_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here, there = Wire.pair()
    sizes = [100]
    hall = Hall(Begin(Programme(SPEC, 7, 0.0), save=True, memory_bytes=150), there, lambda: sizes[-1])
    anna = acted_in(hall)
    for size in (149, 199):  # the latter is less than twice what it was at first
        sizes.append(size)
        hall.check()
        assert "anna: crash n3" in log(anna)
    sizes.append(201)
    hall.check()
    wait_until(lambda: anna.frame().notice == "the cluster before had grown as much as it may: this is a new one")
    assert "anna: crash n3" not in log(anna)
    assert [path.name for path in tmp_path.iterdir()] == ["session-7-1.yaml"]
    anna.close()
    hall.end()
    here.close()
    there.close()


def test_what_could_not_be_saved_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_record: object) -> Path:
        raise UserError("session-7-1.yaml: No space left on device")

    monkeypatch.setattr("playground.serve.hall.rescue", full)
    here, there = Wire.pair()
    hall = Hall(Begin(Programme(SPEC, 7, 0.0), save=True), there)
    anna = acted_in(hall)
    closed = hall.end()
    assert (closed.commands, closed.saved) == (1, "")
    say_closed(closed)
    assert (
        capsys.readouterr().err
        == "playground: --save: it could not be saved: session-7-1.yaml: No space left on device\n"
    )
    for wire in (anna, here, there):
        wire.close()
