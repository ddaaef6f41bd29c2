"""A guest of a session in this process: what goes wrong for one goes wrong for nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from playground.company import Company, Role, Visitor
from playground.frame import Frame, View
from playground.pictures import Painter
from playground.remote.guest import Guest
from playground.remote.server import Server
from playground.remote.wire import Call, Staged, Wire
from playground.session import Session
from tests.remote.test_remote_follower import wait_until
from tests.serve.hall_lab import QUICK, SPEC, act, log

HERE = Company((Visitor("anna", Role.PLAYER),))


class Hosting:
    """Lets a guest do anything, and keeps what it asked for."""

    def __init__(self) -> None:
        self.heard: list[Call] = []
        self.carried: list[Wire] = []

    def may(self, _call: Call) -> str:
        return ""

    def hear(self, call: Call, carried: Wire | None) -> None:
        self.heard.append(call)
        if carried is not None:
            self.carried.append(carried)


class Served:
    """A guest, and the server at the other end."""

    def __init__(self, session: Session, name: str) -> None:
        mine, its = Wire.pair()
        self.left = threading.Event()
        self.host = Hosting()
        self.viewpoint = session.viewpoint(name, QUICK)
        self.server = Server(self.viewpoint, its, self.left.set, host=self.host, first=[HERE])
        self.guest = Guest(mine, name)
        wait_until(lambda: self.guest.arrived or bool(self.guest.over))


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(SPEC, 7) as session:
        yield session


def test_the_company_is_known_before_the_first_frame(session: Session) -> None:
    anna = Served(session, "anna")
    assert anna.guest.company() == HERE
    told: list[Company] = []
    anna.guest.on_company(told.append)
    anna.server.put(Company())
    wait_until(lambda: told == [Company()])
    anna.guest.close()
    assert anna.left.wait(60)


def test_what_cannot_be_painted_for_one_is_painted_for_the_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = Painter.paint

    def painted(self: Painter, view: View, **how: Any) -> Frame:
        if view.selected == "boom":
            raise KeyError("boom")
        return paint(self, view, **how)

    monkeypatch.setattr(Painter, "paint", painted)
    anna, ben = Served(session, "anna"), Served(session, "ben")
    anna.guest.look(View(selected="boom"))
    wait_until(lambda: bool(anna.guest.over))
    assert anna.guest.over == "KeyError: 'boom'"
    assert anna.left.wait(60)
    act(ben.guest, "crash n3")
    wait_until(lambda: "ben: crash n3" in log(ben.guest))
    assert session.alive
    ben.guest.close()


def test_a_wire_that_nobody_asked_for_is_not_kept(session: Session) -> None:
    anna = Served(session, "anna")
    here, there = Wire.pair()
    anna.guest._wire.send(Call("look", (QUICK,)), carrying=there)
    anna.guest._wire.send(Call("stage"), carrying=there)
    there.drop()
    wait_until(lambda: [call.name for call in anna.host.heard] == ["look", "stage"])
    assert len(anna.host.carried) == 1, "the one that belongs to the stage"
    anna.host.carried[0].close()
    here.close()
    anna.guest.close()


def test_what_is_staged_and_dead_already_leads_back_to_the_present(session: Session) -> None:
    anna = Served(session, "anna")
    shown: list[object] = []
    anna.guest.on_stage(shown.append)
    here, there = Wire.pair()
    here.close()
    anna.server.say(Staged(), there)
    wait_until(lambda: anna.guest._stage is not None or bool(shown))
    wait_until(lambda: anna.guest._stage is None)
    assert shown == [], "it was never shown anything else"
    assert not anna.guest.over
    anna.guest.close()


def test_who_listens_late_is_told_what_is_staged(session: Session) -> None:
    anna = Served(session, "anna")
    with Session(SPEC, 8) as other:
        here, there = Wire.pair()
        viewpoint = other.viewpoint("anna", QUICK)
        server = Server(viewpoint, there, viewpoint.close, host=Hosting())
        anna.server.say(Staged(), here)
        wait_until(lambda: anna.guest._shown is not anna.guest)
        shown: list[Any] = []
        anna.guest.on_stage(shown.append)
        wait_until(lambda: bool(shown))
        assert shown[0].frame().header.seed == 8
        anna.server.say(Staged())
        wait_until(lambda: shown[1:] == [anna.guest])
        server.close()
    anna.guest.close()
