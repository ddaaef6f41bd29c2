"""The ``:`` line: from what is typed to a Command, and from half a line to what could follow."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from playground.commands import COMMANDS, Partition, check_nodes, validate
from playground.commands.network import SHAPES
from playground.commands.targets import WORDS
from playground.kernel.errors import UserError
from playground.wording import unknown


def parse_line(line: str, nodes: Iterable[str] = ()) -> Any:
    """A Command from what was typed after ``:``. UserError: one line that says what is wrong and what instead.

    With ``nodes``, names are checked too.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UserError(f"{line!r}: {str(error).lower()}") from None
    if not words:
        raise UserError("type a command, such as: crash n3")
    kind = COMMANDS.get(words[0])
    if kind is None:
        raise UserError(unknown("command", words[0], COMMANDS))
    command = validate(kind.from_words(words[1:]) | {"do": words[0]}, usage=kind.form)
    check_nodes(command, nodes)
    return command


def complete(text: str, nodes: Sequence[str]) -> list[str]:
    """What could follow: whole lines that begin with ``text``; best first."""
    words = text.split(" ")
    if len(words) == 1:
        return [word for word in COMMANDS if word.startswith(words[0])]
    kind = COMMANDS.get(words[0])
    if kind is None:
        return []
    head, last = " ".join(words[:-1]), words[-1]
    used = set(words[1:-1])
    options = [f"{name}=" for name in kind.model_fields if name not in ("do", "shape", "groups", *kind.target_fields)]
    options = [option for option in options if not any(word.startswith(option) for word in used)]
    if "=" not in last and kind.target_fields:
        if kind is Partition and len(words) == 2:
            options = [*SHAPES, *options]
        options = [*(name for name in nodes if name not in used), *options]
        if last:  # a word is offered to who has begun to type it: names come first
            options += [word for word in WORDS if word not in used]
    return [f"{head} {option}" for option in options if option.startswith(last)]
