"""What clients, coordinators and replicas of the store send each other.

``ring`` in a request between nodes is the digest of the sender's membership. Who holds
another one rejects with the code ``ring``; the two then exchange memberships (`Agree`).

Codes of rejections: ``unavailable``, ``ring``, ``learning``, ``rebuilding``, ``disk-full``, ``bad-request``,
``busy``, ``not-a-member``.
"""

from __future__ import annotations

from playground.kernel.messages import message
from playground.systems.ring.client import Membership
from playground.systems.store.versions import Siblings, Version

# --- client to coordinator -----------------------------------------------------------


@message
class Get:
    """Read a key: answered by `Found`. ``r``: how many replicas must answer; None: as the settings say."""

    key: str
    r: int | None = None


@message
class Found:
    """The siblings; () for a key that was never written."""

    siblings: Siblings


@message
class Put:
    """Write a value whose ``version`` covers all that the client knows of the key: answered by `Stored`."""

    key: str
    value: str
    version: Version
    w: int | None = None


@message
class Stamp:
    """Answered by the coordinator's time of day in microseconds: the timestamp of the write that follows."""


@message
class Stored:
    """W replicas (on every possible circle) hold it safely."""


@message
class Join:
    """To a node that is not on the circle: ask to be taken in. Answered when the join has begun."""

    weight: float = 1.0


@message
class Leave:
    """To any node: let ``node`` leave the circle, dead or alive. Answered when the leave has begun."""

    node: str


# --- coordinator to replica ----------------------------------------------------------


@message
class ReplicaGet:
    """Answered by the replica's `Siblings`."""

    ring: int
    key: str


@message
class ReplicaPut:
    """Answered when it is on the disk. A node that is no replica of the key takes it for one that is dead (a hint)."""

    ring: int
    key: str
    siblings: Siblings


@message
class Mend:
    """Read repair, sent and forgotten: the replica lacks some of these siblings."""

    ring: int
    key: str
    siblings: Siblings


# --- node to node --------------------------------------------------------------------


@message
class Agree:
    """Merge my membership, answer with `Agreed` once yours is on the disk."""

    membership: Membership


@message
class Agreed:
    """``whole``: the node holds all that it has ever acknowledged, so its copies may be relied upon.

    ``trusted``: it knows of all that it has ever agreed to, so its vote may be relied upon.
    """

    membership: Membership
    whole: bool
    trusted: bool


@message
class SyncRoot:
    """The hash over all that I share with you. Answered by None if yours is the same, else by your buckets."""

    ring: int
    root: int


@message
class SyncBuckets:
    """Which keys do you have in these buckets? Answered by ``((key, fingerprint), ...)``."""

    ring: int
    buckets: tuple[int, ...]


@message
class Exchange:
    """Take ``offered`` and answer, once it is safe, with what you have of ``wanted``.

    What is offered and what is answered: ``((key, siblings), ...)``.
    """

    ring: int
    offered: tuple[tuple[str, Siblings], ...]
    wanted: tuple[str, ...] = ()


@message
class Offer:
    """I hold these ``((key, fingerprint), ...)`` for you. Answered by the keys that you lack."""

    ring: int
    items: tuple[tuple[str, int], ...]
