"""One consumer group, as its coordinator knows it: members, generations, committed offsets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.records import TopicPartition


class State(Enum):
    """Of a group (Kafka's GroupState)."""

    EMPTY = "empty"
    PREPARING = "preparing"
    COMPLETING = "completing"
    STABLE = "stable"


@dataclass(slots=True)
class GroupMember:
    """One member, as its coordinator knows it."""

    name: str
    machine: str
    subscription: Subscription
    partitions: tuple[TopicPartition, ...] = ()
    """What it was given in the group's generation."""
    heard_us: int = 0
    """When it was last heard, by the clock of the coordinator."""


class Group:
    """Its name, state, generation, assignor, leader, members and offsets."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State.EMPTY
        self.generation = 0
        self.assignor = ""
        self.leader = ""
        self.members: dict[str, GroupMember] = {}
        self.offsets: dict[TopicPartition, int] = {}
        """Committed: what stands before them is done."""
