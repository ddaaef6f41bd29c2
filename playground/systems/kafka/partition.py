"""One partition on one broker: its copy of the log, and whether it leads it or follows who does.

What it is follows from the newest image alone. It leads if the image names this life of this broker as the leader: the
next life would not know what this one has promised. It follows whoever else leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from playground.systems.kafka.image import PartitionState
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import TopicSettings

if TYPE_CHECKING:
    from playground.systems.kafka.service import BrokerService


class Partition:
    """A replica of a partition."""

    def __init__(
        self, service: BrokerService, partition: TopicPartition, settings: TopicSettings, log: PartitionLog
    ) -> None:
        self.service = service
        self.partition = partition
        self.settings = settings
        self.log = log
        self.leading: Leading | None = None
        self.leader = ""
        """Who leads, as far as this broker knows."""
        self.leader_epoch = -1
        self._led_epoch = -1
        """The newest in which it has led: once it is over, it is over."""
        self.retry_us = 0
        """Nothing is fetched before this instant of the monotonic clock: the leader has refused."""
        self._synced: trio.Event | None = None

    def adopt(self, state: PartitionState) -> None:
        """This is how it is, says the newest image."""
        service = self.service
        leads = state.leader == service.name and state.leader_incarnation == service.process.node.boots
        if self.leading is not None and (not leads or self.leading.epoch != state.leader_epoch):
            heir = f"{state.leader} does" if state.leader != service.name else "it was elected anew"
            self.leading.end(f"{heir}, in epoch {state.leader_epoch}" if state.leader else "nobody can")
        if state.leader_epoch != self.leader_epoch:
            self.retry_us = 0
        self.leader_epoch = state.leader_epoch
        self.leader = state.leader if leads or state.leader != service.name else ""
        if self.leading is not None:
            self.leading.on_state(state)
        elif leads and state.leader_epoch > self._led_epoch:
            self._lead(state)

    def _lead(self, state: PartitionState) -> None:
        service = self.service
        self._led_epoch = state.leader_epoch
        self.leading = leading = Leading(self, state)
        text = f"{service.name} leads {self.partition} in epoch {state.leader_epoch}"
        service.note("elected", text, group=str(self.partition), term=state.leader_epoch)
        leading.advance()
        service.on_led(leading)

    # --- the own copy -------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """All of it counts."""
        return self.log.synced_offset >= self.log.end_offset or self.service.settings.flush == "later"

    def on_synced(self) -> None:
        """More of the log is safe."""
        if self.leading is not None:
            self.leading.on_synced()
        if self._synced is not None and self.settled:
            self._synced.set()
            self._synced = None

    async def settle(self) -> None:
        """Wait until all of it counts."""
        while not self.settled:
            if self._synced is None:
                self._synced = trio.Event()
            await self._synced.wait()
