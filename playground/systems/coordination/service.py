"""What a node does with an ensemble: it says that it is there, learns who else is, follows a value, stands for master.

* Its session is the node's life in the eyes of the others: /members/<name> and, if it is the master, the master's
  znode are ephemeral, and go when the session expires. Only the ensemble decides when that is.
* What a watch has told is what the node knows. Disconnected it keeps the view it had: nobody can tell it anything.
* It acts as master only while it is certain that its session lives (`ZooKeeper.safe_until_us`): a lease by its own
  clock. It may be the master in the ensemble's eyes and not act for a while; never the other way round.
* An expired session takes everything with it. The node opens another one and begins anew.
"""

from __future__ import annotations

from functools import partial

from playground.kernel.node import Process
from playground.kernel.service import Service
from playground.kernel.timers import Timer
from playground.systems.coordination.keeper import CountingKeeper
from playground.systems.coordination.settings import CoordinationSettings
from playground.systems.zookeeper.client import Candidacy, Claim, Configuration, Event, Registry, Stat, State

GROUP = "masters"
"""The ``group`` of the notes "elected" and "deposed"."""
MEMBERS = "/members"
CONFIGURATION = "/kv/config"
MASTER = "/master"
"""The znode that the first to make it holds (claim)."""
CANDIDATES = "/masters"
"""Where the candidates queue (sequential)."""
LOOK_US = 50_000
"""How often a master whose lease has run out looks whether it was renewed."""


class CoordinationService(Service):
    """One on each data node of a cluster whose database is the ensemble. Its state is what the node itself believes."""

    def __init__(
        self, process: Process, settings: CoordinationSettings, ensemble: tuple[str, ...], *, session_timeout_us: int
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.ensemble = ensemble
        self.session_timeout_us = session_timeout_us
        self.seen: tuple[str, ...] = ()
        """Whom it knows to be there, sorted; as of the newest answer."""
        self.configuration = ""
        """The value of /kv/config that it goes by; "" before it has ever seen one."""
        self.configuration_version = 0
        """The mzxid of that value; 0: none."""
        self.configured_us = -1
        """When it learned of it, by its own monotonic clock; -1: never."""
        self.term = 0
        """Of which it is or was the master, by the czxid of its znode or its number in the queue; 0: it never was."""
        self.won = False
        """The master's znode is its own, as far as it knows."""
        self.watch_events = 0
        """How often a watch has woken it, over all its sessions."""
        self.election_events = 0
        """How many of these were about the master."""
        self.sessions = 0
        """How many sessions it was given since it booted."""
        self._session = 0
        self._told = False
        """The journal knows it as the master."""
        self._keeper: CountingKeeper | None = None
        self._lease_timer: Timer | None = None

    @property
    def state(self) -> State:
        """Of its session, as it believes."""
        return self._keeper.state if self._keeper is not None else State.CONNECTING

    @property
    def server(self) -> str:
        """The server of the ensemble that it is connected to; "": none."""
        return self._keeper.server if self._keeper is not None else ""

    @property
    def acting(self) -> bool:
        """It acts as the master at this instant: it won, and its lease has not run out."""
        return self.lease_us > 0

    @property
    def lease_us(self) -> int:
        """How much longer it may act, by its own clock; 0: not at all."""
        if self._keeper is None or not self.won:
            return 0
        return max(0, self._keeper.safe_until_us - self.clock.monotonic_us)

    def start(self) -> None:
        """Open a session, and do everything in it."""
        keeper = self._keeper = CountingKeeper(
            self,
            self.ensemble,
            timeout_us=self.session_timeout_us,
            on_state=lambda state: self._on_state(keeper, state),
            count=self._count,
        )
        keeper.start()
        Registry(keeper, MEMBERS, self.name, partial(self._on_members, keeper))
        Configuration(keeper, CONFIGURATION, partial(self._on_configuration, keeper))
        won, lost = partial(self._on_won, keeper), partial(self._on_lost, keeper)
        if self.settings.election == "claim":
            Claim(keeper, MASTER, self.name, won, lost)
        else:
            Candidacy(keeper, CANDIDATES, self.name, won, lost)

    # --- what a session tells; one that is over has nothing to say any more -------------------------

    def _on_state(self, keeper: CountingKeeper, state: State) -> None:
        if keeper is not self._keeper:
            return
        if state is State.CONNECTED and keeper.session != self._session:
            self._session = keeper.session
            self.sessions += 1
            self.note("session", f"{self.name} has a session with the ensemble", session=keeper.session)
        elif state is State.EXPIRED:
            self._on_lost(keeper)
            self.start()

    def _on_members(self, keeper: CountingKeeper, members: tuple[str, ...]) -> None:
        if keeper is self._keeper:
            self.seen = members

    def _on_configuration(self, keeper: CountingKeeper, value: str, stat: Stat) -> None:
        if keeper is not self._keeper or stat.mzxid <= self.configuration_version:
            return  # a new session may be connected to a server that is behind
        self.configuration, self.configuration_version = value, stat.mzxid
        self.configured_us = self.clock.monotonic_us
        text = f"{self.name} goes by configuration {value}"
        self.note("configured", text, value=value, version=stat.mzxid, since_us=stat.mtime_us)

    def _on_won(self, keeper: CountingKeeper, term: int) -> None:
        if keeper is self._keeper:
            self.term, self.won = term, True
            self._mind_the_lease()

    def _on_lost(self, keeper: CountingKeeper) -> None:
        if keeper is self._keeper:
            self.won = False
            self._tell()

    def _count(self, event: Event) -> None:
        self.watch_events += 1
        self.election_events += event.path.startswith(MASTER)

    # --- the lease ----------------------------------------------------------------------------------

    def _mind_the_lease(self) -> None:
        """As long as it is the master: notice when the lease runs out, and when it is renewed after all."""
        if self._lease_timer is not None:
            self._lease_timer.cancel()
        if self.won:
            self._tell()
            self._lease_timer = self.after(self.lease_us or LOOK_US, self._mind_the_lease)

    def _tell(self) -> None:
        if self.acting == self._told:
            return
        self._told = self.acting
        if self._told:
            self.note("elected", f"{self.name} is the master", group=GROUP, term=self.term)
        else:
            self.note("deposed", f"{self.name} is not the master any more", group=GROUP, term=self.term)
