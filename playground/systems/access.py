"""How a client comes to the data: straight to the nodes, through the ensemble, or through a balancer."""

from __future__ import annotations

from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.systems.balancer.client import BalancedClient
from playground.systems.database import Database
from playground.systems.layout import Layout
from playground.systems.shards.client import ShardsClient
from playground.systems.store.client import StoreClient
from playground.systems.zookeeper.client import KeeperDatabase


def session(service: Service, layout: Layout, nodes: tuple[str, ...], *, timeout_us: int) -> Database:
    """A session of ``service`` for a user: through the balancers, if there are some."""
    balancers = layout.balancer.balancer_names
    if balancers:
        return BalancedClient(service, balancers, timeout_us=timeout_us, session=_life(service))
    return direct(service, layout, nodes, timeout_us=timeout_us)


def direct(service: Service, layout: Layout, nodes: tuple[str, ...], *, timeout_us: int) -> Database:
    """A session of ``service`` with the database itself."""
    if layout.database == "none":
        return NoDatabase()
    ensemble = layout.zookeeper.names
    if layout.database == "shards":
        return ShardsClient(
            service,
            _life(service),
            nodes,
            ensemble,
            layout.shards,
            points=layout.points,
            timeout_us=timeout_us,
            session_timeout_us=layout.session_timeout_us,
        )
    if layout.database == "zookeeper":
        return KeeperDatabase(
            service,
            ensemble,
            timeout_us=timeout_us,
            session_timeout_us=layout.session_timeout_us,
            fresh=layout.zookeeper.sync_reads,
        )
    return StoreClient(service, service.name, nodes, timeout_us=timeout_us, conflicts=layout.store.conflicts)


class NoDatabase:
    """There is none: whatever is asked is refused."""

    def start(self) -> None:
        """Nothing to begin."""

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        raise Rejected("unavailable", "this cluster has no database")

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        raise Rejected("unavailable", "this cluster has no database")

    def observed(self, key: str) -> frozenset[str]:
        return frozenset()

    def whom(self, members: tuple[str, ...]) -> None:
        """Nobody is to be asked."""

    async def leave(self, node: str) -> None:
        raise Rejected("unavailable", "this cluster has no database")


def _life(service: Service) -> str:
    """A name that nobody else ever has: a machine that restarts has forgotten what it wrote."""
    boots = service.process.node.boots
    return service.name if boots <= 1 else f"{service.name}#{boots}"
