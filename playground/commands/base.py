"""What all commands share: how they are typed, how they are spelled, whom they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from playground.commands.targets import Names, gather, is_word, spelled
from playground.kernel.errors import UserError
from playground.quantities import DurationUs

FAMILIES = {
    "process": "Processes",
    "network": "Network",
    "machine": "Clocks and disks",
    "load": "Load",
    "members": "Membership",
    "kafka": "Kafka",
    "client": "By hand",
}
"""The families of commands, in the order of the tables."""
_PLAIN = re.compile(r"[\w.+-]+")


class Base(BaseModel):
    """One act. ``form`` is how it is typed, ``example`` a line that works."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    form: ClassVar[str] = ""
    example: ClassVar[str] = ""
    family: ClassVar[str] = ""
    undo: ClassVar[str] = ""
    """What takes it back, in words; "" for what breaks nothing."""
    positional: ClassVar[str] = "nodes"
    target_fields: ClassVar[tuple[str, ...]] = ("nodes",)
    """The fields that hold targets: a list of them, or a list of lists."""
    possible: ClassVar[str] = ""
    """The act of a node's life that must be possible for those who are drawn ("" if any node will do)."""

    by: str = Field(
        default="", max_length=24, pattern=r"^[\w.-]*$", description="who did it, of several who may; the log says so"
    )

    def named_nodes(self) -> tuple[str, ...]:
        """The nodes that it names; all of them must exist. Words that stand for nodes are not among them."""
        return tuple(target for target in self.targeted() if not is_word(target))

    def targeted(self) -> tuple[str, ...]:
        """All names and words."""
        found: list[str] = []
        for field in self.target_fields:
            for target in getattr(self, field):
                found += [target] if isinstance(target, str) else target
        return tuple(found)

    def line(self) -> str:
        """The command as it would be typed after ``:``."""
        fields = self.model_dump(exclude_defaults=True, exclude={"do", "by"}, by_alias=True)
        words = [str(self.do), *self._positional_words(fields)]  # type: ignore[attr-defined]
        words += [f"{key}={_spell(value)}" for key, value in fields.items()]
        return " ".join(words)

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        value = fields.pop(self.positional, [])
        return [spelled(each) for each in value] if isinstance(value, list) else [str(value)]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        """Raw fields from what was typed after the command's name."""
        plain, fields = split_words(words)
        return with_field(fields, cls.positional, gather(plain)) if plain else fields


class OnNodes(Base):
    """An act on some nodes."""

    nodes: Names


class Lasting(Base):
    """What can end by itself."""

    lasting: DurationUs | None = Field(default=None, gt=0, description="how long it lasts; without it, until undone")


class OneWord(Base):
    """An act on no node, with one plain word at most: the positional field."""

    target_fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_words(cls, words: Sequence[str]) -> dict[str, Any]:
        plain, fields = split_words(words)
        if len(plain) > 1:
            raise UserError(f"one {cls.positional} is enough, {plain[1]!r} is too much")
        return with_field(fields, cls.positional, plain[0]) if plain else fields

    def _positional_words(self, fields: dict[str, Any]) -> list[str]:
        """Plain, unless it would be read as something else."""
        if self.positional not in fields:
            return []
        word = str(fields.pop(self.positional))
        return [word if _PLAIN.fullmatch(word) else f"{self.positional}={_spell(word)}"]


def split_words(words: Iterable[str]) -> tuple[list[str], dict[str, Any]]:
    """Plain words (commas separate, too), and those of the form ``field=value``."""
    plain: list[str] = []
    fields: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            fields = with_field(fields, key, value)
        else:
            plain.extend(part for part in word.split(",") if part)
    return plain, fields


def in_order(do: str, names: tuple[str, ...], words: Sequence[str]) -> dict[str, Any]:
    """The first words are fields of these names, whatever they hold; others have the form ``field=value``."""
    plain, fields = split_words(words[len(names) :])
    if plain:
        raise UserError(f"{do}: {plain[0]!r} is too much: a value of several words stands in quotes")
    for name, word in zip(names, words, strict=False):
        fields = with_field(fields, name, word)
    return fields


def with_field(fields: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """``fields`` and one more. UserError if it is there already: one of the two would not be meant."""
    if field in fields:
        raise UserError(f"{field} is given twice")
    return fields | {field: value}


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shlex.quote(str(value))
