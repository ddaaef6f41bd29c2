"""Which balancer is active: the one whose ephemeral node stands in ZooKeeper, as long as it knows its session to live.

The node alone is not enough: who is frozen, or cut off from the ensemble, learns too late that its session has expired
and that another one has taken over. So a balancer counts as active only until the instant that its session gives
(``safe_until_us``), by its own monotonic clock: a lease (Gray and Cheriton, "Leases", SOSP 1989). If the session turns
out to have lived on, so does the lease; if it has expired, a new session claims anew.

With a single balancer there is nothing to agree upon: without an ensemble it is active as long as it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from playground.kernel.service import Service
from playground.systems.zookeeper.client import Claim, State, ZooKeeper

PATH = "/balancers/active"
GROUP = "balancers"
LOOK_US = 50_000
"""How often a change is looked for that is worth telling."""


class Lease:
    """One balancer's claim. ``timeout_us``: of its sessions with ``ensemble``."""

    def __init__(self, service: Service, ensemble: tuple[str, ...], timeout_us: int) -> None:
        self.term = 0
        """Of the newest claim that was won: each has a higher one than those before it, whoever won them. 0: none."""
        self.session: ZooKeeper | None = None
        self._service = service
        self._ensemble = ensemble
        self._timeout_us = timeout_us
        self.held = False
        """The claim was won and is not known to be lost. That alone allows nothing: see `valid`."""
        self._told = False

    def start(self) -> None:
        if self._ensemble:
            self._open()
        else:
            self.term, self.held = 1, True
        self._service.every(LOOK_US, self._tell, first_us=1)

    @property
    def valid(self) -> bool:
        """Whether it may act, right now."""
        session = self.session
        return self.held and (session is None or self._service.clock.monotonic_us < session.safe_until_us)

    def _open(self) -> None:
        self.session = session = self._begin(lambda state: self._changed(session, state))
        session.start()
        self._claim(session)

    def _begin(self, on_state: Callable[[State], object]) -> ZooKeeper:
        return ZooKeeper(self._service, self._ensemble, timeout_us=self._timeout_us, on_state=on_state)

    def _claim(self, session: ZooKeeper) -> None:
        Claim(session, PATH, self._service.name, partial(self._won, session), partial(self._lost, session))

    def _changed(self, session: ZooKeeper, state: State) -> None:
        if state is State.EXPIRED and session is self.session:
            self.held = False
            self._tell()
            self._open()

    def _won(self, session: ZooKeeper, term: int) -> None:
        if session is self.session:
            self.term, self.held = term, True
            self._tell()

    def _lost(self, session: ZooKeeper) -> None:
        if session is self.session:
            self.held = False
            self._tell()

    def _tell(self) -> None:
        valid = self.valid
        if valid == self._told:
            return
        self._told = valid
        name = self._service.name
        if valid:
            self._service.note("elected", f"{name} is the active balancer", group=GROUP, term=self.term)
        else:
            self._service.note("deposed", f"{name} is not the active balancer any more", group=GROUP, term=self.term)
