"""What is measured of balancers in a whole cluster, from the journal and from what clients were told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.inspection.balancing import BalancerPart
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.balancer.service import BalancerService

SPEC: dict[str, Any] = {
    "database": "shards",
    "nodes": 3,
    "shards": {"count": 1},
    "zookeeper": {"servers": 3},
    "balancer": {"balancers": 2, "servers": 4, "policy": "round-robin", "retries": 0, "slow_start_ms": 1_000},
    "load": {"rate": 40, "clients": 2},
}


async def played(lines: Sequence[str], seconds: float) -> tuple[Cluster, BalancerPart]:
    """A cluster after ``"seconds command"`` lines."""
    cluster = Cluster(ClusterSpec.model_validate(SPEC), 7)
    acts = [line.split(" ", 1) for line in lines]
    cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
    await cluster.advance(int(seconds * 1e6))
    assert not cluster.refused
    (part,) = (each for each in cluster.inspection.parts if isinstance(each, BalancerPart))
    return cluster, part


def test_without_faults_nobody_is_ejected_and_all_get_the_same() -> None:
    cluster, part = run(lambda: played((), 8))
    assert part.figures() == {
        "ejections": 0,
        "groundless_ejections": 0,
        "retries": 0,
        "retries_forbidden": 0,
        "requests_refused": 0,
        "failed_until_ejected": 0,
        "failed_while_ejected": 0,
        "share_min": part.figures()["share_min"],
    }
    assert 0.95 <= part.figures()["share_min"] <= 1
    assert part.converged()
    assert not cluster.inspection.violations


def test_requests_of_a_dead_server_fail_until_it_is_ejected_and_the_look_of_each_second_is_exact() -> None:
    cluster, part = run(lambda: played(("3.3 crash s2", "7.1 start s2"), 10))
    figures = part.figures()
    ejected = {each.subject: each.at_us for each in cluster.world.journal.entries if each.kind == "ejected"}
    assert figures["checks_detect_min_s"] == (min(ejected.values()) - 3_300_000) / 1e6
    assert figures["checks_detect_max_s"] == (max(ejected.values()) - 3_300_000) / 1e6
    (active,) = (name for name, each in cluster.services(BalancerService).items() if each.active)
    assert 0.745 <= figures["checks_detect_min_s"] <= figures["checks_detect_max_s"] <= 1.26
    assert 1 <= figures["reports_detect_min_s"] <= figures["reports_detect_max_s"] <= 1.51
    failed_us = [each.invoked_us for each in cluster.history.operations if each.outcome in ("fail", "unknown")]
    assert figures["failed_until_ejected"] == len(failed_us) > 3
    assert max(failed_us) < ejected[active]
    assert figures["failed_while_ejected"] == 0
    assert figures["ejections"] == 1
    assert figures["groundless_ejections"] == 0


def test_it_has_converged_when_somebody_is_active_and_nobody_is_ejected() -> None:
    for lines, seconds, settled in (
        (("3 crash s2",), 6, False),
        (("3 crash s2", "6 start s2"), 9, True),
        (("3 crash b1", "3 crash b2"), 6, False),
        (("3 crash b1", "3 crash b2", "6 start b1"), 12, True),
    ):
        cluster, part = run(lambda lines=lines, seconds=seconds: played(lines, seconds))
        assert part.converged() == settled
        assert not cluster.inspection.violations


def test_a_balancer_that_acts_without_a_lease_is_a_violation(monkeypatch: Any) -> None:
    monkeypatch.setattr(BalancerService, "active", property(lambda balancer: True))
    cluster, _ = run(lambda: played(("3 freeze active", "7 thaw all"), 9))
    assert "one balancer acts" in {each.check for each in cluster.inspection.violations}
