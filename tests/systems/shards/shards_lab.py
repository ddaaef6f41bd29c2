"""A small sharded database on a real ensemble, with clients under a history, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from playground.checkers.calls import from_history
from playground.checkers.history import History, Operation
from playground.checkers.linearizability import VIOLATION, check
from playground.checkers.models import Register
from playground.checkers.staleness import Staleness
from playground.kernel.errors import CallError
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.shards import checks, roles
from playground.systems.shards.client import ShardsClient
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService
from playground.systems.shards.settings import ShardsSettings
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.settings import ZooKeeperSettings

SECOND = 1_000_000


class Client(Service):
    """Reads and writes some keys at random, in a session of its own, under the history."""

    def __init__(self, process: Process, lab: Lab, rate: float, keys: int) -> None:
        super().__init__(process)
        self.lab = lab
        self.rate = rate
        self.keys = keys
        session = f"{self.name}#{process.node.boots}"
        self.database = ShardsClient(
            self,
            session,
            lab.names,
            lab.keeper.names,
            lab.settings,
            points=16,
            session_timeout_us=lab.session_timeout_us,
            timeout_us=lab.timeout_us,
        )
        self.chance = self.random("client")
        self.written = 0

    def start(self) -> None:
        self.database.start()
        if self.rate:
            self.plan()

    def plan(self) -> None:
        self.after(int(self.chance.expovariate(self.rate) * SECOND), self.arrive)

    def arrive(self) -> None:
        if self.lab.loading:
            key = f"k{int(self.chance.random() * self.keys)}"
            self.spawn(self.read if self.chance.random() < 0.4 else self.write, key)
        self.plan()

    async def read(self, key: str) -> Operation:
        history, world = self.lab.history, self.process.world
        operation = history.invoke(self.name, key, world.now_us)
        try:
            seen = await self.database.get(key)
        except CallError as error:
            history.complete(operation, "fail", world.now_us, error=str(error))
        else:
            history.complete(operation, "ok", world.now_us, seen=seen)
        return operation

    async def write(self, key: str, value: str = "") -> Operation:
        history, world = self.lab.history, self.process.world
        self.written += 1
        value = value or f"{self.name}.{self.process.node.boots}-{self.written}"
        operation = history.invoke(self.name, key, world.now_us, value=value)
        try:
            await self.database.put(key, value)
        except CallError as error:
            history.complete(operation, "fail" if error.definite else "unknown", world.now_us, error=str(error))
        else:
            history.complete(operation, "ok", world.now_us)
        return operation


class Lab:
    """``size`` data nodes n1 …, an ensemble z1 …, and ``clients`` machines c1 …."""

    def __init__(
        self,
        size: int = 4,
        seed: int = 1,
        *,
        clients: int = 3,
        rate: float = 20,
        keys: int = 6,
        session_timeout_ms: int = 1_600,
        timeout_us: int = SECOND,
        **settings: Any,
    ) -> None:
        self.world = World(seed)
        self.settings = ShardsSettings(**{"count": 2, "replace_after_ms": 4_000, **settings})
        self.keeper = ZooKeeperSettings(servers=3, session_timeout_ms=session_timeout_ms, tick_ms=100)
        self.session_timeout_us = session_timeout_ms * 1_000
        self.timeout_us = timeout_us
        self.names: tuple[str, ...] = tuple(f"n{i}" for i in range(1, size + 1))
        self.loading = True
        self.history = History()
        self.staleness = Staleness(self.history, register=True)
        self.memory = checks.Memory()
        self.violations: list[Any] = []
        self.nodes: dict[str, Node] = {}
        self.servers: dict[str, Node] = {}
        for name in self.keeper.names:
            self.servers[name] = Node(self.world, name, (self._server,))
            self.servers[name].start()
        for name in self.names:
            self._add(name, self.names, joining=False)
        for i in range(1, clients + 1):
            Node(self.world, f"c{i}", (lambda process: Client(process, self, rate, keys),)).start()

    def _server(self, process: Process) -> Service:
        return ZooKeeperService(process, self.keeper, self.keeper.names)

    def _add(self, name: str, members: tuple[str, ...], *, joining: bool) -> None:
        def shards(process: Process) -> Service:
            return ShardsService(
                process,
                self.settings,
                members,
                self.keeper.names,
                points=16,
                session_timeout_us=self.session_timeout_us,
                joining=joining,
            )

        self.nodes[name] = Node(self.world, name, (shards,))
        self.nodes[name].start()

    def join(self, name: str) -> None:
        """A new node comes."""
        self._add(name, self.names, joining=True)
        self.names = (*self.names, name)

    def service(self, name: str) -> ShardsService:
        process = self.nodes[name].process
        assert process is not None
        return process.find(ShardsService)

    def replica(self, name: str, shard: str = "shard-1") -> Replica:
        return self.service(name).replicas[shard]

    def client(self, name: str = "c1") -> Client:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(Client)

    def services(self) -> dict[str, ShardsService]:
        """Those that are up, or frozen."""
        up = (Life.UP, Life.FROZEN)
        return {name: self.service(name) for name, node in self.nodes.items() if node.life in up}

    def master(self, thing: str = "shard-1") -> str:
        return roles.master(self.services(), thing)[0]

    def slaves(self, thing: str = "shard-1") -> tuple[str, ...]:
        return roles.slave(self.services(), thing)

    async def run(self, seconds: float) -> None:
        """Go on, and look at what must hold always ten times a second."""
        end_us = self.world.now_us + int(seconds * SECOND)
        while self.world.now_us < end_us:
            await self.world.advance(min(end_us, self.world.now_us + SECOND // 10))
            services = self.services()
            self.violations += checks.one_master_per_epoch(services, self.memory)
            self.violations += checks.prefixes(services, self.memory)

    async def do(self, *acts: Callable[[], Awaitable[Operation]]) -> list[Operation]:
        """What clients do, at the same time; returns when all have an outcome."""
        done: list[Operation] = []

        async def act(each: Callable[[], Awaitable[Operation]]) -> None:
            done.append(await each())

        for each in acts:
            self.client().spawn(act, each)
        while len(done) < len(acts):
            await self.run(0.02)
        return done

    async def write(self, key: str, value: str) -> Operation:
        return (await self.do(partial(self.client().write, key, value)))[0]

    async def read(self, key: str, client: str = "c1") -> Operation:
        return (await self.do(partial(self.client(client).read, key)))[0]

    async def quiesce(self, seconds: float = 40) -> None:
        """No more load; wait until everything is repaired, at most ``seconds``."""
        self.loading = False
        for _ in range(int(seconds)):
            await self.run(1)
            services = self.services()
            if not checks.converged(services) and not checks.under_replicated(services):
                return

    def lost(self) -> list[Any]:
        return checks.lost_writes(self.nodes.values(), self.staleness.acknowledged(), self.staleness.covers)

    def failed(self) -> dict[str, list[str]]:
        """Key -> the values whose writes failed for certain."""
        failed: dict[str, list[str]] = {}
        for operation in self.history.operations:
            if operation.write and operation.outcome == "fail":
                failed.setdefault(operation.key, []).append(operation.value)
        return failed

    def undone(self) -> list[Any]:
        """Values that failed for certain and are shown all the same."""
        return [*checks.reversed_everywhere(self.services(), self.failed()), *self.staleness.undead]

    def linearizable(self) -> bool:
        return check(from_history(self.history, register=True), Register).outcome != VIOLATION

    def notes(self, kind: str, text: str = "") -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind and text in entry.text]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
