"""What a check found: the plain value that every system's ``checks.py`` returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant does not hold. ``text`` is a sentence for a person."""

    check: str
    """Which invariant, in the words of its function: "counters never fall"."""
    subject: str
    """The node, key or shard it is about."""
    text: str
