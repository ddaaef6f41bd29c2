"""Losses of acknowledged messages are looked for all the time, and not only among the newest messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.inspection.kafka import KafkaPart
from playground.kernel.world import run
from playground.spec import PRESETS, ClusterSpec
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService

FIRST = TopicPartition("changes", 0)
SECOND = 1_000_000


async def watched(**kafka: object) -> Cluster:
    """A cluster whose checks have looked for losses once."""
    fields = {"brokers": 3, "producers": 1, "rate": 30, **kafka}
    cluster = Cluster(ClusterSpec.model_validate({**PRESETS["kafka"], "kafka": fields}), seed=1)
    await cluster.advance(11 * SECOND)
    assert not cluster.inspection.violations
    return cluster


def part(cluster: Cluster) -> KafkaPart:
    found = cluster.inspection.kafka
    assert found is not None
    return found


def checks(cluster: Cluster) -> set[str]:
    return {violation.check for violation in cluster.inspection.violations}


async def do(cluster: Cluster, line: str) -> None:
    await cluster.apply(parse_line(line, cluster.members))


def test_a_message_that_was_found_once_is_missed_when_another_leads() -> None:
    async def main() -> None:
        cluster = await watched()
        for broker in cluster.services(BrokerService).values():
            broker.directory.logs[FIRST].truncate(0)
        await do(cluster, "crash leader of changes-0 lasting=2s")
        await cluster.advance(21 * SECOND)
        assert "no acknowledged message is lost" in checks(cluster)

    run(main)


def test_at_the_end_every_message_is_looked_for_whoever_leads() -> None:
    async def main() -> None:
        cluster = await watched()
        for broker in cluster.services(BrokerService).values():
            broker.directory.logs[FIRST].truncate(0)
        assert len(part(cluster).lost()) > 10
        assert "no acknowledged message is lost" in {violation.check for violation in cluster.inspection.judge()}

    run(main)


@pytest.mark.parametrize(("line", "promised"), [("freeze br1 lasting=1s", True), ("crash br1 lasting=1s", False)])
def test_only_a_crash_takes_what_was_not_flushed_yet(
    line: str, promised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance: Callable[[PartitionLog, int], None] = PartitionLog.advance

    def advance_too_far(log: PartitionLog, _mark: int) -> None:
        advance(log, log.end_offset)

    async def main() -> None:
        cluster = await watched(flush="later")
        await do(cluster, line)
        await cluster.advance(13 * SECOND)
        monkeypatch.setattr(PartitionLog, "advance", advance_too_far)
        await cluster.advance(25 * SECOND)
        assert part(cluster).sound == promised
        assert ("in sync means to have what is committed" in checks(cluster)) == promised

    run(main)
