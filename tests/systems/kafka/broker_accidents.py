"""Accidents made to measure: each is harmless unless one rule of replication is broken.

One partition, three copies, ``min_insync`` 2, br1 leads. Two writers with acks=all. What comes back is what is wrong
after everything was mended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.systems.kafka.broker_chaos import Chaos, Writers, settle
from tests.systems.kafka.kafka_lab import Lab
from tests.systems.store.store_lab import Cut

TOPIC = {"name": "changes", "partitions": 1, "replication": 3, "min_insync": 2}


class Accident:
    """A world in which it is about to happen."""

    def __init__(self, seed: int = 1, *, acks: str = "all", rate: float = 40, **settings: Any) -> None:
        topic = {**TOPIC, **settings.pop("topic", {})}
        self.lab = Lab(3, seed, **{"topics": (topic,), **settings})
        self.chaos = Chaos(self.lab)
        self.writers = Writers(self.lab, rate=rate, acks=acks)

    async def begin(self) -> None:
        await self.lab.ready()
        assert self.lab.leader() == "br1"
        await self.watch(0.5)
        assert self.writers.told

    async def watch(self, seconds: float) -> None:
        await self.chaos.watch(seconds)

    def crash(self, *names: str) -> None:
        for name in names:
            self.lab.nodes[name].crash(tail="lost")

    def start(self, *names: str) -> None:
        for name in names:
            self.lab.start(name)

    def cut(self, *names: str) -> None:
        """These from the rest."""
        self.lab.impose(Cut(names, self.lab.others(*names)))

    async def end(self) -> list[str]:
        self.lab.heal()
        self.start(*self.lab.names)
        return await settle(self.lab, self.writers, self.chaos)


async def power_failure() -> list[str]:
    """All brokers lose power, the followers with much on its way to slow disks; the leader comes back last."""
    accident = Accident()
    await accident.begin()
    for name in ("br2", "br3"):
        accident.lab.nodes[name].disk.slowdown = 100
    await accident.watch(0.5)
    accident.crash("br1", "br2", "br3")
    accident.start("br2", "br3")
    await accident.watch(4)
    accident.start("br1")
    return await accident.end()


async def leader_cut_off() -> list[str]:
    """The leader and a client are cut off, for longer than its session and the lag that is forgiven."""
    accident = Accident()
    await accident.begin()
    accident.cut("br1", "w1")
    await accident.watch(5)
    return await accident.end()


async def leader_alone_with_acks_1() -> list[str]:
    """Cut off, it appends what nobody else will ever have, and loses power. The others write on without it."""
    accident = Accident(acks="1")
    await accident.begin()
    accident.cut("br1", "w1")
    await accident.watch(1)
    accident.crash("br1")
    accident.lab.heal()
    await accident.watch(4)
    return [each for each in await accident.end() if not each.startswith("lost")]  # that was not promised


async def followers_gone_then_the_leader() -> list[str]:
    """Both followers go, one after the other; the leader writes what it may; then it goes, and they come back."""
    accident = Accident()
    await accident.begin()
    accident.crash("br3")
    await accident.watch(3)
    accident.crash("br2")
    await accident.watch(3)
    accident.crash("br1")
    accident.start("br2", "br3")
    await accident.watch(5)
    return await accident.end()


async def empty_disk() -> list[str]:
    """A follower comes back with an empty disk; then the leader goes, and the other follower is cut off."""
    accident = Accident()
    await accident.begin()
    accident.crash("br3")
    accident.lab.nodes["br2"].crash(lose_disk=True)
    accident.start("br2")
    await accident.watch(0.35)
    accident.crash("br1")
    await accident.watch(4)
    return await accident.end()


ACCIDENTS: dict[str, Callable[[], Awaitable[list[str]]]] = {
    each.__name__.replace("_", " "): each
    for each in (
        power_failure,
        leader_cut_off,
        leader_alone_with_acks_1,
        followers_gone_then_the_leader,
        empty_disk,
    )
}
