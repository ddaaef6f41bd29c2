"""The table of faults, generated from the commands and the keys: ``docs/faults.md``.

``python -m playground.screens.faults`` prints it as Markdown. Nothing is written down here that a command
could say itself: what it does is its docstring, how it ends its ``undo``, its parameters are its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from playground.commandline import parse_line
from playground.commands import COMMANDS, FAMILIES, Base, Link, targets
from playground.quantities import DurationUs, OffsetUs, Rate, Share
from playground.screens.keys import KEYS
from playground.screens.orders import ORDERS

_INTRO = """# Everything that can be done to a cluster

Each act is typed after `:`, written in a scenario (`do: crash`, `nodes: [n3]`), or bound to a key. A duration is
written `5s`, `200ms` or `2m`, a share `10%`, a rate `64kB/s`. With `lasting=5s` an act ends by itself.
This page is generated: `python -m playground.screens.faults`."""

_AIMED = """## Whom an act is about

Names (`n3`, `c1`; `you` is the client behind `put` and `get`), or words that stand for names when the act is carried
out. They are drawn from the seed, so a replay draws the same, and a saved session holds the names."""

_WRITTEN = """## The same in a scenario

What stands after `:` without a name has one in a file: mostly it is `nodes`. These have others, or more:"""

_EXAMPLES = {
    "n3": "crash n3 n4",
    "one": "restart one",
    "2 random": "crash 2 random lasting=5s",
    "25%": "slow-cpu 25%",
    "all": "rolling-restart all",
    "majority": "partition majority | minority",
    "minority": "clock minority offset=2s",
    "rest": "one-way n1 -> rest",
    "clients": "link clients latency=100ms",
    "owner of k0": "crash owner of k0",
    "replicas of k0": "partition replicas of k0 | rest",
    "nodes": "link nodes latency=20ms",
    "ensemble": "rolling-restart ensemble",
    "balancers": "freeze balancers lasting=2s",
    "servers": "slow-cpu servers times=50 lasting=5s",
    "brokers": "rolling-restart brokers",
    "producers": "link producers latency=50ms",
    "consumers": "stall consumers processing=100ms",
    "leader": "freeze leader",
    "leader of log-0": "crash leader of changes-0",
}
"""Word -> a line that uses it."""

_KINDS = {DurationUs: "duration", OffsetUs: "duration, may be negative", Share: "share", Rate: "rate"}


def markdown() -> str:
    """The whole page."""
    return "\n\n".join([_INTRO, *_families(), _AIMED, _words(), _WRITTEN, _written()])


def keys_for(kind: type[Base]) -> list[str]:
    """The keys that send this command, or propose it."""
    found = []
    for key in KEYS:
        # o opens the command line with a link on it; the other acts say which command they make.
        made = Link if key.act == "slow" else get_type_hints(ORDERS[key.act])["return"] if key.act in ORDERS else None
        if kind in (get_args(made) or (made,)):
            found.append(key.shown)
    return found


def _families() -> Iterator[str]:
    for family, title in FAMILIES.items():
        kinds = [(do, kind) for do, kind in COMMANDS.items() if kind.family == family]
        yield f"## {title}"
        yield _table(
            ("command", "key", "such as", "what it does", "how it ends"), (_row(do, kind) for do, kind in kinds)
        )
        parameters = [row for do, kind in kinds for row in _parameters(do, kind)]
        if parameters:
            yield _table(("command", "parameter", "takes", "if not given", "meaning"), parameters)


def _row(do: str, kind: type[Base]) -> Sequence[str]:
    keys = ", ".join(map(_code, keys_for(kind)))
    meaning = " ".join((kind.__doc__ or "").split())
    lasting = "`lasting`" if "lasting" in kind.model_fields and "by itself" not in kind.undo else ""
    return (_code(do), keys, _code(kind.example), meaning, ", ".join(filter(None, (lasting, kind.undo))))


def _parameters(do: str, kind: type[Base]) -> Iterator[Sequence[str]]:
    """A row for each field that is written ``name=value``; ``lasting`` is explained once for all."""
    defaults = kind.model_construct().model_dump()
    for name, field in kind.model_fields.items():
        aimed = name in kind.target_fields or name == "nodes"
        if aimed or name in ("do", "by", "shape") or (name == "lasting" and field.default is None):
            continue
        default = "must be given" if field.is_required() else _spelled(defaults[name])
        yield (_code(do), _code(name), _takes(field), default, field.description or "")


def _takes(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(_code(value) for value in get_args(field.annotation) if value)
    if field.annotation is bool:
        return "`yes`, `no`"
    marks = [field.metadata, *(getattr(part, "__metadata__", ()) for part in get_args(field.annotation))]
    for alias, kind in _KINDS.items():
        if any(alias.__metadata__[0] in each for each in marks):  # type: ignore[attr-defined]
            return kind
    text = str(field.annotation)
    return "number" if "float" in text else "whole number" if "int" in text else "text"


def _spelled(value: Any) -> str:
    if value in (None, ""):
        return ""
    return _code({True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value))


def _words() -> str:
    """The table in the docstring of :mod:`playground.commands.targets`, with examples."""
    lines = (targets.__doc__ or "").replace("``", "`").splitlines()
    top, bottom = (number for number, line in enumerate(lines) if line.startswith("==="))
    rows = []
    for line in lines[top + 1 : bottom]:
        word, meaning = line.split("  ", 1)
        rows.append((word, meaning.strip(), _code(_EXAMPLES[word.split("`")[1]])))
    return _table(("word", "whom it means", "such as"), rows)


def _written() -> str:
    """A row for each example with a field beside ``nodes`` that is typed without its name."""
    examples = [kind.example for kind in COMMANDS.values()] + ["partition bridge n4"]
    rows = []
    for line in examples:
        command = parse_line(line)
        given = command.model_dump(exclude_unset=True)
        named = {word.partition("=")[0] for word in line.split() if "=" in word}
        if {*given} - named - {"do", "nodes"}:
            text = ", ".join(f"{name}: {_flow(value)}" for name, value in {"do": command.do, **given}.items())
            rows.append((_code(line), _code(f"- {{at: 5s, {text}}}")))
    return _table(("typed", "written"), rows)


def _flow(value: Any) -> str:
    return f"[{', '.join(map(_flow, value))}]" if isinstance(value, list) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    print(markdown())
