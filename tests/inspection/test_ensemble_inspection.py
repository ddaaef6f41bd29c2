"""What is broken about an ensemble is found in any run, live or at the end; and nothing in a run where all is right."""

from __future__ import annotations

from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commands import validate
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.coordination.service import CoordinationService
from playground.systems.zookeeper import checks, zab_checks
from playground.systems.zookeeper.leader import Leader
from playground.systems.zookeeper.log import Then, TransactionLog
from playground.systems.zookeeper.recipes import Configuration
from playground.systems.zookeeper.sessions import SessionTracker
from playground.systems.zookeeper.watches import Watches
from playground.systems.zookeeper.zab_messages import Commit

Patch = pytest.MonkeyPatch
S = 1_000_000
SPEC = {
    "nodes": 3,
    "database": "zookeeper",
    "zookeeper": {"servers": 3, "sync_reads": True},
    "load": {"rate": 20, "clients": 2, "keys": 20},
}


def found(*acts: tuple[float, dict[str, Any]], seconds: float = 20) -> set[str]:
    """The names of the checks that something breaks, if this is done at these seconds."""
    return set(run(_play, acts, seconds))


async def _play(acts: tuple[tuple[float, dict[str, Any]], ...], seconds: float) -> list[str]:
    cluster = Cluster(ClusterSpec.model_validate(SPEC), 5)
    cluster.plan((int(at_s * S), validate(act)) for at_s, act in acts)
    await cluster.advance(int(seconds * S))
    cluster.change_load(cluster.load.model_copy(update={"rate": 0.0}))
    await cluster.advance(int((seconds + 2) * S))
    assert not cluster.refused
    return [each.check for each in (*cluster.inspection.violations, *cluster.inspection.judge())]


CRASH = {"do": "crash", "nodes": ["leader"], "lasting": "3s"}
CUT = {"do": "partition", "groups": [["leader"], ["rest"]], "lasting": "5s"}
POWER = {"do": "crash", "nodes": ["ensemble"], "tail": "lost", "lasting": "1s"}
HANG = {"do": "disk", "nodes": ["ensemble"], "fault": "hang", "lasting": "1200ms"}
DEAD = {"do": "crash", "nodes": ["n1"]}
FREEZE = {"do": "freeze", "nodes": ["master"], "lasting": "6s"}
LOSE = {"do": "crash", "nodes": ["z1"], "lose_disk": True, "lasting": "3s"}
PUT = {"do": "put", "key": "config", "value": "v1"}
LIE = {"do": "disk", "nodes": ["ensemble"], "fault": "lie", "lasting": "4s"}


def hasty(patch: Patch) -> None:
    """What was proposed is acknowledged before the disk has it."""
    add = TransactionLog.add

    def early(log: TransactionLog, zxid: int, data: bytes, then: Then) -> None:
        add(log, zxid, data, lambda: None)
        then()

    patch.setattr(TransactionLog, "add", early)


@pytest.mark.parametrize(
    "act",
    [CRASH, CUT, POWER, HANG, DEAD, FREEZE, LOSE],
    ids=["crash", "cut", "power", "hang", "dead", "freeze", "lose"],
)
def test_where_nothing_is_wrong_nothing_is_found(act: dict[str, Any]) -> None:
    assert found((4, PUT), (6, act)) == set()


def test_what_disks_forget_that_lied_breaks_no_promise() -> None:
    assert found((5, LIE), (8, POWER)) == set()


def test_disks_lost_one_after_the_other_are_no_excuse(monkeypatch: Patch) -> None:
    again = (11, {**LOSE, "nodes": ["z2"]})
    assert found((5, LOSE), again, seconds=18) == set()
    hasty(monkeypatch)
    assert found((5, LOSE), again, (15.5, HANG), (16, POWER), seconds=18)


def test_a_commit_without_a_quorum(monkeypatch: Patch) -> None:
    def alone(leader: Leader, zxid: int) -> None:
        leader.committed = zxid
        for link in leader.links.values():
            link.send(Commit(zxid))
        leader._peer.commit(zxid)

    monkeypatch.setattr(Leader, "_on_logged", alone)
    assert zab_checks.SEQUENCE in found((6, CUT))


def test_a_write_that_is_acknowledged_before_it_is_on_disk(monkeypatch: Patch) -> None:
    hasty(monkeypatch)
    assert found((6, HANG), (7, POWER)) & {zab_checks.SEQUENCE, "no lost writes"}
    assert zab_checks.SAFE in found((19, {**HANG, "lasting": "10s"}))


def test_a_leader_that_does_not_notice_that_nobody_follows(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Leader, "in_time", lambda _leader: True)
    assert zab_checks.FOLLOWED in found((6, CUT))


def test_a_session_that_never_ends(monkeypatch: Patch) -> None:
    monkeypatch.setattr(SessionTracker, "overdue", lambda _tracker, _now_us: [])
    assert checks.SILENT in found((6, DEAD))


def test_a_session_that_ends_while_its_client_relies_on_it(monkeypatch: Patch) -> None:
    overdue = SessionTracker.overdue
    monkeypatch.setattr(SessionTracker, "overdue", lambda tracker, now_us: overdue(tracker, now_us + 1_900_000))
    alone = {"do": "partition", "shape": "isolate", "nodes": ["c1", "c2"], "lasting": "3s"}
    assert checks.SAFE in found((5.7, alone), (10.7, alone))


def test_a_watch_that_fires_twice(monkeypatch: Patch) -> None:
    def keeping(watches: Watches, event: Any) -> tuple[Any, ...]:
        table = watches.children if event.kind == "children" else watches.data
        return tuple(table.get(event.path, ()))

    monkeypatch.setattr(Watches, "trigger", keeping)
    again = {**PUT, "value": "v2"}
    assert checks.ONCE in found((4, PUT), (4.002, again), (4.004, again), (4.006, again))


def test_a_watch_that_does_not_fire_after_its_server_was_lost(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Watches, "carry_over", lambda *_: iter(()))
    assert checks.MISSED in found((4, CRASH), (12, PUT))


def test_two_masters(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CoordinationService, "lease_us", property(lambda node: S if node.won else 0))
    assert "one master" in found((6, FREEZE))


def test_a_node_that_goes_by_an_old_configuration(monkeypatch: Patch) -> None:
    look = Configuration._look

    async def once(self: Configuration) -> bool:
        return True if self._seen else await look(self)

    monkeypatch.setattr(Configuration, "_look", once)
    assert "configurations are true" in found((4, PUT), (8, {**PUT, "value": "v2"}))


def test_what_is_found_while_it_is_judged_is_told_however_often_it_is_judged() -> None:
    async def main() -> None:
        cluster = Cluster(ClusterSpec.model_validate(SPEC), 5)
        await cluster.advance(5 * S + S // 2)
        cluster.inspection.figures()
        assert cluster.inspection.judge() == []
        (server, *_) = checks.running(cluster.world).values()
        after, zxid, chain = server.peer.recent[-1]
        server.peer.recent.append(type(server.peer.recent[-1])(after, zxid, chain + 1))
        server.peer.applied_count += 1
        cluster.inspection.figures()
        for _ in range(2):
            assert zab_checks.SEQUENCE in [each.check for each in cluster.inspection.judge()]

    run(main)
