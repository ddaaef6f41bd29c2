"""What ``ssh`` and ``web`` both ask for: what is offered to visitors, to whom, and how much of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from playground.cli.options import Seed, Speed, Theme

Each = Annotated[bool, typer.Option("--each", help="Everybody gets a cluster of their own (the default).")]
Shared = Annotated[bool, typer.Option("--shared", help="All look at one cluster: presenter, players, spectators.")]
Play = Annotated[
    str | None,
    typer.Option("--play", metavar="SCENARIO", help="All watch this scenario, over and over; a file or a name."),
]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; by default only this machine.")]
Preset = Annotated[
    str | None, typer.Option(help="platform, quorum, small, eventual, large, ensemble or kafka.", metavar="NAME")
]
Nodes = Annotated[int | None, typer.Option(min=1, max=2_000, metavar="N", help="How many nodes (default: 6).")]
Rate = Annotated[float | None, typer.Option(min=0, max=100_000, metavar="N", help="Operations per second.")]
Open = Annotated[bool, typer.Option("--open", help="Anybody may come in, from wherever the port is reached.")]
Guests = Annotated[
    str | None,
    typer.Option("--guests", metavar="ROLE", help="Of whom no role is known: spectator (the default) or player."),
]
Save = Annotated[bool, typer.Option("--save", help="Save a shared cluster at the end, if somebody has acted in it.")]
Log = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Who came and went (default: standard error).")]
Visitors = Annotated[int | None, typer.Option(min=1, max=1_000, metavar="N", help="Visitors at a time (default: 60).")]
Players = Annotated[
    int | None, typer.Option(min=0, max=200, metavar="N", help="Of these, those who may act (default: 8).")
]
PerAddress = Annotated[
    int | None, typer.Option(min=1, max=1_000, metavar="N", help="Visitors from one address (default: 8).")
]
Idle = Annotated[
    str | None, typer.Option(metavar="TIME", help="Who plays and presses no key for so long is asked to go (15m).")
]
Stalled = Annotated[
    str | None, typer.Option(metavar="TIME", help="Who reads nothing that is shown for so long is cut (20s).")
]
Stay = Annotated[str | None, typer.Option("--session", metavar="TIME", help="A visit lasts so long at most (2h).")]
Memory = Annotated[str | None, typer.Option(metavar="SIZE", help="For one visitor's processes (700MB).")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which visitors come in, as typed: each field is an option of both commands."""

    each: Each = False
    shared: Shared = False
    play: Play = None
    host: Host = "127.0.0.1"
    everybody: Open = False
    guests: Guests = None
    preset: Preset = None
    nodes: Nodes = None
    seed: Seed = None
    rate: Rate = None
    speed: Speed = "1"
    theme: Theme = "dark"
    save: Save = False
    log: Log = None
    visitors: Visitors = None
    players: Players = None
    per_address: PerAddress = None
    idle: Idle = None
    stalled: Stalled = None
    session: Stay = None
    memory: Memory = None


FIRST = 4
"""So many of them stand in front of a command's own options."""


def on_terms(command: Callable[..., int]) -> Callable[..., int]:
    """``command(terms, …)`` as it is to be registered: one that takes each field of :class:`Terms` as an option."""
    kinds = get_type_hints(Terms, include_extras=True)
    shared = [_option(field.name, field.default, kinds[field.name]) for field in fields(Terms)]
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    names = {option.name for option in shared}

    @wraps(command)
    def run(**typed: Any) -> int:
        terms = Terms(**{name: typed.pop(name) for name in names & typed.keys()})
        return command(terms, **typed)

    options = [*shared[:FIRST], *(_option(each.name, each.default, each.annotation) for each in own), *shared[FIRST:]]
    # Whoever registers it looks at both.
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {option.name: option.annotation for option in options}
    return run


def _option(name: str, default: Any, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
