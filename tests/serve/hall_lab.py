"""A hall with guests: real processes, in the loop of a front."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playground.commandline import parse_line
from playground.company import Role, Wish
from playground.frame import Frame, View
from playground.record import Script
from playground.remote.client import RemoteSession
from playground.remote.guest import Guest
from playground.serve.doors import Doors
from playground.serve.messages import Assigned, Closed, Programme
from playground.spec import ClusterSpec
from tests.remote.test_remote_follower import is_gone

SPEC = ClusterSpec.model_validate({"nodes": 3, "load": {"rate": 20, "clients": 1}})
QUICK = View(panels=frozenset({"log"}))
PATIENCE_S = 60.0


async def until(so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, "it never came to that"
        await asyncio.sleep(0.01)


class Lab:
    """A hall, and what it has said to the front."""

    def __init__(self, programme: Programme, *, save: bool = False) -> None:
        self.heard: list[object] = []
        self.doors = Doors(programme, self.heard.append, save=save)
        self.guests: list[Guest] = []
        self.closed: Closed | None = None

    async def guest(self, name: str, role: Role = Role.PLAYER) -> Guest:
        """Somebody who has come and sees something."""
        if name:
            self.doors.enter(name, role, len(self.guests))
        return await self.seat(name)

    async def seat(self, name: str) -> Guest:
        guest = Guest(self.doors.sit(name), name)
        self.guests.append(guest)
        guest.look(QUICK)
        await until(lambda: guest.arrived or bool(guest.over))
        assert guest.arrived, guest.over
        return guest

    @property
    def assigned(self) -> list[Assigned]:
        return [each for each in self.heard if isinstance(each, Assigned)]


def in_hall(
    steps: Callable[[Lab], Awaitable[None]], programme: Programme | None = None, *, save: bool = False
) -> Closed | None:
    """Run ``steps``, and say what the session came to. No process and no descriptor is left."""

    async def main() -> Lab:
        lab = Lab(programme or Programme(SPEC, 7), save=save)
        try:
            await lab.doors.opened()
            await steps(lab)
        finally:
            lab.closed = await lab.doors.close()
            for guest in lab.guests:
                guest.close()
        assert is_gone(lab.doors.pid)
        return lab

    return asyncio.run(main()).closed


def act(guest: RemoteSession, line: str) -> None:
    guest.send(parse_line(line))


def manage(guest: Guest, line: str) -> None:
    guest.manage(Wish(*line.split()))


def log(guest: RemoteSession) -> list[str]:
    return [line.text for line in guest.frame().log.lines]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if os.path.isdir("/proc/self/fd") else 0


def ended_script(at_us: int) -> Script:
    return Script("loop", until_us=at_us)


def notices(guest: RemoteSession) -> list[str]:
    """All that it is told from now on."""
    told: list[str] = []

    def note(frame: Frame) -> None:
        if frame.notice and (not told or told[-1] != frame.notice):
            told.append(frame.notice)

    guest.on_frame(note)
    return told
