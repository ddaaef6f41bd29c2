"""A bug, planted in the store of this process."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.store.service import StoreService

SMALL = """
cluster: {nodes: 5}
load: {rate: 30, reads: 60%, clients: 3, keys: 20}
until: 40s
expect: {converged: true, stale_reads: 0, lost_writes: 0}
"""


def acknowledge_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes are acknowledged as soon as one replica holds them, whatever W is."""
    ask = StoreService._ask

    async def hasty(self: StoreService, key: str, need: int, request: Any, *, writes: bool = False) -> Any:
        return await ask(self, key, 1 if writes else need, request, writes=writes)

    monkeypatch.setattr(StoreService, "_ask", hasty)
