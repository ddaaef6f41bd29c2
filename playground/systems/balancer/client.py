"""How clients use the balancers, and what others may use of this system.

A session asks the balancer that it believes active. If that says that it is the standby, or does not serve, the other
one is asked at once. If it is silent, the other one is not sent the request as well (which would be a retry that
no budget counts) but asked who is active; only if it says "I am" does the request go there too.

A write bears its name (`RequestId`), so it is the same write wherever it is sent. The failure of a write is *definite*
only if nobody would ever do it: on a network that may deliver a message twice, the copy of a request that one server
refused may find room later.

Behind the balancers the database must keep one value of a key: what a session has read is known to no server, so there
is nothing that could say which siblings its write supersedes.
"""

from __future__ import annotations

from functools import partial

from playground.kernel.calls import Calls
from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.balancer.messages import Ask, Duty, Who
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.database import RequestId

__all__ = ["BalancedClient", "BalancerService", "BalancerSettings", "ServerService"]

PAUSE_US = 100_000
"""Between two rounds in which nobody was active."""


class BalancedClient:
    """A session with the database that the servers behind ``balancers`` use (a `Database`).

    It calls through ``service``. ``session`` must be its own for ever: a machine that restarts takes another name. An
    operation ends after ``timeout_us`` at the latest.
    """

    def __init__(self, service: Service, balancers: tuple[str, ...], *, timeout_us: int, session: str) -> None:
        self.session = session
        self.timeout_us = timeout_us
        self.believed = balancers[0]
        """Who is active, as far as this session knows."""
        self._balancers = balancers
        self._service = service
        self._written = 0
        self._open: dict[int, None] = {}
        """Writes under way, the oldest first."""

    def start(self) -> None:
        """Nothing: whom to ask is found out by asking."""

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        """The values of ``key``. Raises CallError; ``r`` cannot be asked for (Rejected, ``bad-request``)."""
        _refuse_quorum(r)
        return await self._request(key, None, None)

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        """Write. Raises CallError, nearly always indefinite; ``w`` cannot be asked for (Rejected, ``bad-request``)."""
        _refuse_quorum(w)
        self._written = number = self._written + 1
        self._open[number] = None
        try:
            await self._request(key, value, RequestId(self.session, number, next(iter(self._open))))
        finally:
            # Even if nobody knows what became of it: this session sends it no more, and the store may forget it.
            del self._open[number]

    def observed(self, key: str) -> frozenset[str]:
        """Nothing: see the module."""
        return frozenset()

    def whom(self, members: tuple[str, ...]) -> None:
        """Nothing: the servers know the database's machines, the client does not."""

    async def leave(self, node: str) -> None:
        """Rejected: that is not for clients."""
        raise Rejected("bad-request", "machines are taken out of the database itself, not through a balancer")

    # --- whom to ask ----------------------------------------------------------------------

    async def _request(self, key: str, value: str | None, request: RequestId | None) -> tuple[str, ...]:
        clock = self._service.clock
        deadline_us = clock.monotonic_us + self.timeout_us
        reason: CallError = TimedOut("no time to ask anybody")
        certain = True
        refusals = 0
        while (left_us := deadline_us - clock.monotonic_us) > 0:
            asked = self.believed
            try:
                found = await self._ask(asked, Ask(key, value, request, left_us), left_us)
            except CallError as error:
                certain = certain and error.definite
                reason = error
                if not (isinstance(error, Refused) or (isinstance(error, Rejected) and error.code == "standby")):
                    break
                self._try_other(asked)
                refusals += 1
                if refusals % len(self._balancers) == 0:
                    await self._service.sleep(PAUSE_US)
            else:
                if found is not None:
                    return found
                certain = False  # the silent one may do it yet
                reason = TimedOut(f"no answer from {asked}")
        raise _failure(reason, certain and (value is None or _hopeless(reason)))

    async def _ask(self, balancer: str, ask: Ask, left_us: int) -> tuple[str, ...] | None:
        """The answer; None if another balancer says meanwhile that it is the active one. Raises CallError."""
        service = self._service
        calls = service.calls((balancer,), ask, timeout_us=left_us)
        if len(self._balancers) > 1:
            doubt = service.after(self.timeout_us // 4, partial(service.spawn, self._find_active, balancer, ask, calls))
        try:
            await calls.rest()
        finally:
            calls.abandon()
            if len(self._balancers) > 1:
                doubt.cancel()
        if calls.errors:
            raise calls.errors[balancer]
        return calls.replies[balancer] if calls.replies else None

    async def _find_active(self, silent: str, ask: Ask, calls: Calls) -> None:
        """Ask the others who is active. If one of them is, the silent one is waited for no longer."""
        others = [name for name in self._balancers if name != silent]
        duties = self._service.calls(others, Who(), timeout_us=self.timeout_us // 4)
        try:
            await duties.until(_somebody_is_active)
        finally:
            duties.abandon()
        for name, duty in duties.replies.items():
            if duty.active and not calls.done and (ask.value is None or duty.once):
                self.believed = name
                calls.abandon()
                return

    def _try_other(self, asked: str) -> None:
        if self.believed == asked:
            names = self._balancers
            self.believed = names[(names.index(asked) + 1) % len(names)]


def _somebody_is_active(calls: Calls) -> bool:
    return any(isinstance(duty, Duty) and duty.active for duty in calls.replies.values())


def _hopeless(error: CallError) -> bool:
    """Whether the request asks for what nobody can ever do."""
    return isinstance(error, Rejected) and error.code == "bad-request"


def _failure(reason: CallError, definite: bool) -> CallError:
    """``reason``, as definite as all that was tried together."""
    if isinstance(reason, Rejected):
        return Rejected(reason.code, reason.text, definite=definite)
    return Rejected("starting", str(reason), definite=definite) if isinstance(reason, Refused) else reason


def _refuse_quorum(quorum: int | None) -> None:
    if quorum is not None:
        raise Rejected("bad-request", "behind a balancer the number of replicas cannot be chosen")
