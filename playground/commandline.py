"""The ``:`` line: from what is typed to a Command, and from half a line to what could follow."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from playground.commands import COMMANDS, Base, Links, Partition, check_nodes, validate
from playground.commands.targets import SHAPES, WORDS
from playground.kernel.errors import UserError
from playground.systems import catalog
from playground.wording import fields_at, unknown


def parse_line(line: str, nodes: Iterable[str] = (), beside: Iterable[str] = ()) -> Any:
    """A Command from what was typed after ``:``. UserError: one line that says what is wrong and what instead.

    With ``nodes``, names are checked too. ``beside``: words that somebody else understands, and that may be meant.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UserError(f"{line!r}: {str(error).lower()}") from None
    if not words:
        raise UserError("type a command, such as: crash n3")
    kind = COMMANDS.get(words[0])
    if kind is None:
        raise UserError(unknown("command", words[0], COMMANDS, also=beside))
    fields = kind.from_words(words[1:])
    if "do" in fields:
        raise UserError(f"{words[0]}: {unknown('field', 'do', fields_at(kind, ()))}")
    command = validate(fields | {"do": words[0]}, usage=kind.form)
    check_nodes(command, nodes)
    return command


def complete(text: str, nodes: Sequence[str]) -> list[str]:
    """What could follow: whole lines that begin with ``text``; best first.

    Names come before fields, and these before words that stand for names.
    """
    words = text.split(" ")
    if len(words) == 1:
        return [word for word in COMMANDS if word.startswith(words[0])]
    kind = COMMANDS.get(words[0])
    if kind is None:
        return []
    head, before, last = " ".join(words[:-1]), words[1:-1], words[-1]
    field, equals, _ = last.partition("=")
    if equals:
        options = [f"{field}={value}" for value in _values(kind, field)]
    else:
        options = _targets(kind, before, last, nodes)
    return [f"{head} {option}" for option in options if option.startswith(last)]


def _targets(kind: type[Base], before: Sequence[str], last: str, nodes: Sequence[str]) -> list[str]:
    """Names, separators, fields and words that could stand after ``before``."""
    own = [name for name in kind.model_fields if name not in (*_PLAIN, "lasting")]
    fields = [f"{name}=" for name in (*own, *(name for name in kind.model_fields if name == "lasting"))]
    fields = [field for field in fields if not any(word.startswith(field) for word in before)]
    if not kind.target_fields or any("=" in word for word in before):
        return fields
    previous = before[-1] if before else ""
    if previous.isdecimal():
        return ["random"]
    if previous == "any":
        return [f"{role} of" for role in catalog.roles()]
    shape = before[0] if before and kind is Partition and before[0] in SHAPES else ""
    if shape == "halves":
        return fields
    names = [name for name in nodes if name not in before]
    words = [word for word in (*WORDS, *(f"{role} of" for role in catalog.roles())) if word not in before]
    if last.isdecimal():
        words += [f"{last} random", f"{last}%"]
    shapes = SHAPES if kind is Partition and not before else ()
    return [*shapes, *names, *_separators(kind, before, shape), *fields, *words, "any"]


def _separators(kind: type[Base], before: Sequence[str], shape: str) -> list[str]:
    """What may stand between names: an arrow, or the line between two sides."""
    if kind is Partition and before and not shape and before[-1] != "|":
        return ["|"]
    if issubclass(kind, Links) and before and not set(before) & set(kind.arrows):
        return [kind.arrows[0]]
    return []


def _values(kind: type[Base], name: str) -> list[str]:
    """The values of a field that has few."""
    field = kind.model_fields.get(name)
    if field is None or name in _PLAIN:
        return []
    if field.annotation is bool:
        return ["yes", "no"]
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return [choice for choice in choices if choice]


_PLAIN = frozenset({"do", "by", "shape", "groups", "nodes", "sources", "targets", "key", "value"})
"""Fields that are typed without their names, or never."""
