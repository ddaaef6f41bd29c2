"""The front: lets visitors in, seats them according to their role, and ends everything.

Whether somebody may come in at all is decided before (:mod:`.guard`, and the keys of :mod:`.ssh`); here it is decided
whether there is room for them. A visitor who acts has a seat of their own (a process on a pseudo-terminal), a visitor
who watches one in the stands (a rendering that they share with all who have the same terminal).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass, replace

from playground.company import Role
from playground.kernel.errors import UserError
from playground.serve.doors import Doors
from playground.serve.guard import source_of
from playground.serve.limits import Limits
from playground.serve.line import Line, Terminal, unfit
from playground.serve.logbook import Logbook
from playground.serve.messages import Assigned, Brief, Closed, Failed, Programme
from playground.serve.names import PRESENTER, name_for, plain_name
from playground.serve.seat import PlayerSeat
from playground.serve.stands import Stands
from playground.serve.visit import Caller, Seat, Visit

CHECK_S = 1.0
GOODBYE = "the playground closes; thank you for coming"
FULL = "all seats of those who act are taken"


class Refused(UserError):
    """There is no room for this visitor: one line, to be told to them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered to visitors."""

    programme: Programme
    shared: bool = False
    """All look at one session; else each visitor has one of their own."""
    theme: str = "dark"
    save: bool = False
    """A shared session in which somebody has acted is saved when it closes."""


class Front:
    """``async with Front(…) as front``: open for visitors within the block; at its end everybody is told, and gone."""

    def __init__(self, offer: Offer, limits: Limits, logbook: Logbook) -> None:
        self._offer = offer
        self._limits = limits
        self._logbook = logbook
        self._visits: dict[str, Visit] = {}
        self._numbers = itertools.count(1)
        self._doors: Doors | None = None
        self._stands: Stands | None = None
        self._checking: asyncio.Task[None] | None = None
        self._closing = False
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with one line, when the shared session can't go on."""
        self.closed: Closed | None = None
        """After the end: what the shared session came to."""

    async def __aenter__(self) -> Front:
        if self._offer.shared:
            self._doors = Doors(self._offer.programme, self._hear, save=self._offer.save)
            await self._doors.opened()
            self._stands = Stands(self._doors, self._limits, self._offer.theme)
        self._checking = asyncio.create_task(self._check())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._checking is not None
        self._checking.cancel()
        self._closing = True
        visits = list(self._visits.values())
        for visit in visits:
            visit.end(GOODBYE, status=0)
        await asyncio.gather(*(visit.ended() for visit in visits))
        if self._stands is not None:
            await self._stands.close()
        if self._doors is not None:
            self.closed = await self._doors.close()

    @property
    def visits(self) -> tuple[Visit, ...]:
        """Everybody who is here."""
        return tuple(self._visits.values())

    def admit(self, caller: Caller, line: Line, screen: Terminal) -> Visit:
        """A visit that has begun. Refused: there is no room; nothing was written to ``line``."""
        if not self._offer.shared:
            caller = replace(caller, role=Role.PLAYER)
        self._check_room(caller)
        wanted = caller.wanted
        if self._offer.shared and caller.role is not Role.PRESENTER and plain_name(wanted) == PRESENTER:
            wanted = ""  # what they do would stand in the log as if whoever presents had done it
        name = name_for(wanted, self._visits)
        visit = Visit(name, caller, line, screen, self._limits, self._seat, self._over, next(self._numbers))
        self._visits[name] = visit
        self._logbook.came(name, caller.role.value, caller.address, caller.by)
        if self._doors is not None:
            self._doors.enter(name, caller.role, visit.number)
        try:
            visit.begin()
        except OSError as error:
            self._logbook.write(f"no seat for {name}: {error.strerror}")
            self._over(visit, "there was no seat")
            raise Refused("there is no seat left on this machine; come back later") from None
        return visit

    # --- seats -------------------------------------------------------------------------

    def _check_room(self, caller: Caller) -> None:
        if self._closing:
            raise Refused(GOODBYE)
        here, limits = self.visits, self._limits
        if caller.role is Role.PRESENTER:
            return  # whoever runs it comes in, however many are here
        if len(here) >= limits.visitors:
            raise Refused(f"there is room for no more than {limits.visitors} here; come back later")
        if sum(source_of(visit.address) == source_of(caller.address) for visit in here) >= limits.per_address:
            raise Refused(f"no more than {limits.per_address} at a time may come from your address")
        if caller.role is Role.PLAYER and not self._has_seat():
            raise Refused(f"{FULL}; come back later")

    def _has_seat(self) -> bool:
        return sum(visit.role is not Role.SPECTATOR for visit in self.visits) < self._limits.players

    def _unseatable(self, visit: Visit) -> str:
        """Why who watches can't have a seat of those who act, and had better go on watching; "": they can."""
        screen = visit.terminal
        return unfit(screen.term, screen.columns, screen.rows) or ("" if self._has_seat() else FULL)

    def _seat(self, visit: Visit) -> Seat:
        if visit.role is Role.SPECTATOR:
            assert self._stands is not None
            return self._stands.take(visit)
        own = None if self._offer.shared else self._offer.programme
        brief = Brief(visit.name, visit.role, self._offer.theme, own, self._limits.memory_bytes)
        wire = self._doors.sit(visit.name) if self._doors is not None else None
        return PlayerSeat(visit, brief, wire, self._limits)

    def _over(self, visit: Visit, why: str) -> None:
        self._visits.pop(visit.name, None)
        after_s = time.monotonic() - visit.began_s
        self._logbook.left(visit.name, visit.address, after_s, why)
        if self._doors is not None:
            self._doors.leave(visit.name)

    # --- what the hall says --------------------------------------------------------------

    def _hear(self, message: object) -> None:
        match message:
            # Of another number: that one has left, and who has the name now comes as they came.
            case Assigned(name, role, number) if name in self._visits and self._visits[name].number == number:
                visit = self._visits[name]
                why = self._unseatable(visit) if role is not Role.SPECTATOR and visit.role is Role.SPECTATOR else ""
                if why:
                    assert self._doors is not None
                    self._doors.decline(name, why)
                else:
                    self._logbook.write(f"{name} is a {role.value} now")
                    visit.assign(role)
            case Failed(text) if not self.failed.done():
                self.failed.set_result(text)

    async def _check(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(CHECK_S)
                for visit in self.visits:
                    visit.check()
