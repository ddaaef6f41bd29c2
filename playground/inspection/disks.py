"""Disks that were lost, or forgot what they had acknowledged: how much was broken decides what may be expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.kernel.journal import Entry
from playground.systems.layout import Kind

if TYPE_CHECKING:
    from playground.cluster import Cluster


class Disks:
    """Which nodes have lost their data and don't have it back yet; what disks had acknowledged and forgot.

    Of the machines of one ``kind``. ``alarm(number of nodes)`` is told once ``enough`` of them lack their data at the
    same time.
    """

    def __init__(self, cluster: Cluster, kind: Kind, enough: int, alarm: Callable[[int], None]) -> None:
        self._cluster = cluster
        self._kind = kind
        self._enough = enough
        self._alarm = alarm
        self._incomplete: dict[str, int] = {}
        """Node -> which of its lives lost the data, or has bits on its disk that flipped."""
        self._forgotten_bytes: dict[str, int] = {}
        self.lost = 0
        """How many nodes lacked their data at the same time, at the worst: promises depend on it."""

    @property
    def lied(self) -> bool:
        """Some node came up again without what its disk had acknowledged, and does not know."""
        return bool(self._forgotten_bytes)

    def happened(self, entry: Entry) -> None:
        """``rebuilt``: a node has all its data again."""
        if self._cluster.kinds.get(entry.subject) != self._kind:
            return
        forgot = entry.kind == "crash" and self._forgot(entry.subject)
        if forgot or ("lose_disk", True) in entry.data or ("fault", "rot") in entry.data:
            self._incomplete[entry.subject] = self._cluster.node(entry.subject).boots
            if self.lost < self._enough <= len(self._incomplete):
                self._alarm(len(self._incomplete))
            self.lost = max(self.lost, len(self._incomplete))
        elif entry.kind == "rebuilt":
            self._incomplete.pop(entry.subject, None)

    @property
    def incomplete(self) -> bool:
        """Whether some node lacks its data now."""
        return bool(self._incomplete)

    def replicated(self) -> None:
        """All data has all its copies: whoever was started again since it lost its own is missed no more."""
        boots = {name: self._cluster.node(name).boots for name in self._incomplete}
        self._incomplete = {name: life for name, life in self._incomplete.items() if boots[name] == life}

    def _forgot(self, name: str) -> bool:
        """Whether the crash took what the disk of ``name`` had acknowledged."""
        before, lost = self._forgotten_bytes.get(name, 0), self._cluster.node(name).disk.stats.acknowledged_bytes_lost
        if lost > before:
            self._forgotten_bytes[name] = lost
        return lost > before
