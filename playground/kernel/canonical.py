"""One text for one value, in any process: what checksums of messages and lines of journal files are made of.

``repr`` will not do: a set is shown in the order of its hashes, which differs from process to
process, and an object without a ``__repr__`` by its address. Here

* plain values stand as ``repr`` shows them; tuples, lists and mappings in their own order;
* a set is sorted by the texts of its members;
* dataclasses and named tuples stand by their fields (what they cache is no part of them), enums by name;
* a function stands by its qualified name, any other object by its class alone: messages should hold none.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

Writer = Callable[[Any], str]


def canonical(value: object) -> str:
    """The text of ``value``. RecursionError for a value that contains itself."""
    kind = value.__class__
    writer = _WRITERS.get(kind)
    if writer is None:
        writer = _WRITERS[kind] = _writer(kind)
    return writer(value)


def checksum(text: str) -> str:
    """CRC-32 of ``text`` as 8 hex digits: enough to see that two differ, no proof that they are alike."""
    return f"{zlib.crc32(text.encode(errors='surrogatepass')):08x}"


def name_of(act: Callable[..., object]) -> str:
    """What a function is called: a method by the class of its object, which may have inherited it."""
    owner = getattr(act, "__self__", None)
    name = getattr(act, "__qualname__", None)
    if name is None:
        return act.__class__.__name__
    if owner is not None and not isinstance(owner, type):
        name = f"{owner.__class__.__name__}.{getattr(act, '__name__', name)}"
    return str(name).replace(".<locals>", "")


def _writer(kind: type) -> Writer:
    """How values of this class are written; asked once for each class."""
    name = kind.__name__
    if issubclass(kind, Enum):
        return lambda value: f"{name}.{value.name}"
    if is_dataclass(kind):
        names = tuple(each.name for each in fields(kind))
        return lambda value: f"{name}({', '.join(f'{each}={canonical(getattr(value, each))}' for each in names)})"
    if issubclass(kind, tuple):
        prefix = name if hasattr(kind, "_fields") else ""
        return lambda value: f"{prefix}({', '.join(map(canonical, value))}{',' if len(value) == 1 else ''})"
    if issubclass(kind, list):
        return lambda value: f"[{', '.join(map(canonical, value))}]"
    if issubclass(kind, Set):
        return lambda value: f"{{{', '.join(sorted(map(canonical, value)))}}}"
    if issubclass(kind, Mapping):
        return lambda value: f"{{{', '.join(f'{canonical(key)}: {canonical(value[key])}' for key in value)}}}"
    for plain in (str, bytes, bytearray, int, float):
        if issubclass(kind, plain):
            return lambda value: f"{name}({plain(value)!r})"
    return lambda value: f"<{name_of(value)}>" if callable(value) else f"<{name}>"


_WRITERS: dict[type, Writer] = {type(None): repr, bool: repr, int: repr, float: repr, str: repr, bytes: repr}
