"""What masters, slaves and clients of the sharded database send each other.

Between master and slave go datagrams: each may be lost, doubled or late, and says enough to be harmless then.
A client asks over a connection, so that what was refused cannot come a second time, later.

Codes of what fails: ``not-master``, ``no-lease``, ``recovering``, ``not-enough-replicas``, ``reversed``, ``disk-full``,
``handing-over``, ``stale-request``, ``behind``, ``stale``, ``no-replica``, ``bad-request``, ``no-master``,
``too-few-nodes``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from playground.kernel.messages import message
from playground.systems.database import RequestId

PORT = "shards"
Kind = Literal["write", "abort", "epoch"]


class Position(NamedTuple):
    """A place in a shard's log. Later epochs are further, whatever the count."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


START = Position(0, 0)


class Run(NamedTuple):
    """The entries ``first`` to ``last`` of a log were made in ``epoch``."""

    epoch: int
    first: int
    last: int


@message
class Entry:
    """One place of the log: a ``write``, an ``abort`` that undoes the write at ``about``, or a master's first word."""

    epoch: int
    seq: int
    kind: Kind
    key: str = ""
    value: str = ""
    request: RequestId | None = None
    about: int = 0

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.seq)


# --- master and slave ----------------------------------------------------------------


@message
class Append:
    """Master: what follows ``previous`` in my log (perhaps nothing: I am here). Answered by `Report`."""

    shard: str
    epoch: int
    previous: Position
    entries: tuple[Entry, ...]
    commit: int
    """Apply what you have up to here. Never between a write and the abort that undoes it."""
    newest: int
    """The last place of my log."""


@message
class Install:
    """Master: your log and mine have nothing in common; this is all that was committed at ``position``."""

    shard: str
    epoch: int
    position: Position
    state: str
    life: int
    """Meant for this life of the slave (`Report.life`): one that comes late must not undo what came after it."""


@message
class Report:
    """Slave: what is safe on my disk."""

    shard: str
    epoch: int
    """The highest epoch that I have promised; I take nothing of lower ones."""
    identity: int
    life: int
    runs: tuple[Run, ...]
    """My log, oldest first; what a snapshot stands for is one run of one place."""
    lost: bool = False
    """I could not use what you sent: it does not follow what I have."""
    fetch: bool = False
    """Send me what I lack."""


# --- client to node, over a connection -----------------------------------------------


@message
class Hello:
    """The first message of a connection. Answered by `Welcome`, behind which come the questions."""


@message
class Welcome:
    """The node serves."""


@message
class Read:
    """The value of ``key``. ``slave``: any replica may answer, if it has all up to ``after``."""

    shard: str
    epoch: int
    """The highest epoch of the shard that the client has heard of: a master of a lower one is deposed."""
    key: str
    after: Position = START
    slave: bool = False


@message
class Write:
    """Set ``key``, once, however often this comes."""

    shard: str
    epoch: int
    key: str
    value: str
    request: RequestId


@message
class Ask:
    """A `Read` or `Write`, and the number by which its answer is known."""

    number: int
    body: Read | Write


@message
class Found:
    """Of a `Read`: the value; None if it was never written."""

    value: str | None


@message
class Written:
    """Of a `Write`: it stands at or before ``position``."""

    position: Position


@message
class Failed:
    """It was not done. ``final``: nor will it ever be, whoever is asked (``definite`` speaks of this copy only)."""

    code: str
    text: str
    definite: bool = True
    final: bool = False


@message
class Told:
    """The answer to the `Ask` of this number."""

    number: int
    body: Found | Written | Failed
