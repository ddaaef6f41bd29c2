"""Which messages a fault concerns."""

from __future__ import annotations

from dataclasses import dataclass

from playground.kernel.network import Parcel


@dataclass(frozen=True, slots=True)
class Scope:
    """Messages from ``sources`` to ``targets`` (empty: everybody), and back if ``both_ways``."""

    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    both_ways: bool = True

    def covers(self, parcel: Parcel) -> bool:
        return self._goes(parcel.source, parcel.target) or (self.both_ways and self._goes(parcel.target, parcel.source))

    def touches(self, node: str) -> bool:
        """Whether ``node`` is named; a fault of the whole network touches everybody."""
        if not self.sources and not self.targets:
            return True
        return node in self.sources or node in self.targets

    def _goes(self, source: str, target: str) -> bool:
        return (not self.sources or source in self.sources) and (not self.targets or target in self.targets)

    def __str__(self) -> str:
        sources = ", ".join(sorted(self.sources)) or "everybody"
        targets = ", ".join(sorted(self.targets)) or "everybody"
        if not self.sources and not self.targets:
            return "all links"
        return f"{sources} {'<->' if self.both_ways else '->'} {targets}"
