"""How a member talks to its group's coordinator, whichever broker that is just now.

Rules. Any broker tells who it is; the brokers are asked in turn. Who does not answer, says that it is not the one, or
cannot do its work, is not believed in any longer, and the next request begins with the question again (as in Kafka). A
request is safe to be sent twice, so one whose outcome is not known may be repeated; whoever repeats it decides for how
long.
"""

from __future__ import annotations

from typing import Any

from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.kafka.errors import (
    COORDINATOR_LOADING,
    COORDINATOR_UNAVAILABLE,
    NOT_COORDINATOR,
    NOT_ENOUGH_REPLICAS,
    NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    REQUEST_TIMED_OUT,
    STORAGE,
    UNAVAILABLE,
)
from playground.systems.kafka.messages import Coordinator, FindCoordinator

FIND_US = 500_000
"""A broker that is silent for so long is not waited for; the next one is asked."""
PAUSE_US = 250_000
"""Between two attempts."""
PASSING = frozenset(
    {
        COORDINATOR_LOADING,
        COORDINATOR_UNAVAILABLE,
        NOT_COORDINATOR,
        NOT_ENOUGH_REPLICAS,
        NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        REQUEST_TIMED_OUT,
        STORAGE,
        UNAVAILABLE,
    }
)
"""After these the same request may succeed a little later."""
_ELSEWHERE = PASSING - {COORDINATOR_LOADING}
"""After these perhaps with another broker only: who can write nothing may have been replaced without knowing it."""


def passes(error: CallError) -> bool:
    """Whether it is worth while to ask again."""
    return not isinstance(error, Rejected) or error.code in PASSING


class CoordinatorLine:
    """Asks the coordinator of ``group`` through ``service``."""

    def __init__(self, service: Service, group: str, brokers: tuple[str, ...]) -> None:
        self.coordinator = ""
        """Who is believed to be it; "": nobody."""
        self._service = service
        self._group = group
        self._brokers = brokers
        self._turn = int(service.random("coordinator").random() * len(brokers))

    async def ask(self, request: Any, timeout_us: int) -> Any:
        """One attempt: find it if it is not known, and ask. Raises CallError."""
        coordinator = self.coordinator or await self._find()
        try:
            return await self._service.call(coordinator, request, timeout_us=timeout_us)
        except (TimedOut, Refused):
            self._forget(coordinator)
            raise
        except Rejected as error:
            if error.code in _ELSEWHERE:
                self._forget(coordinator)
            raise

    async def insist(self, request: Any, timeout_us: int, *, attempt_us: int = 1_000_000) -> Any:
        """Attempts of ``attempt_us`` at most, for ``timeout_us`` all in all. Raises the last one's CallError."""
        clock = self._service.clock
        deadline_us = clock.monotonic_us + timeout_us
        while True:
            try:
                return await self.ask(request, max(1, min(attempt_us, deadline_us - clock.monotonic_us)))
            except CallError as error:
                if not passes(error) or clock.monotonic_us + PAUSE_US >= deadline_us:
                    raise
            await self._service.sleep(PAUSE_US)

    async def _find(self) -> str:
        broker = self._brokers[self._turn]
        self._turn = (self._turn + 1) % len(self._brokers)
        found = await self._service.call(broker, FindCoordinator(self._group), timeout_us=FIND_US)
        assert isinstance(found, Coordinator)
        if not found.name:
            raise Rejected(COORDINATOR_UNAVAILABLE, f"nobody coordinates {self._group}")
        self.coordinator = found.name
        return found.name

    def _forget(self, coordinator: str) -> None:
        if self.coordinator == coordinator:
            self.coordinator = ""
