"""What can be done to Kafka that is no fault of a machine: producers, consumers, partitions, a message by hand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from playground.commands.base import Base, Lasting, OneWord, OnNodes, in_order
from playground.commands.load import PerSecond
from playground.quantities import DurationUs


class Produce(Lasting, OneWord):
    """Change how many messages the producers make per second."""

    form: ClassVar[str] = "produce rate=N [lasting=D]"
    example: ClassVar[str] = "produce rate=200 lasting=5s"
    family: ClassVar[str] = "kafka"
    undo: ClassVar[str] = "produce"
    positional: ClassVar[str] = "rate"
    do: Literal["produce"] = "produce"
    rate: PerSecond = Field(description="messages per second, over all producers")


class Consume(OneWord):
    """Add consumers to a group, each on a machine of its own: the group shares its partitions anew."""

    form: ClassVar[str] = "consume [GROUP] [consumers=N]"
    example: ClassVar[str] = "consume view"
    family: ClassVar[str] = "kafka"
    undo: ClassVar[str] = "remove"
    positional: ClassVar[str] = "group"
    do: Literal["consume"] = "consume"
    group: str = Field(default="", max_length=20, description="which one; without it, the first")
    consumers: int = Field(default=1, ge=1, le=64, description="how many")


class Stall(OnNodes, Lasting):
    """Let consumers be stuck in their work: each message takes so long. Their heartbeats go on, as in no freeze."""

    form: ClassVar[str] = "stall CONSUMER... [processing=D] [lasting=D]"
    example: ClassVar[str] = "stall co1 processing=500ms"
    family: ClassVar[str] = "kafka"
    undo: ClassVar[str] = "heal"
    do: Literal["stall"] = "stall"
    processing: DurationUs = Field(default=2_000_000, gt=0, description="what each message takes")


class Partitions(OneWord):
    """Give a topic more partitions. Keys move: what has a key may go to another partition from now on."""

    form: ClassVar[str] = "partitions [TOPIC] [count=N]"
    example: ClassVar[str] = "partitions changes count=8"
    family: ClassVar[str] = "kafka"
    positional: ClassVar[str] = "topic"
    do: Literal["partitions"] = "partitions"
    topic: str = Field(default="", max_length=40, description="which one; without it, the first")
    count: int | None = Field(default=None, ge=1, le=64, description="how many in all; without it, one more")


class Publish(Base):
    """Publish one message as a producer of your own. With processing it is poison: so long it takes its consumers."""

    form: ClassVar[str] = "publish TOPIC VALUE [key=KEY] [processing=D]"
    example: ClassVar[str] = "publish changes hello key=cat"
    family: ClassVar[str] = "kafka"
    target_fields: ClassVar[tuple[str, ...]] = ()
    do: Literal["publish"] = "publish"
    topic: str = Field(min_length=1, max_length=40, description="where")
    value: str = Field(max_length=10_000, description="what")
    key: str | None = Field(default=None, min_length=1, max_length=200, description="decides the partition")
    processing: DurationUs | None = Field(
        default=None, gt=0, description="what processing it takes whoever consumes it: a poison message"
    )

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return [shlex.quote(fields.pop("topic")), shlex.quote(fields.pop("value"))]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        return in_order("publish", ("topic", "value"), words)
