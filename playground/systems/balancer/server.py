"""A stateless server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.kernel.service import Service
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.database import Database

if TYPE_CHECKING:
    from playground.kernel.node import Process


class ServerService(Service):
    """One instance. ``database(service)`` makes its session with the database."""

    def __init__(
        self,
        process: Process,
        settings: BalancerSettings,
        balancers: tuple[str, ...],
        database: Callable[[Service], Database],
    ) -> None:
        super().__init__(process)
        raise NotImplementedError
