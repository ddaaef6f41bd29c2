"""What can be set about Kafka: brokers, topics, producers, consumer groups; named after Kafka's own settings."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from playground.quantities import Share

Acks = Literal["0", "1", "all"]
"""What a producer waits for: nothing; the leader's disk; the disks of all in-sync replicas."""
Assignor = Literal["range", "round-robin", "cooperative-sticky"]
"""Who gets which partition of a group (Kafka's partition.assignment.strategy)."""
Delivery = Literal["at-least-once", "at-most-once"]
"""Whether a consumer commits an offset after it has processed what stands before it, or before."""
INTERNAL = ("__consumer_offsets", "__feed_positions")
"""Topics that nobody subscribes to."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TopicSettings(_Settings):
    """One topic. A replica keeps each of its partitions as a log in segments."""

    name: str = Field(default="changes", pattern=r"^[a-z][a-z0-9_]{0,19}$", description="What it is called.")
    partitions: int = Field(default=4, ge=1, le=64, description="Logs over which its messages are spread, by key.")
    replication: int = Field(default=3, ge=1, le=7, description="Brokers that hold a copy of each partition.")
    min_insync: int = Field(
        default=2,
        ge=1,
        le=7,
        description="With acks=all, refuse while fewer replicas are in sync (min.insync.replicas).",
    )
    cleanup: Literal["delete", "compact"] = Field(
        default="delete", description="Drop old segments, or keep the newest message of each key (cleanup.policy)."
    )
    segment_bytes: int = Field(default=16_384, ge=256, description="A segment that is larger is closed.")
    segment_ms: int = Field(default=600_000, ge=100, description="A segment that is older is closed.")
    index_bytes: int = Field(
        default=1_024, ge=1, description="After so many bytes the offset index gets an entry (index.interval.bytes)."
    )
    retention_ms: int = Field(default=0, ge=0, description="Closed segments older than this are deleted; 0: never.")
    retention_bytes: int = Field(
        default=0, ge=0, description="The oldest segments of a larger partition are deleted; 0: never."
    )
    tombstone_ms: int = Field(
        default=60_000, ge=0, description="Compaction keeps the deletion of a key for so long (delete.retention.ms)."
    )
    dirty_share: Share = Field(
        default=0.5, description="Compact when so much of the closed log is new (min.cleanable.dirty.ratio)."
    )

    @property
    def keeps_all(self) -> bool:
        """Nothing is ever deleted from it, nor compacted."""
        return self.cleanup == "delete" and not self.retention_ms and not self.retention_bytes

    @model_validator(mode="after")
    def _replicas_suffice(self) -> TopicSettings:
        if self.name == "shard":
            raise ValueError("a topic cannot be called shard: the database's shards are")
        if self.min_insync > self.replication:
            raise ValueError(f"min_insync ({self.min_insync}) cannot be larger than replication ({self.replication})")
        return self


class ProducerSettings(_Settings):
    """How producers send. Milliseconds of the producer's own clock."""

    acks: Acks = Field(default="all", description="0: nobody answers; 1: the leader has it; all: all in sync have it.")
    idempotent: bool = Field(
        default=True,
        description="Number the batches, so that each is appended once, and in order; only with acks=all, as in Kafka.",
    )
    linger_ms: int = Field(default=10, ge=0, description="How long a message waits for others to share its batch.")
    batch_messages: int = Field(default=50, ge=1, le=10_000, description="A batch with so many is sent at once.")
    in_flight: int = Field(default=5, ge=1, le=5, description="Batches on their way to one partition at a time.")
    request_timeout_ms: int = Field(default=1_000, ge=10, description="A request that is not answered is sent again.")
    retry_backoff_ms: int = Field(default=100, ge=1, description="Pause before a retry.")
    delivery_timeout_ms: int = Field(
        default=30_000, ge=10, description="A message that was not acknowledged after so long is given up."
    )
    buffer_messages: int = Field(
        default=10_000, ge=1, description="Messages that may wait to be sent; more are refused (buffer.memory)."
    )


class GroupSettings(_Settings):
    """One consumer group. Milliseconds of each member's own clock."""

    name: str = Field(default="view", pattern=r"^[a-z][a-z0-9_]{0,11}$", description="What it is called.")
    consumers: int = Field(default=2, ge=0, le=64, description="Its members at the beginning, a machine each.")
    topics: tuple[str, ...] = Field(default=(), description="The topics that it reads; empty: all of them.")
    assignor: Assignor = Field(default="cooperative-sticky", description="How partitions are shared among the members.")
    delivery: Delivery = Field(
        default="at-least-once", description="Commit after processing (some twice), or before (some never)."
    )
    process_ms: int = Field(default=2, ge=0, description="What processing one message takes.")
    poll_messages: int = Field(default=20, ge=1, le=10_000, description="Messages at most that one poll hands over.")
    commit_ms: int = Field(
        default=500, ge=0, description="How often positions are committed; 0: after (before) each poll."
    )
    session_timeout_ms: int = Field(
        default=3_000, ge=100, description="A member that is silent for so long is out; its partitions go to others."
    )
    heartbeat_ms: int = Field(default=1_000, ge=10, description="How often a member says that it lives.")
    max_poll_ms: int = Field(
        default=10_000, ge=100, description="A member that does not poll for so long leaves by itself."
    )
    rebalance_ms: int = Field(default=3_000, ge=10, description="How long a rebalance waits for known members.")
    fetch_messages: int = Field(default=200, ge=1, description="Messages that a member keeps ahead, per partition.")
    reset: Literal["earliest", "latest"] = Field(
        default="earliest", description="Where to begin without a committed offset (auto.offset.reset)."
    )

    @model_validator(mode="after")
    def _heartbeats_in_time(self) -> GroupSettings:
        if self.heartbeat_ms >= self.session_timeout_ms:
            raise ValueError(
                f"heartbeat_ms ({self.heartbeat_ms}) must be shorter than "
                f"session_timeout_ms ({self.session_timeout_ms})"
            )
        return self


class KafkaSettings(_Settings):
    """Brokers br1.., producers pr1.., consumers co1... Milliseconds of each machine's own clock."""

    brokers: int = Field(default=0, ge=0, le=64, description="Brokers br1, br2 …; 0: there is no Kafka.")
    topics: tuple[TopicSettings, ...] = Field(default=(TopicSettings(),), min_length=1, description="The topics.")
    groups: tuple[GroupSettings, ...] = Field(default=(GroupSettings(),), description="The consumer groups.")
    producer: ProducerSettings = ProducerSettings()
    feed: bool = Field(
        default=True,
        description="Masters of shards publish every committed write to the first topic (database: shards).",
    )
    producers: int = Field(default=0, ge=0, le=64, description="Producers that make messages of their own.")
    rate: float = Field(default=20, ge=0, le=100_000, description="Messages per second that they make, all together.")
    keys: int = Field(default=50, ge=0, le=1_000_000, description="How many different keys; 0: messages have none.")
    skew: float = Field(default=0.0, ge=0, le=5, description="Zipf exponent of key popularity; 0: all alike.")
    message_bytes: int = Field(default=20, ge=0, le=100_000, description="Padding of each message.")
    unclean_election: bool = Field(
        default=False,
        description="When no replica in sync is left, let one lead that is not: available, and messages are lost.",
    )
    flush: Literal["each", "later"] = Field(
        default="each",
        description="each: a copy counts when it is on the disk; later: as soon as it is in memory (Kafka's default).",
    )
    flush_ms: int = Field(default=5_000, ge=1, description="How often a log is written to the disk (flush: later).")
    lag_ms: int = Field(
        default=2_000, ge=10, description="Who has not caught up for so long is not in sync (replica.lag.time.max.ms)."
    )
    fetch_wait_ms: int = Field(
        default=500, ge=1, description="How long a fetch waits for something new (replica.fetch.wait.max.ms)."
    )
    offsets_partitions: int = Field(
        default=1, ge=1, le=50, description="Partitions of the internal topic with the groups' committed offsets."
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> KafkaSettings:
        for kind, names in (
            ("topic", [each.name for each in self.topics]),
            ("group", [each.name for each in self.groups]),
        ):
            twice = next((name for name in names if names.count(name) > 1), "")
            if twice:
                raise ValueError(f"there are two {kind}s called {twice}")
        known = [topic.name for topic in self.topics]
        for group in self.groups:
            unknown = next((name for name in group.topics if name not in known), "")
            if unknown:
                raise ValueError(f"group {group.name} reads {unknown}, but there are only {', '.join(known)}")
        if self.brokers:
            for topic in self.topics:
                if topic.replication > self.brokers:
                    raise ValueError(
                        f"topic {topic.name}: replication ({topic.replication}) "
                        f"cannot be larger than brokers ({self.brokers})"
                    )
        return self

    @property
    def broker_names(self) -> tuple[str, ...]:
        return tuple(f"br{number}" for number in range(1, self.brokers + 1))

    @property
    def producer_names(self) -> tuple[str, ...]:
        return tuple(f"pr{number}" for number in range(1, self.producers + 1)) if self.brokers else ()

    @property
    def consumers(self) -> dict[str, str]:
        """Consumer machines -> the group that each is a member of."""
        members = [group.name for group in self.groups for _ in range(group.consumers)] if self.brokers else []
        return {f"co{number}": group for number, group in enumerate(members, start=1)}

    @cached_property
    def all_topics(self) -> dict[str, TopicSettings]:
        """The topics by name, the internal ones included."""
        copies = min(self.brokers, max(topic.replication for topic in self.topics))
        enough = min(copies, max(topic.min_insync for topic in self.topics))
        internal = {"replication": copies, "min_insync": enough, "cleanup": "compact"}
        names = {INTERNAL[0]: self.offsets_partitions} | ({INTERNAL[1]: 1} if self.feed else {})
        own = [
            TopicSettings().model_copy(update={**internal, "name": name, "partitions": count})
            for name, count in names.items()
        ]
        return {topic.name: topic for topic in (*self.topics, *own)}

    def topic(self, name: str) -> TopicSettings | None:
        """A topic's settings; None if there is none of this name."""
        return self.all_topics.get(name)

    def read_by(self, group: str) -> tuple[str, ...]:
        """The topics that a group reads."""
        settings = self.group(group)
        return (settings.topics if settings else ()) or tuple(topic.name for topic in self.topics)

    def group(self, name: str) -> GroupSettings | None:
        """A group's settings; None if there is none of this name."""
        return next((group for group in self.groups if group.name == name), None)
