"""One server of the ensemble: the tree that it has, its clients, and its part in the broadcast.

* A client is taken only while the server follows a leader or leads, and only if the server has seen all that the client
  has seen: nobody goes back in time. When the server loses its leader it drops all its clients. A server that was
  frozen finds that out by its clock before it says anything to them.
* Sessions are made, moved and ended by the leader; a server only carries the messages.
* When a transaction is applied, first the watches are fired, then the client that asked is answered, then the reads
  that waited behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from playground.kernel.connections import Connection, Id
from playground.kernel.service import Service
from playground.systems.zookeeper import txns
from playground.systems.zookeeper.application import Role
from playground.systems.zookeeper.desk import AGREED, Desk
from playground.systems.zookeeper.errors import KeeperError, NoNode, code_of
from playground.systems.zookeeper.messages import (
    Attach,
    Attached,
    Call,
    Confirmed,
    Connect,
    Connected,
    Event,
    Exists,
    Expired,
    Fired,
    GetChildren,
    GetData,
    Heard,
    Moved,
    OpenSession,
    Ping,
    Pong,
    Result,
    SetWatches,
    Submit,
)
from playground.systems.zookeeper.peer import Peer
from playground.systems.zookeeper.processor import Processor
from playground.systems.zookeeper.settings import ZooKeeperSettings
from playground.systems.zookeeper.tree import Outcome, Tree, require_path
from playground.systems.zookeeper.txns import Ended, Opened, Txn
from playground.systems.zookeeper.watches import Watches

if TYPE_CHECKING:
    from playground.kernel.node import Process

PORT = "zookeeper"
REMEMBERED = 1_000
"""So many of the newest transactions are kept for people and for checks."""


class Applied(NamedTuple):
    """A transaction, and the tree's digest after it."""

    zxid: int
    txn: Txn
    digest: int


class ZooKeeperService(Service):
    """A server of the ensemble ``servers``."""

    def __init__(self, process: Process, settings: ZooKeeperSettings, servers: tuple[str, ...]) -> None:
        super().__init__(process)
        self.settings = settings
        self.servers = servers
        self.tree = Tree()
        self.watches = Watches()
        self.desks: dict[Id, Desk] = {}
        self.recent: deque[Applied] = deque(maxlen=REMEMBERED)
        self.begun = 0
        """The zxid of what ``recent`` begins after."""
        self.tick_us = settings.tick_ms * 1_000
        self.least_timeout_us = 2 * self.tick_us * settings.sync_ticks
        self.peer = Peer(process, settings, servers)
        self.peer.application = self
        self.processor = Processor(
            self.tree,
            self.peer,
            lambda: self.clock.monotonic_us,
            lambda: self.clock.wall_us,
            self.random("passwords"),
            self.tick_us * settings.sync_ticks,
        )
        self._sessions: dict[int, Desk] = {}
        """The desks of the sessions that live here."""
        self._heard: dict[int, None] = {}
        """Sessions heard of since the leader was told last."""
        self._due_us = 0
        self._asked = 0

    # --- a service with a part --------------------------------------------------------------

    async def recover(self) -> None:
        await self.peer.recover()

    def start(self) -> None:
        self.listen(PORT, self._accept)
        self.peer.start()
        self._due_us = self.clock.monotonic_us + self.tick_us
        self.every(self.tick_us, self._tick)

    def handlers(self) -> Iterator[tuple[type, Callable[[str, Any], Any]]]:
        yield from super().handlers()
        yield from self.peer.handlers()

    def take_work(self) -> int:
        """How many reads and writes clients have asked of this server since this was last called."""
        asked, self._asked = self._asked, 0
        return asked

    def desk_of(self, session: int) -> Desk | None:
        """Where the session's client is served, if that is here."""
        return self._sessions.get(session)

    # --- Application: what the broadcast tells --------------------------------------------------

    def encode(self, txn: Txn) -> bytes:
        return txns.encode(txn)

    def decode(self, data: bytes) -> Txn:
        return txns.decode(data)

    def apply(self, zxid: int, txn: Txn) -> None:
        if self.processor.leads:
            self._note_expiry(txn)
        outcome = self.tree.apply(zxid, txn)
        self.recent.append(Applied(zxid, txn, self.tree.digest))
        if self.desks:
            for event in outcome.events:
                self._fire(event)
            self._answer(zxid, txn, outcome)
            for change in txn.changes:
                if isinstance(change, Opened):
                    self._welcome(self.desks.get(change.connection), zxid, change.password)
                elif isinstance(change, Ended):
                    self._dismiss(change)
        self.processor.applied(zxid, txn)

    def snapshot(self) -> bytes:
        return self.tree.snapshot()

    def restore(self, zxid: int, snapshot: bytes) -> None:
        self.tree.restore(zxid, snapshot)
        self.recent.clear()
        self.begun = zxid

    def on_role(self, role: Role, leader: str) -> None:
        self._heard.clear()
        for desk in [*self.desks.values()]:
            self._drop(desk)
        if role is Role.LEADING:
            self.processor.begin()

    def on_request(self, server: str, request: Any) -> None:
        self.processor.on_request(server, request)

    def on_answer(self, answer: Any) -> None:
        desk = self.desks.get(answer.connection)
        if desk is None:
            return
        if isinstance(answer, Confirmed):
            desk.send(Pong(answer.number, self.tree.zxid))
        elif isinstance(answer, Moved):
            self._drop(desk)
        elif isinstance(answer, Attached):
            if answer.alive:
                self._welcome(desk, answer.session, desk.hello.password)
            else:
                desk.send(Expired())
                self._drop(desk, politely=False)

    def ping(self) -> tuple[int, ...]:
        """The sessions that were heard of since this was asked last."""
        heard, self._heard = self._heard, {}
        return tuple(heard)

    def on_ping(self, _server: str, told: tuple[int, ...]) -> None:
        self.processor.heard_of(told)

    # --- clients ---------------------------------------------------------------------------------

    def _accept(self, connection: Connection, hello: Connect) -> None:
        if not self.peer.serving() or hello.last_zxid > self.tree.zxid:
            connection.close()
            return
        timeout_us = max(hello.timeout_us, self.least_timeout_us)
        desk = Desk(connection, hello, timeout_us, self.clock.monotonic_us)
        self.desks[connection.id] = desk
        connection.on_message = lambda message: self._on_message(desk, message)
        connection.on_closed = lambda _reason: self._forget(desk)
        if hello.session:
            self.peer.forward(Attach(connection.id, hello.session, hello.password))
        else:
            self.peer.forward(OpenSession(connection.id, timeout_us))

    def _welcome(self, desk: Desk | None, session: int, password: str) -> None:
        """The session lives here from now on."""
        if desk is None:
            return
        before = self._sessions.get(session)
        if before is not None and before is not desk:
            self._drop(before)
        desk.session = session
        self._sessions[session] = desk
        desk.timeout_us = self.tree.sessions[session].timeout_us
        desk.send(Connected(session, password, desk.timeout_us, self.tree.zxid))

    def _dismiss(self, ended: Ended) -> None:
        """A session is over: its client is told, unless it was the one to end it."""
        desk = self._sessions.get(ended.session)
        if desk is not None:
            if ended.expired:
                desk.send(Expired())
            self._drop(desk, politely=False)

    def _drop(self, desk: Desk, *, politely: bool = True) -> None:
        """Have no more to do with a connection. Not ``politely``: its client closes it, having read what was sent."""
        if politely:
            desk.connection.close()
        else:
            desk.connection.on_message = _ignore
        self._forget(desk)

    def _forget(self, desk: Desk) -> None:
        self.desks.pop(desk.connection.id, None)
        self.watches.forget(desk.connection.id)
        if self._sessions.get(desk.session) is desk:
            del self._sessions[desk.session]

    def _on_message(self, desk: Desk, message: Any) -> None:
        if not desk.session or not self.peer.serving():
            return
        desk.heard_us = self.clock.monotonic_us
        self._heard[desk.session] = None
        if isinstance(message, Ping):
            self.peer.forward(Heard(desk.connection.id, desk.session, message.number))
        elif isinstance(message, SetWatches):
            for event in self.watches.carry_over(desk.connection.id, message, self.tree):
                desk.send(Fired(event, self.tree.zxid))
        elif isinstance(message, Call):
            self._asked += 1
            desk.queue.append(message)
            if isinstance(message.body, AGREED):
                self.peer.forward(Submit(desk.connection.id, desk.session, message.cxid, message.body))
            elif len(desk.queue) == 1:
                self._read_on(desk)

    def _fire(self, event: Event) -> None:
        for id in self.watches.trigger(event):
            self.desks[id].send(Fired(event, self.tree.zxid))

    def _answer(self, zxid: int, txn: Txn, outcome: Outcome) -> None:
        """Answer the client that asked for ``txn``, if it is here, and the reads that it had to wait with."""
        desk = self._sessions.get(txn.session)
        if desk is None or not desk.queue or desk.queue[0].cxid != txn.cxid:
            return
        desk.queue.popleft()
        desk.send(Result(txn.cxid, zxid, outcome.values, txn.error))
        self._read_on(desk)

    def _read_on(self, desk: Desk) -> None:
        while desk.reads:
            call = desk.queue.popleft()
            zxid = self.tree.zxid
            try:
                desk.send(Result(call.cxid, zxid, self._read(desk.connection.id, call.body)))
            except KeeperError as error:
                desk.send(Result(call.cxid, zxid, None, (code_of(error), str(error))))

    def _read(self, id: Id, body: Any) -> Any:
        require_path(body.path)
        node = self.tree.nodes.get(body.path)
        if isinstance(body, Exists):
            if body.watch:
                self.watches.on_data(body.path, id)
            return None if node is None else node.stat
        if node is None:
            raise NoNode(f"there is no {body.path}")
        if isinstance(body, GetData):
            if body.watch:
                self.watches.on_data(body.path, id)
            return node.data, node.stat
        assert isinstance(body, GetChildren), f"a client does not ask for {body!r}"
        if body.watch:
            self.watches.on_children(body.path, id)
        return tuple(sorted(node.children))

    def _note_expiry(self, txn: Txn) -> None:
        for change in txn.changes:
            if isinstance(change, Ended) and change.expired and change.session in self.tree.sessions:
                owner = self.tree.sessions[change.session].client
                text = f"{self.name} has heard nothing of {owner} for too long: its session expires"
                self.note("expired", text, session=change.session, owner=owner)

    # --- time --------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_us = self.clock.monotonic_us
        late_us, self._due_us = now_us - self._due_us, now_us + self.tick_us
        if late_us > self.tick_us // 2:
            # What came meanwhile may still wait to be heard.
            self.processor.sessions.excuse(late_us)
            for desk in self.desks.values():
                desk.heard_us += late_us
        elif self.processor.leads:
            self.processor.expire()
        for desk in [*self.desks.values()]:
            if now_us - desk.heard_us > desk.timeout_us:
                self._drop(desk)


def _ignore(_message: Any) -> None:
    pass
