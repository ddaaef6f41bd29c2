"""The feed on one data node: it publishes the shards that this node leads.

It runs beside the database and reads its copies in memory; the database does not know of it. As Debezium does, it
polls: while there is something new often, else seldom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.service import Service
from playground.systems.feed.publishing import Publishing
from playground.systems.kafka.client import KafkaSettings
from playground.systems.shards.client import ShardsService

if TYPE_CHECKING:
    from playground.kernel.node import Process

BUSY_US = 50_000
IDLE_US = 250_000
"""How often it looks into the logs: when the last look found something, and when it did not."""


class FeedService(Service):
    """On a node of the sharded database (a `ShardsService` is there). ``settings``: of the Kafka it publishes to."""

    def __init__(self, process: Process, settings: KafkaSettings) -> None:
        super().__init__(process)
        self.settings = settings
        self.feeds: dict[str, Publishing] = {}
        """Shard -> what its master's term, which is this node's, does for the feed."""
        self._delivered = 0
        """By terms that are over."""
        self._taken = 0
        self._shards: ShardsService | None = None

    def start(self) -> None:
        self._shards = self.process.find(ShardsService)
        self.after(IDLE_US, self._poll)

    def take_work(self) -> int:
        """How many changes were published, and acknowledged, since this was last called."""
        delivered = self._delivered + sum(feed.delivered for feed in self.feeds.values())
        work, self._taken = delivered - self._taken, delivered
        return work

    def _poll(self) -> None:
        assert self._shards is not None
        found = False
        for shard, replica in self._shards.replicas.items():
            leading, feed = replica.leading, self.feeds.get(shard)
            if feed is not None and feed.leading is not leading:
                feed.end()
                self._delivered += self.feeds.pop(shard).delivered
                feed = None
            if feed is None and leading is not None and leading.serving:
                feed = self.feeds[shard] = Publishing(self, self.settings, replica, leading)
            if feed is not None and feed.poll():
                found = True
        self.after(BUSY_US if found else IDLE_US, self._poll)
