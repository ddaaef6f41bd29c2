"""What others use of the ensemble: a session, and the recipes.

THE CONTRACT (to be implemented): names, arguments, results and errors below are fixed; others are written against them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal, NamedTuple

from playground.kernel.errors import CallError
from playground.kernel.service import Service


class KeeperError(CallError):
    """The ensemble, or the way to it, says no. ``definite``: it certainly was not done."""

    definite = True


class NoNode(KeeperError):
    """There is no such znode."""


class NodeExists(KeeperError):
    """There is such a znode already."""


class BadVersion(KeeperError):
    """The znode has another version than the one that was asked for."""


class NotEmpty(KeeperError):
    """A znode with children cannot be deleted."""


class NoChildrenForEphemerals(KeeperError):
    """Ephemeral znodes have no children."""


class ConnectionLoss(KeeperError):
    """The connection broke before the answer came: it may have been done, or may still."""

    definite = False


class SessionExpired(KeeperError):
    """The session is over, with its ephemerals and watches. Open another one."""


class State(Enum):
    """Of a session, as its client knows it (ZooKeeper's KeeperState)."""

    CONNECTING = "connecting"
    """Not connected for the first time yet."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """No server answers. The session may live or have expired: only the ensemble can say so, later."""
    EXPIRED = "expired"
    CLOSED = "closed"


class Stat(NamedTuple):
    """What the ensemble knows of a znode beside its data (zxids as integers; times by the leader's clock)."""

    czxid: int
    mzxid: int
    pzxid: int
    ctime_us: int
    mtime_us: int
    version: int
    cversion: int
    ephemeral_owner: int
    """The session that it goes with; 0: it is persistent."""
    data_length: int
    children: int


class Event(NamedTuple):
    """A watch has fired."""

    kind: Literal["created", "deleted", "changed", "children"]
    path: str


Watch = Callable[[Event], object]


class Op(NamedTuple):
    """One part of a :meth:`ZooKeeper.multi`."""

    do: Literal["create", "set", "delete", "check"]
    path: str
    data: str = ""
    version: int = -1
    ephemeral: bool = False
    sequential: bool = False


class ZooKeeper:
    """A session. It speaks through ``service``, to one of ``servers`` at a time, over a connection.

    Requests are answered in the order in which they were made. ``on_state(state)`` is called whenever the state changes.
    After EXPIRED or CLOSED it is of no use any more: make another. All methods may raise :class:`ConnectionLoss`,
    :class:`SessionExpired`, or TimedOut-like errors only as subclasses of :class:`KeeperError`. Watches fire once, before
    the client sees the new state by any other answer, and are carried over to the next server.
    """

    state: State
    session: int
    """The session's number; 0 before it was given one."""
    server: str
    """The server it is connected to; "" if none."""

    def __init__(
        self,
        service: Service,
        servers: tuple[str, ...],
        *,
        timeout_us: int,
        on_state: Callable[[State], object] | None = None,
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Begin to connect."""
        raise NotImplementedError

    @property
    def safe_until_us(self) -> int:
        """By this machine's monotonic clock: until then the session has certainly not expired (-1: nobody knows).

        Half the timeout after the sending of the newest message that the *leader* is known to have taken into account.
        Holds as long as no clock is more than a fifth too fast or too slow.
        """
        raise NotImplementedError

    async def create(self, path: str, data: str = "", *, ephemeral: bool = False, sequential: bool = False) -> str:
        """The path that was made (with ten digits at its end if ``sequential``). NodeExists, NoNode (no parent) …"""
        raise NotImplementedError

    async def get(self, path: str, watch: Watch | None = None) -> tuple[str, Stat]:
        """Data and stat. NoNode. ``watch``: told when it is changed or deleted."""
        raise NotImplementedError

    async def set(self, path: str, data: str, version: int = -1) -> Stat:
        """BadVersion unless ``version`` is the znode's (or -1)."""
        raise NotImplementedError

    async def delete(self, path: str, version: int = -1) -> None:
        """NoNode, NotEmpty, BadVersion."""
        raise NotImplementedError

    async def exists(self, path: str, watch: Watch | None = None) -> Stat | None:
        """None if there is none. ``watch``: told when it is created, changed or deleted."""
        raise NotImplementedError

    async def children(self, path: str, watch: Watch | None = None) -> tuple[str, ...]:
        """Names, sorted. ``watch``: told when one comes or goes, or the znode itself goes."""
        raise NotImplementedError

    async def multi(self, *ops: Op) -> tuple[str | Stat | None, ...]:
        """All or nothing: what each gave (create: the path; set: the stat). Raises the error of the first that fails."""
        raise NotImplementedError

    async def sync(self) -> None:
        """After it, this session sees all that was committed before it was asked for."""
        raise NotImplementedError

    async def close(self) -> None:
        """End the session; its ephemerals go at once."""
        raise NotImplementedError
