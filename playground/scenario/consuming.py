"""How consumers of Kafka get on: what they hold ahead, how far they are behind, what they process (claims Q1, Q5)."""

from __future__ import annotations

from playground.cluster import Cluster
from playground.figure import Value
from playground.scenario.sampler import Sampler
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.worker import ConsumerService


class Consumers(Sampler):
    """All members of all groups together. ``lag_left`` and ``processing_rate`` are taken at the end of the load."""

    names = ("buffered_max", "lag_unstalled", "lag_left", "processing_rate")
    every_us = 50_000

    def __init__(self) -> None:
        self._buffered = 0
        self._stuck: dict[tuple[str, TopicPartition], None] = {}
        """Partitions that a stalled consumer has owned."""
        self._furthest: dict[tuple[str, TopicPartition], int] = {}

    def look(self, cluster: Cluster) -> None:
        kafka = cluster.inspection.kafka
        if kafka is None:
            return
        for consumer in cluster.services(ConsumerService).values():
            self._buffered = max(self._buffered, consumer.buffered)
            if consumer.stalled_ms is not None:
                self._stuck |= dict.fromkeys((consumer.group, partition) for partition in consumer.assignment)
        for key, lag in kafka.lags().items():
            self._furthest[key] = max(self._furthest.get(key, 0), lag)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        kafka = cluster.inspection.kafka
        if kafka is None:
            return dict.fromkeys(self.names)
        others = [lag for key, lag in self._furthest.items() if key not in self._stuck]
        processed = sum(each.processed for each in kafka.books.progress.values())
        rate = processed * 1e6 / cluster.now_us if cluster.now_us else None
        values = (self._buffered, max(others, default=None), sum(kafka.lags().values()), rate)
        return dict(zip(self.names, values, strict=True))
