"""A small cluster that leans on an ensemble, random faults for it, and somebody who looks on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playground.kernel.errors import CallError
from playground.kernel.journal import Entry
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.coordination import checks
from playground.systems.coordination.client import CoordinationService, CoordinationSettings
from playground.systems.violations import Violation
from playground.systems.zookeeper.client import KeeperDatabase, ZooKeeperService, ZooKeeperSettings

SECOND = 1_000_000
LOOK_US = 20_000
TIMEOUT_US = 3 * SECOND


class Cut:
    """Nothing passes from ``left`` to ``right``, nor back unless it is ``one_way``."""

    cuts = True

    def __init__(self, left: Iterable[str], right: Iterable[str], *, one_way: bool = False) -> None:
        self.left, self.right, self.one_way = tuple(left), tuple(right), one_way

    def judge(self, parcel: Parcel) -> Verdict:
        there = parcel.source in self.left and parcel.target in self.right
        back = parcel.source in self.right and parcel.target in self.left
        return DROP if there or (back and not self.one_way) else PASS


class User(Service):
    """Writes the configuration."""

    def __init__(self, process: Process, ensemble: tuple[str, ...]) -> None:
        super().__init__(process)
        self.database = KeeperDatabase(self, ensemble, timeout_us=2 * SECOND, session_timeout_us=TIMEOUT_US, fresh=True)
        self.answers: list[Any] = []

    def start(self) -> None:
        self.database.start()

    async def do(self, act: Callable[[KeeperDatabase], Awaitable[Any]]) -> None:
        try:
            self.answers.append(await act(self.database))
        except CallError as error:
            self.answers.append(error)


class Lab:
    """Ensemble z1 .., nodes n1 .., the user c1. ``service`` may be a broken CoordinationService."""

    def __init__(
        self,
        seed: int = 1,
        *,
        size: int = 4,
        servers: int = 3,
        service: type[CoordinationService] = CoordinationService,
        **settings: Any,
    ) -> None:
        self.world = World(seed)
        keeper = ZooKeeperSettings.model_validate({"servers": servers, "session_timeout_ms": TIMEOUT_US // 1_000})
        self.ensemble = keeper.names
        self.names = tuple(f"n{i}" for i in range(1, size + 1))
        wanted = CoordinationSettings(**settings)
        for name in self.ensemble:
            Node(self.world, name, (lambda process: ZooKeeperService(process, keeper, self.ensemble),))
        for name in self.names:
            Node(
                self.world,
                name,
                (lambda process: service(process, wanted, self.ensemble, session_timeout_us=TIMEOUT_US),),
            )
        Node(self.world, "c1", (lambda process: User(process, self.ensemble),))
        for node in self.world.nodes.values():
            node.start()
        self.memory = checks.Memory()
        self.found: list[Violation] = []
        self.world.journal.watch(self._heard)
        self.world.schedule(LOOK_US, self._look)

    def _look(self, _a: None, _b: None) -> None:
        self.world.schedule(LOOK_US, self._look)
        self.found += checks.one_master(self.services(), self.memory, self.world.now_us)

    def _heard(self, entry: Entry) -> None:
        self.found += checks.heard(entry, self.services(), self.memory)

    def services(self) -> dict[str, CoordinationService]:
        return checks.running(self.world)

    def service(self, name: str) -> CoordinationService:
        return self.services()[name]

    @property
    def up(self) -> list[str]:
        return [name for name in self.names if self.world.nodes[name].life is Life.UP]

    @property
    def master(self) -> str:
        """Who acts; "" if nobody does."""
        return next((name for name, service in self.services().items() if service.acting), "")

    @property
    def leader(self) -> str:
        """The ensemble's newest."""
        return [entry.subject for entry in self.notes("elected") if ("group", "ensemble") in entry.data][-1]

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def until(self, done: Callable[[], Any], seconds: float = 20) -> bool:
        """Run until it is so; False if it did not come to be."""
        for _ in range(int(seconds * 20)):
            if done():
                return True
            await self.run(0.05)
        return bool(done())

    async def ask(self, act: Callable[[KeeperDatabase], Awaitable[Any]]) -> Any:
        """What the user's session gives, or its error."""
        process = self.world.nodes["c1"].process
        assert process is not None
        user = process.find(User)
        before = len(user.answers)
        user.spawn(user.do, act)
        assert await self.until(lambda: len(user.answers) > before, 5)
        return user.answers[-1]

    async def configure(self, value: str) -> Any:
        return await self.ask(lambda database: database.put("config", value))

    async def quiet(self) -> list[Violation]:
        """Wait until it must be settled; what is wrong then. The configuration is what the ensemble says."""
        await self.run(checks.settling_us(TIMEOUT_US) / SECOND)
        return await self.judged()

    async def judged(self) -> list[Violation]:
        stands = await self.ask(lambda database: database.get("config"))
        assert isinstance(stands, tuple), stands
        services = self.services()
        value = stands[0] if stands else ""
        return [
            *checks.a_master_acts(services),
            *checks.members_are_true(services, self.up),
            *checks.configurations_are_true(services, value),
        ]

    def notes(self, kind: str, subject: str = "") -> list[Entry]:
        return [entry for entry in self.world.journal.entries if entry.kind == kind and subject in ("", entry.subject)]


@dataclass
class Chaos:
    """Random faults, a few at a time, and an end."""

    lab: Lab
    acts: tuple[str, ...] = (
        *("crash", "freeze", "cut", "one-way", "away"),
        *("drift", "slow", "muddle", "server", "disk"),
    )
    undo: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")
        self.done = 0

    async def run(self, seconds: int) -> None:
        for second in range(seconds):
            for _ in range(self.random.randrange(3)):
                self.act()
            if second % 3 == 0:
                await self.lab.configure(f"v{second}")
            await self.lab.run(0.2 + self.random.random())
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.3):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()

    def act(self) -> None:
        lab, world, act = self.lab, self.lab.world, self.random.choice(self.acts)
        self.done += 1
        if act == "drift":
            self.random.choice(list(world.nodes.values())).clock.set_drift(self.random.choice((-200_000, 0, 200_000)))
            return
        if act == "slow":
            slow = self.random.choice(list(world.nodes.values()))
            slow.set_event_cost(self.random.choice((1_000, 10_000)))
            self.undo.append(lambda: slow.set_event_cost(0))
            return
        if act == "disk":
            disk = world.nodes[self.random.choice(lab.ensemble)].disk
            disk.hang()
            self.undo.append(disk.resume)
            return
        # Whoever is master is worth twice the trouble.
        names = [*lab.up, lab.master] if lab.master in lab.up else lab.up
        servers = [name for name in lab.ensemble if world.nodes[name].life is Life.UP]
        if act == "server":
            names, act = servers if len(servers) > 2 else [], self.random.choice(("crash", "freeze"))
        if not names:
            return
        name = self.random.choice(names)
        node = world.nodes[name]
        if act == "crash":
            node.crash()
            self.undo.append(node.start)
        elif act == "freeze":
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        else:
            self._bend(act, name)

    def _bend(self, act: str, name: str) -> None:
        lab, world = self.lab, self.lab.world
        others = [other for other in world.nodes if other != name]
        rule: Any
        if act == "away":
            rule = Cut([name], lab.ensemble)
        elif act == "one-way":
            sides = ([name], others) if self.random.random() < 0.5 else (others, [name])
            rule = Cut(*sides, one_way=True)
        elif act == "cut":
            half = self.random.sample(list(world.nodes), len(world.nodes) // 2)
            rule = Cut(half, [other for other in world.nodes if other not in half])
        else:
            rule = Muddle(world, self.done)
        world.network.add(rule)
        self.undo.append(lambda: world.network.remove(rule))


class Muddle:
    """Loses some messages, doubles some, and delays some so much that they overtake each other."""

    cuts = False

    def __init__(self, world: World, number: int) -> None:
        self.random = world.random("muddle", str(number))

    def judge(self, parcel: Parcel) -> Verdict:
        chance = self.random.random
        if chance() < 0.05:
            return DROP
        copies = (int(chance() * 300_000),) if chance() < 0.1 else ()
        return Verdict(delay_us=int(chance() ** 4 * 300_000), copies_us=copies)


async def chaotic(seed: int, seconds: int = 20, acts: tuple[str, ...] = Chaos.acts, **settings: Any) -> Lab:
    """A lab after random faults and the time to settle; what the checks found stands in ``found``."""
    lab = Lab(seed, **settings)
    await lab.run(3)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    lab.found += await lab.quiet()
    return lab


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
