"""What the inspection asks of each system: a part that looks at it, and judges it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.kernel.journal import Entry
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster
    from playground.kernel.node import Node

Figures = Mapping[str, float | int | bool]
"""Times in seconds (their names end in ``_s``), shares 0..1. What was not measured is left out."""
Report = Callable[[Violation], None]
Promised = Callable[[str, str], bool]
"""``promised(key, value)``: whether the acknowledged value may not be lost."""
FEW = 0.05
"""Up to this share of the keys may lack a copy for a moment: their writes are under way."""
PATIENCE = 2
"""Looks in a row before it is told that copies are missing."""


class Part:
    """One system of one cluster. ``report``: to be told of each violation, whenever it is seen."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        self.cluster = cluster
        self.report = report

    def look(self) -> None:
        """A virtual second has passed."""

    def happened(self, entry: Entry) -> None:
        """The journal has a new entry."""

    def judge(self) -> list[Violation]:
        """What holds only at the end, or only when it is quiet."""
        return []

    def figures(self) -> Figures:
        return {}

    def converged(self) -> bool:
        """All copies agree."""
        return True


class DatabasePart(Part):
    """The system that keeps the clients' data."""

    linearizable = False
    """Whether it promises that each key behaves as if there was a single copy."""
    why_stale = ""
    """Why a stale read breaks no promise, in a few words."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._lacking_for = 0
        self._thin = False

    @abstractmethod
    def promised_fresh(self, read: Operation) -> bool:
        """Whether ``read`` had to see what it missed."""

    @abstractmethod
    def promised_durable(self, key: str, value: str) -> bool:
        """Whether an acknowledged write may not be lost."""

    @abstractmethod
    def lost(self, promised: Promised) -> list[Violation]:
        """Acknowledged writes, of those ``promised``, that are on no disk any more, nor is what superseded them."""

    def thin(self) -> tuple[int, int, str, str]:
        """What lacks copies: how many, of how many, a sentence for it, a sentence for when it is over."""
        return 0, 0, "", ""

    @property
    def nodes(self) -> list[Node]:
        """The machines that keep the data."""
        return [self.cluster.node(name) for name in self.cluster.of_kind("node")]

    def acknowledged(self, promised: Promised) -> dict[str, list[str]]:
        """Key -> the acknowledged values, of those ``promised``, that nothing acknowledged supersedes."""
        acknowledged = self.cluster.staleness.acknowledged()
        return {key: [value for value in values if promised(key, value)] for key, values in acknowledged.items()}

    def watch_copies(self) -> None:
        """Tell when copies are missing for a while, and when they are there again."""
        lacking, of, missing, there = self.thin()
        self._lacking_for = self._lacking_for + 1 if lacking > of * FEW else 0
        if self._lacking_for == PATIENCE and not self._thin:
            self._thin = True
            self.cluster.world.record("alert", "", missing)
        elif self._thin and not lacking:
            self._thin = False
            self.cluster.world.record("good", "", there)
