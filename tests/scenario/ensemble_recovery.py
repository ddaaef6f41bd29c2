"""For how long an ensemble of five does not serve after its leader has crashed.

From the crash to the first write of a client that the next leader has committed, by the world's clock. Each seed
crashes the leader at another moment between two of its pings. ``python -m tests.scenario.ensemble_recovery 100``
prints the distribution over so many seeds.
"""

from __future__ import annotations

import sys

from playground.cluster import Cluster
from playground.commands import validate
from playground.kernel.world import run
from playground.metrics import percentile
from playground.spec import ClusterSpec
from playground.systems.zookeeper import checks
from playground.systems.zookeeper.application import epoch_of
from playground.systems.zookeeper.roles import leader
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.txns import Changed, Made

BEFORE_US = 2_000_000
LIMIT_US = 10_000_000
LOOK_US = 1_000
SPEC = ClusterSpec.model_validate(
    {
        "nodes": 1,
        "database": "zookeeper",
        "zookeeper": {"servers": 5},
        "load": {"rate": 100, "reads": 0, "clients": 5, "keys": 20},
    }
)


def recovery_us(seed: int) -> int | None:
    """Of one crash; None: not within ten seconds."""
    return run(_recover, seed)


async def _recover(seed: int) -> int | None:
    cluster = Cluster(SPEC, seed)
    await cluster.advance(BEFORE_US + cluster.world.random("crash").randrange(SPEC.zookeeper.tick_ms * 1_000))
    servers = checks.running(cluster.world)
    (old,) = leader(servers, "")
    epoch = servers[old].peer.epoch
    await cluster.apply(validate({"do": "crash", "nodes": [old]}))
    crashed_us = cluster.now_us
    while cluster.now_us < crashed_us + LIMIT_US:
        await cluster.advance(cluster.now_us + LOOK_US)
        if any(_writes(server, epoch) for server in checks.running(cluster.world).values()):
            assert not cluster.inspection.violations
            return cluster.now_us - crashed_us
    return None


def _writes(server: ZooKeeperService, epoch: int) -> bool:
    """Whether it has applied a client's write of a later epoch."""
    if epoch_of(server.tree.zxid) <= epoch:
        return False
    return any(
        isinstance(change, Made | Changed)
        for zxid, txn, _ in server.recent
        if epoch_of(zxid) > epoch
        for change in txn.changes
    )


def distribution(seeds: range) -> list[int]:
    """Ascending, in microseconds; a crash that was not got over counts as the limit."""
    return sorted(LIMIT_US if each is None else each for each in map(recovery_us, seeds))


if __name__ == "__main__":
    spans_us = distribution(range(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
    ranks = {f"p{rank}": percentile(spans_us, rank) for rank in (0, 10, 50, 90, 99, 100)}
    print(", ".join(f"{name} {span_us / 1e6:.3f} s" for name, span_us in ranks.items()), f"({len(spans_us)} seeds)")
