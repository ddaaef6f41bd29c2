"""Gossip: counters only rise, nobody knows better than a node itself, and the dead are noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.part import Figures, Part, Report
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.systems.gossip import checks
from playground.systems.layout import KAFKA
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

_CHANGES = (
    *("crash", "start", "up", "freeze", "thaw", "slow-cpu", "rolling"),
    *("partition", "one-way", "link", "flap", "heal", "clock", "disk", "remove"),
)
"""After one of these the nodes need time to form new beliefs."""


class GossipPart(Part):
    """Every machine that serves gossips, but for Kafka's."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._memory = checks.Memory()
        self._last_change_us = 0
        self._down_since_us: dict[str, int] = {}
        self.first_detection_us: list[int] = []

    def look(self) -> None:
        services = checks.running(self.cluster.world)
        for violation in checks.counters_never_fall(services, self._memory):
            self.report(violation)
        for violation in checks.nobody_knows_better(services, self._memory):
            self.report(violation)

    def happened(self, entry: Entry) -> None:
        if entry.kind in _CHANGES:
            self._last_change_us = entry.at_us
        if entry.kind in ("crash", "freeze"):
            self._down_since_us[entry.subject] = entry.at_us
        elif entry.kind in ("start", "thaw"):
            self._down_since_us.pop(entry.subject, None)
        elif entry.kind == "up":
            # A life may be shorter than the time between two looks: meet it when it begins. Only this one: of
            # a thousand nodes that start together each would else be looked at a thousand times.
            services = checks.running(self.cluster.world)
            if entry.subject in services:
                checks.meet(entry.subject, services, self._memory)
        elif entry.kind == "dead":
            since_us = self._down_since_us.pop(dict(entry.data).get("about", ""), None)
            if since_us is not None:
                self.first_detection_us.append(entry.at_us - since_us)

    def judge(self) -> list[Violation]:
        cluster, found = self.cluster, []
        services = checks.running(cluster.world)
        if cluster.quiet:
            found += checks.everybody_knows_everybody(services)
        if not cluster.faults:
            found += checks.the_dead_are_noticed(services, self._down_for_long())
        return found

    def figures(self) -> Figures:
        return {"detection_s": max(self.first_detection_us, default=0) / 1e6}

    def _down_for_long(self) -> list[str]:
        """Members that have been down for longer than gossip needs to notice, with nothing else wrong."""
        cluster = self.cluster
        settling_us = checks.settling_us(cluster.spec.gossip, len(cluster.staying))
        if self._last_change_us > cluster.now_us - settling_us:
            return []
        return [
            name
            for name in cluster.staying
            if cluster.node(name).life is Life.DOWN and cluster.kinds[name] not in KAFKA
        ]
