"""A member of a group, as its coordinator knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.kernel.calls import Answer
from playground.kernel.errors import Rejected
from playground.systems.kafka.messages import JoinGroup, Subscription
from playground.systems.kafka.offsets import MemberRecord
from playground.systems.kafka.records import TopicPartition


@dataclass(slots=True)
class GroupMember:
    """From its first join until it leaves, or is taken for dead."""

    machine: str
    subscription: Subscription
    """What it told when it last joined."""
    session_timeout_ms: int
    rebalance_ms: int
    partitions: tuple[TopicPartition, ...] = ()
    """What it was given in the group's generation."""
    heard_us: int = 0
    """When it was last heard, by the coordinator's clock."""
    aware: bool = False
    """It has shown that it knows the group's generation."""
    joining: Answer | None = field(default=None, repr=False)
    """The answer that it waits for: it has joined the round."""
    syncing: Answer | None = field(default=None, repr=False)

    @classmethod
    def of(cls, machine: str, request: JoinGroup) -> GroupMember:
        subscription = Subscription(request.member, request.topics, request.owned, request.generation)
        return cls(machine, subscription, request.session_timeout_ms, request.rebalance_ms)

    @classmethod
    def read(cls, record: MemberRecord) -> GroupMember:
        """As another coordinator knew it."""
        return cls(
            record.machine, record.subscription, record.session_timeout_ms, record.rebalance_ms, record.partitions
        )

    def record(self, partitions: tuple[TopicPartition, ...] = ()) -> MemberRecord:
        """To be kept, with what it is given."""
        return MemberRecord(self.subscription, self.machine, self.session_timeout_ms, self.rebalance_ms, partitions)

    @property
    def name(self) -> str:
        return self.subscription.member

    @property
    def waits(self) -> bool:
        """It cannot be expected to say more before it is answered."""
        return self.joining is not None or self.syncing is not None

    @property
    def expires_us(self) -> int:
        """When it is taken for dead, unless it is heard before."""
        return self.heard_us + self.session_timeout_ms * 1_000

    def says_the_same(self, other: GroupMember) -> bool:
        return (self.subscription, self.session_timeout_ms, self.rebalance_ms) == (
            other.subscription,
            other.session_timeout_ms,
            other.rebalance_ms,
        )

    def refuse(self, error: Rejected, now_us: int) -> None:
        """Answer whatever it waits for; from now on it has to be heard again."""
        if self.joining is not None:
            self.joining.reject(error)
            self.joining, self.heard_us = None, now_us
        self.refuse_sync(error, now_us)

    def refuse_sync(self, error: Rejected, now_us: int) -> None:
        if self.syncing is not None:
            self.syncing.reject(error)
            self.syncing, self.heard_us = None, now_us
