"""How clients use the balancers, and what others may use of this system."""

from __future__ import annotations

from playground.kernel.service import Service
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import BalancerSettings

__all__ = ["BalancedClient", "BalancerService", "BalancerSettings", "ServerService"]


class BalancedClient:
    """A session that reaches the database through the balancers (a `Database`)."""

    def __init__(self, service: Service, balancers: tuple[str, ...], *, timeout_us: int, session: str) -> None:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        raise NotImplementedError

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        raise NotImplementedError

    def observed(self, key: str) -> frozenset[str]:
        raise NotImplementedError

    def whom(self, members: tuple[str, ...]) -> None:
        raise NotImplementedError

    async def leave(self, node: str) -> None:
        raise NotImplementedError
