"""A stateless server: it takes requests from the balancers, works on them, and asks the database.

So many at a time (`workers`); others queue; when the queue is full they are refused, which is definite. It does not
know how long a request's client still waits: what has queued for too long is worked on all the same, for nobody.

Health checks and heartbeats belong to its event loop, not to its workers: a server that drowns in work is still
"healthy", and so is one that is cut off from its database.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from playground.kernel.calls import Answer
from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.balancer.messages import Check, Health, Report, Work
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.database import Database, RequestId

if TYPE_CHECKING:
    from playground.kernel.node import Process


class _Recognizing(Protocol):
    """A database that does a write once, however often it is asked to."""

    async def put(self, key: str, value: str, w: int | None = None, *, request: RequestId | None = None) -> None: ...


class ServerService(Service):
    """One instance. ``database(service)`` makes its session with the database, which calls through this service."""

    def __init__(
        self,
        process: Process,
        settings: BalancerSettings,
        balancers: tuple[str, ...],
        database: Callable[[Service], Database],
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.balancers = balancers
        self.database = database(self)
        self.once = "request" in inspect.signature(self.database.put).parameters
        """Whether the database recognises a write that it has done already."""
        self.queue: deque[tuple[Answer, Work]] = deque()
        self.working = 0
        self.taken = 0
        """Requests that were not refused."""
        self.refused = 0
        """Requests for which there was no room in the queue."""
        self.done = 0
        self.failed = 0
        """Requests that the database did not do, or not in time."""
        self._reports = 0
        self._curved = 0

    def start(self) -> None:
        self.database.start()
        self._report()
        self.every(self.settings.interval_ms * 1_000, self._report)

    def health(self) -> Health:
        return Health(len(self.queue), self.working, self.once)

    def take_work(self) -> int:
        """How many requests its workers have finished, well or not, since this was last asked."""
        work = self.done + self.failed
        since, self._curved = work - self._curved, work
        return since

    # --- signs of life -------------------------------------------------------------------

    def _report(self) -> None:
        self._reports += 1
        report = Report(self.process.node.boots, self._reports, self.health())
        for balancer in self.balancers:
            self.send(balancer, report)

    @handles(Check)
    def on_check(self, _source: str, _message: Check) -> Health:
        return self.health()

    # --- work ----------------------------------------------------------------------------

    @handles(Work)
    def on_work(self, _source: str, work: Work) -> None:
        if self.working < self.settings.workers:
            self.taken += 1
            self.working += 1
            self.spawn(self._work, self.answer_later(), work)
        elif len(self.queue) < self.settings.queue:
            self.taken += 1
            self.queue.append((self.answer_later(), work))
        else:
            self.refused += 1
            raise Rejected("busy", f"{len(self.queue)} requests wait at {self.name}")

    async def _work(self, answer: Answer, work: Work) -> None:
        """A worker: it goes on with the queue until that is empty."""
        while True:
            await self._do(answer, work)
            if not self.queue:
                self.working -= 1
                return
            answer, work = self.queue.popleft()

    async def _do(self, answer: Answer, work: Work) -> None:
        if self.settings.work_ms:
            await self.sleep(self.settings.work_ms * 1_000)
        values: tuple[str, ...] = ()
        try:
            if work.value is None:
                values = await self.database.get(work.key)
            elif self.once:
                await cast(_Recognizing, self.database).put(work.key, work.value, request=work.request)
            else:
                await self.database.put(work.key, work.value)
        except Rejected as error:
            self.failed += 1
            answer.reject(error)
        except CallError as error:
            self.failed += 1
            answer.reject(Rejected("database", str(error), definite=error.definite))
        else:
            self.done += 1
            answer.reply(values)
