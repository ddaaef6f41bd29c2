"""Seats in front of one shared session: its hall, and several processes on pseudo-terminals, all of them real."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from playground.company import Role
from playground.serve import watch
from playground.serve.doors import Doors
from playground.serve.limits import Limits
from playground.serve.messages import Programme
from tests.serve.seat_lab import SMALL, Guest, in_loop, until


def in_company(test: Callable[[Doors], Awaitable[None]]) -> None:
    async def opened() -> None:
        doors = Doors(Programme(SMALL, 7), lambda _: None)
        await doors.opened()
        try:
            await test(doors)
        finally:
            await doors.close()

    in_loop(opened)


def seated(doors: Doors, name: str, role: Role = Role.PLAYER, limits: Limits | None = None) -> Guest:
    doors.enter(name, role)
    return Guest(limits, wire=doors.sit(name), name=name, role=role)


def test_two_who_act_see_what_the_other_did_and_who_leaves_ends_nothing() -> None:
    async def test(doors: Doors) -> None:
        anna, ben = seated(doors, "anna"), seated(doors, "ben")
        for each in (anna, ben):
            await each.shows("all promises kept")
        anna.press(":crash n2\r")
        for each in (anna, ben):
            await each.shows("anna: crash n2")
        anna.press("q")
        assert await anna.gone() == "quit"
        doors.leave("anna")
        assert "seed" not in anna.last_words()
        ben.press("5:start n2\r")
        await ben.shows("ben: start n2")
        ben.process.kill()
        assert await ben.gone() == "the process of your seat has failed"
        doors.leave("ben")
        carl = seated(doors, "carl")
        await carl.shows("all promises kept")
        await carl.visit_left()

    in_company(test)


def test_a_presenter_goes_back_for_everybody_and_comes_again() -> None:
    async def test(doors: Doors) -> None:
        pia, anna = seated(doors, "pia", Role.PRESENTER), seated(doors, "anna")
        for each in (pia, anna):
            await each.shows("all promises kept")
        pia.press(":crash n2\r")
        await anna.shows("pia: crash n2")
        await until(lambda: len(pia.family()) > 2)  # the way back is prepared
        pia.press(":rewind 0\r")
        await anna.shows("pia goes back to 00:00.000")
        await until(lambda: "pia: crash n2" not in anna.line.text())
        pia.press(">")
        await anna.shows("pia: crash n2")
        for each in (pia, anna):
            await each.visit_left()

    in_company(test)


def test_a_presenter_is_not_cut_for_what_everybody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.05)
    looks: list[str] = []
    memory_excess = watch.Watch.memory_excess

    def noted(eye: watch.Watch, now_s: float) -> str:
        looks.append(memory_excess(eye, now_s))
        return looks[-1]

    monkeypatch.setattr(watch.Watch, "memory_excess", noted)

    async def test(doors: Doors) -> None:
        limits = Limits(memory_bytes=20_000_000, cpu_share=0.001, cpu_window_s=0.2)
        pia = seated(doors, "pia", Role.PRESENTER, limits)
        await pia.shows("all promises kept")
        await until(lambda: len(looks) > 20)
        assert set(looks) == {""}
        assert not pia.over
        await pia.visit_left()

    in_company(test)


def test_a_hall_that_ends_leaves_nobody_in_front_of_a_dead_picture() -> None:
    async def test(doors: Doors) -> None:
        anna = seated(doors, "anna")
        await anna.shows("all promises kept")
        await doors.close()
        await anna.shows("ended")
        anna.press("q")
        await anna.gone()

    in_company(test)


def test_a_seat_whose_wire_leads_nowhere_says_so() -> None:
    async def test() -> None:
        from playground.remote.wire import Wire

        here, there = Wire.pair()
        here.drop()
        anna = Guest(wire=there)
        assert (await anna.gone()).startswith("the shared session is not there")
        await asyncio.sleep(0)

    in_loop(test)
