"""What nodes do with an ensemble: one master at a time, and views that come to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.part import Part, Report
from playground.kernel.journal import Entry
from playground.systems.coordination import checks

if TYPE_CHECKING:
    from playground.cluster import Cluster


class CoordinationPart(Part):
    """The nodes of a cluster whose database is the ensemble."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._memory = checks.Memory()

    def look(self) -> None:
        world = self.cluster.world
        for violation in checks.one_master(checks.running(world), self._memory, world.now_us):
            self.report(violation)

    def happened(self, entry: Entry) -> None:
        for violation in checks.heard(entry, checks.running(self.cluster.world), self._memory):
            self.report(violation)
