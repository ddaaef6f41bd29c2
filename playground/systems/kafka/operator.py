"""The operator's hands on Kafka: a producer for messages that a person publishes, and acts on topics."""

from __future__ import annotations

import trio

from playground.kernel.errors import CallError
from playground.kernel.node import Process
from playground.kernel.service import Service
from playground.systems.kafka.admin import Admin
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.poison import poison
from playground.systems.kafka.producer import Producer, Sent
from playground.systems.kafka.settings import KafkaSettings

MOST_PARTITIONS = 64


class OperatorService(Service):
    """Runs on the console's machine. What comes of an act is told by a note, as an answer to whoever acted."""

    def __init__(self, process: Process, settings: KafkaSettings) -> None:
        super().__init__(process)
        self._settings = settings
        boots = process.node.boots
        name = self.name if boots <= 1 else f"{self.name}#{boots}"
        self._producer = Producer(self, settings.producer, settings.broker_names, name=name)
        self._admin = Admin(self, settings.broker_names)
        self._metadata = Metadata(self, settings.broker_names)
        self._turn = trio.Lock()

    def start(self) -> None:
        self._producer.start()

    def publish(self, topic: str, key: str | None, value: str, processing_ms: int = 0) -> None:
        """Send one message. ``processing_ms``: what it takes who consumes it (a poison message); 0: as any other."""
        sent_us = self.process.world.now_us

        def done(sent: Sent) -> None:
            if not sent.error:
                took_ms = (self.process.world.now_us - sent_us) / 1_000
                text = f"{value} stands in {sent.partition} at offset {sent.offset}, after {took_ms:.1f} ms"
                self.note("answer", text, partition=str(sent.partition), offset=sent.offset)
            else:
                fate = "it is in no log" if sent.definite else "it may be in the log, or may still come to be"
                self.note("answer", f"{value} could not be published to {topic}: {sent.error}; {fate}")

        self._producer.send(topic, key, poison(value, processing_ms) if processing_ms else value, done)

    async def create_partitions(self, topic: str, count: int | None) -> None:
        """Have ``count`` partitions of a topic in all; None: one more than there are. One such wish after the other."""
        async with self._turn:
            await self._create_partitions(topic, count)

    async def _create_partitions(self, topic: str, count: int | None) -> None:
        try:
            if count is None:
                await self._metadata.refresh()
            wanted = count if count is not None else self._metadata.partitions(topic) + 1
            if wanted > MOST_PARTITIONS:
                self.note("answer", f"{topic} has {MOST_PARTITIONS} partitions, and gets no more")
                return
            await self._admin.create_partitions(topic, wanted)
        except CallError as error:
            self.note("answer", f"{topic} keeps its partitions: {error}")
        else:
            self.note("answer", f"{topic} has {wanted} partitions now")
