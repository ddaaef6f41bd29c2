"""Random faults for an ensemble and its clients: a few at a time, and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.kernel.network import DROP, PASS, Parcel, Rule, Verdict
from playground.kernel.node import Life
from tests.systems.store.store_lab import Cut, Muddle
from tests.systems.zookeeper.zookeeper_lab import Lab

ACTS = ("crash", "freeze", "cut", "oneway", "muddle", "lose", "rot", "full", "hang", "slow", "cpu", "drift", "client")


class OneWay:
    """Nothing passes from the one to the other; the way back is open."""

    cuts = True

    def __init__(self, sources: list[str], targets: list[str]) -> None:
        self.sources, self.targets = frozenset(sources), frozenset(targets)

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if parcel.source in self.sources and parcel.target in self.targets else PASS


@dataclass
class Chaos:
    """``acts``: which faults may happen. At most one disk is lost at a time. Clocks are off by less than a fifth."""

    lab: Lab
    acts: tuple[str, ...] = ACTS
    undo: list[Callable[[], None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            for _ in range(self.random.randrange(3)):
                self.act()
            await self.lab.run(0.2 + self.random.random() * 1.5)
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.5):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()
        for node in self.lab.world.nodes.values():
            node.clock.set_drift(0)

    def act(self) -> None:
        act = self.random.choice(self.acts)
        world = self.lab.world
        clients = [name for name in world.nodes if name not in self.lab.nodes]
        group = clients if act in ("client", "nap") else [*self.lab.nodes]
        up = [name for name in group if world.nodes[name].life is Life.UP]
        if not up:
            return
        node = world.nodes[self.random.choice(up)]
        if act == "client":
            act = self.random.choice(("crash", "freeze", "drift", "cpu"))
        elif act == "nap":
            act = "freeze"
        self.done.append(f"{world.now_us} {act} {node.name}")
        disk = node.disk
        if act == "crash":
            node.crash()
            self.undo.append(node.start)
        elif act == "freeze":
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act in ("cut", "oneway", "muddle"):
            names = [*world.nodes]
            half = self.random.sample(names, len(names) // 2)
            rest = [name for name in names if name not in half]
            rule: Rule = (
                Cut(half, rest)
                if act == "cut"
                else OneWay(half, rest)
                if act == "oneway"
                else Muddle(world.random("muddle", str(len(self.done))))
            )
            world.network.add(rule)
            self.undo.append(lambda: world.network.remove(rule))
        elif act in ("lose", "rot"):
            if self.all_whole():
                if act == "rot":
                    disk.rot(3)
                node.crash(lose_disk=act == "lose")
                self.undo.append(node.start)
        elif act == "full":
            disk.full = True
            self.undo.append(lambda: setattr(disk, "full", False))
        elif act == "hang":
            disk.hang()
            self.undo.append(disk.resume)
        elif act == "slow":
            disk.slowdown = 100
            self.undo.append(lambda: setattr(disk, "slowdown", 1))
        elif act == "cpu":
            node.set_event_cost(2_000)
            self.undo.append(lambda: node.set_event_cost(0))
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-190_000, 100_000, 190_000)))

    def all_whole(self) -> bool:
        """No disk is lost or damaged now, and none was whose server has not got everything back."""
        servers = self.lab.servers
        return len(servers) == len(self.lab.names) and all(s.peer.log.history.whole for s in servers.values())
