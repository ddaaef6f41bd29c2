"""What others use of the sharded database: a session."""

from __future__ import annotations

from playground.kernel.service import Service
from playground.systems.database import RequestId
from playground.systems.shards.service import ShardsService
from playground.systems.shards.settings import ShardsSettings

__all__ = ["ShardsClient", "ShardsService", "ShardsSettings"]


class ShardsClient:
    """A session with the database: a `playground.systems.database.Database`.

    It calls through ``service``; ``members``: the data nodes; ``ensemble``: the servers of ZooKeeper.
    """

    def __init__(
        self,
        service: Service,
        session: str,
        members: tuple[str, ...],
        ensemble: tuple[str, ...],
        settings: ShardsSettings,
        *,
        points: int = 100,
        session_timeout_us: int = 3_000_000,
        timeout_us: int = 1_000_000,
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        raise NotImplementedError

    async def put(self, key: str, value: str, w: int | None = None, *, request: RequestId | None = None) -> None:
        raise NotImplementedError

    def observed(self, key: str) -> frozenset[str]:
        raise NotImplementedError

    def whom(self, members: tuple[str, ...]) -> None:
        raise NotImplementedError

    async def leave(self, node: str) -> None:
        raise NotImplementedError
