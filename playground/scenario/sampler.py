"""What watches a cluster over time, from outside: see :mod:`playground.scenario.sampling`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from playground.cluster import Cluster
from playground.figure import Value


class Sampler(ABC):
    """Looks every ``every_us`` and comes to ``names``."""

    names: ClassVar[tuple[str, ...]]
    every_us: ClassVar[int]

    @abstractmethod
    def look(self, cluster: Cluster) -> None:
        """See how it stands at this instant."""

    @abstractmethod
    def figures(self, cluster: Cluster) -> dict[str, Value]:
        """What it comes to by now."""
