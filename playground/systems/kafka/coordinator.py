"""The group coordinator of a broker: it minds the groups whose partition of the offsets topic the broker leads.

All about a group stands in one partition of ``__consumer_offsets``. When the broker is elected to lead it, it waits
until the high watermark has reached what was the end of the log, reads everything, and goes on where its predecessor
was; meanwhile it answers "coordinator-loading". (What is not yet committed might still be lost, and must not be told.)
When the lead is over it forgets all of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.systems.kafka import errors
from playground.systems.kafka.group import Group
from playground.systems.kafka.groupstore import Store
from playground.systems.kafka.image import Image
from playground.systems.kafka.messages import (
    Coordinator,
    FindCoordinator,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    Offsets,
    SyncGroup,
)
from playground.systems.kafka.offsets import read
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings

_LOOK_AGAIN_US = (20_000, 250_000)
"""How soon a coordinator that loads looks again whether the log is committed: at first, and at last."""


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


class _Lead:
    """Of one partition of the offsets topic, in one leader epoch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loading = True
        self.over = False
        self.groups: dict[str, Group] = {}


class GroupCoordinator:
    """Answers what members of groups ask. The broker's handlers return what these methods return."""

    def __init__(self, service: Service, settings: KafkaSettings, host: Host) -> None:
        self._service = service
        self._settings = settings
        self._host = host
        self._leads: dict[int, _Lead] = {}

    @property
    def groups(self) -> dict[str, Group]:
        """The groups that it coordinates now, by name."""
        return {name: group for lead in self._leads.values() for name, group in lead.groups.items()}

    def led(self, number: int, log: OffsetsLog) -> None:
        """This broker leads a partition of the offsets topic from now on, in a new leader epoch."""
        self.ceased(number)
        append = partial(self._host.append_internal, TopicPartition(INTERNAL[0], number))
        lead = self._leads[number] = _Lead(Store(self._service, append))
        self._service.spawn(self._load, lead, log)

    def ceased(self, number: int) -> None:
        """It does so no more. Harmless if it did not."""
        lead = self._leads.pop(number, None)
        if lead is not None:
            lead.over = True
            for group in lead.groups.values():
                group.end()
            lead.store.end()

    async def _load(self, lead: _Lead, log: OffsetsLog) -> None:
        end_offset = log.end_offset
        pause_us, longest_us = _LOOK_AGAIN_US
        while log.high_watermark < end_offset and not lead.over:
            await self._service.sleep(pause_us)
            pause_us = min(2 * pause_us, longest_us)
        if not lead.over:
            kept = read(record for _, record in log.records())
            lead.groups = {name: Group(name, self._service, lead.store, each) for name, each in kept.items()}
            lead.loading = False

    # --- requests -------------------------------------------------------------------------------

    def find(self, source: str, request: FindCoordinator) -> Coordinator:
        """Any broker can say it, as far as it knows."""
        partition = self.partition_of(request.group)
        state = self._host.image.state(partition)
        if state is None or not state.leader:
            raise Rejected(errors.COORDINATOR_UNAVAILABLE, f"nobody leads {partition}")
        return Coordinator(state.leader)

    def join(self, source: str, request: JoinGroup) -> None:
        """Answered when the round is over, and the generation committed."""
        lead = self._lead(request.group)
        group = lead.groups.get(request.group)
        if group is None:
            group = lead.groups[request.group] = Group(request.group, self._service, lead.store)
        group.join(source, request, self._service.answer_later())

    def sync(self, source: str, request: SyncGroup) -> None:
        """Answered when the generation's assignments are committed."""
        self._group(request.group, request.member).sync(request, self._service.answer_later())

    def heartbeat(self, source: str, request: Heartbeat) -> None:
        """Answered at once."""
        self._group(request.group, request.member).heartbeat(request.member, request.generation)

    def leave(self, source: str, request: LeaveGroup) -> None:
        """Answered at once: should the coordinator crash, the next one finds out by the session timeout."""
        self._group(request.group, request.member).leave(request)

    def commit(self, source: str, request: OffsetCommit) -> None:
        """Answered when it is committed."""
        self._group(request.group, request.member).commit(request, self._service.answer_later())

    def fetch_offsets(self, source: str, request: OffsetFetch) -> Offsets:
        """Only what is committed. A member is told nothing from before its generation.

        (Whoever coordinates no more may not know that yet, but then it does not know of newer generations, either.)
        """
        group = self._lead(request.group).groups.get(request.group)
        known = group.generation if group is not None else 0
        if request.generation > known:
            text = f"{self._service.name} knows of {request.group} up to generation {known}"
            raise Rejected(errors.NOT_COORDINATOR, text)
        offsets = group.offsets if group is not None else {}
        return Offsets(tuple((each, offsets[each]) for each in request.partitions if each in offsets))

    # --- which group ----------------------------------------------------------------------------

    def partition_of(self, group: str) -> TopicPartition:
        """Where everything about a group stands; who leads it coordinates the group."""
        return TopicPartition(INTERNAL[0], zlib.crc32(group.encode()) % self._settings.offsets_partitions)

    def _lead(self, group: str) -> _Lead:
        lead = self._leads.get(self.partition_of(group).partition)
        if lead is None:
            raise Rejected(errors.NOT_COORDINATOR, f"{self._service.name} does not coordinate {group}")
        if lead.loading:
            raise Rejected(errors.COORDINATOR_LOADING, f"{self._service.name} reads what it has to know of {group}")
        return lead

    def _group(self, name: str, member: str) -> Group:
        group = self._lead(name).groups.get(name)
        if group is None:
            raise Rejected(errors.UNKNOWN_MEMBER, f"{member} is not in {name}")
        return group
