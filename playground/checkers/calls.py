"""Calls: the operations of a history in the one form that the checkers of linearizability read.

A call begins at ``invoked`` and ends at ``completed``; both are positions in the history, in any unit
that grows with time. One call comes before another if it ended at a smaller position than the other
began at. Two that touch at the same position overlap: nothing is claimed about their order.

A call that ``failed`` certainly did not happen. One whose end is not known has ``completed = None``: it may
have taken effect at any time after it began, or never (Herlihy & Wing 1990, §2: a pending invocation).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from playground.checkers.history import History, Operation


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: ``process`` asked for ``f`` of ``value`` on ``key``, and was told ``result``."""

    process: str
    f: str
    value: Any = None
    """The argument: what is written or appended; ``(old, new)`` of a cas; None for a read."""
    result: Any = None
    """What a read was told; False: a cas was told that the value was not ``old``. Nothing if it did not complete."""
    key: str = ""
    invoked: int = 0
    completed: int | None = None
    failed: bool = False
    """It certainly did not happen."""
    supersedes: frozenset[str] = frozenset()
    """The values that a write to a multi-value register replaces."""
    place: str = ""
    """Where a person finds it: a line of a file, or an instant."""

    def __str__(self) -> str:
        return describe(self)


def describe(call: Call, width: int = 60) -> str:
    """``write 3``, ``cas 1->2``, ``failed cas 1->2``, ``read: 3``, ``append "x"``: at most ``width`` characters."""
    if call.f == "cas":
        text = f"{'failed ' if call.result is False else ''}cas {call.value[0]}->{call.value[1]}"
    elif call.f in ("read", "get"):
        text = call.f if call.completed is None else f"{call.f}: {spell(call.result, width - 6)}"
    else:
        text = f"{call.f} {spell(call.value, width - len(call.f) - 1)}"
    return text


def spell(value: Any, width: int = 40) -> str:
    """A value as a person would write it. Of a long one the end: appended strings differ there."""
    if value is None:
        return "nil"
    if isinstance(value, frozenset):
        text = "{" + ", ".join(sorted(map(str, value))) + "}"
    elif isinstance(value, str) and not value.isprintable():
        text = ascii(value)
    else:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    width = max(width, 4)
    return text if len(text) <= width else f"…{text[1 - width :]}"


def from_history(history: History, *, register: bool = False) -> list[Call]:
    """The kept operations of ``history``; ``register``: a read returns one value, else all siblings.

    A history that has gone on for long forgets its oldest operations. Nobody can say then what was
    there before, so a read that returned a value of a forgotten write, or none at all, is left out.
    """
    kept = list(history.operations)
    forgotten = bool(kept) and kept[0].index > 0
    written = {(operation.key, operation.value) for operation in kept if operation.write}

    def explicable(operation: Operation) -> bool:
        if operation.write or not forgotten:
            return True
        return bool(operation.seen) and all((operation.key, value) in written for value in operation.seen)

    return [_call(operation, register) for operation in kept if explicable(operation)]


def _call(operation: Operation, register: bool) -> Call:
    result: Any = None
    if not operation.write and operation.outcome == "ok":
        result = _single(operation.seen) if register else frozenset(operation.seen)
    return Call(
        process=operation.client,
        f="write" if operation.write else "read",
        value=operation.value if operation.write else None,
        result=result,
        key=operation.key,
        invoked=2 * operation.index + 1,
        # Between two invocations: also what happens within one microsecond has an order.
        completed=2 * operation.completed_before if operation.outcome == "ok" else None,
        failed=operation.outcome == "fail",
        supersedes=operation.supersedes,
        place=f"{operation.invoked_us / 1e6:.6f} s",
    )


def _single(seen: tuple[str, ...]) -> Any:
    """Siblings are no value of a plain register: nobody wrote them, and the checker will say so."""
    return None if not seen else seen[0] if len(seen) == 1 else seen


def by_key(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """The sub-history of each key, in order of invocation; keys in order of appearance."""
    found: dict[str, list[Call]] = {}
    for call in calls:
        found.setdefault(call.key, []).append(call)
    for each in found.values():
        each.sort(key=lambda call: call.invoked)
    return found
