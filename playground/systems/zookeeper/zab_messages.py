"""What the servers of an ensemble tell each other.

A :class:`Notification` is a datagram: it may be lost, doubled, overtaken. All else travels on the one connection that a
learner has with its leader, in order. Names are ZooKeeper's (``Leader.java``, ``QuorumPacket``); DIFF and TRUNC are one
message here, :class:`Diff`, as a learner cuts what lies beyond it in any case.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from playground.kernel.messages import message

PORT = "zab"
"""Where a leader takes its learners' connections."""


class Stand(Enum):
    """What the sender of a notification is doing."""

    LOOKING = "looking"
    ASKING = "asking"
    """Looking for a leader, without a vote."""
    FOLLOWING = "following"
    LEADING = "leading"


@message
class Notification:
    """The vote of a server that looks for a leader, or where it stands if it does not look."""

    stand: Stand
    round: int
    leader: str = ""
    epoch: int = 0
    """The newest epoch that ``leader`` has entered."""
    zxid: int = 0
    """The last transaction in the log of ``leader``."""


@message
class FollowerInfo:
    """Learner: I take you for the leader."""

    accepted: int
    """The newest epoch that it has promised to follow."""
    whole: bool
    """It remembers all that it has ever promised."""


@message
class LeaderInfo:
    """Leader: this is to be my epoch. Older ones must not be heard of any more."""

    epoch: int


@message
class AckEpoch:
    """Learner: promised, and on my disk. This is how far I have come."""

    current: int
    last_zxid: int
    counts: bool
    """False: it had promised this epoch before, perhaps to another server."""


@message
class Diff:
    """Leader: we have the same up to ``zxid``; forget what you have beyond it."""

    zxid: int
    chain: int


@message
class Snap:
    """Leader: forget everything; this is what all transactions up to ``zxid`` amount to."""

    zxid: int
    chain: int
    snapshot: bytes


@message
class Proposal:
    zxid: int
    data: bytes


@message
class NewLeader:
    """Leader: you have all now that I have. Enter my epoch."""

    epoch: int


@message
class AckNewLeader:
    """Learner: all of it is on my disk."""


@message
class UpToDate:
    """Leader: a quorum has entered my epoch. Serve; everything up to ``zxid`` is committed."""

    zxid: int


@message
class Ack:
    """Learner: everything up to ``zxid`` is on my disk."""

    zxid: int


@message
class Commit:
    """Leader: everything up to ``zxid`` is committed."""

    zxid: int


@message
class Ping:
    sent_us: int
    """By the leader's clock."""


@message
class Pong:
    sent_us: int
    """Of the ping that it answers."""
    told: Any = None
    """What the learner's application has to say."""


@message
class Forward:
    """Learner: a client's request that only a leader can deal with."""

    request: Any


@message
class Told:
    """Leader: for this server alone."""

    answer: Any
