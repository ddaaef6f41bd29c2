"""Accidents made to measure: each is harmless unless one rule of the database is broken.

There is one shard of three copies in mode "one", n1 leads it, n2 and n3 follow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from tests.systems.shards.shards_chaos import OneWay
from tests.systems.shards.shards_lab import Lab
from tests.systems.store.store_lab import Cut


class Late(OneWay):
    """What ``sources`` send to ``targets`` comes ``late_us`` later."""

    cuts = False

    def __init__(self, sources: list[str], targets: list[str], late_us: int) -> None:
        super().__init__(sources, targets)
        self.late = Verdict(delay_us=late_us)

    def judge(self, parcel: Parcel) -> Verdict:
        return self.late if super().judge(parcel) is DROP else PASS


async def ready(size: int = 3, seed: int = 1, **settings: Any) -> Lab:
    lab = Lab(size, seed, rate=0, count=1, **{"replace_after_ms": 0, **settings})
    await lab.run(2)
    assert lab.master() == "n1"
    return lab


async def healed(lab: Lab, *rules: Any) -> Lab:
    """Everything is mended; what the database then shows is read."""
    for rule in rules:
        lab.world.network.remove(rule)
    for node in lab.nodes.values():
        if node.process is None:
            node.start()
    await lab.run(6)
    await lab.do(*(partial(lab.client().read, key) for key in sorted({each.key for each in lab.history.operations})))
    return lab


def cut(lab: Lab, *groups: Iterable[str]) -> Cut:
    rule = Cut(*groups)
    lab.world.network.add(rule)
    return rule


def deaf(lab: Lab, sources: Iterable[str], targets: Iterable[str]) -> OneWay:
    rule = OneWay(list(sources), list(targets))
    lab.world.network.add(rule)
    return rule


def begin(lab: Lab, key: str, value: str, client: str = "c1") -> None:
    """A write whose end nobody waits for."""
    lab.client(client).spawn(lab.client(client).write, key, value)


async def power_failure() -> Lab:
    """All machines lose power while slow disks are writing."""
    lab = await ready()
    for node in lab.nodes.values():
        node.disk.slowdown = 1_000
    for number in range(10):
        begin(lab, f"k{number}", "v")
        await lab.run(0.05)
    for node in lab.nodes.values():
        node.crash(tail="lost")
        node.disk.slowdown = 1
    return await healed(lab)


async def master_and_a_client_cut_off() -> Lab:
    """An old master that one client still reaches, while the others have a new one."""
    lab = await ready()
    await lab.write("k", "old")
    rule = cut(lab, ["n1", "c1"], ["n2", "n3", "c2", "z1", "z2", "z3"])
    begin(lab, "k", "lonely")
    await lab.run(4)
    lab.client("c2").spawn(lab.client("c2").write, "k", "new")
    await lab.run(1)
    lab.client("c1").spawn(lab.client("c1").read, "k")
    await lab.run(1)
    return await healed(lab, rule)


async def frozen_master() -> Lab:
    """A master that wakes up when another one leads."""
    lab = await ready()
    await lab.write("k", "old")
    begin(lab, "k", "late")
    lab.nodes["n1"].freeze()
    await lab.run(4)
    lab.client("c2").spawn(lab.client("c2").write, "k", "new")
    await lab.run(1)
    lab.nodes["n1"].thaw()
    return await healed(lab)


async def divergent_tail() -> Lab:
    """A master is cut off with writes that nobody else has, and comes back as a slave."""
    lab = await ready()
    await lab.write("k", "old")
    rule = cut(lab, ["n1"], ["n2", "n3"])
    for number in range(5):
        begin(lab, f"k{number}", "lonely")
    await lab.run(0.05)
    lab.world.network.remove(rule)
    rule = cut(lab, ["n1"], ["n2", "n3", "c1", "c2", "c3", "z1", "z2", "z3"])
    await lab.run(4)
    await lab.write("k", "new")
    return await healed(lab, rule)


async def only_one_has_it(*, lose_disk: bool = False, rot: bool = False, tell: bool = False) -> Lab:
    """A slave that lags and one that has lost its disk, or one alone, are left without the master."""
    lab = await ready()
    rule = cut(lab, ["n1", "n2"], ["n3"]) if not tell else cut(lab, ["n1", "n3"], ["n2"])
    for number in range(5):
        await lab.write(f"k{number}", "v")
    lab.nodes["n1"].crash()
    if tell:
        lab.world.network.remove(rule)
        await lab.run(4)
        return await healed(lab)
    if rot:
        lab.nodes["n2"].disk.rot(40)
    lab.nodes["n2"].crash(lose_disk=lose_disk)
    lab.world.network.remove(rule)
    await lab.run(4)
    lab.nodes["n2"].start()
    await lab.run(4)
    return await healed(lab)


async def abort_that_nobody_has() -> Lab:
    """The slaves have a write, the master does not hear of it, and dies with the abort."""
    lab = await ready()
    mute = deaf(lab, ["n2", "n3"], ["n1"])
    begin(lab, "k", "doomed")
    await lab.run(0.2)
    rule = cut(lab, ["n1"], ["n2", "n3"])
    await lab.run(0.7)
    lab.nodes["n1"].crash()
    await lab.run(4)
    return await healed(lab, mute, rule)


async def abort_behind_its_write() -> Lab:
    """The master hears that slaves have a write when it has logged the abort already."""
    lab = await ready()
    late = Late(["n2", "n3"], ["n1"], 600_000)
    lab.world.network.add(late)
    begin(lab, "k", "doomed")
    for _ in range(10):
        await lab.run(0.1)
        lab.client("c2").spawn(lab.client("c2").read, "k")
    return await healed(lab, late)


async def lost_answer() -> Lab:
    """The answer to a write is lost, another client writes, and the first asks again."""
    lab = await ready(timeout_us=6_000_000)
    await lab.read("k")
    rule = deaf(lab, ["n1"], ["c1"])
    begin(lab, "k", "first")
    await lab.run(0.3)
    await lab.do(partial(lab.client("c2").read, "k"))
    await lab.do(partial(lab.client("c2").write, "k", "second"))
    await lab.do(partial(lab.client("c2").read, "k"))
    await lab.run(2.8)
    return await healed(lab, rule)


async def newcomer_with_nothing() -> Lab:
    """A member is to be replaced by a node that hears the master and is not heard; then the master dies."""
    lab = await ready(4, replace_after_ms=800)
    rule = cut(lab, ["n1", "n3"], ["n2"])
    mute = deaf(lab, ["n4"], ["n1"])
    for number in range(5):
        await lab.write(f"k{number}", "v")
    lab.nodes["n3"].crash()
    await lab.run(2.5)
    lab.nodes["n1"].crash()
    lab.world.network.remove(rule)
    lab.world.network.remove(mute)
    await lab.run(5)
    return await healed(lab)


async def written_alone() -> Lab:
    """A master without slaves takes writes, and dies."""
    lab = await ready()
    rule = cut(lab, ["n1"], ["n2", "n3"])
    for number in range(5):
        begin(lab, f"k{number}", "lonely")
    await lab.run(0.1)
    lab.nodes["n1"].crash()
    await lab.run(4)
    await lab.do(partial(lab.client().read, "k0"))
    return await healed(lab, rule)


ACCIDENTS: dict[str, Callable[[], Awaitable[Lab]]] = {
    "power failure": power_failure,
    "master and a client cut off": master_and_a_client_cut_off,
    "frozen master": frozen_master,
    "divergent tail": divergent_tail,
    "one slave lags": only_one_has_it,
    "a disk is lost": partial(only_one_has_it, lose_disk=True),
    "a disk is damaged": partial(only_one_has_it, rot=True),
    "the other slave lags": partial(only_one_has_it, tell=True),
    "abort that nobody has": abort_that_nobody_has,
    "abort behind its write": abort_behind_its_write,
    "lost answer": lost_answer,
    "newcomer with nothing": newcomer_with_nothing,
    "written alone": written_alone,
}
