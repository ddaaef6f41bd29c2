"""Random faults over a small cluster with a quorum store, and what the checks say afterwards.

Everything is drawn from the seed, so a seed that fails is a case to keep. Every run ends well: all is
healed and started, and the cluster has time to converge before it is judged.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.kernel.node import Life
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.ring.membership import Status
from playground.systems.store import checks
from playground.systems.store.service import StoreService

NODES = 5
TROUBLE_US = 25_000_000
SETTLE_US = 60_000_000
SPEC: dict[str, Any] = {
    "nodes": NODES,
    "load": {"rate": 30, "clients": 3, "keys": 20, "reads": 0.6},
    "gossip": {"interval_ms": 500, "suspect_after_ms": 1_800, "dead_after_ms": 4_000},
}


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``violations`` as sentences; none in a correct system."""

    seed: int
    violations: tuple[str, ...]
    operations: int
    ok: int
    stale_reads: int
    converged: bool
    digest: str
    acts: tuple[str, ...]


def outcome(seed: int, overrides: dict[str, Any] | None = None, acts: int = 12, members: bool = False) -> Outcome:
    """One run. ``overrides``: fields of the store's settings; ``members``: nodes come and go as well."""
    return run(_play, seed, overrides or {}, acts, members)


async def _play(seed: int, overrides: dict[str, Any], acts: int, members: bool) -> Outcome:
    chance = random.Random(seed)
    cluster = Cluster(ClusterSpec.model_validate(SPEC | {"store": overrides}), seed)
    done: list[str] = []
    await cluster.advance(2_000_000)
    monkey = Monkey(cluster, chance, changes=3 if members else 0)
    for at_us in sorted(chance.randrange(2_000_000, TROUBLE_US) for _ in range(acts)):
        await cluster.advance(at_us)
        line = monkey.think()
        try:
            await cluster.apply(parse_line(line))
        except UserError:
            continue
        done.append(f"{at_us / 1e6:.3f}s {line}")
    await cluster.advance(TROUBLE_US)
    await monkey.make_good()
    await cluster.advance(TROUBLE_US + 5_000_000)
    await cluster.apply(parse_line("load rate=0"))
    converged = False
    while not converged and cluster.now_us < TROUBLE_US + SETTLE_US:
        await cluster.advance(cluster.now_us + 1_000_000)
        converged = cluster.quiet and cluster.inspection.converged() and not cluster.inspection.judge()
    found = [*cluster.inspection.violations, *cluster.inspection.judge()]
    violations = [f"{each.check}: {each.text}" for each in found]
    if not cluster.quiet:
        violations.append("not everybody is up in the end")
    return Outcome(
        seed,
        tuple(violations),
        cluster.history.completed,
        cluster.history.counts["ok"],
        cluster.staleness.stale_reads,
        converged,
        cluster.world.digest(),
        tuple(done),
    )


class Monkey:
    """Thinks of the next thing to break; at most one disk per run is lost or rots, fewer than W."""

    def __init__(self, cluster: Cluster, chance: random.Random, changes: int = 0) -> None:
        self.cluster = cluster
        self.chance = chance
        self.disks_to_lose = 1
        self.changes = changes
        """How many nodes may still be added or removed; at most one is removed."""

    def think(self) -> str:
        chance = self.chance
        nodes = list(self.cluster.members)
        chance.shuffle(nodes)
        one, two = nodes[:2]
        cut = chance.randrange(1, len(nodes))
        kinds = ["crash", "crash", "start", "start", "freeze", "thaw", "partition", "one-way", "link", "heal"]
        kinds += ["disk", "clock", "load", "lose", "heal"]
        if self.changes:
            kinds += ["add", "add", "add"] if self.cluster.retired else ["add", "add", "remove", "remove"]
        kind = chance.choice(kinds)
        if kind in ("add", "remove"):
            self.changes -= 1
            return f"add m{self.changes}" if kind == "add" else f"remove {one}"
        if kind in ("start", "thaw"):
            wanted = Life.DOWN if kind == "start" else Life.FROZEN
            one = next((name for name in nodes if self.cluster.node(name).life is wanted), one)
            return f"{kind} {one}"
        if kind == "lose":
            if not self.disks_to_lose:
                return "heal"
            self.disks_to_lose -= 1
            return f"crash {one} lose_disk=yes"
        return {
            "crash": f"crash {one}",
            "freeze": f"freeze {one}",
            "partition": f"partition {' '.join(nodes[:cut])} | {' '.join(nodes[cut:])}",
            "one-way": f"one-way {one} -> {two}",
            "link": "link "
            + chance.choice(
                [
                    f"{one} latency={chance.randrange(10, 400)}ms jitter={chance.randrange(1, 200)}ms",
                    f"loss={chance.randrange(1, 30)}%",
                    f"{one} -> {two} loss=90%",
                    "duplicate=30% reorder=30%",
                    f"{one} bandwidth=20kB/s",
                ]
            ),
            "heal": "heal",
            "disk": f"disk {one} fault={chance.choice(['full', 'hang', 'slow'])} amount={chance.randrange(2, 200)}",
            "clock": f"clock {one} offset={chance.randrange(-60, 60)}s drift_ppm={chance.randrange(-300_000, 300_000)}",
            "load": f"load rate={chance.randrange(5, 60)} reads={chance.randrange(20, 90)}%",
        }[kind]

    async def make_good(self) -> None:
        """Heal everything and start everybody, but for those who have left the ring, as far as anybody knows."""
        stores = self.cluster.services(StoreService)
        left = checks.membership(stores).names(Status.LEFT) if stores else ()
        back = [name for name in self.cluster.members if name not in left]
        for line in ("heal", *(f"start {name}" for name in back)):
            try:
                await self.cluster.apply(parse_line(line))
            except UserError:
                continue  # it was well already
