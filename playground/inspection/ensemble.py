"""The ensemble: as such, and as the database of the clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.inspection.part import DatabasePart, Part, Promised, Report
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster


class EnsemblePart(Part):
    """Atomic broadcast, sessions and watches."""


class KeeperPart(DatabasePart):
    """The znodes under /kv are the clients' data: writes are linearizable, reads only if each begins with a sync."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self.linearizable = cluster.spec.zookeeper.sync_reads
        self.why_stale = "a server may lag; sync_reads asks the leader first"

    def promised_fresh(self, read: Operation) -> bool:
        return self.linearizable

    def promised_durable(self, key: str, value: str) -> bool:
        return True

    def lost(self, promised: Promised) -> list[Violation]:
        return []
