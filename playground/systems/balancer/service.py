"""A balancer: it takes the clients' requests and passes each on to one of the servers.

Only the active one of the two does so (see `lease`); the other one refuses, which is definite, and watches the servers
meanwhile. Nothing is handed over: a request that the old one had in hand when it died is lost.

A request is tried again on another server if its server is silent (`try_timeout_ms`), does not serve, or refuses
because its queue is full; as often as the settings, the retry budget and the client's patience allow. A write is tried
again only where the database knows it by its name (`RequestId`). What the database says is passed on: another server
would ask the same database.

If all servers are ejected, everybody gets requests again (Envoy's *panic mode*, with the lowest of thresholds): then it
is more likely that the balancer cannot see than that all of them are dead, and if they are, nothing is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.service import Service, handles
from playground.systems.balancer.lease import Lease
from playground.systems.balancer.messages import Ask, Duty, Who, Work
from playground.systems.balancer.policies import POLICIES
from playground.systems.balancer.retries import RetryBudget
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.balancer.watch import Watch

if TYPE_CHECKING:
    from playground.kernel.node import Process


RECENT = 10
"""Seconds over which the load's shares are told."""


class Tally:
    """What went to one server, and what came of it."""

    def __init__(self) -> None:
        self.open = 0
        """Tries that are waited for."""
        self.sent = 0
        self.answered = 0
        """With a result, or with what the database said."""
        self.refused = 0
        """Its queue was full, or no process served."""
        self.silent = 0
        """It did not answer in time."""


class BalancerService(Service):
    """One of two balancers. ``ensemble``: the servers of ZooKeeper, which says which one is active."""

    def __init__(
        self,
        process: Process,
        settings: BalancerSettings,
        balancers: tuple[str, ...],
        servers: tuple[str, ...],
        ensemble: tuple[str, ...],
        *,
        session_timeout_us: int,
    ) -> None:
        super().__init__(process)
        assert ensemble or len(balancers) == 1, "two balancers need an ensemble to agree which one is active"
        self.settings = settings
        self.balancers = balancers
        self.servers = servers
        self.watch = Watch(process, settings, servers)
        self.lease = Lease(self, ensemble, session_timeout_us)
        self.budget = RetryBudget(settings.retry_budget)
        self.tallies = {name: Tally() for name in servers}
        self.asked = 0
        """Requests taken while it was active."""
        self.answered = 0
        self.failed = 0
        """Requests whose client got an error (those that it refused as a standby not counted)."""
        self.in_hand = 0
        """Requests that it has taken and not answered."""
        self.retried = 0
        self.unaffordable = 0
        """Retries that the budget did not allow."""
        self.panicked = 0
        """Tries sent while all servers were ejected."""
        self._recent: deque[dict[str, int]] = deque(maxlen=RECENT + 1)
        self._policy = POLICIES[settings.policy]()
        self._chance = self.random("policy")

    def start(self) -> None:
        self.watch.start()
        self.lease.start()
        self.every(1_000_000, self._remember, first_us=1)

    def handlers(self) -> Iterator[tuple[type, Callable[[str, Any], Any]]]:
        yield from super().handlers()
        yield from self.watch.handlers()

    @property
    def active(self) -> bool:
        """It holds the lease, right now."""
        return self.lease.valid

    def retries_left(self) -> float:
        return self.budget.left(self.clock.monotonic_us)

    def shares(self) -> dict[str, float]:
        """The part of the tries of the last ten seconds that each server got, 0..1; {} if there were none."""
        before = self._recent[0] if self._recent else {}
        got = {name: tally.sent - before.get(name, 0) for name, tally in self.tallies.items()}
        total = sum(got.values())
        return {name: count / total for name, count in got.items()} if total else {}

    def _remember(self) -> None:
        self._recent.append({name: tally.sent for name, tally in self.tallies.items()})

    # --- clients ------------------------------------------------------------------------

    @handles(Who)
    def on_who(self, _source: str, _message: Who) -> Duty:
        return Duty(self.active, self.watch.once)

    @handles(Ask)
    async def on_ask(self, _source: str, ask: Ask) -> tuple[str, ...]:
        if not self.active:
            raise Rejected("standby", f"{self.name} is not the active balancer")
        self.asked += 1
        self.in_hand += 1
        self.budget.request(self.clock.monotonic_us)
        try:
            values = await self._forward(ask)
        except Rejected:
            self.failed += 1
            raise
        finally:
            self.in_hand -= 1
        self.answered += 1
        return values

    async def _forward(self, ask: Ask) -> tuple[str, ...]:
        """Try until there is an answer, or no more try is allowed. Raises Rejected."""
        deadline_us = self.clock.monotonic_us + ask.patience_us
        work = Work(ask.key, ask.value, ask.request)
        tried: list[str] = []
        certain = True
        while True:
            server = self.pick(ask.key, tried)
            tried.append(server)
            try:
                return await self._try(server, work)
            except CallError as error:
                certain = certain and error.definite
                if not self._try_again(error, work, tried, deadline_us):
                    raise _told(error, server, certain) from error

    def pick(self, key: str, tried: list[str]) -> str:
        """Who gets the request: not whom it was tried on, if there are others."""
        weights = self.watch.weights()
        if not weights:
            self.panicked += 1
            weights = dict.fromkeys(self.servers, 1.0)
        candidates = [name for name in weights if name not in tried] or list(weights)
        opened = {name: self.tallies[name].open for name in weights}
        return self._policy.pick(candidates, opened, weights, key, self._chance)

    async def _try(self, server: str, work: Work) -> tuple[str, ...]:
        tally = self.tallies[server]
        tally.sent += 1
        tally.open += 1
        try:
            values: tuple[str, ...] = await self.call(server, work, timeout_us=self.settings.try_timeout_ms * 1_000)
        except CallError as error:
            if isinstance(error, TimedOut):
                tally.silent += 1
            elif _refusal(error):
                tally.refused += 1
            else:
                tally.answered += 1
            raise
        else:
            tally.answered += 1
            return values
        finally:
            tally.open -= 1

    def _try_again(self, error: CallError, work: Work, tried: list[str], deadline_us: int) -> bool:
        """Whether another server gets it, too. If so the budget is charged."""
        if not (isinstance(error, TimedOut) or _refusal(error)):
            return False
        if work.value is not None and not self.watch.once:
            return False  # it may have been done, or its copy may be: a second time it would be another write
        now_us = self.clock.monotonic_us
        if len(tried) > self.settings.retries or len(tried) >= len(self.servers) or now_us >= deadline_us:
            return False
        if not self.active:
            return False
        if not self.budget.take(now_us):
            self.unaffordable += 1
            return False
        self.retried += 1
        return True


def _refusal(error: CallError) -> bool:
    """The server itself, or its machine, refused: nothing was done."""
    return isinstance(error, Refused) or (isinstance(error, Rejected) and error.code == "busy")


def _told(error: CallError, server: str, certain: bool) -> Rejected:
    """What the client is told: the newest reason, as definite as all tries together."""
    if isinstance(error, Rejected):
        return Rejected(error.code, error.text, definite=certain)
    if isinstance(error, Refused):
        return Rejected("unavailable", str(error), definite=certain)
    return Rejected("silent", f"{server} did not answer in time", definite=False)
