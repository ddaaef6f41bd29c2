"""Balancers and servers between clients, a real ensemble and the sharded database, in a whole cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.balancer import checks
from playground.systems.balancer.figures import Ledger
from playground.systems.violations import Violation

SPEC: dict[str, Any] = {
    "database": "shards",
    "nodes": 3,
    "shards": {"count": 2},
    "zookeeper": {"servers": 3},
    "balancer": {"balancers": 2, "servers": 3},
    "load": {"rate": 40, "clients": 2, "keys": 10},
}


async def platform(seed: int, lines: Sequence[str], seconds: float) -> tuple[Cluster, Ledger, list[Violation]]:
    """A cluster after ``"seconds command"`` lines."""
    cluster = Cluster(ClusterSpec.model_validate(SPEC), seed)
    acts = [line.split(" ", 1) for line in lines]
    cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
    memory, ledger, found = checks.Memory(), Ledger(cluster.world), list[Violation]()
    for at_us in range(200_000, int(seconds * 1e6) + 1, 200_000):
        await cluster.advance(at_us)
        found += checks.always(cluster.world, memory)
        ledger.look()
    assert not cluster.refused
    return cluster, ledger, [*found, *cluster.inspection.violations]


def told(cluster: Cluster, *kinds: str) -> list[tuple[float, str, str]]:
    return [
        (entry.at_us / 1e6, entry.kind, entry.subject) for entry in cluster.world.journal.entries if entry.kind in kinds
    ]


def ok_between(cluster: Cluster, since_s: float, until_s: float) -> tuple[int, int]:
    """Operations that began in this span: how many succeeded, and how many there were."""
    span = range(int(since_s * 1e6), int(until_s * 1e6))
    outcomes = [each.outcome for each in cluster.history.operations if each.invoked_us in span]
    return outcomes.count("ok"), len(outcomes)


@pytest.mark.parametrize(("out", "back"), [("crash", "start"), ("freeze", "thaw")])
def test_the_floating_leader_moves_on_and_no_write_is_lost_or_done_twice(out: str, back: str) -> None:
    lines = (f"4 {out} b1", f"10 {back} b1", f"14 {out} b2", f"20 {back} b2")
    cluster, _, found = run(lambda: platform(2, lines, 24))
    assert found == []
    assert cluster.inspection.linearizability.first is None
    elected = [(at_s, who) for at_s, kind, who in told(cluster, "elected") if who in ("b1", "b2")]
    assert len({who for _, who in elected}) == 2
    for since_s, until_s in ((1, 4), (9, 10), (19, 20)):
        ok, all_of_them = ok_between(cluster, since_s, until_s)
        assert ok == all_of_them > 20


def test_dead_servers_are_passed_over_and_taken_back() -> None:
    lines = ("4 crash s2", "8 start s2", "9 freeze s1", "12 thaw s1")
    cluster, ledger, found = run(lambda: platform(3, lines, 18))
    assert found == []
    assert cluster.inspection.linearizability.first is None
    figures = ledger.figures()
    assert 0 < figures["detection_heartbeat_s"] <= 1.6
    assert 0 < figures["detection_health_check_s"] <= 1.6
    assert figures["groundless_ejections"] == 0
    assert figures["full_share_after_s"] < 6
    ok, all_of_them = ok_between(cluster, 15, 17)
    assert ok == all_of_them > 50
    assert all(share > 0.2 for share in ledger.shares(2_000_000).values())


def test_while_the_ensemble_has_no_quorum_nobody_forwards_and_afterwards_somebody_does() -> None:
    lines = ("4 crash z1", "4 crash z2", "10 start z1", "10 start z2")
    cluster, _, found = run(lambda: platform(4, lines, 18))
    assert found == []
    assert ok_between(cluster, 7, 9)[0] == 0
    ok, all_of_them = ok_between(cluster, 15, 17)
    assert ok == all_of_them > 50
