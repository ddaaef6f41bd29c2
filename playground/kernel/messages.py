"""What travels on the network.

A message is a value: declare it with :func:`message` and never change it.
Type checkers see a frozen dataclass and hold us to it; at run time the class is
a slotted dataclass without the freezing, whose constructor is several times
faster, and a message is made for nearly every event of the world.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

HEADER_BYTES = 40
"""What every message costs on the wire before its content (an IPv4 and a TCP header)."""


@dataclass_transform(frozen_default=True)
def message(cls: type[T]) -> type[T]:
    """Make ``cls`` a message: slotted, compared by value, and not to be changed."""
    return dataclass(slots=True)(cls)


@message
class Request:
    """Asks for a :class:`Reply` with the same ``id``; ``body`` is a system's message."""

    id: int
    body: Any


@message
class Reply:
    """Answers the request ``id``: with ``body``, or with ``error`` (code, text, definite)."""

    id: int
    body: Any
    error: tuple[str, str, bool] | None = None


def wire_size(content: object) -> int:
    """Estimated bytes of a message: 8 for a number, UTF-8 length for text, fields and items summed."""
    return HEADER_BYTES + _size(content)


def _size(content: object) -> int:
    if content is None or isinstance(content, bool):
        return 1
    if isinstance(content, int | float):
        return 8
    if isinstance(content, str):
        return 2 + len(content.encode())
    if isinstance(content, bytes):
        return 4 + len(content)
    if isinstance(content, dict):
        return 4 + sum(_size(key) + _size(value) for key, value in content.items())
    if isinstance(content, list | tuple | frozenset | set):
        return 4 + sum(map(_size, content))
    if is_dataclass(content):
        return 2 + sum(_size(getattr(content, each.name)) for each in fields(content))
    return 8
