"""The requests of Kafka's protocol that are needed here, and their answers.

All are calls over a network that may lose, delay, double and swap them; what must not happen twice is numbered. An
answer that holds several partitions says of each what went wrong (``error``: "" or a code of :mod:`.errors`); what
fails as a whole is ``Rejected`` with such a code.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.kernel.messages import message
from playground.systems.kafka.image import Image, Member
from playground.systems.kafka.records import Batch, TopicPartition

# --- metadata ---------------------------------------------------------------------------------


@message
class AskMetadata:
    """To any broker: the cluster as it knows it. Answer: :class:`Image`."""


@message
class UpdateMetadata:
    """Controller to broker: the newest image. Kafka's LeaderAndIsr and UpdateMetadata in one. Answer: Updated."""

    image: Image


@message
class Updated:
    """``age``: of the image that the broker has now. A controller that reads a higher controller epoch is a zombie."""

    age: tuple[int, int]


@message
class AlterPartition:
    """Leader to controller: another in-sync replica set (KIP-497). Answer: Altered.

    Rejected: "not-controller", "fenced-leader-epoch", "invalid-version", "ineligible-replica".
    """

    partition: TopicPartition
    leader: str
    incarnation: int
    leader_epoch: int
    version: int
    """Of the state that the leader has seen."""
    isr: tuple[Member, ...]


@message
class Altered:
    """Done, and safe: this is the version now."""

    version: int


@message
class CreatePartitions:
    """Operator to controller: have ``count`` partitions in all. Answer: None.

    Rejected: "not-controller", "bad-request".
    """

    topic: str
    count: int


# --- producing --------------------------------------------------------------------------------


@message
class InitProducerId:
    """To any broker. Answer: ProducerId. Rejected: "unavailable"."""


@message
class ProducerId:
    """A number that no other producer ever has."""

    id: int


@message
class Produce:
    """Producer to leader: append. ``acks``: "0", "1", "all"; with "0" it is sent, not called. Answer: Produced."""

    acks: str
    batches: tuple[tuple[TopicPartition, Batch], ...]


class ProducedOf(NamedTuple):
    """What became of one batch."""

    partition: TopicPartition
    error: str
    base_offset: int = -1
    """Where it stands; a duplicate gets that of the first. -1: not known any more, but it is there."""


@message
class Produced:
    """Of every batch."""

    results: tuple[ProducedOf, ...]


# --- fetching ---------------------------------------------------------------------------------


class FetchFrom(NamedTuple):
    """From where to read one partition."""

    partition: TopicPartition
    offset: int
    leader_epoch: int
    """That the reader believes to be the current one; -1: it does not care (a consumer that knows none)."""
    last_epoch: int = -1
    """Epoch of the record before ``offset`` in the follower's log, by which the leader finds where they diverge."""


@message
class Fetch:
    """Follower or consumer to leader: what comes after these offsets? Answer: Fetched.

    The answer waits up to ``wait_ms`` until there is something (or something is wrong).
    """

    replica: Member | None
    """The follower that asks, with its disk; None: a consumer, which sees nothing above the high watermark."""
    incarnation: int
    """The life of the follower; 0 for consumers."""
    wait_ms: int
    max_bytes: int
    """Per partition; one batch is handed over in any case."""
    partitions: tuple[FetchFrom, ...]


class FetchedOf(NamedTuple):
    """What there is of one partition."""

    partition: TopicPartition
    error: str
    leader_epoch: int = -1
    high_watermark: int = -1
    start_offset: int = -1
    batches: tuple[Batch, ...] = ()
    diverging: tuple[int, int] | None = None
    """The newest epoch not above the follower's that the leader knows, and where it ended: cut there, ask again."""


@message
class Fetched:
    """Of every partition asked for that has news or an error; () when the wait was over."""

    partitions: tuple[FetchedOf, ...]


# --- groups -----------------------------------------------------------------------------------


@message
class FindCoordinator:
    """To any broker. Answer: Coordinator. Rejected: "coordinator-unavailable"."""

    group: str


@message
class Coordinator:
    """The broker that leads the group's partition of the offsets topic, as far as the one who answers knows."""

    name: str


@message
class JoinGroup:
    """Member to coordinator: count me in (again). Answer, when all known members have asked or had time to: Joined.

    Rejected: "not-coordinator", "coordinator-loading", "inconsistent-protocol".
    """

    group: str
    member: str
    """The life of a machine: nobody else ever has this name."""
    assignor: str
    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...]
    """What it still holds (cooperative), as of ``generation``."""
    generation: int
    session_timeout_ms: int
    rebalance_ms: int


class Subscription(NamedTuple):
    """What a member told when it joined."""

    member: str
    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...]
    generation: int


@message
class Joined:
    """The new generation. ``subscriptions``, by member: only for the one who leads the group and is to assign."""

    generation: int
    leader: str
    subscriptions: tuple[Subscription, ...] = ()


@message
class SyncGroup:
    """Member to coordinator: what do I get? The leader brings the ``assignments``. Answer: Synced.

    Rejected: as JoinGroup, and "unknown-member", "illegal-generation", "rebalance-in-progress".
    """

    group: str
    member: str
    generation: int
    assignments: tuple[tuple[str, tuple[TopicPartition, ...]], ...] = ()


@message
class Synced:
    """What the member owns in this generation."""

    partitions: tuple[TopicPartition, ...]


@message
class Heartbeat:
    """Member to coordinator: I live. Answer: None. Rejected: as SyncGroup."""

    group: str
    member: str
    generation: int


@message
class LeaveGroup:
    """Member to coordinator: go on without me. Answer: None. Rejected: as Heartbeat."""

    group: str
    member: str


@message
class OffsetCommit:
    """Member to coordinator: the group has done what stands before these offsets. Answer, when that is committed: None.

    Rejected: as Heartbeat, and "not-enough-replicas", "request-timed-out".
    """

    group: str
    member: str
    generation: int
    offsets: tuple[tuple[TopicPartition, int], ...]
    count: int = 0
    """Counts this member's commits from 1: a late copy of an older one is not taken. 0: it does not count them."""


@message
class OffsetFetch:
    """To the coordinator: where does the group stand? Answer: Offsets.

    Rejected: "not-coordinator", "coordinator-loading".
    """

    group: str
    partitions: tuple[TopicPartition, ...]
    generation: int = 0
    """Of the member that asks: who does not know of it coordinates the group no more (as in KIP-848). 0: not said."""


@message
class Offsets:
    """Committed offsets; partitions without one are left out."""

    offsets: tuple[tuple[TopicPartition, int], ...]
