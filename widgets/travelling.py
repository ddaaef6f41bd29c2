"""Shapes that travel between processes many times a second: pickled and made again with little effort.

What :mod:`dataclasses` gives frozen classes with slots for that goes through the list of fields with each object, in
both directions. Here an object is its class and its values, and is made again by a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any


def hasten(found: Iterable[Any]) -> None:
    """Let the dataclasses in ``found`` (what is none is passed over) travel so. All of their fields are arguments."""
    for each in found:
        if isinstance(each, type) and is_dataclass(each):
            each.__reduce__ = _reducer(each)  # type: ignore[method-assign, assignment]


def _reducer(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    names = tuple(field.name for field in fields(kind))
    if len(names) < 2:  # attrgetter gives the value itself then, or does not exist
        return lambda shape: (kind, tuple(getattr(shape, name) for name in names))
    values = attrgetter(*names)
    return lambda shape: (kind, values(shape))
