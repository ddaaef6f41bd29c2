"""Random faults for the store: a few at a time, everything the promise of R + W > N covers, and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.kernel.node import Life
from tests.systems.store.store_lab import Cut, Lab, Muddle


@dataclass
class Chaos:
    """``acts``: which faults may happen. At most one disk is lost or damaged at a time (W = 2 survives that).

    Beyond the default: "unreadable" (a disk that cannot be read) and "lie" (one that lies; that breaks promises).
    """

    lab: Lab
    acts: tuple[str, ...] = (
        "crash",
        "freeze",
        "cut",
        "muddle",
        "lose",
        "rot",
        "full",
        "hang",
        "drift",
        "join",
        "leave",
    )
    undo: list[Callable[[], None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")
        self.next = len(self.lab.names)

    async def run(self, seconds: int) -> None:
        for _ in range(seconds):
            for _ in range(self.random.randrange(3)):
                await self.act()
            await self.lab.run(0.2 + self.random.random())
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.4):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()

    async def act(self) -> None:
        act = self.random.choice(self.acts)
        up = [name for name, node in self.lab.nodes.items() if node.life is Life.UP]
        if len(up) < 3:
            return
        name = self.random.choice(up)
        node, world = self.lab.nodes[name], self.lab.world
        self.done.append(f"{world.now_us} {act} {name}")
        if act == "crash":
            node.crash()
            self.undo.append(node.start)
        elif act == "freeze":
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act in ("cut", "muddle"):
            names = [*self.lab.nodes, *(name for name in world.nodes if name not in self.lab.nodes)]
            half = self.random.sample(names, len(names) // 2)
            rule = (
                Cut(half, [other for other in names if other not in half])
                if act == "cut"
                else Muddle(world.random("muddle", str(len(self.done))))
            )
            world.network.add(rule)
            self.undo.append(lambda: world.network.remove(rule))
        elif act in ("lose", "rot"):
            if self.all_whole():
                if act == "rot":
                    node.disk.rot(3)
                node.crash(lose_disk=act == "lose")
                self.undo.append(node.start)
        elif act == "full":
            node.disk.full = True
            self.undo.append(lambda: setattr(node.disk, "full", False))
        elif act == "hang":
            node.disk.hang()
            self.undo.append(node.disk.resume)
        elif act == "unreadable":
            node.disk.failing_reads = True
            self.undo.append(lambda: setattr(node.disk, "failing_reads", False))
        elif act == "lie":
            node.disk.lying = True  # for good, or hardly any of them would crash in time
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-300_000, 100_000, 500_000)))
        elif act == "join" and self.next < 9:
            self.next += 1
            self.lab.join(f"n{self.next}")
        elif act == "leave" and len(up) > 4:
            await self.lab.leave(name)

    def all_whole(self) -> bool:
        """No disk is lost or damaged now, and none was whose node has not got everything back."""
        stores = self.lab.stores()
        return len(stores) == len(self.lab.nodes) and all(store.members.whole for store in stores.values())
