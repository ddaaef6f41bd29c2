"""Who is there, and how everything is set: what every machine is told when it is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.systems.balancer.settings import BalancerSettings
from playground.systems.coordination.settings import CoordinationSettings
from playground.systems.gossip.settings import GossipSettings
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.shards.settings import ShardsSettings
from playground.systems.store.settings import StoreSettings
from playground.systems.zookeeper.settings import ZooKeeperSettings

Kind = Literal["node", "ensemble", "balancer", "server", "broker", "producer", "consumer"]
"""What a machine is there for."""
KAFKA: tuple[Kind, ...] = ("broker", "producer", "consumer")
"""These know each other by their brokers' metadata, and gossip with nobody."""
DatabaseName = Literal["quorum", "shards", "zookeeper", "none"]
"""Which system keeps the data."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The configuration that all machines share."""

    database: DatabaseName
    points: int
    """Points of each node (or shard) on the circle."""
    gossip: GossipSettings
    store: StoreSettings
    zookeeper: ZooKeeperSettings
    coordination: CoordinationSettings
    shards: ShardsSettings
    balancer: BalancerSettings
    kafka: KafkaSettings

    @property
    def session_timeout_us(self) -> int:
        return self.zookeeper.session_timeout_ms * 1_000


@dataclass(frozen=True, slots=True)
class Site:
    """What one machine is told."""

    name: str
    kind: Kind
    members: tuple[str, ...]
    """Every machine that gossips, as its configuration says."""
    nodes: tuple[str, ...]
    """Those of them that keep data."""
    layout: Layout
    joining: bool
    """It is not a member yet, and has to ask."""
    group: str = ""
    """The consumer group that it is a member of."""
