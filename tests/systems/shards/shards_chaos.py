"""Random faults for the sharded database and its ensemble: a few at a time, within what is promised for, and an end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from playground.kernel.errors import CallError
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life, Node
from playground.systems.shards import checks
from playground.systems.shards.service import ShardsService
from tests.systems.shards.shards_lab import Client, Lab
from tests.systems.store.store_lab import Cut, Muddle


class OneWay:
    """What ``sources`` send to ``targets`` is lost; the other way it passes."""

    cuts = True

    def __init__(self, sources: list[str], targets: list[str]) -> None:
        self.sources, self.targets = sources, targets

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if parcel.source in self.sources and parcel.target in self.targets else PASS


@dataclass
class Chaos:
    """``acts``: which faults may happen. A disk is lost or damaged only while all copies of all shards are whole.

    Beyond the default: nodes that "join" and "leave".
    """

    lab: Lab
    acts: tuple[str, ...] = (
        "crash",
        "crash master",
        "freeze",
        "freeze master",
        "cut",
        "cut off master",
        "one-way",
        "muddle",
        "lose",
        "rot",
        "full",
        "hang",
        "slow disk",
        "slow cpu",
        "drift",
        "server",
    )
    undo: list[Callable[[], None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")

    async def run(self, seconds: int) -> None:
        for _ in range(seconds):
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
        """Do one of them."""
        act, lab, world = self.random.choice(self.acts), self.lab, self.lab.world
        masters = [name for name, service in lab.services().items() if any(_leads(service))]
        at_master = act.endswith("master") and masters
        up = [name for name in (masters if at_master else lab.nodes) if lab.nodes[name].life is Life.UP]
        if not up:
            return
        name = self.random.choice(up)
        node = lab.nodes[name]
        if act == "server":
            name = self.random.choice(list(lab.servers))
            node = lab.servers[name]
            if any(server.life is not Life.UP for server in lab.servers.values()):
                return
            act = self.random.choice(("crash", "freeze"))
        self.done.append(f"{world.now_us / 1e6:.3f} {act} {name}")
        if act.startswith("crash"):
            self._crash(node)
        elif act.startswith("freeze"):
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act in ("cut", "one-way", "muddle", "cut off master"):
            self._network(act, name)
        elif act in ("lose", "rot"):
            if self.all_whole():
                if act == "rot":
                    node.disk.rot(3)
                self._crash(node, lose_disk=act == "lose")
        elif act == "full":
            node.disk.full = True
            self.undo.append(lambda: setattr(node.disk, "full", False))
        elif act == "hang":
            node.disk.hang()
            self.undo.append(node.disk.resume)
        elif act == "slow disk":
            node.disk.slowdown = 40
            self.undo.append(lambda: setattr(node.disk, "slowdown", 1))
        elif act == "slow cpu":
            node.set_event_cost(1_000)
            self.undo.append(lambda: node.set_event_cost(0))
        elif act == "join":
            if len(lab.nodes) < 7:
                lab.join(f"n{len(lab.nodes) + 1}")
        elif act == "leave":
            client = lab.client()
            client.spawn(_ask_to_leave, client, name)
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-200_000, -100_000, 100_000, 200_000)))

    def _crash(self, node: Node, *, lose_disk: bool = False) -> None:
        node.crash(lose_disk=lose_disk)
        self.undo.append(lambda: node.start() if node.life is Life.DOWN else None)

    def _network(self, act: str, name: str) -> None:
        network, names = self.lab.world.network, list(self.lab.world.nodes)
        half = [name] if act == "cut off master" else self.random.sample(names, len(names) // 2)
        others = [other for other in names if other not in half]
        rule: Cut | Muddle | OneWay
        if act == "muddle":
            rule = Muddle(self.lab.world.random("muddle", str(len(self.done))))
        elif act == "one-way":
            rule = OneWay(half, others)
        else:
            rule = Cut(half, others)
        network.add(rule)
        self.undo.append(lambda: network.remove(rule))

    def all_whole(self) -> bool:
        """No disk is lost or damaged now, and none was whose node has not got everything back."""
        services = self.lab.services()
        return len(services) == len(self.lab.nodes) and not checks.under_replicated(services)


async def _ask_to_leave(client: Client, name: str) -> None:
    with suppress(CallError):  # too few would stay, or the ensemble cannot be reached
        await client.database.leave(name)


def _leads(service: ShardsService) -> list[bool]:
    return [replica.leading is not None for replica in service.replicas.values()]
