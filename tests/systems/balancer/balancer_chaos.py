"""Everything that can happen to balancers, servers, their ensemble and the network between them, by chance."""

from __future__ import annotations

from typing import Any

from playground.kernel.network import Rule
from playground.kernel.node import Life
from tests.systems.balancer.balancer_lab import Lab, OneWay
from tests.systems.store.store_lab import Cut, Muddle


class Chaos:
    """Some act every half second; `heal` ends it."""

    acts: tuple[str, ...] = (
        "crash",
        "start",
        "freeze",
        "thaw",
        "cut",
        "one-way",
        "muddle",
        "heal network",
        "drift",
        "slow",
        "fast",
    )

    def __init__(self, lab: Lab, acts: tuple[str, ...] = acts) -> None:
        self.lab, self.acts = lab, acts
        self.chance = lab.world.random("chaos")
        self.rules: list[Rule] = []
        self.machines = ("z1", *lab.balancers, *lab.servers)

    async def run(self, seconds: int) -> None:
        for _ in range(2 * seconds):
            self.act(self.chance.choice(self.acts))
            await self.lab.run(self.chance.random())

    def act(self, act: str) -> None:
        node = self.lab.node(self.chance.choice(self.machines))
        network = self.lab.world.network
        half = [name for name in self.lab.world.nodes if self.chance.random() < 0.5]
        rest = [name for name in self.lab.world.nodes if name not in half]
        if act == "crash" and node.life is not Life.DOWN and node.name != "z1":  # it keeps nothing on its disk
            node.crash()
        elif act == "start" and node.life is Life.DOWN:
            node.start()
        elif act == "freeze" and node.life is Life.UP:
            node.freeze()
        elif act == "thaw" and node.life is Life.FROZEN:
            node.thaw()
        elif act == "heal network":
            while self.rules:
                network.remove(self.rules.pop())
        elif act in ("cut", "one-way", "muddle") and len(self.rules) < 2:
            made: dict[str, Any] = {
                "cut": lambda: Cut(half, rest),
                "one-way": lambda: OneWay(half, rest),
                "muddle": lambda: Muddle(self.chance),
            }
            self.rules.append(made[act]())
            network.add(self.rules[-1])
        elif act == "drift":
            node.clock.set_drift(int(self.chance.uniform(-100_000, 100_000)))
        elif act == "slow":
            node.set_event_cost(int(self.chance.random() * 20_000))
        elif act == "fast":
            node.set_event_cost(0)

    def heal(self) -> None:
        self.act("heal network")
        for name in self.machines:
            node = self.lab.node(name)
            node.clock.set_drift(0)
            node.set_event_cost(0)
            if node.life is Life.FROZEN:
                node.thaw()
            elif node.life is Life.DOWN:
                node.start()
