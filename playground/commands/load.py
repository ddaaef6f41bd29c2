"""What the clients do: all together, or one request by hand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from playground.commands.base import Base, Lasting, OneWord, in_order
from playground.quantities import DurationUs, Share

MOST_PER_S = 100_000
PerSecond = Annotated[float, Field(ge=0, le=MOST_PER_S)]
"""Operations per second, over all clients."""


class Load(Lasting, OneWord):
    """Change what the clients do: operations per second, share of reads, popularity of keys, one key that is hot."""

    form: ClassVar[str] = "load [rate=N] [reads=P] [skew=N] [hot=KEY] [hot_share=P] [lasting=D]"
    example: ClassVar[str] = "load rate=100 reads=50%"
    family: ClassVar[str] = "load"
    undo: ClassVar[str] = "load"
    positional: ClassVar[str] = "rate"
    do: Literal["load"] = "load"
    rate: PerSecond | None = Field(default=None, description="operations per second, over all clients")
    reads: Share | None = Field(default=None, description="share of reads")
    skew: float | None = Field(default=None, ge=0, le=5, description="Zipf exponent of key popularity")
    hot: str | None = Field(default=None, min_length=1, max_length=200, description="the key that all want")
    hot_share: Share | None = Field(
        default=None, description="share of the operations that go to hot; 50% if only hot is given"
    )


class Burst(OneWord):
    """Much more load for a while."""

    form: ClassVar[str] = "burst [rate=N] [lasting=D]"
    example: ClassVar[str] = "burst rate=400 lasting=3s"
    family: ClassVar[str] = "load"
    undo: ClassVar[str] = "by itself"
    positional: ClassVar[str] = "rate"
    do: Literal["burst"] = "burst"
    rate: PerSecond | None = Field(
        default=None, gt=0, description="operations per second; without it, ten times the load"
    )
    lasting: DurationUs = Field(default=3_000_000, gt=0, description="how long")


class Herd(OneWord):
    """A thundering herd: all clients ask for one key at the same instant."""

    form: ClassVar[str] = "herd [KEY] [requests=N]"
    example: ClassVar[str] = "herd k0 requests=500"
    family: ClassVar[str] = "load"
    undo: ClassVar[str] = "by itself"
    positional: ClassVar[str] = "key"
    do: Literal["herd"] = "herd"
    key: str = Field(default="k0", min_length=1, max_length=200, description="which they read")
    requests: int = Field(default=200, ge=1, le=100_000, description="reads, over all clients")

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return _key_words(fields)


class Put(Base):
    """Write one value as a client of your own."""

    form: ClassVar[str] = "put KEY VALUE [w=N]"
    example: ClassVar[str] = "put cat tom"
    family: ClassVar[str] = "client"
    target_fields: ClassVar[tuple[str, ...]] = ()
    do: Literal["put"] = "put"
    key: str = Field(min_length=1, max_length=200, description="what is written")
    value: str = Field(max_length=10_000, description="what it is to hold")
    w: int | None = Field(default=None, ge=1, description="replicas that must hold it; as the store is set")

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return [shlex.quote(fields.pop("key")), shlex.quote(fields.pop("value"))]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        return in_order("put", ("key", "value"), words)


class Get(OneWord):
    """Read one key as a client of your own."""

    form: ClassVar[str] = "get KEY [r=N]"
    example: ClassVar[str] = "get cat"
    family: ClassVar[str] = "client"
    positional: ClassVar[str] = "key"
    do: Literal["get"] = "get"
    key: str = Field(min_length=1, max_length=200, description="what is read")
    r: int | None = Field(default=None, ge=1, description="replicas that must answer; as the store is set")

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return _key_words(fields)


def _key_words(fields: dict[str, Any]) -> list[str]:
    """The key as a plain word, unless that would be read as something else."""
    key = str(fields.pop("key", ""))
    if not key:
        return []
    return [f"key={shlex.quote(key)}" if "=" in key or "," in key else shlex.quote(key)]
