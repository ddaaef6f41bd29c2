"""The zooms: all about the machine, or the item, that is selected, and what happened to it.

An item stands first, and under it the machine on which the selection stands. What others believe of either stands
beside what is: whoever looks for the reason of a failure looks for the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from playground.checkers.linearizability import LINEARIZABLE, UNKNOWN, VIOLATION
from playground.cluster import Cluster
from playground.pictures.clients import client_detail
from playground.pictures.history import Histories, Told, newest_first
from playground.systems.balancer import picture as balancer_picture
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.gossip import picture as gossip_picture
from playground.systems.gossip.service import GossipService
from playground.systems.kafka import picture as kafka_picture
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from playground.systems.layout import KAFKA
from playground.systems.shards import picture as shards_picture
from playground.systems.shards.client import ShardsClient
from playground.systems.shards.service import ShardsService
from playground.systems.zookeeper import picture as zookeeper_picture
from playground.systems.zookeeper.database import ROOT
from playground.systems.zookeeper.service import ZooKeeperService
from widgets.shapes import Detail, Fact, Item, Table, Tone

if TYPE_CHECKING:
    from playground.pictures.panels import Panels

TOLD = 3
"""So many facts fit in a title."""
_VERDICTS = {
    LINEARIZABLE: ("linearizable so far: some order explains what all clients saw", Tone.GOOD),
    VIOLATION: ("not linearizable: no order explains what clients saw", Tone.WARN),
    UNKNOWN: ("too many at once to tell whether they are linearizable", Tone.MUTED),
}
"""What the live check says of a key."""


class Zooms:
    """Of one cluster. ``panels``: know what is particular to its database."""

    def __init__(self, cluster: Cluster, panels: Panels, histories: Histories, hues: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._panels = panels
        self._histories = histories
        self._hues = hues
        self._items: dict[str, Callable[[str], Detail]] = {
            "key": self._key,
            "shard": self._shard,
            "partition": self._partition,
            "group": self._group,
            "znode": self._znode,
            "session": self._session,
        }

    def detail(self, name: str, item: Item | None, key: str) -> Detail:
        """``name``: the selected machine; ``item``: what is selected beside it; ``key``: that is looked at."""
        machine = self.machine(name, key if item is None or item.kind != "key" else "")
        return machine if item is None else replace(self.item(item), aside=machine)

    def machine(self, name: str, key: str = "") -> Detail:
        """What is its own, what it has heard of the others, the key that is looked at; and what happened to it."""
        cluster = self._cluster
        if name in cluster.clients:
            found = client_detail(cluster, name, self._histories.operations(name))
            return _with_history(found, self._histories.of_node(name))
        own = self._own(name)
        if cluster.kinds[name] not in KAFKA:  # those gossip with nobody
            heard = gossip_picture.detail(cluster.world, name, self._panels.gossiping, cluster.services(GossipService))
            own = Detail(own.title, (*own.facts, *heard.facts), (*own.tables, *heard.tables))
        if key and cluster.kinds[name] == "node":
            own = replace(own, tables=(*tables_of(self._panels.key(key)), *own.tables))
        return _with_history(own, self._histories.of_node(name))

    def item(self, item: Item) -> Detail:
        """What it is now, who holds it, who believes what of it; and what happened to it."""
        return _with_history(self._items[item.kind](item.name), self._histories.of_item(item))

    # --- machines ---------------------------------------------------------------------------------

    def _own(self, name: str) -> Detail:
        cluster, kind = self._cluster, self._cluster.kinds[name]
        if kind == "node":
            return self._panels.node(name)
        if kind == "ensemble":
            servers, services = cluster.of_kind("ensemble"), cluster.services(ZooKeeperService)
            return zookeeper_picture.detail(cluster.world, name, servers, services, self._hues)
        if kind in KAFKA:
            return self._of_kafka(name)
        if kind == "balancer":
            return balancer_picture.balancer_detail(cluster.world, name, cluster.services(BalancerService).get(name))
        return self._server(name)

    def _server(self, name: str) -> Detail:
        server = self._cluster.services(ServerService).get(name)
        own = balancer_picture.server_detail(self._cluster.world, name, server)
        if server is None or not isinstance(server.database, ShardsClient):
            return own
        told = shards_picture.masters_told(server.database, self._cluster.services(ShardsService))
        return replace(own, tables=(("the masters, as it was told", told), *own.tables))

    def _of_kafka(self, name: str) -> Detail:
        cluster, kind = self._cluster, self._cluster.kinds[name]
        brokers, consumers = cluster.services(BrokerService), cluster.services(ConsumerService)
        if kind == "broker":
            return kafka_picture.broker_detail(cluster.world, name, brokers, consumers, self._hues)
        if kind == "consumer":
            return kafka_picture.consumer_detail(name, consumers, brokers)
        return kafka_picture.producer_detail(name, cluster.services(ProducerService).get(name), brokers)

    # --- items ------------------------------------------------------------------------------------

    def _key(self, name: str) -> Detail:
        found = self._panels.key(name)
        if found is None:
            return Detail(f"key {name}", (Fact("is", "kept by nobody here", Tone.WARN),))
        verdict = self._cluster.inspection.linearizability.verdict(name)
        judged = Fact("its operations", *_VERDICTS[verdict])
        return replace(found, title=f"key {name}", facts=(*found.facts, judged))

    def _shard(self, name: str) -> Detail:
        cluster = self._cluster
        nodes, services = cluster.of_kind("node"), cluster.services(ShardsService)
        return replace(
            shards_picture.shard_detail(cluster.world, nodes, services, name, self._sessions()), title=f"shard {name}"
        )

    def _sessions(self) -> dict[str, ShardsClient]:
        """Who asks the database itself: the servers, or, where there are none, the clients."""
        found = {name: server.database for name, server in self._cluster.services(ServerService).items()}
        found |= {client.name: client.store for client in self._cluster.load_clients()}
        return {name: session for name, session in found.items() if isinstance(session, ShardsClient)}

    def _partition(self, name: str) -> Detail:
        cluster = self._cluster
        brokers, consumers = cluster.services(BrokerService), cluster.services(ConsumerService)
        producers = cluster.services(ProducerService)
        return kafka_picture.partition_detail(cluster.world, name, brokers, consumers, producers, self._hues)

    def _group(self, name: str) -> Detail:
        cluster = self._cluster
        brokers, consumers = cluster.services(BrokerService), cluster.services(ConsumerService)
        return kafka_picture.group_detail(name, brokers, consumers, self._hues)

    def _znode(self, path: str) -> Detail:
        cluster = self._cluster
        servers, services = cluster.of_kind("ensemble"), cluster.services(ZooKeeperService)
        found = zookeeper_picture.znode_detail(path, servers, services, self._hues)
        root, _, key = path.rpartition("/")
        if root != ROOT:
            return found
        return _with_history(found, self._histories.of_item(Item("key", key)))

    def _session(self, name: str) -> Detail:
        services = self._cluster.services(ZooKeeperService)
        return zookeeper_picture.session_detail(name, services, self._hues)


def _with_history(detail: Detail, told: Told) -> Detail:
    lines, earlier = told
    happened, more = newest_first((*detail.happened, *lines), detail.earlier + earlier)
    return replace(detail, happened=happened, earlier=more)


def tables_of(detail: Detail | None) -> tuple[tuple[str, Table], ...]:
    """The tables of a detail that stands within another one: its facts go to the title of the first."""
    if detail is None or not detail.tables:
        return ()
    (_, first), *others = detail.tables
    about = ", ".join(f"{fact.title} {fact.text}" for fact in detail.facts[:TOLD])
    return ((f"{detail.title}: {about}", first), *((f"{detail.title}: {title}", table) for title, table in others))
