"""THE registration of systems: one line each in :data:`SYSTEMS`.

The order is the order in which a node boots them; a system may use, through its
``client.py``, those that stand before it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playground.kernel.node import Factory, Process
from playground.kernel.service import Service
from playground.systems import access
from playground.systems.balancer import roles as balancer_roles
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.coordination import roles as coordination_roles
from playground.systems.coordination.service import CoordinationService
from playground.systems.coordination.settings import CoordinationSettings
from playground.systems.database import Database
from playground.systems.feed.service import FeedService
from playground.systems.gossip.client import Vitals
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.kafka import roles as kafka_roles
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.kafka.worker import ConsumerService
from playground.systems.layout import KAFKA, Kind
from playground.systems.layout import Site as Site
from playground.systems.shards import roles as shards_roles
from playground.systems.shards.service import ShardsService
from playground.systems.shards.settings import ShardsSettings
from playground.systems.store import roles as store_roles
from playground.systems.store.service import MEMORY_BYTES, StoreService
from playground.systems.store.settings import StoreSettings
from playground.systems.zookeeper import roles as zookeeper_roles
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.settings import ZooKeeperSettings

Role = Callable[[Mapping[str, Any], str], tuple[str, ...]]
"""``role(services by node, thing)``: the nodes that have this role (for the thing, if it is one for things)."""


def _everywhere(_site: Site) -> bool:
    return True


def _gossips(site: Site) -> bool:
    return site.kind not in KAFKA


@dataclass(frozen=True, slots=True)
class System:
    """A simulated system: its folder's name, what a person calls it, and how a node gets its part of it."""

    name: str
    title: str
    settings: type[Any]
    service: Callable[[Process, Site], Service]
    kind: type[Service] = Service
    """The class of its services."""
    runs: Callable[[Site], bool] = _everywhere
    roles: Mapping[str, Role] = field(default_factory=dict)
    things: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    """``things(services by node)``: what its roles are for, by name; None: for whatever has a place, as any key has."""

    @property
    def help(self) -> str:
        """What it is, what is simplified, what to try: the docstring of its package."""
        return importlib.import_module(f"playground.systems.{self.name}").__doc__ or ""


def _gossip(process: Process, site: Site) -> Service:
    return GossipService(process, site.layout.gossip, site.members, _Vitals(process))


class _Vitals:
    """What gossip tells of a machine: a store knows its own; others say how many tasks are at work, smoothed."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._load = 0.0

    def __call__(self) -> Vitals:
        for service in self._process.services:
            if isinstance(service, StoreService):
                return service.vitals()
        self._load += 0.2 * (self._process.tasks() - self._load)
        return Vitals(round(self._load, 2), MEMORY_BYTES - self._process.disk.used_bytes)


def _zookeeper(process: Process, site: Site) -> Service:
    settings = site.layout.zookeeper
    return ZooKeeperService(process, settings, settings.names)


def _store(process: Process, site: Site) -> Service:
    return StoreService(process, site.layout.store, site.nodes, points=site.layout.points, joining=site.joining)


def _coordination(process: Process, site: Site) -> Service:
    layout = site.layout
    return CoordinationService(
        process, layout.coordination, layout.zookeeper.names, session_timeout_us=layout.session_timeout_us
    )


def _shards(process: Process, site: Site) -> Service:
    layout = site.layout
    return ShardsService(
        process,
        layout.shards,
        site.nodes,
        layout.zookeeper.names,
        points=layout.points,
        session_timeout_us=layout.session_timeout_us,
        joining=site.joining,
    )


def _balancer(process: Process, site: Site) -> Service:
    layout = site.layout
    settings = layout.balancer
    return BalancerService(
        process,
        settings,
        settings.balancer_names,
        settings.server_names,
        layout.zookeeper.names,
        session_timeout_us=layout.session_timeout_us,
    )


def _server(process: Process, site: Site) -> Service:
    layout = site.layout
    settings = layout.balancer

    def database(service: Service) -> Database:
        return access.direct(service, layout, site.nodes, timeout_us=settings.try_timeout_ms * 1_000)

    return ServerService(process, settings, settings.balancer_names, database)


def _broker(process: Process, site: Site) -> Service:
    layout = site.layout
    return BrokerService(process, layout.kafka, layout.zookeeper.names, session_timeout_us=layout.session_timeout_us)


def _producer(process: Process, site: Site) -> Service:
    settings = site.layout.kafka
    return ProducerService(process, settings, settings.broker_names)


def _consumer(process: Process, site: Site) -> Service:
    settings = site.layout.kafka
    return ConsumerService(process, settings, site.group, settings.broker_names)


def _feed(process: Process, site: Site) -> Service:
    return FeedService(process, site.layout.kafka)


def _feeds(site: Site) -> bool:
    kafka, layout = site.layout.kafka, site.layout
    return site.kind == "node" and layout.database == "shards" and kafka.brokers > 0 and kafka.feed


def _runs(kind: Kind, database: str = "") -> Callable[[Site], bool]:
    """On the machines of a kind, if (for what keeps data) it is the database there."""
    return lambda site: site.kind == kind and database in ("", site.layout.database)


SYSTEMS = (
    System("gossip", "gossip", GossipSettings, _gossip, GossipService, _gossips),
    System(
        "zookeeper",
        "ZooKeeper",
        ZooKeeperSettings,
        _zookeeper,
        ZooKeeperService,
        _runs("ensemble"),
        {"leader": zookeeper_roles.leader, "follower": zookeeper_roles.follower},
        zookeeper_roles.things,
    ),
    System(
        "store",
        "quorum store",
        StoreSettings,
        _store,
        StoreService,
        _runs("node", "quorum"),
        {"owner": store_roles.owner, "replica": store_roles.replicas},
    ),
    System(
        "coordination",
        "coordination",
        CoordinationSettings,
        _coordination,
        CoordinationService,
        _runs("node", "zookeeper"),
        {"master": coordination_roles.master},
    ),
    System(
        "shards",
        "masters and slaves",
        ShardsSettings,
        _shards,
        ShardsService,
        _runs("node", "shards"),
        {
            "owner": shards_roles.owner,
            "replica": shards_roles.replica,
            "master": shards_roles.master,
            "slave": shards_roles.slave,
        },
    ),
    System(
        "balancer",
        "load balancer",
        BalancerSettings,
        _balancer,
        BalancerService,
        _runs("balancer"),
        {"active": balancer_roles.active, "standby": balancer_roles.standby},
    ),
    System("balancer", "server", BalancerSettings, _server, ServerService, _runs("server")),
    System(
        "kafka",
        "Kafka",
        KafkaSettings,
        _broker,
        BrokerService,
        _runs("broker"),
        {
            "leader": kafka_roles.leader,
            "follower": kafka_roles.follower,
            "replica": kafka_roles.replica,
            "controller": kafka_roles.controller,
            "coordinator": kafka_roles.coordinator,
        },
        kafka_roles.things,
    ),
    System("kafka", "producer", KafkaSettings, _producer, ProducerService, _runs("producer")),
    System("kafka", "consumer", KafkaSettings, _consumer, ConsumerService, _runs("consumer")),
    System("feed", "change feed", KafkaSettings, _feed, FeedService, _feeds),
)


def roles() -> dict[str, tuple[tuple[System, Role], ...]]:
    """Every role that a command may name, in the singular: the systems that have it, and how each of them finds it."""
    found: dict[str, tuple[tuple[System, Role], ...]] = {}
    for system in SYSTEMS:
        for word, role in system.roles.items():
            found[word] = (*found.get(word, ()), (system, role))
    return found


def services(site: Site) -> tuple[Factory, ...]:
    """What a node boots, in order."""
    return tuple(partial(_boot, system, site) for system in SYSTEMS if system.runs(site))


def _boot(system: System, site: Site, process: Process) -> Service:
    return system.service(process, site)
