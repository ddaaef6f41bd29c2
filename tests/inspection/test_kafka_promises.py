"""What is called a broken promise of Kafka and of the change feed, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from playground.checkers.order import Consumed, log_order
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import PRESETS, ClusterSpec
from playground.systems.feed.publishing import Publishing
from playground.systems.kafka import electing
from playground.systems.kafka.ledger import Processed

TOPIC = {"name": "changes", "partitions": 2}
CUT = "3 partition br1 pr1 | z1 z2 z3 br2 br3 lasting=3s"
SHARDS = {
    **PRESETS["platform"],
    "nodes": 3,
    "balancer": {"balancers": 0},
    "shards": {"count": 1, "replace_after_ms": 0},
    "load": {"rate": 20, "reads": 0, "clients": 1, "keys": 20},
}


class Played:
    """A cluster after ``"seconds command"`` lines, ``until_s``, and then without load until it agrees, if it does."""

    def __init__(self, lines: list[str], until_s: float, *, base: dict[str, Any] | None = None, **kafka: Any) -> None:
        self._acts = [line.split(" ", 1) for line in lines]
        self._until_us = int(until_s * 1e6)
        base = base if base is not None else {**PRESETS["kafka"], "kafka": {"brokers": 3, "producers": 1, "rate": 40}}
        fields = {**base, "kafka": {"topics": [TOPIC], **base["kafka"], **kafka}}
        self.processed: list[Processed] = []
        self.cluster: Cluster
        self.at_the_end: dict[str, Any] = {}
        """The figures before it settled."""
        run(self._play, ClusterSpec.model_validate(fields))

    async def _play(self, spec: ClusterSpec) -> None:
        cluster = self.cluster = Cluster(spec, seed=1)
        assert cluster.inspection.kafka is not None
        cluster.inspection.kafka.books.listeners.append(self.processed.append)
        cluster.plan((int(float(at) * 1e6), parse_line(text)) for at, text in self._acts)
        await cluster.advance(self._until_us)
        assert not cluster.refused
        self.at_the_end = cluster.inspection.figures()
        cluster.change_load(cluster.load.model_copy(update={"rate": 0.0}))
        cluster.change_production(0.0)
        while not cluster.inspection.converged() and cluster.now_us < self._until_us + 20_000_000:
            await cluster.advance(cluster.now_us + 250_000)
        self.figures = cluster.inspection.figures()
        self.converged = cluster.inspection.converged()
        found = [*cluster.inspection.violations, *cluster.inspection.judge()]
        self.violations = {violation.check for violation in found}

    def told(self, text: str) -> bool:
        return any(text in entry.text for entry in self.cluster.world.journal.entries if entry.kind == "alert")


def test_what_is_committed_waits_while_nobody_leads_its_partition_or_nobody_reads_it() -> None:
    played = Played(["4 crash co1 co2", "6 crash br1 br2 br3"], 10, groups=[{"name": "view", "consumers": 2}])
    kafka = played.cluster.inspection.kafka
    assert kafka is not None
    lag = [lag for second, lag in kafka.lag_samples if 3 <= second < 10]
    assert lag[0] < 20 < lag[3] <= lag[-1] == played.at_the_end["lag_peak"]
    assert played.at_the_end["lag"] == 0  # nobody will ever read it


# --- acknowledged messages ----------------------------------------------------------------------------


def test_what_only_the_leader_had_may_be_lost_and_is_counted() -> None:
    played = Played([CUT, "4 crash br1 tail=lost lasting=5s"], 12, producer={"acks": "1", "idempotent": False})
    assert played.figures["lost_messages"] > 0
    assert played.violations == set()
    assert played.converged


LOST_AT_ONCE = ["3 partition br3 | z1 z2 z3 br1 br2 pr1", "6 crash br1 br2 lose_disk=yes lasting=1s", "7 heal"]


def test_disks_lost_at_the_same_time_are_an_excuse_and_that_is_said() -> None:
    played = Played(LOST_AT_ONCE, 16)
    assert played.figures["lost_messages"] > 0
    assert played.told("2 disks are lost at once")
    assert not {"no acknowledged message is lost", "what is processed is committed"} & played.violations


def test_disks_lost_one_after_the_other_with_time_to_copy_are_no_excuse() -> None:
    lines = [f"{at} crash {name} lose_disk=yes lasting=1s" for at, name in ((3, "br1"), (10, "br2"), (17, "br3"))]
    played = Played(lines, 24)
    assert played.cluster.inspection.kafka is not None
    assert played.cluster.inspection.kafka.disks.lost == 1
    assert played.figures["lost_messages"] == 0
    assert played.violations == set()
    assert played.converged


UNCLEAN = ["3 crash br3 lasting=6s", "8.5 crash br1 br2 lasting=6s"]


def test_an_unclean_election_that_is_allowed_may_lose_messages() -> None:
    played = Played(UNCLEAN, 18, unclean_election=True)
    assert played.figures["unclean_elections"] > 0
    assert played.figures["lost_messages"] > 0
    assert played.violations == set()


def test_an_unclean_election_that_is_forbidden_is_no_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    elect = electing.elect
    monkeypatch.setattr(electing, "elect", lambda *args, **more: elect(*args, **{**more, "unclean": True}))
    played = Played(UNCLEAN, 18)
    assert {"clean elections", "no acknowledged message is lost"} <= played.violations


POWER_FAILURE = ["4 crash br1 br2 br3 tail=lost lasting=1s"]


def test_what_was_in_memory_alone_may_be_lost_if_that_counts() -> None:
    assert Played(POWER_FAILURE, 10).figures["lost_messages"] == 0
    played = Played(POWER_FAILURE, 10, flush="later")
    assert played.figures["lost_messages"] > 0
    assert played.violations == set()


# --- groups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delivery", "skipped"), [("at-least-once", False), ("at-most-once", True)])
def test_who_commits_first_may_skip_messages_and_who_commits_last_may_repeat_them(delivery: str, skipped: bool) -> None:
    group = {"name": "view", "consumers": 2, "delivery": delivery}
    played = Played(["3 stall co1 processing=100ms", "5 crash co1 lasting=1s"], 9, groups=[group])
    assert (played.figures["skipped_messages"] > 0) is skipped
    assert (played.figures["processed_again"] > 0) is not skipped
    assert played.violations == set()
    assert played.converged


def test_each_member_gets_a_partition_by_offset_and_everybody_the_same() -> None:
    played = Played(["3 crash co1 lasting=2s", "5 restart br2 down=2s", "6 freeze co2 lasting=4s"], 14)
    history = [
        Consumed(f"{each.member} in {each.generation}", str(each.partition), each.offset, each.record.header)
        for each in played.processed
    ]
    assert len({each.consumer for each in history}) > 3
    assert log_order(history) == []
    assert log_order([*history, history[0]._replace(consumer="co9", value="another")])


# --- the feed -----------------------------------------------------------------------------------------


AWAY = ["4 crash br1 br2 br3 lasting=6s"]


def test_what_the_group_has_not_seen_yet_is_counted_and_in_the_end_it_sees_all() -> None:
    played = Played([*AWAY, "4.5 put late news"], 9, base=SHARDS)
    assert played.at_the_end["feed_missing"] >= 1
    assert played.at_the_end["feed_wrong"] > 1
    assert played.converged
    assert (played.figures["feed_missing"], played.figures["feed_wrong"]) == (0, 0)
    assert played.violations == set()


def test_a_change_that_is_left_out_is_found_when_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Publishing, "_begin", lambda self, _found: self._follow(self._log.last))
    lines = [*AWAY, "4.5 put late news", "6 crash master of shard-1 lasting=3s"]
    played = Played(lines, 14, base=SHARDS)
    assert not played.converged
    assert played.figures["feed_missing"] >= 1
    assert "the view agrees" in played.violations


def test_a_group_that_is_only_late_breaks_no_promise() -> None:
    group = {"name": "view", "consumers": 1, "process_ms": 1_000}
    played = Played([], 6, base=SHARDS, groups=[group])
    assert not played.converged
    assert played.figures["feed_wrong"] + played.figures["feed_missing"] > 0
    assert played.violations == set()


def test_a_feed_that_lost_its_messages_with_two_disks_is_excused() -> None:
    lines = [line.replace(" pr1", "") for line in LOST_AT_ONCE]
    played = Played(lines, 16, base={**SHARDS, "load": {"rate": 20, "reads": 0, "clients": 1, "keys": 500}})
    assert played.figures["feed_missing"] + played.figures["feed_wrong"] > 0
    assert "the view agrees" not in played.violations


def test_groups_that_may_pass_over_changes_are_not_asked_for_them() -> None:
    group = {"name": "view", "consumers": 1, "reset": "latest"}
    assert "feed_missing" not in Played([], 5, base=SHARDS, groups=[group]).figures
    assert "feed_missing" not in Played([], 5).figures
