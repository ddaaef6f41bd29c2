"""The door of a session: whoever has the other end of its wire lets others in, who look at it, too, and may act there.

They are told apart by name, and may do what follows from the company that the wire told of last. A word to one of them
by name is said there. When the wire ends, all of them are sent away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from playground.bearing import borne
from playground.company import Company
from playground.remote.allowance import Allowance, Allowances
from playground.remote.server import Server
from playground.remote.wire import Call, Chair, Gone, Wire, Word
from playground.session import Session


class Door:
    """Of ``session``, which is ``by``'s own, from now on, in a thread of its own."""

    def __init__(self, session: Session, wire: Wire, by: str) -> None:
        self._session = session
        self._wire = wire
        self._viewpoints = [session.known_as(by)]
        self._servers: list[Server] = []
        self._allowances = Allowances()
        self.company = Company()
        threading.Thread(target=self._serve, name="door", daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                message, carried = self._wire.receive()
                match message:
                    case Company():
                        self.company = message
                    case Word(name, text, tone):
                        for viewpoint in self._viewpoints:
                            if viewpoint.by == name:
                                viewpoint.say(text, tone)
                    case Chair(name) if carried is not None:
                        self._let_in(name, carried)
        except Gone:
            self._wire.close()
            for server in self._servers:
                server.close()

    def _let_in(self, name: str, wire: Wire) -> None:
        viewpoint = self._session.viewpoint(name)
        viewpoint.bears = lambda cluster, command: borne(self.company, name, cluster, command)
        self._viewpoints.append(viewpoint)
        host = _Host(self, name, self._allowances.take(name))

        def gone() -> None:
            viewpoint.close()
            self._allowances.give_back(name, host.allowance)

        self._servers.append(Server(viewpoint, wire, gone, host=host))


class _Host:
    """What one of those who were let in may do."""

    def __init__(self, door: Door, name: str, allowance: Allowance) -> None:
        self._door = door
        self._name = name
        self.allowance = allowance

    def may(self, call: Call) -> str:
        return self.allowance.may(self._door.company, self._name, call)

    def hear(self, call: Call, carried: Wire | None) -> None:
        if carried is not None:
            carried.close()


def opener(session: Session) -> Callable[[str, Wire], None]:
    """For the Server of ``session``: opens a door when its client asks for one."""

    def open_door(by: str, wire: Wire) -> None:
        Door(session, wire, by)

    return open_door
