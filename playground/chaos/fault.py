"""A fault in force: what healing ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.kernel.network import Network, Rule


@dataclass(eq=False, slots=True)
class Fault:
    """Something in force: its ``rules`` on the network, in words, and whom it names."""

    text: str
    rules: tuple[Rule, ...]
    touches: frozenset[str]
    """The nodes that it names; empty: everybody."""
    groups: tuple[tuple[str, ...], ...] = ()
    """The sides of a partition."""
    links: tuple[tuple[str, str], ...] = ()
    """The single links that it concerns, for a picture."""
    end: Callable[[], None] | None = None
    """Stops what changes by itself (a flapping link, a rolling restart)."""
    cuts_per_s: float = 0.0
    """How often that cuts links."""

    def lift(self, network: Network) -> None:
        """Healed: what it broke works again; what was lost stays lost."""
        for rule in self.rules:
            network.remove(rule)
        if self.end is not None:
            self.end()
