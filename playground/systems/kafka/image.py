"""What the controller has decided and the brokers go by: who is there, who leads what, who is in sync.

The truth stands in ZooKeeper; the controller alone writes it, and sends every broker an image of it whenever it has
changed. Clients ask any broker for it.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.kernel.messages import message
from playground.systems.kafka.records import TopicPartition


class Member(NamedTuple):
    """A replica on one disk. An empty disk is another member, whatever machine it is in (Kafka's directory id)."""

    name: str
    directory: int

    def __str__(self) -> str:
        return f"{self.name}:{self.directory}"


class Broker(NamedTuple):
    """A broker as it has registered: with this life of its process, and this disk."""

    name: str
    incarnation: int
    """Which of its lives this is (Kafka's broker epoch, KIP-380)."""
    directory: int

    @property
    def member(self) -> Member:
        return Member(self.name, self.directory)


class PartitionState(NamedTuple):
    """Of one partition, as ZooKeeper has it."""

    replicas: tuple[str, ...]
    """The brokers that are to hold it; the first is the preferred leader."""
    leader: str
    """"" if nobody may lead it."""
    leader_incarnation: int
    """The life of the leader that was elected: its next life has forgotten what it had not written down."""
    leader_epoch: int
    isr: tuple[Member, ...]
    """In sync: each of them has everything that is committed."""
    elr: tuple[Member, ...]
    """Not in sync any more, but nothing was committed since they left: eligible if nobody in sync is left (KIP-966)."""
    version: int
    """Counts the changes (the znode's version)."""

    @property
    def in_sync(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.isr)


@message
class Image:
    """Everything, at one moment. Newer is who has the higher ``(controller_epoch, version)``."""

    controller: str
    controller_epoch: int
    version: int
    brokers: tuple[Broker, ...]
    topics: dict[str, tuple[PartitionState, ...]]

    def state(self, partition: TopicPartition) -> PartitionState | None:
        """None if there is no such partition."""
        states = self.topics.get(partition.topic, ())
        return states[partition.partition] if 0 <= partition.partition < len(states) else None

    def broker(self, name: str) -> Broker | None:
        for broker in self.brokers:  # asked at every fetch
            if broker.name == name:
                return broker
        return None

    @property
    def age(self) -> tuple[int, int]:
        return self.controller_epoch, self.version


NO_IMAGE = Image("", 0, 0, (), {})
