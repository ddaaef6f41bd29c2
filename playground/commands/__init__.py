"""Every act that a key, a ``:`` line, a scenario or a visitor can do to a cluster.

One vocabulary: each act is a :class:`Command` (pydantic, told apart by ``do``), with one
short form for the ``:`` line. Help, completion, the table of faults and the scenario schema are
generated from :data:`COMMANDS`; nothing else lists the acts.

==================  ==========================================================
:mod:`.base`        what all share: how they are typed and spelled
:mod:`.targets`     names, and words that stand for names: ``2 random``
:mod:`.process`     crash, start, restart, rolling-restart, freeze, thaw, slow-cpu
:mod:`.network`     partition, one-way, link, flap, heal
:mod:`.machine`     clock, disk
:mod:`.load`        load, burst, herd, put, get
:mod:`.members`     add, remove
:mod:`.kafka`       produce, consume, stall, partitions, publish
==================  ==========================================================

A seed, a cluster and timed commands reproduce a session exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args

from pydantic import Field, TypeAdapter, ValidationError

from playground.commands.base import FAMILIES, Base
from playground.commands.kafka import Consume, Partitions, Produce, Publish, Stall
from playground.commands.load import Burst, Get, Herd, Load, Put
from playground.commands.machine import Clock, Disk
from playground.commands.members import Add, Remove
from playground.commands.network import Flap, Heal, Link, Links, OneWay, Partition
from playground.commands.process import Crash, Freeze, Restart, RollingRestart, SlowCpu, Start, Thaw
from playground.commands.targets import unknown_target
from playground.kernel.errors import UserError
from playground.wording import wording

__all__ = [
    "COMMANDS", "FAMILIES", "Add", "Base", "Burst", "Clock", "Command", "Consume", "Crash", "Disk", "Flap", "Freeze",
    "Get", "Heal", "Herd", "Link", "Links", "Load", "OneWay", "Partition", "Partitions", "Produce", "Publish", "Put",
    "Remove", "Restart", "RollingRestart", "SlowCpu", "Stall", "Start", "Thaw", "check_nodes", "explain", "validate",
]  # fmt: skip

Command = Annotated[
    Union[  # noqa: UP007 - read at run time by get_args
        Crash, Start, Restart, RollingRestart, Freeze, Thaw, SlowCpu,
        Partition, OneWay, Link, Flap, Heal,
        Clock, Disk,
        Load, Burst, Herd,
        Add, Remove,
        Produce, Consume, Stall, Partitions, Publish,
        Put, Get,
    ],
    Field(discriminator="do"),
]  # fmt: skip

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
            raise UserError(f"{command.do}: {unknown_target(name, known)}")


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
