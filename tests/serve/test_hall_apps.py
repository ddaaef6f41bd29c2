"""The app itself at both ends: who presents goes back with a key, and whoever plays or watches is taken along."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from playground.company import Role
from playground.remote.guest import Guest
from playground.scenario.loader import load
from playground.scenario.runner import play
from playground.screens.app import PlaygroundApp
from playground.screens.timelines import Timelines
from tests.screens.driving import Driver
from tests.screens.monkey import Monkey
from tests.serve.hall_lab import Lab, act, in_hall, log, until

EVENTS = 250


class Apps:
    """Some apps in one loop."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def show(self, guest: Guest, timelines: Timelines | None = None) -> Driver:
        app = PlaygroundApp(guest, host=guest, files=False, timelines=timelines)
        pilot = await self._stack.enter_async_context(app.run_test(size=(120, 40)))
        return Driver(app, pilot, None)  # type: ignore[arg-type]


def present_us(driver: Driver) -> int:
    """Where the present stands, if the past is shown; else -1."""
    return driver.app.frame.header.present_us


def test_the_apps_of_players_and_spectators_go_with_the_presenters() -> None:
    async def steps(lab: Lab) -> None:
        async with AsyncExitStack() as stack:
            apps = Apps(stack)
            anna = await lab.guest("anna", Role.PRESENTER)
            ben, rendering = await lab.guest("ben"), await lab.seat("")
            timelines = Timelines(anna)
            stack.callback(timelines.end)
            presents = await apps.show(anna, timelines)
            plays, watches = await apps.show(ben), await apps.show(rendering)
            await presents.until(lambda: presents.app.frame.header.at_us > 2_500_000)
            await presents.press("less_than_sign")
            await presents.until(lambda: present_us(presents) > 0)
            await plays.until(lambda: present_us(plays) == present_us(presents))
            await watches.until(lambda: present_us(watches) == present_us(presents))
            assert plays.app.frame.header.at_us == presents.app.frame.header.at_us
            await plays.press("colon")
            await plays.write("crash n3")
            await plays.press("enter")
            await presents.until(lambda: presents.app.frame.header.branched_us > 0)
            await watches.until(lambda: "ben: crash n3" in watches.text())
            await presents.press("greater_than_sign")
            for driver in (presents, plays, watches):
                await driver.until(lambda driver=driver: driver.app.frame.header.branched_us < 0)  # type: ignore[misc]
            assert plays.app.session is ben
            stood_us = plays.app.frame.header.at_us
            await plays.until(lambda: plays.app.frame.header.at_us > stood_us)
            assert "ben: crash n3" not in log(ben)

    in_hall(steps)


def test_whatever_is_pressed_by_several_nothing_asked_is_strange_and_the_record_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(lab: Lab) -> None:
        async def press(name: str, role: Role, seed: int) -> None:
            monkey, guest = Monkey(random.Random(seed)), await lab.guest(name, role)
            while monkey.posted < EVENTS:
                timelines = Timelines(guest) if role is Role.PRESENTER else None
                app = PlaygroundApp(guest, host=guest, files=False, timelines=timelines)
                try:
                    await monkey.play(app, EVENTS)
                finally:
                    if timelines is not None:
                        timelines.end()
                assert app.crash is None
                assert not guest.over

        await asyncio.gather(press("anna", Role.PRESENTER, 2), press("ben", Role.PLAYER, 7))
        anna = next(guest for guest in lab.guests if guest.name == "anna")
        record = await asyncio.to_thread(anna.record)
        assert {command.by for _, command in record.timeline} <= {"anna", "ben"}
        act(anna, "load rate=10")  # there is something to save, whatever the two have done
        await until(lambda: anna.frame().header.commands == len(record.timeline) + 1)

    closed = in_hall(steps, save=True)
    assert closed is not None
    assert play(load(closed.saved)).digest == closed.digest


def test_the_apps_of_all_see_that_the_hall_has_ended() -> None:
    async def steps(lab: Lab) -> None:
        async with AsyncExitStack() as stack:
            apps = Apps(stack)
            anna, ben = await lab.guest("anna", Role.PRESENTER), await lab.guest("ben")
            timelines = Timelines(anna)
            stack.callback(timelines.end)
            presents, plays = await apps.show(anna, timelines), await apps.show(ben)
            await lab.doors.close()
            await until(lambda: bool(anna.over and ben.over))
            for driver in (presents, plays):
                await driver.until(lambda driver=driver: bool(driver.app.frame.stopped))  # type: ignore[misc]

    in_hall(steps)
