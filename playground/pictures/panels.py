"""Which panels a cluster has, and what they show: one class for each kind of database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

from playground.cluster import Cluster
from playground.frame import PANELS
from playground.kernel.service import Service
from playground.pictures.clients import client_detail
from playground.systems.balancer import picture as balancer_picture
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.coordination import picture as coordination_picture
from playground.systems.coordination.service import CoordinationService
from playground.systems.gossip import picture as gossip_picture
from playground.systems.gossip.service import GossipService
from playground.systems.kafka import picture as kafka_picture
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from playground.systems.layout import KAFKA
from playground.systems.shards import picture as shards_picture
from playground.systems.shards.service import ShardsService
from playground.systems.store import picture as store_picture
from playground.systems.store.service import StoreService
from playground.systems.zookeeper import picture as zookeeper_picture
from playground.systems.zookeeper.service import ZooKeeperService
from widgets.shapes import Chord, Detail, Partitions, Ring, Spark, Table, Tree

Sides = Mapping[str, int]
TOLD = 3
"""So many facts fit in a title."""


class Asked(NamedTuple):
    """What the ring shows beside the circle: requests and messages under way, and the key that is looked at."""

    sparks: tuple[Spark, ...]
    chords: tuple[Chord, ...]
    key: str


class Panels(ABC):
    """The panels of one cluster. ``hues``: of the machines."""

    system = ""
    """The system that keeps the data: its docstring is the help of the panels that show it."""
    has_ring = True
    has_nodes = True
    """Somebody keeps data, and gossips."""
    first = ""
    """Who is selected at first; "": somebody on the ring, or of the nodes."""

    def __init__(self, cluster: Cluster, hues: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._hues = hues
        spec = cluster.spec
        there = {
            "ring": self.has_ring,
            "balancer": bool(spec.balancer.balancers),
            "tree": bool(spec.zookeeper.servers),
            "replicas": self.has_nodes,
            "gossip": self.has_nodes,
            "partitions": bool(spec.kafka.brokers),
        }
        kafka = cluster.inspection.kafka
        self._kafka = (
            kafka_picture.Overview(cluster.world, spec.kafka, kafka.history, hues) if kafka is not None else None
        )
        self.names = tuple(name for name in PANELS if there.get(name, True))
        self.helps = (("replicas", self.system), ("load", self.system), ("tree", "zookeeper"), ("balancer", "balancer"))

    @property
    def gossiping(self) -> list[str]:
        """The members that gossip."""
        return [name for name in self._cluster.members if self._cluster.kinds[name] not in KAFKA]

    @abstractmethod
    def ring(self, sides: Sides, asked: Asked) -> Ring | None:
        """The circle."""

    @abstractmethod
    def replicas(self) -> Table:
        """The nodes that keep the data."""

    @abstractmethod
    def node(self, name: str) -> Detail:
        """What a node that keeps data knows and holds."""

    def key(self, key: str) -> Detail | None:
        """Where a key lies, and what each copy shows; None if nobody can tell."""
        return None

    def tree(self) -> Tree:
        """The znodes, as the server that has applied most of all knows them."""
        cluster = self._cluster
        return zookeeper_picture.tree(
            cluster.world, cluster.of_kind("ensemble"), cluster.services(ZooKeeperService), self._hues
        )

    def balancer(self) -> Table:
        """The servers, as the active balancer sees them."""
        cluster = self._cluster
        return balancer_picture.table(
            cluster.world,
            cluster.of_kind("server"),
            cluster.services(BalancerService),
            cluster.services(ServerService),
            self._hues,
        )

    def partitions(self) -> Partitions:
        """Kafka's logs, and who reads them."""
        assert self._kafka is not None
        return self._kafka.partitions(self._cluster.services(BrokerService), self._cluster.services(ConsumerService))

    def detail(self, name: str, key: str = "") -> Detail:
        """All about one machine: what is its own, what it has heard of the others; and the key that is looked at."""
        cluster = self._cluster
        if name in cluster.clients:
            return client_detail(cluster, name)
        own = self._own(name)
        if cluster.kinds[name] in KAFKA:
            return own  # they gossip with nobody
        heard = gossip_picture.detail(name, self.gossiping, cluster.services(GossipService))
        looked_at = _tables(self.key(key)) if key and cluster.kinds[name] == "node" else ()
        return Detail(own.title, (*own.facts, *heard.facts), (*looked_at, *own.tables, *heard.tables))

    def _drawn(self, ring: Callable[..., Ring], kind: type[Service], sides: Sides, asked: Asked) -> Ring:
        """The circle as a database's ``ring`` draws it."""
        cluster, (sparks, chords, key) = self._cluster, asked
        nodes, services = cluster.of_kind("node"), cluster.services(kind)
        return ring(cluster.world, nodes, services, self._hues, sides, sparks=sparks, chords=chords, key=key)

    def _own(self, name: str) -> Detail:
        cluster, kind = self._cluster, self._cluster.kinds[name]
        if kind == "node":
            return self.node(name)
        if kind == "ensemble":
            return zookeeper_picture.detail(cluster.world, name, cluster.services(ZooKeeperService).get(name))
        if kind in KAFKA:
            return self._of_kafka(name)
        if kind == "balancer":
            return balancer_picture.balancer_detail(cluster.world, name, cluster.services(BalancerService).get(name))
        return balancer_picture.server_detail(cluster.world, name, cluster.services(ServerService).get(name))

    def _of_kafka(self, name: str) -> Detail:
        cluster, kind = self._cluster, self._cluster.kinds[name]
        brokers, consumers = cluster.services(BrokerService), cluster.services(ConsumerService)
        if kind == "broker":
            return kafka_picture.broker_detail(cluster.world, name, brokers, consumers, self._hues)
        if kind == "consumer":
            return kafka_picture.consumer_detail(cluster.world, name, consumers, brokers)
        return kafka_picture.producer_detail(name, cluster.services(ProducerService).get(name))


class QuorumPanels(Panels):
    """The quorum store on its ring."""

    system = "store"

    def ring(self, sides: Sides, asked: Asked) -> Ring:
        return self._drawn(store_picture.ring, StoreService, sides, asked)

    def replicas(self) -> Table:
        cluster = self._cluster
        return store_picture.table(cluster.world, cluster.of_kind("node"), cluster.services(StoreService), self._hues)

    def node(self, name: str) -> Detail:
        return store_picture.detail(self._cluster.world, name, self._cluster.services(StoreService).get(name))

    def key(self, key: str) -> Detail:
        return store_picture.key_detail(self._cluster.of_kind("node"), self._cluster.services(StoreService), key)


class ShardsPanels(Panels):
    """Masters and slaves; the ring says which shard a key belongs to."""

    system = "shards"

    def ring(self, sides: Sides, asked: Asked) -> Ring:
        return self._drawn(shards_picture.ring, ShardsService, sides, asked)

    def replicas(self) -> Table:
        cluster = self._cluster
        return shards_picture.table(cluster.world, cluster.of_kind("node"), cluster.services(ShardsService), self._hues)

    def node(self, name: str) -> Detail:
        cluster = self._cluster
        services = cluster.services(ShardsService)
        own = shards_picture.detail(cluster.world, name, services)
        held = services[name].replicas if name in services else ()
        shards = [shards_picture.shard_detail(cluster.world, cluster.of_kind("node"), services, each) for each in held]
        tables = (*own.tables[:1], *(table for each in shards for table in _tables(each)), *own.tables[1:])
        return Detail(own.title, own.facts, tables)

    def key(self, key: str) -> Detail:
        return shards_picture.key_detail(self._cluster.of_kind("node"), self._cluster.services(ShardsService), key)


class KeeperPanels(Panels):
    """The ensemble keeps the data, and the nodes lean on it."""

    system = "coordination"
    has_ring = False

    def ring(self, sides: Sides, asked: Asked) -> None:
        return None

    def replicas(self) -> Table:
        cluster = self._cluster
        return coordination_picture.table(
            cluster.world, cluster.of_kind("node"), cluster.services(CoordinationService), self._hues
        )

    def node(self, name: str) -> Detail:
        return coordination_picture.detail(
            self._cluster.world, name, self._cluster.services(CoordinationService).get(name)
        )


class KafkaPanels(Panels):
    """Nobody keeps data but Kafka."""

    system = "kafka"
    first = "br1"
    has_ring = False
    has_nodes = False

    def ring(self, sides: Sides, asked: Asked) -> None:
        return None

    def replicas(self) -> Table:
        return Table((), ())

    def node(self, name: str) -> Detail:
        return Detail(name)


def _tables(detail: Detail | None) -> tuple[tuple[str, Table], ...]:
    """The tables of a detail that stands within another one: its facts go to the title of the first."""
    if detail is None or not detail.tables:
        return ()
    (_, first), *others = detail.tables
    about = ", ".join(f"{fact.title} {fact.text}" for fact in detail.facts[:TOLD])
    return ((f"{detail.title}: {about}", first), *((f"{detail.title}: {title}", table) for title, table in others))


PANELS_OF: dict[str, type[Panels]] = {
    "quorum": QuorumPanels,
    "shards": ShardsPanels,
    "zookeeper": KeeperPanels,
    "none": KafkaPanels,
}
"""By the spec's ``database``."""
