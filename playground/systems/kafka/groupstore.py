"""What a coordinator writes down: one append after the other, so that memory changes in the order of the log.

What comes while an append is under way shares the next one. Whoever wrote something is told when it is committed, or
that it failed: then all that shared its append has failed with it. If a failure is indefinite the records may stand
in the log all the same; whoever writes must be content with either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.systems.kafka import errors
from playground.systems.kafka.offsets import Put

Stored = Callable[[Rejected | None], object]
"""None: it is committed."""
Append = Callable[[Sequence[Put]], Awaitable[None]]


class Store:
    """From when a partition of the offsets topic is led until :meth:`end`."""

    def __init__(self, service: Service, append: Append) -> None:
        self._service = service
        self._append = append
        self._waiting: list[tuple[Sequence[Put], Stored]] = []
        self._under_way: list[tuple[Sequence[Put], Stored]] = []
        self._busy = False
        self._over = False

    def write(self, records: Sequence[Put], then: Stored) -> None:
        """Append these together, behind all that was written before; ``then(error)`` when the outcome is known."""
        assert not self._over, "the lead is over"
        self._waiting.append((records, then))
        if not self._busy:
            self._busy = True
            self._service.spawn(self._work)

    def end(self) -> None:
        """The lead is over. What is not committed may be so one day, or never."""
        self._over = True
        waiting = [*self._under_way, *self._waiting]
        self._under_way, self._waiting = [], []
        for _, then in waiting:
            then(Rejected(errors.NOT_COORDINATOR, f"{self._service.name} leads no more", definite=False))

    async def _work(self) -> None:
        while self._waiting and not self._over:
            self._under_way, self._waiting = self._waiting, []
            error: Rejected | None = None
            try:
                await self._append([record for records, _ in self._under_way for record in records])
            except Rejected as refused:
                error = refused
            done, self._under_way = self._under_way, []
            for _, then in done:
                then(error)
        self._busy = False
