"""The sharded database on one node: a replica of each shard that it is a member of, and who may ask it.

A founding member makes its files before its machine comes up for the first time; that stands for the operator who
says that this is a new database. Any other node gets a file when a master sends it something of a shard.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playground.kernel.connections import Connection
from playground.kernel.errors import DiskError
from playground.kernel.recovering import insist
from playground.kernel.service import Service, handles
from playground.systems.gossip.client import Vitals
from playground.systems.shards.election import Election
from playground.systems.shards.file import Content, ShardFile
from playground.systems.shards.keeper import LEAVING, NODES
from playground.systems.shards.messages import (
    PORT,
    Append,
    Ask,
    Failed,
    Found,
    Hello,
    Install,
    Read,
    Report,
    Told,
    Welcome,
    Write,
    Written,
)
from playground.systems.shards.placing import FIRST_IDENTITY, Assignment, founders
from playground.systems.shards.replacement import watch_over
from playground.systems.shards.replica import Replica
from playground.systems.shards.settings import ShardsSettings
from playground.systems.zookeeper.client import Keeper, Task, ZooKeeper, announce, ensure, watch_children

if TYPE_CHECKING:
    from playground.kernel.node import Process

MEMORY_BYTES = 256 << 20


class ShardsService(Service):
    """One data node. ``members``: the data nodes of the configuration; ``joining``: it is none of the founding ones."""

    def __init__(
        self,
        process: Process,
        settings: ShardsSettings,
        members: tuple[str, ...],
        ensemble: tuple[str, ...],
        *,
        points: int = 100,
        session_timeout_us: int = 3_000_000,
        joining: bool = False,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.points = points
        self.replicas: dict[str, Replica] = {}
        self.elections: dict[str, Election] = {}
        self.leaving: tuple[str, ...] = ()
        """The nodes that are to be relieved of their shards."""
        self.keeper = Keeper(self, ensemble, session_timeout_us, self._tasks, self._session_is_over)
        self.reads = self.writes = 0
        self._founding = {} if joining else {shard: founders(shard, settings, members) for shard in settings.names}
        self._formatting: dict[str, None] = {}
        self._load = 0.0
        self._work = 0

    async def recover(self) -> None:
        for shard in self.settings.names:
            file = ShardFile(self.process, shard)
            content = await file.recover()
            if not content.identity and self.name in self._founding.get(shard, ()) and not self.process.node.served:
                await insist(self.process, partial(file.found, FIRST_IDENTITY))
                content.identity = FIRST_IDENTITY
            if content.identity:
                self._add(shard, file, content)

    def start(self) -> None:
        self.listen(PORT, self._accept)
        self.keeper.start()
        if self.settings.shipping == "pull":
            self.every(self.settings.pull_ms * 1_000, self._fetch)

    # --- replicas -------------------------------------------------------------------------

    def _format(self, shard: str, file: ShardFile, identity: int) -> None:
        """Begin a file; there is a replica as soon as that is safe."""
        content = Content()
        content.identity = identity

        def safe() -> None:
            self._formatting.pop(shard, None)
            self._add(shard, file, content)

        try:
            file.format(identity, safe)
        except DiskError:
            return
        self._formatting[shard] = None

    def _add(self, shard: str, file: ShardFile, content: Content) -> None:
        replica = Replica(self, self.settings, shard, file, content)
        self.replicas[shard] = replica
        names = self._founding.get(shard, ())
        first = Assignment(0, tuple((name, FIRST_IDENTITY) for name in names)) if names else None
        election = Election(replica, self._leased, lambda: self.leaving, first)
        self.elections[shard] = election
        self.keeper.run(election.run)

    def _replica(self, shard: str) -> Replica | None:
        """The replica of a shard; if there is none it is begun."""
        replica = self.replicas.get(shard)
        if replica is None and shard not in self._formatting:
            self._format(shard, ShardFile(self.process, shard), self.process.node.boots)
        return replica

    def _fetch(self) -> None:
        for replica in self.replicas.values():
            replica.fetch()

    @handles(Append)
    def on_append(self, source: str, message: Append) -> None:
        replica = self._replica(message.shard)
        if replica is not None:
            replica.on_append(source, message)

    @handles(Install)
    def on_install(self, source: str, message: Install) -> None:
        replica = self._replica(message.shard)
        if replica is not None:
            replica.on_install(source, message)

    @handles(Report)
    def on_report(self, source: str, message: Report) -> None:
        replica = self.replicas.get(message.shard)
        if replica is not None and replica.leading is not None:
            replica.leading.on_report(source, message)

    # --- the session -------------------------------------------------------------------------

    def _leased(self) -> bool:
        return self.keeper.safe

    def _tasks(self) -> tuple[Task, ...]:
        elections = (election.run for election in self.elections.values())
        return (self._register, self._watch_leaving, partial(watch_over, self), *elections)

    def _session_is_over(self) -> None:
        for replica in self.replicas.values():
            if replica.leading is not None:
                replica.leading.end("its session has expired")

    async def _register(self, zk: ZooKeeper) -> None:
        await ensure(zk, NODES)
        await announce(zk, f"{NODES}/{self.name}", "")

    async def _watch_leaving(self, zk: ZooKeeper) -> None:
        await ensure(zk, LEAVING)
        await watch_children(zk, LEAVING, self._know_leaving)

    def _know_leaving(self, names: tuple[str, ...]) -> None:
        self.leaving = names

    # --- clients --------------------------------------------------------------------------------

    def _accept(self, connection: Connection, _hello: Hello) -> None:
        connection.on_message = partial(self._asked, connection)
        connection.send(Welcome())

    def _asked(self, connection: Connection, ask: Ask) -> None:
        def answer(body: Found | Written | Failed) -> None:
            connection.send(Told(ask.number, body))

        body = ask.body
        replica = self.replicas.get(body.shard)
        leading = replica.leading if replica is not None else None
        if isinstance(body, Write):
            self.writes += 1
            if leading is not None:
                leading.write(body, answer)
            else:
                answer(self._elsewhere(body))
            return
        self.reads += 1
        if body.slave and replica is not None:
            answer(replica.read(body))
        else:
            answer(leading.read(body) if leading is not None else self._elsewhere(body))

    def _elsewhere(self, body: Read | Write) -> Failed:
        if body.shard not in self.settings.names:
            return Failed("bad-request", f"there is no {body.shard}")
        return Failed("not-master", f"{self.name} does not lead {body.shard}")

    # --- figures -----------------------------------------------------------------------------------

    def vitals(self) -> Vitals:
        """What gossip tells of this machine: tasks at work (smoothed over its rounds) and free memory."""
        self._load += 0.2 * (self.process.tasks() - self._load)
        return Vitals(round(self._load, 2), MEMORY_BYTES - self.size_bytes)

    @property
    def size_bytes(self) -> int:
        """Of all keys and values that it holds."""
        return sum(replica.log.state.size_bytes for replica in self.replicas.values())

    def take_work(self) -> int:
        """How many reads and writes this node was asked for, and records it copied, since this was last called."""
        work = self.reads + self.writes
        since, self._work = work - self._work, work
        return since + sum(replica.take_copied() for replica in self.replicas.values())
