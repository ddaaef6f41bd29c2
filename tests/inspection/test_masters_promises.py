"""What is called a broken promise of masters and slaves, and what is not; how far slaves are behind."""

from __future__ import annotations

from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.shards.figures import Lags
from playground.systems.shards.service import ShardsService
from playground.systems.zookeeper.client import Keeper

LOOK_US = 10_000


def spec(**shards: Any) -> ClusterSpec:
    return ClusterSpec.model_validate(
        {
            "nodes": 4,
            "database": "shards",
            "shards": {"count": 1, "replace_after_ms": 3_000, **shards},
            "zookeeper": {"servers": 3},
            "load": {"rate": 40, "reads": 0.5, "clients": 2, "keys": 30},
        }
    )


def play(lines: list[str], until_s: float, **shards: Any) -> tuple[Cluster, Lags]:
    """A cluster after ``"seconds command"`` lines have been carried out, and how far its slaves were behind."""

    async def main() -> tuple[Cluster, Lags]:
        cluster, lags = Cluster(spec(**shards), 3), Lags()
        acts = [line.split(" ", 1) for line in lines]
        cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
        while cluster.now_us < until_s * 1e6:
            await cluster.advance(cluster.now_us + LOOK_US)
            lags.look(cluster.services(ShardsService), cluster.now_us)
        assert not cluster.refused
        cluster.inspection.violations.extend(cluster.inspection.judge())
        return cluster, lags

    return run(main)


def lost_disks(cluster: Cluster) -> int:
    disks: int = cluster.inspection.database.disks.lost  # type: ignore[attr-defined]
    return disks


LOST_IN_TURN = ["3 crash n1 lose_disk=yes", "5 start n1", "14 crash n2 lose_disk=yes", "16 start n2"]


def test_disks_lost_one_after_the_other_with_time_to_be_replaced_are_no_excuse() -> None:
    cluster, _ = play(LOST_IN_TURN, 25)
    assert lost_disks(cluster) == 1
    assert cluster.inspection.lost_writes() == 0
    assert not cluster.inspection.violations


def test_disks_lost_at_the_same_time_are_an_excuse_and_that_is_said() -> None:
    lines = ["5 partition n1 | n3", "6 crash n1 n2 lose_disk=yes", "6.1 heal"]
    cluster, _ = play(lines, 12)
    assert lost_disks(cluster) == 2
    assert cluster.inspection.lost_writes() > 0
    assert not cluster.inspection.violations
    assert any("2 disks are lost at once" in entry.text for entry in cluster.world.journal.entries)


def test_an_asynchronous_master_may_lose_writes_and_breaks_no_promise() -> None:
    cluster, _ = play(["5 partition n1 | n2 n3", "6 crash n1 lose_disk=yes", "6.1 heal"], 12, mode="async")
    assert cluster.inspection.lost_writes() > 0
    assert not cluster.inspection.violations


def test_two_who_serve_at_once_are_a_violation_unless_a_clock_is_far_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keeper, "safe", property(lambda _keeper: True))
    cut = "4 partition n1 | n2 n3 n4 z1 z2 z3"
    cluster, _ = play([cut], 12)
    assert "one master per epoch" in {violation.check for violation in cluster.inspection.violations}
    excused, _ = play(["3 clock n1 drift_ppm=-500000", cut], 12)
    assert "one master per epoch" not in {violation.check for violation in excused.inspection.violations}


def test_who_is_pushed_to_is_behind_by_a_message_and_who_asks_by_its_interval() -> None:
    _, pushed = play([], 10)
    assert sorted(pushed.ages_us)[len(pushed.ages_us) // 2] == 0
    assert max(pushed.ages_us) < 300_000
    _, pulled = play([], 10, mode="async", shipping="pull", pull_ms=500)
    assert 100_000 < sorted(pulled.ages_us)[len(pulled.ages_us) // 2] < 400_000


def test_who_comes_back_is_behind_by_as_long_as_it_was_down() -> None:
    _, lags = play(["5 restart n3 down=4s"], 12, replace_after_ms=0)
    assert 4_000_000 < max(lags.ages_us) < 5_000_000
    assert 50 < lags.max_records < 120
    assert lags.ages_us[-1] == 0
