"""What producers, consumers and coordinators said, written down outside the world: what checks and figures go by.

The world's witness for Kafka (``world.witnesses["kafka"]``). Machines tell it what they have done or were told; none
of them may ask it.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.kernel.service import Service
from playground.systems.kafka.records import Record, TopicPartition

WITNESS = "kafka"


class Acknowledged(NamedTuple):
    """A message whose producer was told that it stands at ``offset``."""

    partition: TopicPartition
    offset: int
    header: str
    key: str | None
    acks: str
    at_us: int


class Processed(NamedTuple):
    """A message that a member of a group has finished with."""

    group: str
    member: str
    generation: int
    partition: TopicPartition
    offset: int
    record: Record
    at_us: int


class Committed(NamedTuple):
    """A group's offset that its coordinator has taken."""

    group: str
    member: str
    generation: int
    partition: TopicPartition
    offset: int
    at_us: int


class Ledger:
    """Listens. Subclasses, or who listens to it, make something of it."""

    def sent(self, topic: str, header: str, at_us: int) -> None:
        """A producer took a message from its application."""

    def acknowledged(self, message: Acknowledged) -> None:
        """A producer told its application that a message is safe (as safe as ``acks`` says)."""

    def failed(self, header: str, error: str, definite: bool, at_us: int) -> None:
        """A producer gave a message up. ``definite``: it is certainly in no log."""

    def assigned(
        self, group: str, generation: int, member: str, partitions: tuple[TopicPartition, ...], at_us: int
    ) -> None:
        """A member owns these from now on, in this generation."""

    def revoked(self, group: str, member: str, partitions: tuple[TopicPartition, ...], at_us: int) -> None:
        """A member owns these no more, and knows it."""

    def processed(self, message: Processed) -> None:
        """A member has finished with a message."""

    def committed(self, commit: Committed) -> None:
        """A coordinator has answered a commit: it is safe."""


def ledger(service: Service) -> Ledger | None:
    """The witness of this service's world; None if nobody watches."""
    found = service.process.world.witnesses.get(WITNESS)
    assert found is None or isinstance(found, Ledger)
    return found
