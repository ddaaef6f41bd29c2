"""Acts on the network: who reaches whom, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from playground.commands.base import Base, Lasting, split_words, with_field
from playground.commands.targets import SHAPES, Names, Targets, gather, is_word, spelled
from playground.quantities import DurationUs, Rate, Share


class Partition(Lasting):
    """Cut the network into sides that cannot reach each other; nodes not named reach everybody.

    halves: two sides, drawn; isolate: each node named is alone; bridge: two sides that only one node
    (named or drawn) reaches both of; ring: each node reaches only the one before and the one after it.
    """

    form: ClassVar[str] = "partition NODE... | NODE... [| NODE...] [lasting=D], or halves|isolate|bridge|ring [NODE...]"
    example: ClassVar[str] = "partition n1 n2 n3 | n4 n5"
    family: ClassVar[str] = "network"
    undo: ClassVar[str] = "heal"
    positional: ClassVar[str] = "groups"
    target_fields: ClassVar[tuple[str, ...]] = ("groups", "nodes")
    do: Literal["partition"] = "partition"
    shape: Literal["", "halves", "isolate", "bridge", "ring"] = Field(
        default="", description="instead of groups: how the sides are made"
    )
    groups: list[Names] = Field(default=[], description="the sides")
    nodes: Targets = Field(default=[], description="isolate: who is alone; bridge: who reaches both sides")

    @model_validator(mode="after")
    def _makes_sides(self) -> Partition:
        first = self.groups[0][0] if self.groups and self.groups[0] else ""
        if first in SHAPES:  # as it is spelled, it would be read as the shape
            raise ValueError(f"{first} makes the sides itself: leave the groups out")
        if not self.shape and len(self.groups) < 2:
            raise ValueError(f"name two sides, as in n1 n2 | n3 n4, or a shape: {', '.join(SHAPES)}")
        if self.shape and self.groups:
            raise ValueError(f"{self.shape} makes the sides itself: leave the groups out")
        if self.nodes and not self.shape:
            raise ValueError("nodes goes with a shape, such as isolate; sides stand in groups")
        if self.shape == "isolate" and not self.nodes:
            raise ValueError("say who is to be alone: isolate n3")
        if self.shape == "halves" and self.nodes:
            raise ValueError("halves are drawn from all nodes: name none")
        if self.shape == "bridge" and len(self.nodes) > 1:
            raise ValueError("one node is the bridge: name one, or none to have it drawn")
        return self

    @model_validator(mode="after")
    def _sides_are_apart(self) -> Partition:
        seen: dict[str, int] = {}
        for number, group in enumerate(self.groups):
            for name in group:
                if not is_word(name) and seen.setdefault(name, number) != number:
                    raise ValueError(f"{name} is on two sides: each node can stand on one")
        return self

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        shape, nodes = fields.pop("shape", ""), fields.pop("nodes", [])
        if shape:
            return [shape, *map(spelled, nodes)]
        return [" | ".join(" ".join(map(spelled, group)) for group in fields.pop("groups"))]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        plain, fields = split_words(words)
        if plain and plain[0] in SHAPES:
            fields = with_field(fields, "shape", plain[0])
            return with_field(fields, "nodes", gather(plain[1:])) if plain[1:] else fields
        if plain:
            groups = [gather(group.split()) for group in " ".join(plain).split("|")]
            return with_field(fields, "groups", groups)
        return fields


class Links(Lasting):
    """What faults of links share: from ``sources`` to ``targets``, nothing named means everybody."""

    family: ClassVar[str] = "network"
    undo: ClassVar[str] = "heal"
    positional: ClassVar[str] = "sources"
    target_fields: ClassVar[tuple[str, ...]] = ("sources", "targets")
    arrows: ClassVar[tuple[str, ...]] = ("->", "<->")
    sources: Targets = Field(default=[], description="from whom; none: everybody")
    targets: Targets = Field(default=[], description="to whom; none: everybody")

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        sources, targets = ([*map(spelled, fields.pop(field, []))] for field in ("sources", "targets"))
        return [*sources, "->", *targets] if targets else sources

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        plain, fields = split_words(words)
        for number, word in enumerate(plain):
            if word in cls.arrows:
                fields = with_field(fields, "targets", gather(plain[number + 1 :]))
                plain = plain[:number]
                break
        return with_field(fields, "sources", gather(plain)) if plain else fields


class OneWay(Links):
    """Lose everything that goes from some nodes to others; the other direction still works."""

    form: ClassVar[str] = "one-way NODE... -> NODE... [lasting=D]"
    example: ClassVar[str] = "one-way n1 -> n2 n3"
    arrows: ClassVar[tuple[str, ...]] = ("->",)
    do: Literal["one-way"] = "one-way"

    @model_validator(mode="after")
    def _says_which(self) -> OneWay:
        if not self.sources and not self.targets:
            raise ValueError("name the nodes before or after the arrow: one-way n1 -> n2")
        return self


class Link(Links):
    """Make links slow, lossy, doubling, reordering or narrow, both ways unless told otherwise.

    jitter is drawn for each message: up to it (uniform), around the latency (normal), or with a long tail (pareto).
    loss_run: how many messages in a row a loss takes on average (1: each by itself).
    """

    form: ClassVar[str] = (
        "link [NODE... [-> NODE...]] [latency=D] [jitter=D] [distribution=uniform|normal|pareto] [loss=P] [loss_run=N] "
        "[duplicate=P] [reorder=P] [bandwidth=R] [both_ways=no] [lasting=D]"
    )
    example: ClassVar[str] = "link n1 -> n2 latency=200ms jitter=50ms loss=10%"
    do: Literal["link"] = "link"
    both_ways: bool = Field(default=True, description="no: only from the first to the others")
    latency: DurationUs = Field(default=0, description="so much later")
    jitter: DurationUs = Field(default=0, description="and by chance later still")
    distribution: Literal["uniform", "normal", "pareto"] = Field(default="uniform", description="of the jitter")
    loss: Share = Field(default=0.0, description="share of the messages that are lost")
    loss_run: float = Field(default=1, ge=1, le=1_000, description="messages lost in a row, on average")
    duplicate: Share = Field(default=0.0, description="share of the messages that arrive twice")
    reorder: Share = Field(default=0.0, description="share of the messages that later ones overtake")
    bandwidth: Rate | None = Field(default=None, description="of each link and direction")

    @model_validator(mode="after")
    def _does_something(self) -> Link:
        if not (self.latency or self.jitter or self.loss or self.duplicate or self.reorder or self.bandwidth):
            raise ValueError("say what is wrong with the link: latency=200ms, loss=10% …")
        return self


class Flap(Links):
    """Cut links and join them again, over and over: down for a share of each period."""

    form: ClassVar[str] = "flap NODE... [-> NODE...] [period=D] [down=P] [lasting=D]"
    example: ClassVar[str] = "flap n2 period=2s down=50%"
    do: Literal["flap"] = "flap"
    period: DurationUs = Field(default=2_000_000, ge=10_000, description="from one cut to the next")
    down: Share = Field(default=0.5, gt=0, lt=1, description="share of the period for which nothing passes")

    @model_validator(mode="after")
    def _says_which(self) -> Flap:
        if not self.sources and not self.targets:
            raise ValueError("name the nodes whose links flap: flap n2, or flap n1 -> n2")
        return self


class Heal(Base):
    """End what is in force (cuts, bad links, slow CPUs, disk and clock faults, stalls, freezes) for some nodes, or all.

    Crashed nodes stay down: start them.
    """

    form: ClassVar[str] = "heal [NODE...]"
    example: ClassVar[str] = "heal"
    family: ClassVar[str] = "network"
    do: Literal["heal"] = "heal"
    nodes: Targets = Field(default=[], description="around whom; none: everywhere")
