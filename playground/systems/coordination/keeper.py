"""A session that counts how often a watch has woken its owner."""

from __future__ import annotations

from collections.abc import Callable

from playground.kernel.service import Service
from playground.systems.zookeeper.client import Event, Stat, State, Watch, ZooKeeper


class CountingKeeper(ZooKeeper):
    """``count(event)`` is called before each watch that fires: a herd is seen by how many are woken for nothing."""

    def __init__(
        self,
        service: Service,
        servers: tuple[str, ...],
        *,
        timeout_us: int,
        on_state: Callable[[State], object],
        count: Callable[[Event], object],
    ) -> None:
        super().__init__(service, servers, timeout_us=timeout_us, on_state=on_state)
        self._count = count

    async def get(self, path: str, watch: Watch | None = None) -> tuple[str, Stat]:
        return await super().get(path, self._counted(watch))

    async def exists(self, path: str, watch: Watch | None = None) -> Stat | None:
        return await super().exists(path, self._counted(watch))

    async def children(self, path: str, watch: Watch | None = None) -> tuple[str, ...]:
        return await super().children(path, self._counted(watch))

    def _counted(self, watch: Watch | None) -> Watch | None:
        if watch is None:
            return None

        def fired(event: Event) -> None:
            self._count(event)
            watch(event)

        return fired
