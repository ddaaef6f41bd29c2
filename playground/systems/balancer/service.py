"""A balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.service import Service
from playground.systems.balancer.settings import BalancerSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process


class BalancerService(Service):
    """One of two balancers. ``ensemble``: the servers of ZooKeeper, which says which one is active."""

    def __init__(
        self,
        process: Process,
        settings: BalancerSettings,
        balancers: tuple[str, ...],
        servers: tuple[str, ...],
        ensemble: tuple[str, ...],
        *,
        session_timeout_us: int,
    ) -> None:
        super().__init__(process)
        raise NotImplementedError
