"""What clients, their servers and the leader say to each other, and the plain values in it.

A client and its server speak over one connection, a server and the leader over atomic broadcast (`Broadcast.forward`
and `Broadcast.answer`). A connection is named by its id, ``(machine that opened it, number)``; a machine's numbers
rise for ever, so of two connections of a session the higher number is the newer one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from playground.kernel.connections import Id
from playground.kernel.messages import message


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


# --- client to server ----------------------------------------------------------------


@message
class Connect:
    """Opens a connection. ``session`` 0: make one; else go on with that one, which has seen ``last_zxid``."""

    session: int
    password: str
    last_zxid: int
    timeout_us: int


@message
class Call:
    """A request; answered by the `Result` with the same number. Numbers rise within a session."""

    cxid: int
    body: Any


@message
class GetData:
    path: str
    watch: bool


@message
class Exists:
    path: str
    watch: bool


@message
class GetChildren:
    path: str
    watch: bool


@message
class Write:
    """All of these or nothing."""

    ops: tuple[Op, ...]


@message
class Sync:
    """Agree on nothing: after that the server has all that was committed before."""


@message
class Close:
    """End the session."""


@message
class SetWatches:
    """Watches that were set elsewhere by a client that has seen all up to ``zxid``. No answer.

    ``data``: on znodes that were there; ``absent``: on such that were not; ``children``: on their children.
    """

    zxid: int
    data: tuple[str, ...]
    absent: tuple[str, ...]
    children: tuple[str, ...]


@message
class Ping:
    number: int


# --- server to client ----------------------------------------------------------------


@message
class Connected:
    """The session lives here from now on."""

    session: int
    password: str
    timeout_us: int
    zxid: int


@message
class Expired:
    """The session is over."""


@message
class Result:
    """``zxid``: of a write its own, of a read that of the state it was read from. ``error``: code and text."""

    cxid: int
    zxid: int
    value: Any = None
    error: tuple[str, str] | None = None


@message
class Fired:
    event: Event
    zxid: int


@message
class Pong:
    """The leader has heard the ping."""

    number: int
    zxid: int


# --- server to leader ----------------------------------------------------------------


@message
class OpenSession:
    """Make a session for the client of this connection."""

    connection: Id
    timeout_us: int


@message
class Attach:
    """The session's client speaks over this connection from now on."""

    connection: Id
    session: int
    password: str


@message
class Heard:
    """A ping of the session's client, to be confirmed."""

    connection: Id
    session: int
    number: int


@message
class Submit:
    """A request that has to be agreed upon."""

    connection: Id
    session: int
    cxid: int
    body: Write | Sync | Close


# --- leader to server ----------------------------------------------------------------


@message
class Attached:
    """Answers `Attach`. ``alive``: False if there is no such session (any more)."""

    connection: Id
    session: int
    alive: bool


@message
class Confirmed:
    """Answers `Heard`: the session has its full timeout from now on."""

    connection: Id
    number: int


@message
class Moved:
    """The session has a newer connection than this one."""

    connection: Id
