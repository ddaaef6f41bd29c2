"""A fault in force: what healing ends."""

from __future__ import annotations

from dataclasses import dataclass

from playground.kernel.network import Rule


@dataclass(eq=False, slots=True)
class Fault:
    """Something in force on the network: its ``rules``, in words, and whom it names."""

    text: str
    rules: tuple[Rule, ...]
    touches: frozenset[str]
    """The nodes that it names; empty: everybody."""
    groups: tuple[tuple[str, ...], ...] = ()
    """The sides of a partition."""
    links: tuple[tuple[str, str], ...] = ()
    """The single links that it concerns, for a picture."""
