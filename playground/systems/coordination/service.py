"""What a node does with an ensemble: says that it is there, learns who else is, follows a configuration, stands for master.

* Its session is the node's life in the eyes of the others: /members/<name> and, if it is the master, the master's
  znode are ephemeral, and go when the session expires. Only the ensemble decides when that is.
* What a watch has told is what the node knows. Disconnected it keeps the view it had: nobody can tell it anything.
* It acts as master only while it is certain that its session lives (`ZooKeeper.safe_until_us`): a lease by its own
  clock. It may be the master in the ensemble's eyes and not act for a while; never the other way round.
* An expired session takes everything with it. The node opens another one and begins anew.
"""

from __future__ import annotations

from playground.kernel.node import Process
from playground.kernel.service import Service
from playground.systems.coordination.settings import CoordinationSettings
from playground.systems.zookeeper.client import State

GROUP = "masters"
"""The ``group`` of the notes "elected" and "deposed"."""


class CoordinationService(Service):
    """One on each data node of a cluster whose database is the ensemble. All its state is what the node itself believes."""

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
        self.configured_us = -1
        """When it learned of it, by its own monotonic clock; -1: never."""
        self.term = 0
        """Of which it is or was the master; 0: it never was."""
        self.won = False
        """The master's znode is its own, as far as it knows."""
        self.watch_events = 0
        """How often a watch has woken it, over all its sessions."""
        self.sessions = 0
        """How many sessions it has opened since it booted."""

    @property
    def state(self) -> State:
        """Of its session, as it believes."""
        raise NotImplementedError

    @property
    def acting(self) -> bool:
        """It acts as the master at this instant: it won, and its lease has not run out."""
        raise NotImplementedError

    @property
    def lease_us(self) -> int:
        """How much longer it may act, by its own clock; 0: not at all."""
        raise NotImplementedError
