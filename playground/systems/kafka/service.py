"""One broker: its partitions, the requests it takes, its session with ZooKeeper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import Rejected
from playground.kernel.service import Service, handles
from playground.systems.kafka import errors
from playground.systems.kafka.controller import Controller
from playground.systems.kafka.image import NO_IMAGE, Broker, Image
from playground.systems.kafka.messages import AskMetadata, Fetch, Fetched, Produce, Produced, UpdateMetadata, Updated
from playground.systems.kafka.partition import Partition
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import KafkaSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process


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
        self.ensemble = ensemble
        self.session_timeout_us = session_timeout_us
        self.image: Image = NO_IMAGE
        """The newest that a controller has sent."""
        self.partitions: dict[TopicPartition, Partition] = {}
        """Of which this broker holds a replica."""
        self.controller = Controller(self, settings, lambda: self.own)

    @property
    def own(self) -> Broker | None:
        """As it registers; None before its logs are recovered."""
        return None

    @property
    def controlling(self) -> bool:
        """It is the controller, as far as it knows."""
        return self.controller.controlling

    @property
    def under_replicated(self) -> tuple[TopicPartition, ...]:
        """Of the partitions that it leads: those that some replica is not in sync with."""
        return ()

    # --- for the group coordinator ----------------------------------------------------------------

    async def append_internal(self, partition: TopicPartition, records: tuple[tuple[str, str | None], ...]) -> None:
        """Append to a partition that this broker leads, and wait until it is committed. Rejected otherwise."""
        raise Rejected(errors.NOT_LEADER, f"{self.name} does not lead {partition}")

    # --- requests -------------------------------------------------------------------------------------

    @handles(UpdateMetadata)
    def on_update_metadata(self, _source: str, message: UpdateMetadata) -> Updated:
        return Updated(self.image.age)

    @handles(AskMetadata)
    def on_ask_metadata(self, _source: str, _message: AskMetadata) -> Image:
        return self.image

    @handles(Produce)
    def on_produce(self, _source: str, message: Produce) -> Produced:
        raise Rejected(errors.NOT_LEADER)

    @handles(Fetch)
    def on_fetch(self, _source: str, message: Fetch) -> Fetched:
        raise Rejected(errors.NOT_LEADER)
