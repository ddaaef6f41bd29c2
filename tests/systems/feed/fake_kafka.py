"""A Kafka of one list per topic, with producers and readers that behave as the real ones promise to.

Each producer's messages of a topic are appended in its order, each once. What is on its way when the producer is closed
or its machine dies may still arrive, up to two seconds later. While Kafka is ``away`` nothing arrives and nobody is
answered; while a topic is ``stuck`` that holds for this one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from playground.kernel.errors import TimedOut
from playground.kernel.service import Service
from playground.kernel.world import World
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import ProducerSettings

WITNESS = "fake kafka"
BATCH = 50


class Sent(NamedTuple):
    partition: TopicPartition
    offset: int
    error: str = ""
    definite: bool = True


Done = Callable[[Sent], object]
Message = tuple[Record, Done | None]


class FakeKafka:
    """The world's, for those who ask `of`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.away = False
        self.stuck = ""
        self.refused = ""
        """An error that each producer gets once a second for all that it sends."""
        self.topics: dict[str, list[Record]] = {}
        self.producers: list[Producer] = []
        self.most_waiting = 0
        """Messages of a topic that one producer has held at a time."""
        self.chance = world.random("fake kafka")
        world.witnesses[WITNESS] = self

    @staticmethod
    def of(service: Service) -> FakeKafka:
        found = service.process.world.witnesses[WITNESS]
        assert isinstance(found, FakeKafka)
        return found

    def hop_us(self) -> int:
        return 1_000 + int(self.chance.random() * 10_000)


class Line:
    """What one producer has for one topic; one batch is on its way at a time."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self.producer = producer
        self.kafka = producer.kafka
        self.topic = topic
        self.waiting: deque[Message] = deque()
        self.sending: list[Message] = []

    def pump(self) -> None:
        if not self.sending and self.waiting and not self.producer.closed:
            while self.waiting and len(self.sending) < BATCH:
                self.sending.append(self.waiting.popleft())
            self.depart(self.producer.service.clock.monotonic_us + self.producer.timeout_us)

    def depart(self, until_us: int) -> None:
        """On its way: it arrives whatever becomes of this machine, but if nobody waits for it perhaps late."""
        self.kafka.world.schedule(self.kafka.hop_us(), self.arrive, until_us)

    def arrive(self, until_us: int, late: bool | None = None) -> None:
        kafka, batch, service = self.kafka, self.sending, self.producer.service
        away = kafka.away or kafka.stuck == self.topic
        dead = self.producer.closed or not service.process.alive
        if dead and not late:
            kafka.world.schedule(int(kafka.chance.random() * 2_000_000), self.arrive, until_us, True)
        elif kafka.refused or (away and service.clock.monotonic_us >= until_us):
            service.after(1_000_000, lambda: self.settle(batch, kafka.refused or "timed-out"))
        elif away and not dead:
            service.after(100_000, lambda: self.depart(until_us))
        elif not away:
            kafka.topics.setdefault(self.topic, []).extend(record for record, _ in batch)
            service.after(kafka.hop_us(), lambda: self.settle(batch, ""))

    def settle(self, batch: list[Message], error: str) -> None:
        self.sending = []
        for _, done in batch:
            if done is not None and not self.producer.closed:
                done(Sent(TopicPartition(self.topic, 0), -1, error))
        self.pump()


class Producer:
    """As `playground.systems.kafka.client.Producer`."""

    def __init__(self, service: Service, settings: ProducerSettings, brokers: tuple[str, ...], *, name: str) -> None:
        assert settings.acks == "all"
        assert settings.idempotent
        self.kafka = FakeKafka.of(service)
        self.name = name
        assert name not in [other.name for other in self.kafka.producers]
        self.kafka.producers.append(self)
        self.service = service
        self.timeout_us = settings.delivery_timeout_ms * 1_000
        self.count = 0
        self.closed = False
        self.lines: dict[str, Line] = {}

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def send(self, topic: str, key: str | None, value: str | None, done: Done | None = None) -> str:
        assert not self.closed
        self.count += 1
        record = Record(0, key, value, self.service.clock.wall_us, f"{self.name}:{self.count}")
        line = self.lines.setdefault(topic, Line(self, topic))
        line.waiting.append((record, done))
        self.kafka.most_waiting = max(self.kafka.most_waiting, len(line.waiting) + len(line.sending))
        line.pump()
        return record.header


class Reader:
    """As `playground.systems.kafka.client.Reader`."""

    def __init__(self, service: Service, brokers: tuple[str, ...]) -> None:
        self.service = service
        self.kafka = FakeKafka.of(service)

    async def read_all(self, topic: str, *, timeout_us: int = 1_000_000) -> list[tuple[TopicPartition, int, Record]]:
        await self.service.sleep(self.kafka.hop_us())
        if self.kafka.away:
            await self.service.sleep(timeout_us)
            raise TimedOut("nobody answers")
        records = self.kafka.topics.get(topic, [])
        return [(TopicPartition(topic, 0), offset, record) for offset, record in enumerate(records)]
