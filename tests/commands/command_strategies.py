"""Hypothesis strategies for commands, built from their models: whatever fields a command has, drawn within bounds."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from playground.commands import COMMANDS, Base, Flap, validate
from playground.commands.targets import SHAPES
from playground.kernel.errors import UserError

NAMES = ("n1", "n2", "n3", "c1", "you")
TARGETS = st.lists(
    st.sampled_from(
        [*NAMES, "one", "random", "all", "majority", "minority", "rest", "clients", "2 random", "50%", "owner of k0",
         "any replica of k1", "replicas of k2"]
    ),
    max_size=3,
    unique=True,
)  # fmt: skip
KEYS = st.one_of(st.sampled_from(["k0", "cat", "a=b", "a,b", "a b", "'", "|", "n1"]), st.text(min_size=1, max_size=9))


def _bounds(field: FieldInfo) -> dict[str, Any]:
    """What the constraints of a field say: ge, gt, le, lt."""
    found: dict[str, Any] = {}
    for constraint in field.metadata:
        for name in ("ge", "gt", "le", "lt"):
            if hasattr(constraint, name):
                found[name] = getattr(constraint, name)
    return found


def _value(kind: type[Base], name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    """Raw values for one field, as a scenario or a person would write them."""
    bounds = _bounds(field)
    text = f"{field.annotation} {field.metadata}"
    if name == "groups":
        return st.lists(TARGETS, max_size=3)
    if name in ("nodes", "sources", "targets"):
        return st.lists(st.sampled_from(["n9", "n10", "n1"]), max_size=2) if kind.__name__ == "Add" else TARGETS
    if get_origin(field.annotation) is Literal:
        return st.sampled_from(get_args(field.annotation))
    if field.annotation is bool:
        return st.booleans()
    if name in ("key", "hot", "topic", "group"):
        return KEYS
    if name == "value":
        return st.text(max_size=20)
    if name in ("reads", "loss", "duplicate", "reorder", "hot_share") or (name == "down" and kind is Flap):
        return st.floats(0.0, 1.0)
    if name in ("lasting", "latency", "jitter", "period", "down", "pause", "processing"):
        return st.one_of(st.integers(0, 3_000_000).map(lambda us: f"{us}us"), st.sampled_from(["10ms", "3s", "366h"]))
    if name == "offset":
        return st.integers(-(10**9), 10**9).map(lambda us: f"{us}us")
    if name == "bandwidth":
        return st.one_of(st.none(), st.integers(1, 10**9))
    least, most = bounds.get("ge", bounds.get("gt", 0)), bounds.get("le", bounds.get("lt", 300))
    if "float" in text:
        return st.one_of(st.floats(least, min(most, 300)))
    return st.integers(least, min(most, 300))


def fields_of(kind: type[Base]) -> st.SearchStrategy[dict[str, Any]]:
    """Raw fields of one command: all that must be given, and some of the others."""
    required, optional = {}, {}
    for name, field in kind.model_fields.items():
        if name != "do":
            (required if field.is_required() else optional)[name] = _value(kind, name, field)
    return st.fixed_dictionaries(required, optional=optional).map(
        lambda fields: {"do": kind.model_fields["do"].default} | fields
    )


def _validated(fields: dict[str, Any]) -> Any:
    try:
        return validate(fields)
    except UserError:
        return None


def commands_of(kind: type[Base]) -> st.SearchStrategy[Any]:
    """Valid commands of one kind."""
    return fields_of(kind).map(_validated).filter(lambda command: command is not None)


ANY_COMMAND = st.sampled_from(list(COMMANDS.values())).flatmap(commands_of)
"""Any valid command."""

EXAMPLES = [kind.example for kind in COMMANDS.values()] + [f"partition {shape} n1" for shape in SHAPES]


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """An example with a few characters lost, doubled, replaced or moved."""
    line = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(line)))
        piece = draw(
            st.sampled_from([" ", "=", "|", "->", ",", "'", '"', "-", "%", "9" * 30, "n1", "\n", "\\", "é", "nan", ""])
        )
        cut = draw(st.integers(0, 3))
        line = line[:at] + piece + line[at + cut :]
    return line
