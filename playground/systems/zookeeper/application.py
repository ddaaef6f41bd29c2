"""Between atomic broadcast and what is replicated by it: :class:`Application` is told, :class:`Broadcast` is asked.

A zxid is ``epoch << 32 | counter``: transactions are ordered by the epoch of their leader, then by its count.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

EPOCH_SHIFT = 32


class Role(Enum):
    """What a server of the ensemble is doing (ZooKeeper's ServerState)."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


def epoch_of(zxid: int) -> int:
    return zxid >> EPOCH_SHIFT


def zxid_of(epoch: int, counter: int) -> int:
    return epoch << EPOCH_SHIFT | counter


def spelled(zxid: int) -> str:
    """For people: ``3:17``, the 17th transaction of epoch 3."""
    return f"{epoch_of(zxid)}:{zxid & (1 << EPOCH_SHIFT) - 1}"


class Application(Protocol):
    """What is replicated. Told in one order, the same on every server."""

    def encode(self, txn: Any) -> bytes:
        """As it stands in the log."""

    def decode(self, data: bytes) -> Any:
        """The inverse of :meth:`encode`."""

    def apply(self, zxid: int, txn: Any) -> None:
        """``txn`` is committed. Called in the order of zxids, once each (after a restart again, from its snapshot)."""

    def snapshot(self) -> bytes:
        """All that was applied, to be written to a disk or sent to a server that lags far behind."""

    def restore(self, zxid: int, snapshot: bytes) -> None:
        """Forget everything and be what the snapshot says, as of ``zxid``; b"" is the empty state."""

    def on_role(self, role: Role, leader: str) -> None:
        """This server serves as leader or follower from now on (it is synchronised), or (LOOKING) not any more."""

    def on_request(self, server: str, request: Any) -> None:
        """Leader: ``server`` (it may be this one) passes on a request of a client."""

    def on_answer(self, answer: Any) -> None:
        """The leader has something to say to this server alone (not replicated): see :meth:`Broadcast.answer`."""

    def ping(self) -> Any:
        """Follower: what to tell the leader with the answer to its ping (the sessions that were heard of)."""

    def on_ping(self, server: str, told: Any) -> None:
        """Leader: what :meth:`ping` gave there."""


class Broadcast(Protocol):
    """What the application asks of atomic broadcast."""

    role: Role
    leader: str
    """The server that leads, as this one knows it; "" while it is looking."""
    epoch: int

    def serving(self) -> bool:
        """Whether it leads or follows *and* is in time by its own clock: ask before acting on what has waited.

        A server that was frozen learns here that it is late, before the others can tell it. It looks for a leader then.
        """

    @property
    def last_applied(self) -> int:
        """The zxid of the newest transaction that was applied."""

    def propose(self, txn: Any) -> int:
        """Leader: have ``txn`` agreed upon; returns its zxid. It is applied when a quorum has it on disk, or never."""

    def forward(self, request: Any) -> None:
        """Pass ``request`` to the leader, in order; lost if the leader is lost."""

    def answer(self, server: str, answer: Any) -> None:
        """Leader: tell ``server`` something, behind all commits that were sent to it before."""
