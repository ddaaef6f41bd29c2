"""What is called a broken promise, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.store.replica import Replica


def play(spec: dict[str, Any], lines: list[str], until_s: float, seed: int = 3) -> Cluster:
    """A cluster after ``"seconds command"`` lines have been carried out."""

    async def main() -> Cluster:
        cluster = Cluster(ClusterSpec.model_validate(spec), seed)
        acts = [line.split(" ", 1) for line in lines]
        cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
        await cluster.advance(int(until_s * 1e6))
        assert not cluster.refused
        cluster.inspection.violations.extend(cluster.inspection.judge())
        return cluster

    return run(main)


def texts(cluster: Cluster, kind: str) -> list[str]:
    return [entry.text for entry in cluster.world.journal.entries if entry.kind == kind]


QUIET = {"nodes": 5, "load": {"rate": 0}}
BUSY = {"nodes": 3, "load": {"rate": 60, "clients": 2, "keys": 10}}


def test_who_asks_for_less_is_promised_less() -> None:
    puts = [f"{1 + key / 10} put q{key} a" for key in range(8)] + [
        f"{3 + key / 10} put q{key} b w=1" for key in range(8)
    ]
    gets = [f"{5 + number / 20} get q{number % 8} r=1" for number in range(60)]
    cluster = play(QUIET, ["2.5 partition n1 n2 | n3 n4 n5", *puts, *gets], 12)
    assert cluster.staleness.stale_reads > 0
    assert not cluster.inspection.violations
    assert any(text.startswith("stale read") for text in texts(cluster, "alert"))


def test_a_weak_write_may_be_lost_with_one_disk() -> None:
    puts = [f"{2 + number} put cat{number} tom w=1" for number in range(5)]
    lines = ["1 partition n1 you | n2 n3", *puts, "8 crash n1 lose_disk=yes", "9 heal", "9 start n1"]
    cluster = play({"nodes": 3, "load": {"rate": 0}}, lines, 20)
    assert cluster.inspection.lost_writes() == cluster.history.counts["ok"] > 0
    assert not cluster.inspection.violations


def test_when_more_disks_are_lost_than_hold_a_write_nothing_is_promised_any_more_and_that_is_said() -> None:
    lines = ["3 crash n1 n2 n3 lose_disk=yes", "4 start n1 n2 n3"]
    assert play(BUSY, lines, 4.2).inspection.lost_writes() > 0
    cluster = play(BUSY, lines, 15)
    assert cluster.staleness.stale_reads > 0
    assert not cluster.inspection.violations
    assert any("disks are lost at once" in text for text in texts(cluster, "alert"))


def test_disks_lost_one_after_the_other_with_time_to_rebuild_are_no_excuse() -> None:
    lines = [f"{at} {act}" for at, act in ((3, "crash n1 lose_disk=yes"), (4, "start n1"))]
    lines += ["12 crash n2 lose_disk=yes", "13 start n2"]
    cluster = play(BUSY, lines, 25)
    assert cluster.inspection.database.disks.lost == 1
    assert cluster.inspection.lost_writes() == 0
    assert not cluster.inspection.violations


def test_a_store_that_forgets_is_caught_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replica, "_hold", lambda *_: None)
    cluster = play(BUSY, [], 12)
    checks = {violation.check for violation in cluster.inspection.violations}
    assert {"fresh reads", "no lost writes"} <= checks
    assert texts(cluster, "alert")
