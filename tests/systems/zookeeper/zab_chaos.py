"""Random faults for an ensemble: a few at a time, all that ZAB has to bear, and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life
from playground.kernel.randomness import Stream
from playground.systems.zookeeper.application import Role
from tests.systems.zookeeper.zab_lab import SECOND, Lab


class Cut:
    """What goes from some to others is lost; and back, unless it is ``one_way``."""

    cuts = True

    def __init__(self, sources: list[str], targets: list[str], *, one_way: bool = False) -> None:
        self.sources, self.targets, self.one_way = sources, targets, one_way

    def judge(self, parcel: Parcel) -> Verdict:
        source, target = parcel.source, parcel.target
        hit = source in self.sources and target in self.targets
        back = source in self.targets and target in self.sources and not self.one_way
        return DROP if hit or back else PASS


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


ACTS = (
    *("crash", "crash", "freeze", "cut", "one-way", "muddle", "lose", "rot", "full", "hang"),
    *("slow disk", "slow cpu", "unreadable", "drift", "blackout", "crash leader", "part leader"),
)


@dataclass
class Chaos:
    """``acts``: which faults may happen. One disk at a time is lost or damaged, as long as all others are whole.

    Beyond the default: "lie" (a disk that lies for good), which breaks all promises.
    """

    lab: Lab
    acts: tuple[str, ...] = ACTS
    undo: list[Callable[[], object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")

    async def run(self, seconds: float) -> None:
        until_us = self.lab.world.now_us + int(seconds * SECOND)
        while self.lab.world.now_us < until_us:
            for _ in range(self.random.randrange(3)):
                self.act()
            await self.lab.run(0.05 + self.random.random() ** 2 * 1.5)
            while len(self.undo) > 3 or (self.undo and self.random.random() < 0.4):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()
        for node in self.lab.nodes.values():
            node.clock.set_drift(0)

    def act(self) -> None:
        lab, random = self.lab, self.random
        act = random.choice(self.acts)
        up = [name for name, node in lab.nodes.items() if node.life is Life.UP]
        name = lab.leader() if act.endswith("leader") else random.choice(up or [""])
        if not name or lab.nodes[name].life is not Life.UP:
            return
        node, disk, network = lab.nodes[name], lab.nodes[name].disk, lab.world.network
        others = [other for other in lab.names if other != name]
        self.done.append(f"{lab.world.now_us} {act} {name}")
        if act in ("crash", "crash leader"):
            self.crash(name)
        elif act == "blackout":
            for other in up:
                self.crash(other)
        elif act == "freeze":
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act in ("cut", "one-way", "part leader", "muddle"):
            half = random.sample(lab.names, random.randrange(1, len(lab.names)))
            rest = [other for other in lab.names if other not in half]
            if act == "muddle":
                rule: Cut | Muddle = Muddle(lab.world.random("muddle", str(len(self.done))))
            elif act == "part leader":
                rule = Cut([name], others)
            else:
                rule = Cut(half, rest, one_way=act == "one-way")
            network.add(rule)
            self.undo.append(lambda: network.remove(rule))
        elif act in ("lose", "rot"):
            if self.all_whole():
                if act == "rot":
                    disk.rot()
                lab.lost.add(name)
                self.crash(name, lose_disk=act == "lose")
        elif act == "full":
            disk.full = True
            self.undo.append(lambda: setattr(disk, "full", False))
        elif act == "hang":
            disk.hang()
            self.undo.append(disk.resume)
        elif act == "slow disk":
            disk.slowdown = random.choice((10, 100, 1000))
            self.undo.append(lambda: setattr(disk, "slowdown", 1))
        elif act == "slow cpu":
            node.set_event_cost(random.choice((1_000, 10_000, 50_000)))
            self.undo.append(lambda: node.set_event_cost(0))
        elif act == "lie":
            disk.lying = True  # for good, or hardly any of them would crash in time
        elif act == "unreadable":
            disk.failing_reads = True
            self.undo.append(lambda: setattr(disk, "failing_reads", False))
        elif act == "drift":
            node.clock.set_drift(random.choice((-300_000, 100_000, 500_000)))

    def crash(self, name: str, *, lose_disk: bool = False) -> None:
        node = self.lab.nodes[name]
        if node.life is not Life.DOWN:
            node.crash(lose_disk=lose_disk)
            self.undo.append(node.start)

    def all_whole(self) -> bool:
        """No disk is lost or damaged now, and none was whose server has not got everything back."""
        lab = self.lab
        peers = lab.peers()
        return not lab.lost and len(peers) == len(lab.names) and all(p.role is not Role.LOOKING for p in peers.values())
