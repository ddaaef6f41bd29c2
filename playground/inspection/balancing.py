"""Balancers and servers: who is in, who gets what, and how soon the dead were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.part import Part, Report
from playground.systems.balancer import checks

if TYPE_CHECKING:
    from playground.cluster import Cluster


class BalancerPart(Part):
    """The balancers of a cluster, and the servers behind them."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._memory = checks.Memory()

    def look(self) -> None:
        for violation in checks.always(self.cluster.world, self._memory):
            self.report(violation)
