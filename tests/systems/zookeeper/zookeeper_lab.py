"""An ensemble and clients that use all of it under observation, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.violations import Violation
from playground.systems.zookeeper import checks, zab_checks
from playground.systems.zookeeper.client import (
    Event,
    KeeperError,
    NodeExists,
    Op,
    State,
    ZooKeeper,
    ZooKeeperService,
    ZooKeeperSettings,
)
from playground.systems.zookeeper.observing import Observation
from playground.systems.zookeeper.roles import leader

SECOND = 1_000_000
LOOK_US = 100_000
TIMEOUT_US = 1_600_000
PAIR = ("/left", "/right")
"""Always written together, by a multi: so they are always equal."""


class Client(Service):
    """Holds one session after the other; with a rate it reads, writes, watches and makes ephemerals at random."""

    def __init__(self, process: Process, lab: Lab, rate: float) -> None:
        super().__init__(process)
        self.lab = lab
        self.rate = rate
        self.chance = self.random("client")
        self.states: list[State] = []
        self.events: list[Event] = []
        self.errors: list[str] = []
        self.keeper = self.open()

    def start(self) -> None:
        self.keeper.start()
        if self.rate:
            self.spawn(self.work)

    def open(self) -> ZooKeeper:
        keeper = ZooKeeper(self, self.lab.names, timeout_us=TIMEOUT_US, on_state=self.on_state)
        self.lab.observation.observe(keeper)
        return keeper

    def on_state(self, state: State) -> None:
        self.states.append(state)
        if state is State.EXPIRED and self.rate:
            self.keeper = self.open()
            self.keeper.start()

    async def work(self) -> None:
        while True:
            await self.sleep(int(self.chance.expovariate(self.rate) * SECOND))
            if self.lab.loading:
                self.spawn(self.act)

    async def act(self) -> None:
        try:
            await self.one(self.keeper)
        except KeeperError as error:
            self.errors.append(type(error).__name__)

    async def one(self, keeper: ZooKeeper) -> None:
        chance = self.chance
        path = f"/k{chance.randrange(4)}"
        match chance.randrange(10):
            case 0 | 1:
                await keeper.set(path, str(chance.random()))
            case 2:
                _, stat = await keeper.get(path, self.events.append)
                await keeper.set(path, "next", stat.version)
            case 3:
                with suppress(NodeExists):
                    await keeper.create(path)
            case 4:
                await keeper.delete(path)
            case 5:
                await keeper.create("/queue/n-", self.name, ephemeral=True, sequential=True)
            case 6:
                names = await keeper.children("/queue", self.events.append)
                if names:
                    await keeper.delete(f"/queue/{chance.choice(names)}")
            case 7:
                await keeper.exists(path, self.events.append)
            case 8:
                value = str(chance.random())
                # The last one often fails, and then nothing of it may be done.
                await keeper.multi(*(Op("set", each, value) for each in PAIR), Op("check", path))
            case _:
                # Asked for at once: the read must see the write.
                self.spawn(self.quietly, keeper.set, path, "own")
                await keeper.get(path)

    async def quietly(self, act: Callable[..., Awaitable[Any]], *args: Any) -> None:
        with suppress(KeeperError):
            await act(*args)


class Lab:
    """Servers z1 .. and ``clients`` machines c1 ..; ``violations``: what the checks that hold always have found."""

    def __init__(
        self, size: int = 3, seed: int = 1, *, clients: int = 3, rate: float = 0, watch: bool = True, **settings: Any
    ) -> None:
        self.world = World(seed)
        chosen = {"servers": size, "tick_ms": 100, "session_timeout_ms": TIMEOUT_US // 1000} | settings
        self.settings = ZooKeeperSettings.model_validate(chosen)
        self.names = self.settings.names
        self.loading = True
        self.watch = watch
        self.observation = Observation(self.world)
        self.history = checks.History()
        self.silence = checks.Silence()
        self.zab = zab_checks.Memory()
        self.violations: list[Violation] = []
        self.nodes: dict[str, Node] = {}
        for name in self.names:
            self.nodes[name] = Node(self.world, name, (self._server,))
            self.nodes[name].start()
        for i in range(1, clients + 1):
            Node(self.world, f"c{i}", (lambda process: Client(process, self, rate),)).start()

    def _server(self, process: Process) -> ZooKeeperService:
        return ZooKeeperService(process, self.settings, self.names)

    def server(self, name: str) -> ZooKeeperService:
        process = self.nodes[name].process
        assert process is not None
        return process.find(ZooKeeperService)

    @property
    def servers(self) -> dict[str, ZooKeeperService]:
        return checks.running(self.world)

    @property
    def leader(self) -> str:
        """ "" if nobody leads."""
        return next(iter(leader(self.servers, "")), "")

    def client(self, name: str = "c1") -> Client:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(Client)

    def keeper(self, name: str = "c1") -> ZooKeeper:
        return self.client(name).keeper

    async def do(self, act: Callable[[], Awaitable[Any]], name: str = "c1", seconds: float = 5) -> Any:
        """What ``act`` gives on a client's machine, or the KeeperError that it raises; None if it takes longer."""
        done: list[Any] = []

        async def task() -> None:
            try:
                done.append(await act())
            except KeeperError as error:
                done.append(error)

        self.client(name).spawn(task)
        end_us = self.world.now_us + int(seconds * SECOND)
        while not done and self.world.now_us < end_us:
            await self.run(0.01)
        return done[0] if done else None

    async def prepare(self) -> None:
        """Wait for the ensemble, and make the znodes that the clients' work needs."""
        await self.run(1.5)
        keeper = self.keeper()
        for path in (*PAIR, "/queue"):
            assert await self.do(partial(keeper.create, path)) == path

    async def run(self, seconds: float) -> None:
        end_us = self.world.now_us + int(seconds * SECOND)
        while self.world.now_us < end_us:
            await self.world.advance(min(end_us, self.world.now_us + LOOK_US))
            if self.watch:
                self.look()

    def look(self) -> None:
        servers = self.servers
        self.violations += self.history.look(servers)
        self.violations += checks.orphans(servers)
        self.violations += checks.sessions_end(self.world, servers, self.silence)
        self.violations += checks.safe_sessions_live(servers, self.observation)
        self.violations += self.zab.look({name: server.peer for name, server in servers.items()})
        for name, server in servers.items():
            pair = [server.tree.nodes[path].data for path in PAIR if path in server.tree.nodes]
            if len(set(pair)) > 1:
                self.violations.append(Violation("all or nothing", name, f"{name} has {pair} in {PAIR}"))

    async def quiesce(self) -> None:
        """No more load; everybody is up and connected."""
        self.loading = False
        await self.run(8)

    def judge(self) -> list[Violation]:
        """All that is wrong, of a quiet ensemble."""
        observation = self.observation
        return [
            *self.violations,
            *checks.views_go_forward(observation),
            *checks.watches_fire_once(observation),
            *checks.writes_linearizable(observation),
            *checks.no_change_missed(self.servers, observation),
        ]

    def notes(self, kind: str) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]

    def up(self) -> list[str]:
        return [name for name, node in self.nodes.items() if node.life is Life.UP]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
