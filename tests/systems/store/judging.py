"""A whole cluster, acted upon as a scenario would, and inspected at the end."""

from __future__ import annotations

from typing import Any

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import ClusterSpec
from tests.systems.store.store_lab import SECOND


def judged(spec: dict[str, Any], *lines: str) -> Cluster:
    """A cluster after ``"seconds command"`` lines, under some load; all that was found stands among its violations."""

    async def main() -> Cluster:
        load = {"rate": 60, "clients": 3, "keys": 10}
        cluster = Cluster(ClusterSpec.model_validate({"load": load, **spec}), 3)
        acts = [line.split(" ", 1) for line in lines]
        cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
        await cluster.advance(15 * SECOND)
        assert not cluster.refused
        cluster.inspection.violations.extend(cluster.inspection.judge())
        return cluster

    return run(main)
