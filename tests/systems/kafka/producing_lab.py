"""Brokers of one piece, for the tests of the producer: right, without replication, and as moody as a test wants them.

All brokers share the logs, as if everything were replicated the moment it is appended: what is tested is the producer.
``Fake(seed, **producer settings)``, inside ``run``. ``lab.producer`` sends; ``lab.outcomes`` has what it was told.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from playground.chaos.links import Duplication, Loss, Reordering
from playground.chaos.scope import Scope
from playground.kernel.node import Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World
from playground.systems.kafka import errors
from playground.systems.kafka.image import Broker, Image, Member, PartitionState
from playground.systems.kafka.messages import (
    AskMetadata,
    InitProducerId,
    Produce,
    Produced,
    ProducedOf,
    ProducerId,
)
from playground.systems.kafka.producer import Producer, Sent
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.sequences import Placed, Sequences
from playground.systems.kafka.settings import ProducerSettings

SECOND = 1_000_000
NAMES = ("br1", "br2", "br3")


class Log:
    """What a leader keeps of a partition."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.end = 0
        self.sequences = Sequences({})

    def append(self, batch: Batch) -> ProducedOf | str:
        """A place, or an error."""
        found = self.sequences.check(batch)
        if isinstance(found, str):
            return found
        if isinstance(found, Placed):
            return ProducedOf(TopicPartition("", 0), "", found.base_offset)
        placed = batch._replace(base_offset=self.end, leader_epoch=1)
        self.batches.append(placed)
        self.sequences.note(placed)
        self.end = placed.next_offset
        return ProducedOf(TopicPartition("", 0), "", placed.base_offset)

    @property
    def headers(self) -> list[str]:
        return [record.header for batch in self.batches for record in batch.records]


class FakeBroker(Service):
    """Appends what it leads; ``moods`` (errors) strike by chance, ``slow_us`` is how long an answer takes at most."""

    def __init__(self, process: Process, lab: Fake) -> None:
        super().__init__(process)
        self.lab = lab
        self.requests: list[Produce] = []
        self.chance = self.random("moods")

    @handles(AskMetadata)
    def on_ask_metadata(self, _source: str, _message: AskMetadata) -> Image:
        return self.lab.image

    @handles(InitProducerId)
    def on_init_producer_id(self, _source: str, _message: InitProducerId) -> ProducerId:
        self.lab.ids += 1
        return ProducerId(self.lab.ids)

    @handles(Produce)
    def on_produce(self, _source: str, message: Produce) -> Produced | None:
        self.requests.append(message)
        produced = Produced(tuple(self.produce(partition, batch) for partition, batch in message.batches))
        if message.acks == "0":
            return None
        answer = self.answer_later()
        self.after(int(self.chance.random() * self.lab.slow_us), partial(answer.reply, produced))
        return None

    def produce(self, partition: TopicPartition, batch: Batch) -> ProducedOf:
        lab = self.lab
        if lab.leaders[partition] != self.name:
            return ProducedOf(partition, errors.NOT_LEADER)
        refusal = lab.refusals.get(partition, "")
        mood = lab.moods and self.chance.random() < lab.moods
        if mood and not refusal:
            refusal = (errors.NOT_ENOUGH_REPLICAS, errors.STORAGE, errors.REQUEST_TIMED_OUT)[
                int(self.chance.random() * 3)
            ]
        if refusal and refusal not in errors.MAYBE_APPENDED:
            return ProducedOf(partition, refusal)
        done = lab.logs[partition].append(batch)
        if isinstance(done, str):
            return ProducedOf(partition, done)
        return ProducedOf(partition, refusal, done.base_offset)


class Machine(Service):
    """Where the producer runs."""

    def __init__(self, process: Process, lab: Fake, settings: ProducerSettings) -> None:
        super().__init__(process)
        self.producer = Producer(self, settings, NAMES, name="pr1")
        lab.producer = self.producer
        lab.machine = self

    def start(self) -> None:
        self.producer.start()


class Fake:
    """Three brokers and one producer."""

    producer: Producer
    machine: Machine

    def __init__(self, seed: int = 1, *, partitions: int = 3, slow_us: int = 2_000, **settings: Any) -> None:
        self.world = World(seed)
        self.chance = self.world.random("test")
        self.ids = 0
        self.slow_us = slow_us
        self.moods = 0.0
        """Share of the batches that are refused for now, or appended and denied."""
        self.refusals: dict[TopicPartition, str] = {}
        self.partitions = [TopicPartition("changes", number) for number in range(partitions)]
        self.logs = {partition: Log() for partition in self.partitions}
        self.leaders = {partition: NAMES[partition.partition % 3] for partition in self.partitions}
        self.version = 1
        self.outcomes: dict[str, Sent] = {}
        self.told: Counter[str] = Counter()
        for name in NAMES:
            Node(self.world, name, (lambda process: FakeBroker(process, self),)).start()
        Node(self.world, "pr1", (lambda process: Machine(process, self, ProducerSettings(**settings)),)).start()

    @property
    def image(self) -> Image:
        states = tuple(
            PartitionState(NAMES, self.leaders[each], 1, self.version, (Member("br1", 1),), (), self.version)
            for each in self.partitions
        )
        return Image("br1", 1, self.version, tuple(Broker(name, 1, 1) for name in NAMES), {"changes": states})

    def move(self, partition: TopicPartition, leader: str) -> None:
        """Another broker leads it ("" : nobody)."""
        self.leaders[partition] = leader
        self.version += 1

    def broker(self, name: str) -> FakeBroker:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(FakeBroker)

    def rough(self, loss: float = 0.0, doubling: float = 0.0, swapping: float = 0.0) -> None:
        """From now on the network is like this."""
        self.smooth()
        everywhere = Scope()
        for rule in (
            Loss(everywhere, loss, self.world.random("loss")),
            Duplication(everywhere, doubling, self.world.random("doubling"), 300_000),
            Reordering(everywhere, swapping, self.world.random("swapping"), 200_000),
        ):
            self.world.network.add(rule)

    def smooth(self) -> None:
        for rule in self.world.network.rules:
            self.world.network.remove(rule)

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def booted(self) -> None:
        """Until the machines run; nobody has heard of anybody."""
        await self.run(0.300_001)

    async def up(self) -> None:
        """Until everybody runs and the producer knows the cluster."""
        await self.run(0.5)

    def send(self, key: str | None = None, count: int = 1) -> list[str]:
        """So many messages; returns their headers."""
        headers = []
        for _ in range(count):
            told: list[str] = []

            def done(sent: Sent, told: list[str] = told) -> None:
                assert told, "an outcome before the header"
                self.told[told[0]] += 1
                self.outcomes[told[0]] = sent

            told.append(self.producer.send("changes", key, "v", done))
            headers.append(told[0])
        return headers

    def refuse(self, code: str) -> None:
        """Every partition answers so from now on; "": no more."""
        self.refusals = dict.fromkeys(self.partitions, code) if code else {}

    @property
    def headers(self) -> list[str]:
        """Everything that is in a log."""
        return [header for log in self.logs.values() for header in log.headers]

    def acknowledged(self) -> list[str]:
        return [header for header, sent in self.outcomes.items() if not sent.error]

    def failed(self, *, definite: bool) -> list[str]:
        return [header for header, sent in self.outcomes.items() if sent.error and sent.definite is definite]


def count_of(header: str) -> int:
    """The how-many-eth message of its producer it is."""
    return int(header.rpartition(":")[2])
