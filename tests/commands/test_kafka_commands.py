"""Commands about Kafka, and clusters with a Kafka, that make no sense: one line each, and nothing is done."""

from __future__ import annotations

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.kernel.world import run
from playground.scenario.loader import loads
from playground.spec import PRESETS, ClusterSpec

BROKERS = {**PRESETS["kafka"], "kafka": {"brokers": 3, "producers": 1}}
LONELY = {**PRESETS["kafka"], "kafka": {"brokers": 3, "groups": []}}

COMMANDS = [
    (BROKERS, "consume nobody", "consume: unknown group 'nobody': there is only view"),
    (BROKERS, "stall z1", "stall: unknown consumer 'z1': there are co1, co2"),
    (BROKERS, "stall n1", "stall: unknown node 'n1': did you mean z1?"),
    (BROKERS, "publish nowhere x", "publish: unknown topic 'nowhere': there is only changes"),
    (BROKERS, "publish __consumer_offsets x", "publish: unknown topic '__consumer_offsets': there is only changes"),
    (BROKERS, "partitions zzz", "partitions: unknown topic 'zzz': there is only changes"),
    (LONELY, "produce rate=5", "produce: there are no producers here; clients make the messages: say load rate=…"),
    (LONELY, "consume", "consume: there are no groups here: name some in kafka.groups"),
    (LONELY, "consume view", "consume: unknown group 'view': there are none"),
    (PRESETS["quorum"], "consume", "consume: there is no Kafka here: a cluster with kafka.brokers has one"),
    (PRESETS["quorum"], "stall n1", "stall: there is no Kafka here: a cluster with kafka.brokers has one"),
    (PRESETS["quorum"], "partitions", "partitions: there is no Kafka here: a cluster with kafka.brokers has one"),
    (PRESETS["quorum"], "produce rate=5", "produce: there is no Kafka here: a cluster with kafka.brokers has one"),
    (PRESETS["quorum"], "publish changes x", "publish: there is no Kafka here: a cluster with kafka.brokers has one"),
]

SPECS = [
    ("kafka: {brokers: 2}", "4:10: cluster.kafka: topic changes: replication (3) cannot be larger than brokers (2)"),
    (
        "kafka: {topics: [{replication: 2, min_insync: 3}]}",
        "4:20: cluster.kafka.topics: min_insync (3) cannot be larger than replication (2)",
    ),
    (
        "kafka: {topics: [{name: __feed_positions}]}",
        "4:27: cluster.kafka.topics.name: string should match pattern '^[a-z][a-z0-9_]{0,19}$', not '__feed_positions'",
    ),
    ("kafka: {topics: []}", "4:19: cluster.kafka.topics: needs at least 1, has 0"),
    ("kafka: {topics: [{name: a}, {name: a}]}", "4:10: cluster.kafka: there are two topics called a"),
    ("kafka: {groups: [{topics: [zzz]}]}", "4:10: cluster.kafka: group view reads zzz, but there are only changes"),
    (
        "kafka: {groups: [{heartbeat_ms: 3000}]}",
        "4:20: cluster.kafka.groups: heartbeat_ms (3000) must be shorter than session_timeout_ms (3000)",
    ),
    ("kafka: {producer: {acks: 1}}", "4:28: cluster.kafka.producer.acks: should be text, not 1; put it in quotes"),
    ("kafka: {feed: true}", "4:3: cluster: kafka.feed needs database: shards, whose masters have a log to follow"),
    ("kafka: {brokers: 0}", "4:3: cluster: kafka.producers need brokers: set kafka.brokers to 3"),
    ("zookeeper: {servers: 0}", "4:3: cluster: brokers need an ensemble: set zookeeper.servers to 3"),
    ("nodes: 3", "4:3: cluster: database none with nodes: 3: it is none where there are no nodes"),
]


@pytest.mark.parametrize(("spec", "line", "text"), COMMANDS)
def test_a_command_that_makes_no_sense_is_refused_in_one_line(spec: dict[str, object], line: str, text: str) -> None:
    async def main() -> None:
        cluster = Cluster(ClusterSpec.model_validate(spec), seed=1)
        with pytest.raises(UserError) as caught:
            await cluster.apply(parse_line(line, [*cluster.members, *cluster.clients]))
        assert str(caught.value) == text
        assert not cluster.recorded

    run(main)


@pytest.mark.parametrize(("fields", "text"), SPECS)
def test_a_cluster_that_makes_no_sense_is_refused_in_one_line(fields: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        loads(f"title: t\nuntil: 3s\ncluster:\n  {fields}\n  preset: kafka\n", "file")
    assert str(caught.value) == f"file:{text}"
