"""A small cluster with clients under a history, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from playground.checkers.history import History, Operation
from playground.checkers.staleness import Staleness
from playground.kernel.errors import CallError
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life, Node, Process
from playground.kernel.randomness import Stream
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.gossip.client import GossipService, GossipSettings
from playground.systems.store import checks
from playground.systems.store.client import Leave, StoreClient
from playground.systems.store.service import StoreService
from playground.systems.store.settings import StoreSettings

SECOND = 1_000_000


class Cut:
    """Nothing passes between the groups; who is in none of them reaches all."""

    cuts = True

    def __init__(self, *groups: Iterable[str]) -> None:
        self.side = {name: i for i, group in enumerate(groups) for name in group}

    def judge(self, parcel: Parcel) -> Verdict:
        sides = self.side.get(parcel.source), self.side.get(parcel.target)
        return DROP if None not in sides and sides[0] != sides[1] else PASS


class Muddle:
    """Loses some messages, doubles some, and delays some so much that they overtake each other."""

    cuts = False

    def __init__(self, random: Stream, late_us: int = 300_000, lose: float = 0.05) -> None:
        self.random, self.late_us, self.lose = random, late_us, lose

    def judge(self, parcel: Parcel) -> Verdict:
        if self.random.random() < self.lose:
            return DROP
        copies = tuple(int(self.random.random() * self.late_us) for _ in range(int(self.random.random() < 0.1)))
        return Verdict(delay_us=int(self.random.random() ** 4 * self.late_us), copies_us=copies)


class Client(Service):
    """Reads and writes some keys at random, in sessions of its own, under the history."""

    def __init__(self, process: Process, lab: Lab, rate: float, keys: int) -> None:
        super().__init__(process)
        self.lab = lab
        self.rate = rate
        self.keys = keys
        self.store = StoreClient(self, self.name, lab.names, conflicts=lab.settings.conflicts)
        self.chance = self.random("client")
        self.written = 0

    def start(self) -> None:
        if self.rate:
            self.plan()

    def plan(self) -> None:
        self.after(int(self.chance.expovariate(self.rate) * SECOND), self.arrive)

    def arrive(self) -> None:
        if self.lab.loading:
            self.store.coordinators = self.lab.names
            key = f"k{int(self.chance.random() ** 2 * self.keys)}"
            if self.chance.random() < 0.5:
                self.spawn(self.read, key)
            else:
                self.spawn(self.write, key)
        self.plan()

    async def read(self, key: str, r: int | None = None) -> Operation:
        history = self.lab.history
        operation = history.invoke(self.name, key, self.process.world.now_us)
        try:
            seen = await self.store.get(key, r)
        except CallError as error:
            history.complete(operation, "fail", self.process.world.now_us, error=str(error))
        else:
            history.complete(operation, "ok", self.process.world.now_us, seen=seen)
        return operation

    async def write(self, key: str, value: str = "", w: int | None = None) -> Operation:
        history = self.lab.history
        self.written += 1
        value = value or f"{self.name}.{self.process.node.boots}-{self.written}"
        now_us = self.process.world.now_us
        operation = history.invoke(self.name, key, now_us, value=value, supersedes=self.store.observed(key))
        try:
            await self.store.put(key, value, w)
        except CallError as error:
            outcome = "fail" if error.definite else "unknown"
            history.complete(operation, outcome, self.process.world.now_us, error=str(error))
        else:
            history.complete(operation, "ok", self.process.world.now_us)
        return operation


class Lab:
    """``size`` nodes n1 .. and ``clients`` machines c1 ..; ``service`` may be a broken StoreService."""

    def __init__(
        self,
        size: int = 5,
        seed: int = 1,
        *,
        clients: int = 3,
        rate: float = 30,
        keys: int = 20,
        points: int = 16,
        gossip: bool = True,
        service: type[StoreService] = StoreService,
        **settings: Any,
    ) -> None:
        self.world = World(seed)
        self.settings = StoreSettings(**settings)
        self.names: tuple[str, ...] = tuple(f"n{i}" for i in range(1, size + 1))
        self.points = points
        self.gossip = gossip
        self.service = service
        self.loading = True
        self.history = History()
        self.staleness = Staleness(self.history, register=self.settings.conflicts == "newest")
        self.nodes: dict[str, Node] = {}
        for name in self.names:
            self._add(name, self.names, joining=False)
        for i in range(1, clients + 1):
            node = Node(self.world, f"c{i}", (lambda process: Client(process, self, rate, keys),))
            node.start()

    def _add(self, name: str, members: tuple[str, ...], *, joining: bool) -> None:
        gossip_settings = GossipSettings(interval_ms=200, suspect_after_ms=800, dead_after_ms=1500)

        def gossip(process: Process) -> Service:
            return GossipService(process, gossip_settings, members, lambda: process.find(StoreService).vitals())

        def store(process: Process) -> Service:
            return self.service(process, self.settings, members, points=self.points, joining=joining)

        factories = (gossip, store) if self.gossip else (store,)
        self.nodes[name] = Node(self.world, name, factories)
        self.nodes[name].start()

    def join(self, name: str) -> None:
        """A new node asks to be taken in."""
        self._add(name, self.names, joining=True)
        self.names = (*self.names, name)

    def store(self, name: str) -> StoreService:
        process = self.nodes[name].process
        assert process is not None
        return process.find(StoreService)

    def client(self, name: str = "c1") -> Client:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(Client)

    def stores(self) -> dict[str, StoreService]:
        """Those that are up."""
        return {name: self.store(name) for name in self.nodes if self.nodes[name].life is Life.UP}

    async def leave(self, name: str, via: str = "") -> None:
        """A client asks ``via`` (or anybody) for ``name`` to leave."""
        client = self.client()

        async def ask() -> None:
            with suppress(CallError):
                if via:
                    await client.call(via, Leave(name), timeout_us=SECOND)
                else:
                    await client.store.leave(name)

        client.spawn(ask)
        await self.run(0.1)

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def quiesce(self, seconds: float = 20) -> None:
        """No more load; wait until everything is repaired, at most ``seconds``."""
        self.loading = False
        for _ in range(int(seconds)):
            await self.run(1)
            stores = self.stores()
            if not (checks.replicas_converged(stores) or checks.every_key_on_n_nodes(stores) or checks.strays(stores)):
                return

    def lost(self) -> list[Any]:
        return checks.lost_writes(self.nodes.values(), self.staleness.acknowledged(), self.staleness.covers)

    def notes(self, kind: str) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
