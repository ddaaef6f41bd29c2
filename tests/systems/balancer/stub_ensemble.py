"""An ensemble of one machine without a disk, that keeps sessions and one claim: as much as a lease needs.

It stands in for the real one where a test is about the balancers alone: it is fast, and its machine can be cut off,
crashed and frozen like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.kernel.errors import CallError
from playground.kernel.messages import message
from playground.kernel.node import Process
from playground.kernel.service import Service, handles
from playground.systems.balancer.lease import Lease
from playground.systems.zookeeper.client import State


@message
class Ping:
    """``session`` is alive and wants the claim: answered by its term, 0 (another holds it), or -1 (expired)."""

    session: str
    timeout_us: int
    fresh: bool


class StubKeeper(Service):
    """The one machine."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.heard_us: dict[str, tuple[int, int]] = {}
        self.holder = ""
        self.term = 0

    @handles(Ping)
    def on_ping(self, _source: str, ping: Ping) -> int:
        now_us = self.clock.monotonic_us
        for session, (heard_us, timeout_us) in list(self.heard_us.items()):
            if now_us - heard_us > timeout_us:
                del self.heard_us[session]
                self.holder = "" if self.holder == session else self.holder
        if not ping.fresh and ping.session not in self.heard_us:
            return -1
        self.heard_us[ping.session] = (now_us, ping.timeout_us)
        if not self.holder:
            self.holder, self.term = ping.session, self.term + 1
        return self.term if self.holder == ping.session else 0


class StubZooKeeper:
    """A session with it."""

    def __init__(
        self,
        service: Service,
        servers: tuple[str, ...],
        *,
        timeout_us: int,
        on_state: Callable[[State], object] | None = None,
    ) -> None:
        node = service.process.node
        node.next_call += 1
        self.name = f"{node.name}/{node.boots}/{node.next_call}"
        self.service, self.servers, self.timeout_us = service, servers, timeout_us
        self.on_state = on_state or (lambda _state: None)
        self.state = State.CONNECTING
        self.safe_until_us = -1
        self.answered: Callable[[int], object] = lambda _term: None

    def start(self) -> None:
        self.service.spawn(self._live)

    async def _live(self) -> None:
        clock = self.service.clock
        fresh = True
        while True:
            sent_us = clock.monotonic_us
            ping = Ping(self.name, self.timeout_us, fresh)
            try:
                term = await self.service.call(self.servers[0], ping, timeout_us=self.timeout_us // 6)
            except CallError:
                fresh = fresh and self.state is State.CONNECTING
            else:
                fresh = False
                if term < 0:
                    self.state = State.EXPIRED
                    self.on_state(State.EXPIRED)
                    return
                self.state = State.CONNECTED
                self.safe_until_us = sent_us + self.timeout_us // 2
                self.answered(term)
            await self.service.sleep(self.timeout_us // 6)


class StubLease(Lease):
    """A lease from it."""

    def _begin(self, on_state: Callable[[State], object]) -> Any:
        return StubZooKeeper(self._service, self._ensemble, timeout_us=self._timeout_us, on_state=on_state)

    def _claim(self, session: Any) -> None:
        held = 0

        def answered(term: int) -> None:
            nonlocal held
            before, held = held, term
            if before and not term:
                self._lost(session)
            elif term != before:
                self._won(session, term)

        session.answered = answered
