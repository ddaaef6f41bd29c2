"""One broker: its logs, the partitions that it leads or follows, its session with ZooKeeper, and what it is asked.

It reads its logs first, and registers then. Everything else follows from the images that the controller sends: the
newest counts, by the epoch of the controller and the number of the image (:mod:`.partition`). A broker that has lost
its session, or is cut off from the controller, goes on by the image that it has: whom it leads copies as long as
nobody else was elected, and then it can't commit anything any more.

Besides it is the controller, if it happens to be elected (:mod:`.controller`), and coordinates the groups whose
partition of the offsets topic it leads (:mod:`.coordinator`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playground.kernel.service import Service, handles
from playground.systems.kafka import producing
from playground.systems.kafka.controller import Controller
from playground.systems.kafka.coordinator import GroupCoordinator
from playground.systems.kafka.directory import LogDirectory
from playground.systems.kafka.following import Fetcher
from playground.systems.kafka.image import NO_IMAGE, Broker, Image
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.messages import (
    Altered,
    AlterPartition,
    AskMetadata,
    Coordinator,
    CreatePartitions,
    Fetch,
    Fetched,
    FindCoordinator,
    Heartbeat,
    InitProducerId,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    Offsets,
    Produce,
    Produced,
    ProducerId,
    SyncGroup,
    Updated,
    UpdateMetadata,
)
from playground.systems.kafka.numbering import ProducerIds
from playground.systems.kafka.partition import Partition
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.serving import Fetches
from playground.systems.kafka.settings import INTERNAL, KafkaSettings
from playground.systems.zookeeper.client import Keeper

if TYPE_CHECKING:
    from playground.kernel.node import Process

CLEAN_US = 1_000_000
"""How often it looks whether segments are to be closed, deleted or compacted."""
_TICK_US = 250_000
_CHECKPOINT_US = 1_000_000
"""High watermarks are not written down more often."""


class BrokerService(Service):
    """A broker. ``ensemble``: the ZooKeeper servers."""

    def __init__(
        self,
        process: Process,
        settings: KafkaSettings,
        ensemble: tuple[str, ...],
        *,
        session_timeout_us: int = 3_000_000,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.image: Image = NO_IMAGE
        """The newest that a controller has sent."""
        self.directory = LogDirectory(process, settings)
        self.partitions: dict[TopicPartition, Partition] = {}
        """Of which this broker holds a replica."""
        self.fetchers: dict[str, Fetcher] = {}
        """By the leader that is followed."""
        self.fetches = Fetches(self)
        self.controller = Controller(self, settings, lambda: self.own)
        self.groups = GroupCoordinator(self, settings, self)
        self.keeper = Keeper(self, ensemble, session_timeout_us, self.controller.tasks, self.controller.on_session_over)
        self.own: Broker | None = None
        """As it registers; None before its logs are recovered."""
        self.work = 0
        """Messages appended, copied, and handed out."""
        self._worked = 0
        self._ids = ProducerIds(self.controller.producer_ids)
        self._tick_us = max(settings.lag_ms * 1_000 // 4, _TICK_US)
        self._ticked_us = 0
        self._passed_over = False

    async def recover(self) -> None:
        await self.directory.recover()
        self.own = Broker(self.name, self.process.node.boots, self.directory.directory)

    def start(self) -> None:
        self.keeper.start()
        self._ticked_us = self.clock.monotonic_us
        self.every(self._tick_us, self._tick)
        self.every(CLEAN_US, self._clean)
        self.every(max(self.settings.flush_ms * 1_000, _CHECKPOINT_US), self.directory.checkpoint)

    # --- standing ---------------------------------------------------------------------------------

    @property
    def controlling(self) -> bool:
        """It is the controller, as far as it knows."""
        return self.controller.controlling

    def leads(self, partition: TopicPartition) -> Leading | None:
        """The leader's epoch that is under way here; None: it does not lead the partition."""
        replica = self.partitions.get(partition)
        return replica.leading if replica is not None else None

    @property
    def led(self) -> tuple[TopicPartition, ...]:
        """The partitions that it leads."""
        return tuple(partition for partition, replica in self.partitions.items() if replica.leading is not None)

    @property
    def under_replicated(self) -> tuple[TopicPartition, ...]:
        """Of those that it leads: where some replica is not in sync."""
        return tuple(tp for tp in self.led if (leading := self.leads(tp)) is not None and leading.under_replicated)

    def take_work(self) -> int:
        """How many messages were appended, copied or handed out since this was last called."""
        since, self._worked = self.work - self._worked, self.work
        return since

    # --- the image ----------------------------------------------------------------------------------

    @handles(UpdateMetadata)
    def on_update_metadata(self, _source: str, message: UpdateMetadata) -> Updated:
        image = message.image
        # This life remembers no image of an earlier one. Who leads according to one that was meant for that may have
        # been deposed since, and its log be cut off already: a zombie controller goes on sending it (KIP-380).
        if image.age > self.image.age and image.broker(self.name) == self.own:
            self._adopt(image)
        return Updated(self.image.age)

    def _adopt(self, image: Image) -> None:
        self.image = image
        followed: dict[str, list[Partition]] = {leader: [] for leader in self.fetchers}
        for topic, states in image.topics.items():
            settings = self.settings.topic(topic)
            if settings is None:
                continue
            for number, state in enumerate(states):
                if self.name not in state.replicas:
                    continue
                partition = TopicPartition(topic, number)
                replica = self.partitions.get(partition)
                if replica is None:
                    replica = Partition(self, partition, settings, self.directory.open(partition))
                    self.partitions[partition] = replica
                replica.adopt(state)
                if replica.leading is None and replica.leader:
                    followed.setdefault(replica.leader, []).append(replica)
        for leader, replicas in followed.items():
            if leader not in self.fetchers:
                self.fetchers[leader] = Fetcher(self, leader)
            self.fetchers[leader].follow(replicas)

    def on_led(self, leading: Leading) -> None:
        """This broker leads a partition from now on."""
        topic, number = leading.partition
        if topic == INTERNAL[0]:
            self.groups.led(number, leading.log)

    def on_ceased(self, leading: Leading) -> None:
        """It does so no more."""
        topic, number = leading.partition
        if topic == INTERNAL[0]:
            self.groups.ceased(number)
        self.fetches.on_ceased(leading.partition)

    @handles(AskMetadata)
    def on_ask_metadata(self, _source: str, _message: AskMetadata) -> Image:
        return self.image

    # --- data -----------------------------------------------------------------------------------------

    @handles(Produce)
    def on_produce(self, _source: str, message: Produce) -> Produced | None:
        return producing.on_produce(self, message)

    @handles(Fetch)
    def on_fetch(self, source: str, message: Fetch) -> Fetched | None:
        return self.fetches.on_fetch(source, message)

    async def append_internal(self, partition: TopicPartition, records: Sequence[tuple[str, str | None]]) -> None:
        """Append ``(key, value)`` to a partition that this broker leads, and wait until they are committed.

        Rejected: "not-leader", "not-enough-replicas", "storage-error"; or, not definite, "request-timed-out",
        "not-enough-replicas-after-append".
        """
        await producing.append(self, partition, records)

    @handles(InitProducerId)
    async def on_init_producer_id(self, _source: str, _message: InitProducerId) -> ProducerId:
        return ProducerId(await self._ids.next())

    # --- time -------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_us = self.clock.monotonic_us
        stalled = now_us - self._ticked_us > 2 * self._tick_us
        self._ticked_us = now_us
        # It has been frozen, or is very slow: what others have sent meanwhile is looked at first, but not for ever.
        self._passed_over = stalled and not self._passed_over
        if self._passed_over:
            return
        for replica in list(self.partitions.values()):
            if replica.leading is not None:
                replica.leading.tick()

    def _clean(self) -> None:
        now_us = self.clock.wall_us
        for replica in self.partitions.values():
            replica.log.clean(now_us)

    # --- the controller, if this is it ------------------------------------------------------------------

    @handles(AlterPartition)
    async def on_alter_partition(self, source: str, message: AlterPartition) -> Altered:
        return await self.controller.alter(source, message)

    @handles(CreatePartitions)
    async def on_create_partitions(self, source: str, message: CreatePartitions) -> None:
        await self.controller.create(source, message)

    # --- groups -------------------------------------------------------------------------------------------

    @handles(FindCoordinator)
    def on_find_coordinator(self, source: str, message: FindCoordinator) -> Coordinator:
        return self.groups.find(source, message)

    @handles(JoinGroup)
    def on_join_group(self, source: str, message: JoinGroup) -> None:
        self.groups.join(source, message)

    @handles(SyncGroup)
    def on_sync_group(self, source: str, message: SyncGroup) -> None:
        self.groups.sync(source, message)

    @handles(Heartbeat)
    def on_heartbeat(self, source: str, message: Heartbeat) -> None:
        self.groups.heartbeat(source, message)

    @handles(LeaveGroup)
    def on_leave_group(self, source: str, message: LeaveGroup) -> None:
        self.groups.leave(source, message)

    @handles(OffsetCommit)
    def on_offset_commit(self, source: str, message: OffsetCommit) -> None:
        self.groups.commit(source, message)

    @handles(OffsetFetch)
    def on_offset_fetch(self, source: str, message: OffsetFetch) -> Offsets:
        return self.groups.fetch_offsets(source, message)
