"""The clients: open-loop load, and the history of what they saw.

Open loop: operations arrive at the set rate whether or not earlier ones have been
answered, as users do (Schroeder et al., NSDI 2006). A system that slows down therefore
piles up work instead of being spared. Arrivals are a Poisson process; keys are drawn from a Zipf
distribution; reads and writes are mixed by chance; each client is a session of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from playground.checkers.history import History, Operation
from playground.kernel.errors import CallError
from playground.kernel.node import Process
from playground.kernel.randomness import Zipf
from playground.kernel.service import Service
from playground.quantities import DurationUs, Share
from playground.systems.database import Database

MAX_IN_FLIGHT = 2_000
"""A client with so many unanswered requests drops new ones: nobody has endless sockets."""
_FOREVER_S = 1e9
"""Who would wait for so long before the next request makes none: the rate is as good as 0."""


class LoadSettings(BaseModel):
    """What the clients do, all together."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rate: float = Field(default=40, ge=0, le=100_000, description="operations per second, over all clients")
    reads: Share = Field(default=0.7, description="share of reads; the rest are writes")
    keys: int = Field(default=100, ge=1, le=1_000_000, description="how many different keys")
    skew: float = Field(default=0.9, ge=0, le=5, description="Zipf exponent of key popularity; 0: all alike")
    clients: int = Field(default=4, ge=1, le=500, description="how many clients, each on a machine of its own")
    timeout: DurationUs = Field(default=1_000_000, description="how long a client waits for an answer")
    hot: str = Field(default="k0", min_length=1, max_length=200, description="the key of the hot share")
    hot_share: Share = Field(
        default=0.0, description="share of the operations that go to the hot key, whatever the skew"
    )


class LoadClient(Service):
    """One client machine: issues its share of the load and writes down what it is told.

    ``session``: makes its session with the database, whichever that is.
    ``told``: each outcome goes to the journal as a sentence (for operations that a person typed).
    """

    def __init__(
        self,
        process: Process,
        settings: LoadSettings,
        session: Callable[[Service], Database],
        history: History,
        *,
        told: bool = False,
    ) -> None:
        super().__init__(process)
        self.told = told
        self.settings = settings
        self.history = history
        self.store = session(self)
        self.in_flight = 0
        self.shed = 0
        self._chance = self.random("arrivals")
        self._keys = Zipf(settings.keys, settings.skew)
        self._written = 0
        self._arrival = 0

    def start(self) -> None:
        self.store.start()
        self._plan_next()

    def change(self, settings: LoadSettings) -> None:
        """From now on, behave like this."""
        if settings.keys != self.settings.keys or settings.skew != self.settings.skew:
            self._keys = Zipf(settings.keys, settings.skew)
        self.settings = settings
        self._plan_next()

    async def write(self, key: str, value: str, w: int | None = None) -> Operation:
        """One write, in the history."""
        operation = self._invoke(key, value, w)
        try:
            await self.store.put(key, value, w)
        except CallError as error:
            self._fail(operation, error)
        else:
            self._complete(operation, "ok")
        return operation

    async def read(self, key: str, r: int | None = None) -> Operation:
        """One read, in the history."""
        operation = self._invoke(key, None, r)
        try:
            seen = await self.store.get(key, r)
        except CallError as error:
            self._fail(operation, error)
        else:
            self._complete(operation, "ok", seen)
        return operation

    def herd(self, key: str, requests: int) -> int:
        """Ask for one key so many times at once. Returns how many of these were not dropped."""
        taken = min(requests, max(0, MAX_IN_FLIGHT - self.in_flight))
        self.shed += requests - taken
        for _ in range(taken):
            self.spawn(self.read, key)
        return taken

    async def remove(self, node: str, refused: Callable[[str], None]) -> None:
        """Have ``node`` leave the ring, as the operator does; ``refused(node)`` if nobody agrees to it."""
        try:
            await self.store.leave(node)
        except CallError as error:
            self.note("alert", f"{node} could not be told to leave the ring: {error}")
            if error.definite:
                refused(node)

    def next_value(self) -> str:
        """A value that nobody else ever writes."""
        self._written += 1
        return f"{self.name}-{self._written}"

    def _plan_next(self) -> None:
        # A number per plan: what an older plan (another rate) had set up is void.
        self._arrival += 1
        plan = self._arrival
        rate = self.settings.rate / self.settings.clients
        wait_s = self._chance.expovariate(rate) if rate > 0 else math.inf
        if wait_s < _FOREVER_S:
            self.after(int(wait_s * 1_000_000), lambda: self._arrive(plan))

    def _arrive(self, plan: int) -> None:
        if plan != self._arrival:
            return
        chance = self._chance
        settings = self.settings
        hot = settings.hot_share and chance.random() < settings.hot_share
        key = settings.hot if hot else f"k{self._keys.draw(chance)}"
        reads = chance.random() < settings.reads
        if self.in_flight >= MAX_IN_FLIGHT:
            self.shed += 1
        elif reads:
            self.spawn(self.read, key)
        else:
            self.spawn(self.write, key, self.next_value())
        self._plan_next()

    def _invoke(self, key: str, value: str | None, quorum: int | None) -> Operation:
        self.in_flight += 1
        now_us = self.process.world.now_us
        supersedes = frozenset() if value is None else self.store.observed(key)
        return self.history.invoke(self.name, key, now_us, value=value, supersedes=supersedes, quorum=quorum or 0)

    def _fail(self, operation: Operation, error: CallError) -> None:
        # A read changes nothing: whatever went wrong, it did not happen.
        definite = error.definite or not operation.write
        self._complete(operation, "fail" if definite else "unknown", error=str(error))

    def _tell(self, operation: Operation) -> None:
        """Somebody typed this operation and wants to know what became of it."""
        if operation.outcome == "ok":
            seen = f": {', '.join(operation.seen) or 'no value'}" if not operation.write else ""
            what = f"wrote {operation.key}={operation.value}" if operation.write else f"read {operation.key}{seen}"
            if len(operation.seen) > 1:
                what += " (written concurrently: siblings)"
            self.note("answer", f"{self.name} {what}, {operation.latency_us / 1000:.1f} ms", key=operation.key)
        else:
            verb = "write" if operation.write else "read"
            fate = "it did not happen" if operation.outcome == "fail" else "it may have happened, or may still"
            text = f"{self.name} could not {verb} {operation.key}: {operation.error}; {fate}"
            self.note("answer", text, key=operation.key)

    def _complete(self, operation: Operation, outcome: str, seen: tuple[str, ...] = (), error: str = "") -> None:
        self.in_flight -= 1
        world = self.process.world
        self.history.complete(operation, outcome, world.now_us, seen=seen, error=error)
        world.journal.mix(operation.index, operation.key, operation.value, outcome, seen, about=operation)
        if self.told:
            self._tell(operation)
