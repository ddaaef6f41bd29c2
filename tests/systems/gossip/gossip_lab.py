"""A small cluster that gossips, watched by the checks, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Node, Process
from playground.kernel.randomness import Stream
from playground.kernel.world import World, run
from playground.systems.gossip import checks
from playground.systems.gossip.messages import Vitals
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.violations import Violation

LOOK_US = 100_000


class Cut:
    """Nothing passes between the groups; who is in none of them reaches all."""

    cuts = True

    def __init__(self, *groups: Iterable[str]) -> None:
        self.side = {name: i for i, group in enumerate(groups) for name in group}

    def judge(self, parcel: Parcel) -> Verdict:
        sides = self.side.get(parcel.source), self.side.get(parcel.target)
        return DROP if None not in sides and sides[0] != sides[1] else PASS


class Muddle:
    """Loses some messages, doubles some, and delays all so much that they overtake each other."""

    cuts = False

    def __init__(self, random: Stream, late_us: int = 3_000_000, lose: float = 0.1) -> None:
        self.random, self.late_us, self.lose = random, late_us, lose

    def judge(self, parcel: Parcel) -> Verdict:
        if self.random.random() < self.lose:
            return DROP
        copies = tuple(int(self.random.random() * self.late_us) for _ in range(int(self.random.random() * 3)))
        return Verdict(delay_us=int(self.random.random() ** 3 * self.late_us), copies_us=copies)


class Lab:
    """``size`` nodes n1 .. that gossip. ``violations`` collects what the checks that hold always find."""

    def __init__(self, size: int, seed: int, also: Callable[[Process], Any] | None = None, **settings: int) -> None:
        self.world = World(seed)
        self.settings = GossipSettings(**settings)
        self.names = tuple(f"n{i}" for i in range(1, size + 1))
        self.memory = checks.Memory()
        self.violations: list[Violation] = []
        self.also = (also,) if also else ()
        for name in self.names:
            self.add(name, self.names)

    def add(self, name: str, peers: tuple[str, ...]) -> Node:
        free = self.world.random(name, "free").randrange(1, 1 << 30)

        def gossip(process: Process) -> GossipService:
            return GossipService(process, self.settings, peers, lambda: Vitals(0.5, free))

        node = Node(self.world, name, (gossip, *self.also))
        node.start()
        return node

    @property
    def services(self) -> dict[str, GossipService]:
        return checks.running(self.world)

    def node(self, name: str) -> Node:
        return self.world.nodes[name]

    async def go(self, seconds: float) -> None:
        end_us = self.world.now_us + int(seconds * 1e6)
        while self.world.now_us < end_us:
            await self.world.rest()
            await self.world.advance(min(end_us, self.world.now_us + LOOK_US))
            self.violations += checks.counters_never_fall(self.services, self.memory)
            self.violations += checks.nobody_knows_better(self.services, self.memory)

    async def settle(self) -> None:
        await self.go(checks.settling_us(self.settings, len(self.names)) / 1e6)

    def notes(self, kind: str, subject: str | None = None, since_us: int = 0) -> list[str]:
        return [
            entry.text
            for entry in self.world.journal.entries
            if entry.kind == kind and subject in (None, entry.subject) and entry.at_us >= since_us
        ]

    def beliefs(self, of: str, by: Iterable[str]) -> set[str]:
        return {self.services[name].believes(of).value for name in by}


def simulate(main: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    return run(main, *args)
