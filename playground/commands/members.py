"""Acts on the membership of the ring."""

from __future__ import annotations

from typing import ClassVar, Literal

from playground.commands.base import OnNodes


class Add(OnNodes):
    """Add new, empty nodes: they take their ranges over while the cluster serves."""

    form: ClassVar[str] = "add NODE..."
    example: ClassVar[str] = "add n9"
    family: ClassVar[str] = "members"
    undo: ClassVar[str] = "remove"
    target_fields: ClassVar[tuple[str, ...]] = ()
    do: Literal["add"] = "add"


class Remove(OnNodes):
    """Remove nodes from the ring for good: the next nodes copy what they held. Or consumers from their group."""

    form: ClassVar[str] = "remove NODE..."
    example: ClassVar[str] = "remove n3"
    family: ClassVar[str] = "members"
    undo: ClassVar[str] = "add another one"
    do: Literal["remove"] = "remove"
