"""Every act that a key, a ``:`` line, a scenario or a visitor can do to a cluster.

One vocabulary: each act is a :class:`Command` (pydantic, told apart by ``do``), with one
short form for the ``:`` line. Help, completion and the scenario schema are generated
from :data:`COMMANDS`; nothing else lists the acts.

A seed, a cluster and timed commands reproduce a session exactly.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar, Literal, Union, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from playground.kernel.errors import UserError
from playground.quantities import DurationUs, OffsetUs, Rate, Share
from playground.wording import unknown, wording

Names = Annotated[list[str], Field(min_length=1)]


class Base(BaseModel):
    """What all commands share. ``form`` is how it is typed, ``example`` a line that works."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    form: ClassVar[str] = ""
    example: ClassVar[str] = ""
    positional: ClassVar[str] = "nodes"

    def named_nodes(self) -> tuple[str, ...]:
        """The nodes that it names; all of them must exist."""
        return tuple(getattr(self, "nodes", ()))

    def line(self) -> str:
        """The command as it would be typed after ``:``."""
        fields = self.model_dump(exclude_defaults=True, exclude={"do"}, by_alias=True)
        words = [str(self.do), *self._positional_words(fields)]  # type: ignore[attr-defined]
        words += [f"{key}={_spell(value)}" for key, value in fields.items()]
        return " ".join(words)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        value = fields.pop(self.positional, [])
        return [str(each) for each in value] if isinstance(value, list) else [str(value)]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        """Raw fields from what was typed after the command's name."""
        plain, fields = _split_words(words)
        if plain:
            fields[cls.positional] = plain
        return fields


class Crash(Base):
    """Power off: unsynced writes are lost; with lose_disk, everything on the disk is."""

    form: ClassVar[str] = "crash NODE... [lose_disk=yes]"
    example: ClassVar[str] = "crash n3"
    do: Literal["crash"] = "crash"
    nodes: Names
    lose_disk: bool = False


class Start(Base):
    """Power on: the node boots, recovers from its disk, and serves again."""

    form: ClassVar[str] = "start NODE..."
    example: ClassVar[str] = "start n3"
    do: Literal["start"] = "start"
    nodes: Names


class Freeze(Base):
    """Stop the process where it stands (a long GC pause): it answers nothing and notices nothing."""

    form: ClassVar[str] = "freeze NODE..."
    example: ClassVar[str] = "freeze n2"
    do: Literal["freeze"] = "freeze"
    nodes: Names


class Thaw(Base):
    """Let a frozen process go on."""

    form: ClassVar[str] = "thaw NODE..."
    example: ClassVar[str] = "thaw n2"
    do: Literal["thaw"] = "thaw"
    nodes: Names


class Partition(Base):
    """Cut the network into sides that cannot reach each other; nodes not named reach everybody."""

    form: ClassVar[str] = "partition NODE... | NODE... [| NODE...]"
    example: ClassVar[str] = "partition n1 n2 n3 | n4 n5"
    positional: ClassVar[str] = "groups"
    do: Literal["partition"] = "partition"
    groups: list[Names] = Field(min_length=2)

    @model_validator(mode="after")
    def _sides_are_apart(self) -> Partition:
        seen: dict[str, int] = {}
        for number, group in enumerate(self.groups):
            for name in group:
                if seen.setdefault(name, number) != number:
                    raise ValueError(f"{name} is on two sides: each node can stand on one")
        return self

    def named_nodes(self) -> tuple[str, ...]:
        return tuple(name for group in self.groups for name in group)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return " | ".join(" ".join(group) for group in fields.pop("groups")).split()

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        plain, fields = _split_words(words)
        fields["groups"] = [group.split() for group in " ".join(plain).split("|")]
        return fields


class Links(Base):
    """What faults of links share: from ``sources`` to ``targets``, nothing named means everybody."""

    positional: ClassVar[str] = "sources"
    sources: list[str] = []
    targets: list[str] = []

    def named_nodes(self) -> tuple[str, ...]:
        return (*self.sources, *self.targets)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        sources, targets = fields.pop("sources", []), fields.pop("targets", [])
        return [*sources, "->", *targets] if targets else sources

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        plain, fields = _split_words(words)
        for number, word in enumerate(plain):
            if word in ("->", "<->"):
                fields["targets"] = plain[number + 1 :]
                plain = plain[:number]
                break
        if plain:
            fields["sources"] = plain
        return fields


class OneWay(Links):
    """Lose everything that goes from some nodes to others; the other direction still works."""

    form: ClassVar[str] = "one-way NODE... -> NODE..."
    example: ClassVar[str] = "one-way n1 -> n2 n3"
    do: Literal["one-way"] = "one-way"

    @model_validator(mode="after")
    def _says_which(self) -> OneWay:
        if not self.sources and not self.targets:
            raise ValueError("name the nodes before or after the arrow: one-way n1 -> n2")
        return self


class Link(Links):
    """Make links slow, lossy, doubling, reordering or narrow, both ways unless told otherwise."""

    form: ClassVar[str] = (
        "link [NODE... [-> NODE...]] [latency=D] [jitter=D] [loss=P] [duplicate=P] [reorder=P] "
        "[bandwidth=R] [both_ways=no]"
    )
    example: ClassVar[str] = "link n1 -> n2 latency=200ms jitter=50ms loss=10%"
    do: Literal["link"] = "link"
    both_ways: bool = True
    latency: DurationUs = 0
    jitter: DurationUs = 0
    loss: Share = 0.0
    duplicate: Share = 0.0
    reorder: Share = 0.0
    bandwidth: Rate | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Link:
        if not (self.latency or self.jitter or self.loss or self.duplicate or self.reorder or self.bandwidth):
            raise ValueError("say what is wrong with the link: latency=200ms, loss=10% …")
        return self


class Heal(Base):
    """End what was put in force (cuts, slow links, disk and clock faults, freezes) for some nodes, or all.

    Crashed nodes stay down: start them.
    """

    form: ClassVar[str] = "heal [NODE...]"
    example: ClassVar[str] = "heal"
    do: Literal["heal"] = "heal"
    nodes: list[str] = []


class Clock(Base):
    """Set a node's clock wrong (offset), or let it run too fast or slow (drift, parts per million).

    Timers follow the drift. The offset changes what the node takes for the time of day; none of the systems here
    decides by that.
    """

    form: ClassVar[str] = "clock NODE... [offset=D] [drift_ppm=N]"
    example: ClassVar[str] = "clock n2 offset=5s drift_ppm=200"
    do: Literal["clock"] = "clock"
    nodes: Names
    offset: OffsetUs | None = None
    drift_ppm: int | None = Field(default=None, ge=-900_000, le=10_000_000)


class Disk(Base):
    """Make a disk full, hang, slow (times) or rot (bits); ok undoes all but the rot."""

    form: ClassVar[str] = "disk NODE... fault=full|hang|slow|rot|ok [amount=N]"
    example: ClassVar[str] = "disk n4 fault=slow amount=50"
    do: Literal["disk"] = "disk"
    nodes: Names
    fault: Literal["full", "hang", "slow", "rot", "ok"]
    amount: int = Field(default=10, ge=1, le=100_000)


class Load(Base):
    """Change what the clients do: operations per second, share of reads, popularity of keys."""

    form: ClassVar[str] = "load [rate=N] [reads=P] [skew=N]"
    example: ClassVar[str] = "load rate=100 reads=50%"
    positional: ClassVar[str] = "rate"
    do: Literal["load"] = "load"
    rate: float | None = Field(default=None, ge=0, le=100_000)
    reads: Share | None = None
    skew: float | None = Field(default=None, ge=0, le=5)

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        return _single(cls.positional, words)


class Add(Base):
    """Add new, empty nodes: they take their ranges over while the cluster serves."""

    form: ClassVar[str] = "add NODE..."
    example: ClassVar[str] = "add n9"
    do: Literal["add"] = "add"
    nodes: Names

    def named_nodes(self) -> tuple[str, ...]:
        return ()


class Remove(Base):
    """Remove nodes from the ring for good: the next nodes copy what they held."""

    form: ClassVar[str] = "remove NODE..."
    example: ClassVar[str] = "remove n3"
    do: Literal["remove"] = "remove"
    nodes: Names


class Put(Base):
    """Write one value as a client of your own."""

    form: ClassVar[str] = "put KEY VALUE [w=N]"
    example: ClassVar[str] = "put cat tom"
    do: Literal["put"] = "put"
    key: str = Field(min_length=1, max_length=200)
    value: str = Field(max_length=10_000)
    w: int | None = Field(default=None, ge=1)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return [shlex.quote(fields.pop("key")), shlex.quote(fields.pop("value"))]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        fields: dict[str, Any] = dict(zip(("key", "value"), words, strict=False))
        return fields | _split_words(words[2:])[1]


class Get(Base):
    """Read one key as a client of your own."""

    form: ClassVar[str] = "get KEY [r=N]"
    example: ClassVar[str] = "get cat"
    positional: ClassVar[str] = "key"
    do: Literal["get"] = "get"
    key: str = Field(min_length=1, max_length=200)
    r: int | None = Field(default=None, ge=1)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        return [shlex.quote(fields.pop("key"))]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        return _single(cls.positional, words)


Command = Annotated[
    Union[  # noqa: UP007 - read at run time by get_args
        Crash, Start, Freeze, Thaw, Partition, OneWay, Link, Heal, Clock, Disk, Load, Add, Remove, Put, Get
    ],
    Field(discriminator="do"),
]

COMMANDS: dict[str, type[Base]] = {kind.model_fields["do"].default: kind for kind in get_args(get_args(Command)[0])}
"""The registry: the word that is typed or written -> the command."""

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Command)


def validate(fields: dict[str, Any], usage: str = "") -> Any:
    """A Command from raw fields; a UserError of one line if they don't fit."""
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        text = f"{fields.get('do', 'command')}: {explain(error)}"
        raise UserError(f"{text} (usage: {usage})" if usage else text) from None


def check_nodes(command: Any, nodes: Iterable[str]) -> None:
    """UserError if the command names a node that is not among ``nodes`` (empty: anything goes)."""
    known = list(nodes)
    for name in command.named_nodes():
        if known and name not in known:
            raise UserError(f"{command.do}: {unknown('node', name, known)}")


def explain(error: ValidationError) -> str:
    """The first complaint of pydantic as one line: field, what is wrong, what instead."""
    first = error.errors(include_url=False)[0]
    tag, path = first["loc"][:1], first["loc"]
    kind = COMMANDS.get(str(tag[0])) if tag else None
    if kind is None:
        return wording(first, Base)
    path = path[1:]
    if first["type"] == "missing":
        return f"{path[-1]} is missing"
    text = wording({**first, "loc": path}, kind)
    named = ".".join(map(str, path)) if path and first["type"] != "extra_forbidden" else ""
    return f"{named}: {text}" if named else text


def _split_words(words: Iterable[str]) -> tuple[list[str], dict[str, Any]]:
    plain: list[str] = []
    fields: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            fields[key] = value
        else:
            plain.extend(part for part in word.split(",") if part)
    return plain, fields


def _single(field: str, words: Sequence[str]) -> dict[str, Any]:
    plain, fields = _split_words(words)
    if len(plain) > 1:
        raise UserError(f"one {field} is enough, {plain[1]!r} is too much")
    return ({field: plain[0]} if plain else {}) | fields


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shlex.quote(str(value))
