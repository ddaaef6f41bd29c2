"""The presenter's way back is everybody's: real processes, all the way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playground.company import Role
from playground.frame import View
from playground.remote.client import RemoteSession
from playground.remote.follower import Follower
from playground.remote.guest import Guest
from tests.remote.test_remote_follower import is_gone
from tests.serve.hall_lab import QUICK, Lab, act, in_hall, log, manage, notices, until


class Screen:
    """What a guest's screen shows."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.session: RemoteSession = guest
        self.turns = 0
        guest.on_stage(self._turn)

    def _turn(self, session: RemoteSession) -> None:
        self.session = session
        self.turns += 1
        session.look(QUICK)

    @property
    def in_past(self) -> bool:
        return self.session is not self.guest

    @property
    def at_us(self) -> int:
        return self.session.frame().header.at_us


class Presenter:
    """Goes back as the app does."""

    def __init__(self, guest: Guest, follower: Follower) -> None:
        self.guest = guest
        self.follower = follower
        self.past: RemoteSession | None = None

    async def rewind(self, at_us: int) -> RemoteSession:
        record = await asyncio.to_thread(self.guest.record)
        past = self.follower.stand(record, at_us)
        await until(lambda: past.arrived)
        if self.past is None:
            self.guest.pause()
        past.extend(await asyncio.to_thread(self.guest.record))
        before, self.past = self.past, past
        self.guest.stage(past)
        if before is not None:
            before.close()
        return past

    def to_present(self) -> None:
        assert self.past is not None
        self.guest.stage(self.guest)
        self.guest.pause(False)
        self.past.close()
        self.past = None


@asynccontextmanager
async def presented(lab: Lab) -> AsyncIterator[tuple[Presenter, Screen, Screen]]:
    """Somebody presents, a player and a rendering look on, and a second has passed."""
    anna = await lab.guest("anna", Role.PRESENTER)
    ben, rendering = await lab.guest("ben"), await lab.seat("")
    await until(lambda: anna.frame().header.at_us > 500_000)
    follower = Follower(await asyncio.to_thread(anna.record))
    try:
        yield Presenter(anna, follower), Screen(ben), Screen(rendering)
    finally:
        follower.close()


def test_all_follow_the_presenter_to_the_past_and_back_again() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, rendering):
            past = await anna.rewind(400_000)
            await until(lambda: ben.in_past and rendering.in_past)
            assert ben.at_us == rendering.at_us == 400_000
            assert ben.session.frame().header.present_us == anna.guest.record().end_us
            past.step(50_000)
            await until(lambda: ben.at_us == rendering.at_us == 450_000)
            view = View(panels=frozenset({"log"}), selected="n2")
            past.look(view)
            await until(lambda: ben.guest.company().lead == view)
            late = Screen(await lab.guest("cleo"))
            await until(lambda: late.in_past)
            assert late.at_us == 450_000
            anna.to_present()
            await until(lambda: not (ben.in_past or rendering.in_past or late.in_past))
            stood_us = ben.at_us
            await until(lambda: min(ben.at_us, rendering.at_us, late.at_us) > stood_us)
            await until(lambda: is_gone(past.pid))
            assert not ben.guest.over

    in_hall(steps)


def test_from_one_past_to_another_nobody_sees_the_present_between() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, _):
            await anna.rewind(400_000)
            await until(lambda: ben.in_past)
            first = ben.session
            await anna.rewind(300_000)
            await until(lambda: ben.session is not first)
            assert ben.in_past
            assert ben.at_us == 300_000
            assert ben.turns == 2

    in_hall(steps)


def test_in_the_past_the_same_may_act_under_the_same_names() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, rendering):
            refused = notices(ben.guest)
            await Presenter(ben.guest, anna.follower).rewind(300_000)
            await until(lambda: "only a presenter can do that" in refused)
            past = await anna.rewind(400_000)
            await until(lambda: ben.in_past and rendering.in_past)
            his = notices(rendering.session), notices(ben.session)
            act(rendering.session, "crash n1")
            await until(lambda: any(word.startswith("you are watching") for word in his[0]))
            ben.session.pause(False)
            await until(lambda: any(word.startswith("time is in the presenter's hands") for word in his[1]))
            assert past.frame().header.present_us > 0
            manage(anna.guest, "lock")
            await until(lambda: ben.guest.company().locked)
            await until(lambda: "anna locks the keyboards" in his[1])
            manage(anna.guest, "lend nobody")
            await until(lambda: past.frame().notice.startswith("unknown visitor 'nobody'"))
            act(ben.session, "crash n1")
            await until(lambda: any(word.startswith("the keyboards are locked") for word in his[1]))
            manage(anna.guest, "unlock")
            await until(lambda: not ben.guest.company().locked)
            act(ben.session, "crash n1")
            await until(lambda: past.frame().header.branched_us == 400_000)
            act(past, "crash n2")
            await until(lambda: past.frame().header.commands == 2)
            record = await asyncio.to_thread(past.record)
            assert [command.by for _, command in record.timeline] == ["ben", "anna"]
            await until(lambda: "anna: crash n2" in log(rendering.session))

    in_hall(steps)


def test_when_the_past_dies_all_are_back_at_the_present() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, rendering):
            past = await anna.rewind(400_000)
            await until(lambda: ben.in_past and rendering.in_past)
            os.kill(past.pid, signal.SIGKILL)
            await until(lambda: not (ben.in_past or rendering.in_past))
            assert ben.guest.paused, "the presenter decides when it goes on"
            act(ben.guest, "crash n1")
            await until(lambda: "ben: crash n1" in log(ben.guest))
            anna.guest.close()
            await until(lambda: not ben.guest.paused)

    in_hall(steps)


def test_when_the_presenter_vanishes_all_are_back_and_the_present_goes_on() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, rendering):
            past = await anna.rewind(400_000)
            await until(lambda: ben.in_past and rendering.in_past)
            anna.guest.close()
            past.close()
            await until(lambda: not (ben.in_past or rendering.in_past))
            await until(lambda: not ben.guest.paused)
            stood_us = ben.at_us
            await until(lambda: ben.at_us > stood_us)

    in_hall(steps)


def test_what_the_presenter_had_paused_before_stays_paused() -> None:
    async def steps(lab: Lab) -> None:
        async with presented(lab) as (anna, ben, _):
            anna.guest.pause()
            await until(lambda: ben.guest.paused)
            past = await anna.rewind(400_000)
            await until(lambda: ben.in_past)
            anna.guest.close()
            past.close()
            await until(lambda: not ben.in_past)
            lab.doors.leave("anna")
            await until(lambda: not ben.guest.company().presented)
            assert ben.guest.paused

    in_hall(steps)
