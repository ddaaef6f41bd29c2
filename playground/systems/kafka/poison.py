"""Poison messages: those that take whoever processes them far longer than others do.

In real systems that is a record that an application trips over: a huge document, a query without an index, an endless
retry. Here a message says itself how long it takes.
"""

from __future__ import annotations

import re

_POISON = re.compile(r"poison ([0-9]{1,9}) ms: ")


def poison(value: str, processing_ms: int) -> str:
    """The value of a message that takes each consumer ``processing_ms``."""
    return f"poison {processing_ms} ms: {value}"


def processing_ms(value: str | None) -> int | None:
    """What a message takes; None: what any other does."""
    found = _POISON.match(value) if value is not None else None
    return int(found[1]) if found is not None else None
