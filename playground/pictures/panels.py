"""Which panels a cluster has, and what they show: one class for each kind of database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from playground.cluster import Cluster
from playground.frame import PANELS
from playground.kernel.service import Service
from playground.pictures.zooms import tables_of
from playground.systems.balancer import picture as balancer_picture
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.coordination import picture as coordination_picture
from playground.systems.coordination.service import CoordinationService
from playground.systems.gossip import picture as gossip_picture
from playground.systems.gossip.service import GossipService
from playground.systems.kafka import picture as kafka_picture
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from playground.systems.layout import KAFKA
from playground.systems.shards import picture as shards_picture
from playground.systems.shards.service import ShardsService
from playground.systems.store import picture as store_picture
from playground.systems.store.service import StoreService
from playground.systems.zookeeper import picture as zookeeper_picture
from playground.systems.zookeeper.database import ROOT
from playground.systems.zookeeper.service import ZooKeeperService
from widgets.shapes import Chord, Detail, Partitions, Ring, Spark, Table, Tree

Sides = Mapping[str, int]


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

    def _drawn(self, ring: Callable[..., Ring], kind: type[Service], sides: Sides, asked: Asked) -> Ring:
        """The circle as a database's ``ring`` draws it, and on it what is going on."""
        cluster, (sparks, chords, key) = self._cluster, asked
        nodes, services = cluster.of_kind("node"), cluster.services(kind)
        drawn = ring(cluster.world, nodes, services, self._hues, sides, key=key)
        drawn = replace(drawn, sparks=sparks, chords=chords)
        return gossip_picture.with_misjudged(drawn, cluster.services(GossipService))


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
        tables = (*own.tables[:1], *(table for each in shards for table in tables_of(each)), *own.tables[1:])
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

    def key(self, key: str) -> Detail:
        cluster = self._cluster
        servers, services = cluster.of_kind("ensemble"), cluster.services(ZooKeeperService)
        return zookeeper_picture.znode_detail(f"{ROOT}/{key}", servers, services, self._hues)


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


PANELS_OF: dict[str, type[Panels]] = {
    "quorum": QuorumPanels,
    "shards": ShardsPanels,
    "zookeeper": KeeperPanels,
    "none": KafkaPanels,
}
"""By the spec's ``database``."""
