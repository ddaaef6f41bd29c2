"""ZAB, the atomic broadcast that an ensemble stands on: one server's part in it.

Sources: Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems" (DSN 2011); Medeiros,
"ZooKeeper's atomic broadcast protocol: theory and practice" (2012); ZooKeeper 3.4's ``quorum`` package.

* A server looks for a leader (:mod:`.election`), and then leads (:mod:`.leader`) or learns (:mod:`.learner`) until it
  loses its quorum or its leader. Then it looks again.
* Each leader has an epoch of its own, that a quorum has promised to it. So there is at most one in an epoch, and
  nothing of an older one can be committed any more.
* What is committed is on the disks of a quorum. So it is known to whoever becomes leader next.
* Transactions are applied only when this server is told that they are committed: nothing applied is ever undone. After
  a restart it begins from its snapshot, and applies the rest when a leader says so.

Before a server looks for a leader it writes to its disk, and waits until that is safe. So its vote tells what *is* in
its log, and a server whose disk hangs or is full stays out instead of being elected over and over.

A server that has lost its disk, or finds damage in what had been safe, has forgotten promises: it may have promised an
epoch, or acknowledged transactions, that it knows nothing of. It has no vote and counts for no quorum until a leader
that a quorum of the others follows has brought it up to date. With the disks of a majority lost at one time the
ensemble stays down, as what it had committed may be gone: that is a case for an operator. (ZooKeeper trusts an empty
disk.)
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from playground.kernel.errors import DiskError
from playground.kernel.service import Service, handles
from playground.systems.zookeeper.application import Application, Role
from playground.systems.zookeeper.election import Election
from playground.systems.zookeeper.history import BEGINNING, Point
from playground.systems.zookeeper.leader import Leader
from playground.systems.zookeeper.learner import Learner
from playground.systems.zookeeper.log import TransactionLog
from playground.systems.zookeeper.zab_messages import PORT, FollowerInfo, Notification, Stand

if TYPE_CHECKING:
    from playground.kernel.connections import Connection
    from playground.kernel.node import Process
    from playground.systems.zookeeper.settings import ZooKeeperSettings

GROUP = "ensemble"
RETRY_TICKS = 5
"""How often a server tries to write to a disk that is full, before it looks for a leader."""
REMEMBERED = 4_096
"""Applied transactions that checks can look back on."""


class Applied(NamedTuple):
    """For checks: a transaction that was applied, or (``after`` -1) a snapshot."""

    after: int
    """The zxid before it."""
    zxid: int
    chain: int


class Peer(Service):
    """A server's part in atomic broadcast: the application's :class:`~.application.Broadcast`.

    ``servers``: the ensemble, in the order of its configuration. ``application`` is set by the owner, before
    ``recover()``.
    """

    application: Application

    def __init__(self, process: Process, settings: ZooKeeperSettings, servers: tuple[str, ...]) -> None:
        super().__init__(process)
        self.servers = servers
        self.others = tuple(name for name in servers if name != self.name)
        self.quorum = len(servers) // 2 + 1
        self.tick_us = settings.tick_ms * 1_000
        self.init_us = settings.init_ticks * self.tick_us
        self.sync_us = settings.sync_ticks * self.tick_us
        self.log = TransactionLog(process, settings.snapshot_every)
        self.election = Election(self)
        self.role = Role.LOOKING
        self.leader = ""
        self.epoch = 0
        self.applied = BEGINNING
        self.recent: deque[Applied] = deque(maxlen=REMEMBERED)
        self.applied_count = 0
        """How many ``recent`` was given in this life."""
        self._leader: Leader | None = None
        self._learner: Learner | None = None
        self._looks = 0
        self._forgot = False
        """It has forgotten promises since it followed the last time."""
        self._stopping = False
        self._told_unwritable = False
        self._compacting = False

    @property
    def last_applied(self) -> int:
        return self.applied.zxid

    @property
    def phase(self) -> str:
        """What it is doing, in the words of ZooKeeper's ``ZabState``."""
        part = self._leader or self._learner
        return part.phase if part is not None else "election"

    @property
    def leads(self) -> Leader | None:
        """Its time as a leader, elected or established. For checks and pictures."""
        return self._leader

    # --- a life -------------------------------------------------------------------------

    async def recover(self) -> None:
        forgotten = await self.log.recover()
        history = self.log.history
        self.restore(history.floor, history.snapshot)
        history.snapshot = b""
        if forgotten:
            self.note("alert", f"{self.name} has no vote until a leader has brought it up to date: {forgotten}")

    def start(self) -> None:
        self.listen(PORT, self._accept)
        self.every(self.tick_us, self._tick)
        self.look("")

    def _tick(self) -> None:
        part = self._leader or self._learner
        if part is not None:
            part.tick()

    # --- looking for a leader -------------------------------------------------------------

    def look(self, reason: str) -> None:
        """Give up what it does, and look for a leader."""
        led, self._leader = self._leader, None
        learned, self._learner = self._learner, None
        served, self.role, self.leader = self.role, Role.LOOKING, ""
        self._forgot = self._forgot or not self.log.history.whole
        self._stopping = False
        if led is not None:
            led.end()
        if learned is not None:
            learned.end()
        self.election.end()
        if served is Role.LEADING:
            self.note("deposed", f"{self.name} leads no more: {reason}", group=GROUP, term=self.epoch)
        if served is not Role.LOOKING:
            self.application.on_role(Role.LOOKING, "")
        self._looks += 1
        self._prove_disk(self._looks)

    def look_soon(self, reason: str) -> None:
        """As :meth:`look`, but not while somebody else is in the midst of something."""
        if not self._stopping:
            self._stopping = True
            self.after(0, partial(self._stop, self._looks, reason))

    def _stop(self, look: int, reason: str) -> None:
        if look == self._looks:
            self.look(reason)

    def _prove_disk(self, look: int) -> None:
        if look != self._looks:
            return
        try:
            self.log.prove(partial(self._begin_election, look))
        except DiskError as error:
            if not self._told_unwritable:
                self.note("alert", f"{self.name} cannot take part: {error}")
            self._told_unwritable = True
            self.after(RETRY_TICKS * self.tick_us, partial(self._prove_disk, look))

    def _begin_election(self, look: int) -> None:
        if look == self._looks:
            self._told_unwritable = False
            self.election.begin()

    def on_elected(self, leader: str) -> None:
        """The election's result, as far as this server can see."""
        if leader == self.name:
            self._leader = Leader(self)
        else:
            self._learner = Learner(self, leader)

    @handles(Notification)
    def on_notification(self, source: str, heard: Notification) -> None:
        if self._leader is not None:
            if heard.stand in (Stand.LOOKING, Stand.ASKING) and self._leader.in_time():
                self.send(source, Notification(Stand.LEADING, self.election.round, self.name))
        elif self._learner is not None:
            if heard.stand is Stand.LOOKING and self._learner.leader == source:
                self.send(source, Notification(Stand.FOLLOWING, self.election.round, source))
        elif self.election.running:
            self.election.on_notification(source, heard)

    def _accept(self, connection: Connection, hello: FollowerInfo) -> None:
        if self._leader is not None:
            self._leader.welcome(connection, hello)
        else:
            connection.close()

    # --- told by leader.py and learner.py -----------------------------------------------------

    def lead(self, leader: Leader) -> None:
        """A quorum has this server's history: it serves as leader."""
        self.role, self.leader, self.epoch = Role.LEADING, self.name, leader.epoch
        text = f"{self.name} leads the ensemble in epoch {self.epoch}"
        self.note("elected", text, group=GROUP, term=self.epoch)
        self.application.on_role(Role.LEADING, self.name)

    def follow(self, learner: Learner) -> None:
        """This server is synchronised with its leader: it serves."""
        self.role, self.leader, self.epoch = Role.FOLLOWING, learner.leader, learner.epoch
        if self._forgot:
            self._forgot = False
            self.note("rebuilt", f"{self.name} has all that {self.leader} has, and a vote again", epoch=self.epoch)
        self.application.on_role(Role.FOLLOWING, learner.leader)

    def commit(self, zxid: int) -> None:
        """Apply everything up to ``zxid`` that was not applied yet."""
        for entry in self.log.history.between(self.applied.zxid, zxid):
            self._remember(Point(entry.zxid, entry.chain), self.applied.zxid)
            self.application.apply(entry.zxid, self.application.decode(entry.data))
        if self.log.overgrown and not self._compacting:
            self._compacting = True
            self.spawn(self._compact)

    def restore(self, point: Point, snapshot: bytes) -> None:
        """Begin from ``snapshot``: what all up to ``point`` amounts to."""
        self._remember(point, -1)
        self.application.restore(point.zxid, snapshot)

    def _remember(self, point: Point, after: int) -> None:
        self.applied = point
        self.recent.append(Applied(after, *point))
        self.applied_count += 1

    async def _compact(self) -> None:
        await self.log.compact(self.applied, self.application.snapshot())
        self._compacting = False

    # --- asked by the application -------------------------------------------------------------

    def serving(self) -> bool:
        """Whether it leads or follows, and has heard of its quorum or its leader lately by its own clock."""
        part = self._leader or self._learner
        if self.role is Role.LOOKING or self._stopping or part is None:
            return False
        if not part.in_time():
            self.look_soon("it was out of action" if self._leader else f"{self.leader} is silent")
            return False
        return True

    def propose(self, txn: Any) -> int:
        """See :class:`~.application.Broadcast`."""
        leader = self._leader
        assert leader is not None, f"{self.name} does not lead"
        if self.serving():
            try:
                return leader.propose(self.application.encode(txn))
            except DiskError as error:
                self.look_soon(str(error))
        return leader.next_zxid

    def forward(self, request: Any) -> None:
        if self._leader is not None and self.role is Role.LEADING:
            self.application.on_request(self.name, request)
        elif self._learner is not None and self._learner.serving:
            self._learner.forward(request)

    def answer(self, server: str, answer: Any) -> None:
        if server == self.name:
            self.application.on_answer(answer)
        elif self._leader is not None:
            self._leader.answer(server, answer)
