"""The group coordinator of a broker: it minds the groups whose partition of the offsets topic the broker leads."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.systems.kafka import errors
from playground.systems.kafka.group import Group
from playground.systems.kafka.image import Image
from playground.systems.kafka.messages import (
    Coordinator,
    FindCoordinator,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    SyncGroup,
)
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings


class OffsetsLog(Protocol):
    """What is needed of the log of a partition of the offsets topic."""

    @property
    def end_offset(self) -> int: ...

    @property
    def high_watermark(self) -> int: ...

    def records(self) -> Iterator[tuple[int, Record]]:
        """All there are, with their offsets, in order."""
        ...


class Host(Protocol):
    """What a coordinator needs of its broker."""

    @property
    def image(self) -> Image: ...

    async def append_internal(self, partition: TopicPartition, records: Sequence[tuple[str, str | None]]) -> None:
        """Append ``(key, value)`` to a partition that this broker leads; returns once that is committed (acks=all).

        Rejected: as a Produce; "not-leader" when the lead is over.
        """
        ...


class GroupCoordinator:
    """Answers what members of groups ask. The broker's handlers return what these methods return."""

    def __init__(self, service: Service, settings: KafkaSettings, host: Host) -> None:
        self._service = service
        self._settings = settings
        self._host = host

    @property
    def groups(self) -> dict[str, Group]:
        """The groups that it coordinates now, by name."""
        return {}

    def led(self, number: int, log: OffsetsLog) -> None:
        """This broker leads a partition of the offsets topic from now on, in a new leader epoch."""

    def ceased(self, number: int) -> None:
        """It does so no more."""

    def find(self, source: str, request: FindCoordinator) -> Coordinator:
        """Any broker can say it, as far as it knows."""
        return Coordinator(self._leader(request.group))

    def join(self, source: str, request: JoinGroup) -> object:
        """Answered when the round is over."""
        raise Rejected(errors.NOT_COORDINATOR)

    def sync(self, source: str, request: SyncGroup) -> object:
        """Answered when the generation's assignment is committed."""
        raise Rejected(errors.NOT_COORDINATOR)

    def heartbeat(self, source: str, request: Heartbeat) -> object:
        raise Rejected(errors.NOT_COORDINATOR)

    def leave(self, source: str, request: LeaveGroup) -> object:
        raise Rejected(errors.NOT_COORDINATOR)

    def commit(self, source: str, request: OffsetCommit) -> object:
        """Answered when it is committed."""
        raise Rejected(errors.NOT_COORDINATOR)

    def fetch_offsets(self, source: str, request: OffsetFetch) -> object:
        raise Rejected(errors.NOT_COORDINATOR)

    def partition_of(self, group: str) -> TopicPartition:
        """Where everything about a group stands; who leads it coordinates the group."""
        return TopicPartition(INTERNAL[0], zlib.crc32(group.encode()) % self._settings.offsets_partitions)

    def _leader(self, group: str) -> str:
        state = self._host.image.state(self.partition_of(group))
        if state is None or not state.leader:
            raise Rejected(errors.COORDINATOR_UNAVAILABLE, f"nobody leads {self.partition_of(group)}")
        return state.leader
