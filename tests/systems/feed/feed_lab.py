"""The sharded database of `tests.systems.shards.shards_lab`, with a feed on each data node; Kafka is real or a fake.

A plug-in of a database lab, not of a Kafka lab: what is judged is whether the feed tells what the database did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.systems.feed import checks
from playground.systems.feed.changes import Change
from playground.systems.feed.service import FeedService
from playground.systems.kafka import roles as kafka_roles
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.shards import roles
from tests.systems.feed.fake_kafka import FakeKafka
from tests.systems.shards.shards_lab import Lab


class FeedLab(Lab):
    """As `Lab`, and ``kafka``: settings of the Kafka that is published to."""

    def __init__(self, size: int = 3, seed: int = 1, *, kafka: dict[str, Any] | None = None, **settings: Any) -> None:
        self.kafka = KafkaSettings(**{"brokers": 3, **(kafka or {})})
        super().__init__(size, seed, **settings)
        self.fake = FakeKafka(self.world)

    def _add(self, name: str, members: tuple[str, ...], *, joining: bool) -> None:
        super()._add(name, members, joining=joining)
        self.nodes[name].services += (lambda process: FeedService(process, self.kafka),)

    # --- what was published ---------------------------------------------------------------

    def records(self, topic: str) -> Sequence[Sequence[Record]]:
        """What is in each partition of a topic."""
        return [self.fake.topics.get(topic, [])]

    def partitions(self) -> list[list[Change]]:
        """What the feed's topic holds, by partition."""
        found = []
        for partition in self.records(self.kafka.topics[0].name):
            changes = [Change.parse(record.key, record.value) for record in partition]
            assert None not in changes
            found.append([change for change in changes if change is not None])
        return found

    def changes(self) -> list[Change]:
        return [change for partition in self.partitions() for change in partition]

    def feed(self, name: str) -> FeedService:
        process = self.nodes[name].process
        assert process is not None
        return process.find(FeedService)

    def state(self) -> dict[str, str]:
        """What the newest masters show."""
        masters = [roles.leader(self.services(), shard) for shard in self.settings.names]
        return {key: value for master in masters if master for key, value in master.log.state.data.items()}

    def acknowledged(self) -> dict[str, list[str]]:
        """Key -> the values whose writes were acknowledged."""
        found: dict[str, list[str]] = {}
        for operation in self.history.operations:
            if operation.write and operation.outcome == "ok":
                found.setdefault(operation.key, []).append(operation.value)
        return found

    def wrong(self, *, snapshots: bool = False) -> list[Any]:
        """What is wrong with the feed, once it is quiet."""
        changes = self.changes()
        found = [
            *checks.unreversed(changes, self.failed()),
            *checks.agrees(checks.view(changes), self.state()),
        ]
        if not snapshots:
            found += checks.complete(changes, self.acknowledged())
            for partition in self.partitions():
                found += checks.in_order(partition)
        return found

    async def settle(self) -> None:
        """No more load, everything is repaired, and there was time to publish the rest."""
        await self.quiesce()
        await self.run(4)


class PlatformLab(FeedLab):
    """The same, on real brokers br1 … that share the database's ensemble."""

    def __init__(self, size: int = 3, seed: int = 1, **settings: Any) -> None:
        super().__init__(size, seed, **settings)
        self.brokers: dict[str, Node] = {}
        for name in self.kafka.broker_names:
            self.brokers[name] = Node(self.world, name, (self._broker,))
            self.brokers[name].start()

    def _broker(self, process: Process) -> Service:
        ensemble = self.keeper.names
        return BrokerService(process, self.kafka, ensemble, session_timeout_us=self.session_timeout_us)

    def broker_services(self) -> dict[str, BrokerService]:
        """Those that are up, or frozen."""
        found = {}
        for name, node in self.brokers.items():
            if node.life in (Life.UP, Life.FROZEN) and node.process is not None:
                found[name] = node.process.find(BrokerService)
        return found

    def records(self, topic: str) -> Sequence[Sequence[Record]]:
        """What is committed in each partition of a topic, by its leader."""
        services, found = self.broker_services(), []
        settings = self.kafka.topic(topic)
        assert settings is not None
        for number in range(settings.partitions):
            partition = TopicPartition(topic, number)
            (leader,) = kafka_roles.leader(services, str(partition))
            log = services[leader].partitions[partition].log
            found.append([record for offset, record in log.records() if offset < log.high_watermark])
        return found

    def kafka_is_whole(self) -> bool:
        """Every partition of the feed's topics is led, and all its replicas are in sync."""
        services = self.broker_services()
        if len(services) < len(self.brokers):
            return False
        image = max((service.image for service in services.values()), key=lambda each: each.age)
        wanted = self.kafka.all_topics
        return all(
            len(image.topics.get(name, ())) == topic.partitions
            and all(len(state.isr) == topic.replication for state in image.topics[name])
            for name, topic in wanted.items()
        )

    async def settle(self) -> None:
        for _ in range(30):
            if self.kafka_is_whole():
                break
            await self.run(1)
        await super().settle()
