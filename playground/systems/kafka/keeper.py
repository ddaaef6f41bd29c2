"""What Kafka keeps in ZooKeeper, and how it is spelled there: for programs, and for people who look at the tree.

==================================  ============================================================
``/controller``                     ephemeral: who decides, and its epoch: "br2 3"
``/controller_epoch``               the newest controller's epoch; its version fences the older ones
``/brokers/ids/<broker>``           ephemeral: life and disk of a broker that runs: "2 1"
``/brokers/topics/<topic>``         how many copies its partitions have: "replication 3"
``/brokers/topics/<topic>/<n>``     one partition:
                                    "leader br1#2 epoch 3, isr br1:1 br2:1, elr -, replicas br1 br2 br3"
``/brokers/producer_ids``           the first producer id that nobody has been given
==================================  ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from playground.systems.kafka.image import Broker, Member, PartitionState
from playground.systems.kafka.records import TopicPartition

CONTROLLER, EPOCH = "/controller", "/controller_epoch"
IDS, TOPICS, PRODUCER_IDS = "/brokers/ids", "/brokers/topics", "/brokers/producer_ids"

_STATE = re.compile(r"leader (\S+) epoch (\d+), isr (.+), elr (.+), replicas (.+)")
_REPLICATION = re.compile(r"replication (\d+)")


def broker_path(name: str) -> str:
    return f"{IDS}/{name}"


def topic_path(topic: str) -> str:
    return f"{TOPICS}/{topic}"


def partition_path(partition: TopicPartition) -> str:
    return f"{TOPICS}/{partition.topic}/{partition.partition}"


def spelled_broker(broker: Broker) -> str:
    return f"{broker.incarnation} {broker.directory}"


def read_broker(name: str, text: str) -> Broker | None:
    """None if the text is none of ours: somebody has set the znode by hand."""
    numbers = text.split()
    if len(numbers) != 2 or not all(_is_number(each) for each in numbers):
        return None
    return Broker(name, int(numbers[0]), int(numbers[1]))


def spelled_state(state: PartitionState) -> str:
    """Without the version, which the znode has itself."""
    leader = f"{state.leader}#{state.leader_incarnation}" if state.leader else "-"
    return (
        f"leader {leader} epoch {state.leader_epoch}, isr {_listed(state.isr)}, elr {_listed(state.elr)}, "
        f"replicas {_listed(state.replicas)}"
    )


def read_state(text: str, version: int) -> PartitionState | None:
    """The inverse of :func:`spelled_state`; None if the text is none of ours."""
    found = _STATE.fullmatch(text)
    if found is None:
        return None
    leader, epoch, isr, elr, replicas = found.groups()
    name, _, incarnation = ("", "", "0") if leader == "-" else leader.partition("#")
    members = [_members(each) for each in (isr, elr)]
    if members[0] is None or members[1] is None or not _is_number(incarnation):
        return None
    return PartitionState(tuple(replicas.split()), name, int(incarnation), int(epoch), members[0], members[1], version)


def spelled_topic(replication: int) -> str:
    return f"replication {replication}"


def read_topic(text: str) -> int | None:
    """How many copies; None if the text is none of ours."""
    found = _REPLICATION.fullmatch(text)
    return int(found[1]) if found is not None else None


def spelled_controller(name: str, epoch: int) -> str:
    return f"{name} {epoch}"


def read_controller(text: str) -> tuple[str, int]:
    """Who, and in which epoch; epoch 0 if the text is none of ours."""
    name, _, epoch = text.partition(" ")
    return name, read_number(epoch)


def read_number(text: str) -> int:
    """0 if the text is no number."""
    return int(text) if _is_number(text) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _listed(things: Iterable[object]) -> str:
    return " ".join(map(str, things)) or "-"


def _members(text: str) -> tuple[Member, ...] | None:
    if text == "-":
        return ()
    pairs = [each.rpartition(":") for each in text.split()]
    if not all(name and _is_number(directory) for name, _, directory in pairs):
        return None
    return tuple(Member(name, int(directory)) for name, _, directory in pairs)
