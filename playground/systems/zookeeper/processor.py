"""What the leader does with the requests that servers pass on.

A session belongs to one connection at a time, the newest that its client has opened: what comes late over an older one
is refused, so that a client that has found another server knows that nothing of what it asked before is still to
come (after a `sync`). A new leader learns the connection from whatever comes first: its followers
have dropped all connections of their clients when they lost the old leader.

A session ends by a transaction like any other. From its proposal on nothing more is done in its name, and
whoever wants to attach to it waits until the end is certain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.kernel.connections import Id
from playground.kernel.randomness import Stream
from playground.systems.zookeeper.application import Broadcast, Role
from playground.systems.zookeeper.errors import KeeperError, SessionExpired, code_of
from playground.systems.zookeeper.messages import (
    Attach,
    Attached,
    Close,
    Confirmed,
    Heard,
    Moved,
    OpenSession,
    Submit,
    Write,
)
from playground.systems.zookeeper.preparation import Preparation, Records
from playground.systems.zookeeper.sessions import SessionTracker
from playground.systems.zookeeper.tree import Tree
from playground.systems.zookeeper.txns import Change, Ended, Opened, Txn


class Processor:
    """Turns requests into transactions while this server leads.

    ``now_us()`` is its monotonic clock, ``wall_us()`` its time of day. ``grace_us``: see :mod:`.sessions`.
    """

    def __init__(
        self,
        tree: Tree,
        broadcast: Broadcast,
        now_us: Callable[[], int],
        wall_us: Callable[[], int],
        chance: Stream,
        grace_us: int,
    ) -> None:
        self._tree = tree
        self._broadcast = broadcast
        self._now_us = now_us
        self._wall_us = wall_us
        self._chance = chance
        self._grace_us = grace_us
        self._preparation = Preparation(tree)
        self.sessions = SessionTracker()
        self._speaks: dict[int, Id] = {}
        """Session -> its newest connection."""
        self._ending: dict[int, list[tuple[str, Attach]]] = {}
        """Sessions whose end was proposed -> who waits for it."""

    @property
    def leads(self) -> bool:
        return self._broadcast.role is Role.LEADING

    def begin(self) -> None:
        """This server leads from now on: all that is committed has been applied."""
        self._preparation.clear()
        self._speaks.clear()
        self._ending.clear()
        self.sessions.take_over(self._tree.sessions, self._now_us(), self._grace_us)

    def on_request(self, server: str, request: Any) -> None:
        if isinstance(request, OpenSession):
            password = f"{self._chance.getrandbits(64):016x}"
            self._propose(0, 0, (Opened(request.connection, request.timeout_us, password),), {})
        elif isinstance(request, Attach):
            self._attach(server, request)
        elif not self._is_current(request.session, request.connection):
            self._broadcast.answer(server, Moved(request.connection))
        elif isinstance(request, Heard):
            if request.session not in self._ending and self.sessions.touch(request.session, self._now_us()):
                self._broadcast.answer(server, Confirmed(request.connection, request.number))
        elif isinstance(request, Submit):
            self._submit(request)

    def heard_of(self, sessions: tuple[int, ...]) -> None:
        """A server has heard of the clients of these."""
        now_us = self._now_us()
        for session in sessions:
            if session not in self._ending:
                self.sessions.touch(session, now_us)

    def expire(self) -> None:
        """End the sessions whose clients have been silent for too long."""
        for session in self.sessions.overdue(self._now_us()):
            if session not in self._ending and self.leads:
                self._end(session, 0, expired=True)

    def applied(self, zxid: int, txn: Txn) -> None:
        """The tree has applied ``txn``."""
        self._preparation.applied(zxid)
        if not self.leads:
            return
        for change in txn.changes:
            if isinstance(change, Opened):
                self.sessions.add(zxid, change.timeout_us, self._now_us())
                self._speaks[zxid] = change.connection
            elif isinstance(change, Ended):
                self.sessions.remove(change.session)
                self._speaks.pop(change.session, None)
                for server, attach in self._ending.pop(change.session, ()):
                    self._broadcast.answer(server, Attached(attach.connection, attach.session, alive=False))

    def _is_current(self, session: int, connection: Id) -> bool:
        """Whether a session's client speaks over this connection, and over no newer one."""
        if session not in self._tree.sessions:
            return True
        newest = self._speaks.setdefault(session, connection)
        if connection > newest:
            self._speaks[session] = newest = connection
        return connection == newest

    def _attach(self, server: str, request: Attach) -> None:
        number = request.session
        if number in self._ending:
            self._ending[number].append((server, request))
            return
        session = self._tree.sessions.get(number)
        alive = session is not None and session.password == request.password
        if not self._is_current(number, request.connection):
            self._broadcast.answer(server, Moved(request.connection))
            return
        if alive:
            self.sessions.touch(number, self._now_us())
        self._broadcast.answer(server, Attached(request.connection, number, alive))

    def _submit(self, request: Submit) -> None:
        session, cxid, body = request.session, request.cxid, request.body
        if session in self._ending or not self.sessions.touch(session, self._now_us()):
            self._refuse(session, cxid, SessionExpired("the session is over"))
        elif isinstance(body, Close):
            self._end(session, cxid, expired=False)
        elif isinstance(body, Write):
            try:
                changes, records = self._preparation.prepare(session, body.ops)
            except KeeperError as error:
                self._refuse(session, cxid, error)
            else:
                self._propose(session, cxid, changes, records)
        else:
            self._propose(session, cxid, (), {})

    def _end(self, session: int, cxid: int, *, expired: bool) -> None:
        ended, records = self._preparation.end(session, expired=expired)
        self._ending[session] = []
        self._propose(session, cxid, (ended,), records)

    def _refuse(self, session: int, cxid: int, error: KeeperError) -> None:
        self._broadcast.propose(Txn(session, cxid, self._wall_us(), (), (code_of(error), str(error))))

    def _propose(self, session: int, cxid: int, changes: tuple[Change, ...], records: Records) -> None:
        zxid = self._broadcast.propose(Txn(session, cxid, self._wall_us(), changes))
        self._preparation.proposed(zxid, records)
