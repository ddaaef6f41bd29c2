"""A member of a consumer group: it is given partitions, reads them, and commits how far the group has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from playground.kernel.service import Service
from playground.systems.kafka.fetching import Polled
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import GroupSettings


class Listener(Protocol):
    """What an application may want to do about its partitions (Kafka's ConsumerRebalanceListener). Within a poll."""

    async def revoked(self, partitions: tuple[TopicPartition, ...]) -> None:
        """These are about to be given up; they can still be committed."""

    def lost(self, partitions: tuple[TopicPartition, ...]) -> None:
        """These are gone: others may own them already, and nothing can be committed."""


class Consumer:
    """One membership after another, under the name ``member``, which nobody else ever has.

    It calls ``brokers`` through ``service``. ``listener``: is told, and waited for, before partitions are given up.
    """

    def __init__(
        self,
        service: Service,
        settings: GroupSettings,
        topics: tuple[str, ...],
        brokers: tuple[str, ...],
        *,
        member: str,
        listener: Listener | None = None,
        fetch_wait_ms: int = 500,
    ) -> None:
        raise NotImplementedError

    state: str
    """"joining", "syncing", "stable", "left"."""
    generation: int
    """0: of none."""

    @property
    def assignment(self) -> tuple[TopicPartition, ...]:
        """What it owns."""
        raise NotImplementedError

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """Of each partition that it owns, the offset of the message that is handed over next; -1: not known yet."""
        raise NotImplementedError

    @property
    def buffered(self) -> int:
        """Messages that were fetched and not yet handed over."""
        raise NotImplementedError

    def start(self) -> None:
        """The machine serves: find out who is there. The group is joined at the first poll."""
        raise NotImplementedError

    async def poll(self, max_messages: int, timeout_us: int) -> tuple[Polled, ...]:
        """The next messages of its partitions, each in order; () if there were none for ``timeout_us``."""
        raise NotImplementedError

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """The group has done what stands before these offsets.

        Raises Rejected if the group says no for good ("illegal-generation", "unknown-member"), or cannot say yes now
        ("rebalance-in-progress": try again after the next poll), TimedOut if nobody knows.
        """
        raise NotImplementedError

    def position(self, partition: TopicPartition) -> int | None:
        """The offset of the message that is handed over next. None: not its partition, or not known yet."""
        raise NotImplementedError

    async def close(self) -> None:
        """Give up everything and leave the group."""
        raise NotImplementedError
