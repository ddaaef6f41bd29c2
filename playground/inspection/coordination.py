"""What nodes do with an ensemble: one master at a time, ephemerals that go in time, views that come to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.ensemble import MOST_DRIFT_PPM
from playground.inspection.part import Figures, Part, Report
from playground.kernel.journal import Entry
from playground.systems.coordination import checks
from playground.systems.coordination.service import CONFIGURATION, CoordinationService
from playground.systems.violations import Violation
from playground.systems.zookeeper import checks as zookeeper_checks

if TYPE_CHECKING:
    from playground.cluster import Cluster


class CoordinationPart(Part):
    """The nodes of a cluster whose database is the ensemble."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._memory = checks.Memory()
        self._misled = False
        """A clock was so wrong that a lease may have been held for longer than it lasts."""
        self._woken: dict[tuple[str, int], int] = {}
        """Node and life -> how often it was told that something is new about the master."""

    def look(self) -> None:
        for violation in self._one_master():
            self.report(violation)

    def happened(self, entry: Entry) -> None:
        if entry.kind == "clock" and entry.subject in self.cluster.members:
            drift_ppm = self.cluster.node(entry.subject).clock.drift_ppm
            self._misled = self._misled or abs(drift_ppm) > MOST_DRIFT_PPM
        found = checks.heard(entry, checks.running(self.cluster.world), self._memory)
        for violation in found if not self._misled else ():
            self.report(violation)

    def judge(self) -> list[Violation]:
        found = self._one_master()
        return [*found, *self._untrue()] if self.cluster.quiet and not self._misled else found

    def converged(self) -> bool:
        return not self._untrue()

    def figures(self) -> Figures:
        nodes = self.cluster.of_kind("node")
        spans_us = checks.spread_us(self._memory, nodes)
        self._count_woken()
        found: dict[str, float | int | bool] = {
            "masterships": self._memory.elections,
            "election_wakeups": sum(self._woken.values()),
            "configurations": len(spans_us),
        }
        if self._memory.outlived_us:
            found["ephemeral_outlived_s"] = max(self._memory.outlived_us) / 1e6
        if spans_us:
            found["config_spread_min_s"] = min(spans_us) / 1e6
            found["config_spread_max_s"] = max(spans_us) / 1e6
        return found

    def _one_master(self) -> list[Violation]:
        world = self.cluster.world
        self._count_woken()
        found = checks.one_master(checks.running(world), self._memory, world.now_us)
        return [] if self._misled else found

    def _untrue(self) -> list[Violation]:
        """What is not (yet) as it should be once it has been quiet for long enough."""
        services = self._services
        servers = zookeeper_checks.running(self.cluster.world)
        tree = max((server.tree for server in servers.values()), key=lambda tree: tree.zxid, default=None)
        znode = tree.nodes.get(CONFIGURATION) if tree is not None else None
        return [
            *checks.a_master_acts(services),
            *checks.members_are_true(services, services),
            *checks.configurations_are_true(services, znode.data if znode is not None else ""),
        ]

    def _count_woken(self) -> None:
        for name, service in self._services.items():
            self._woken[name, service.process.node.boots] = service.election_events

    @property
    def _services(self) -> dict[str, CoordinationService]:
        return checks.running(self.cluster.world)
