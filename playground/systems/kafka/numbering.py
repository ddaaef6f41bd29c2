"""Producer ids: a broker takes a block of them from the ensemble at a time, and gives them away one by one (KIP-98)."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import trio

from playground.kernel.errors import Rejected
from playground.systems.kafka import errors

BLOCK = 100
"""How many are taken at a time (Kafka takes a thousand)."""


class ProducerIds:
    """``take(count)``: numbers that nobody else is given; may raise Rejected."""

    def __init__(self, take: Callable[[int], Awaitable[range]]) -> None:
        self._take = take
        self._left: deque[int] = deque()
        self._taking: trio.Event | None = None

    async def next(self) -> int:
        """A number that nobody else has. One block is asked for at a time, whoever waits. Rejected: "unavailable"."""
        if not self._left:
            if self._taking is None:
                await self._refill()
            else:
                await self._taking.wait()
        if not self._left:
            raise Rejected(errors.UNAVAILABLE, "the ensemble gives no producer ids")
        return self._left.popleft()

    async def _refill(self) -> None:
        self._taking = taking = trio.Event()
        try:
            self._left.extend(await self._take(BLOCK))
        finally:
            self._taking = None
            taking.set()
