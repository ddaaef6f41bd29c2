"""Masters and slaves: what is promised depends on the mode, on disks, and on clocks that are not too wrong.

It is looked at every second, and whenever somebody comes to lead or ceases to: a master may come and go between two
looks. What a master did that crashes between them shows in what it acknowledged, so `lost` finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.inspection.disks import Disks
from playground.inspection.part import DatabasePart, Figures, Promised, Report
from playground.kernel.journal import Entry
from playground.systems.shards import checks
from playground.systems.shards.service import ShardsService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

MOST_DRIFT_PPM = 200_000
"""Leases hold as long as no clock is more than a fifth too fast or too slow."""


class ShardsPart(DatabasePart):
    """With asynchronous slaves nothing is promised but order; else acknowledged writes survive, and reads see them."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._settings = cluster.spec.shards
        self._memory = checks.Memory()
        self._keeps = self._settings.mode != "async"
        self.disks = Disks(cluster, "node", self._settings.acknowledging, self._alarm)
        servers = cluster.spec.zookeeper
        self.ensemble_disks = Disks(cluster, "ensemble", servers.quorum, self._alarm)
        self._misled = False
        """A clock was so wrong that a lease may have been held for longer than it lasts."""
        self._fenced = 0
        self._late: dict[Violation, None] = {}
        """Found when it was judged or measured: what was once compared is not compared again."""
        self.linearizable = self._keeps and self._settings.reads == "master"
        self.why_stale = "more was broken than is promised for" if self.linearizable else "as the mode allows"

    @property
    def sound(self) -> bool:
        """No more was broken than the promises allow for."""
        return self.led_by_one and self.disks.lost < self._settings.acknowledging and not self.disks.lied

    @property
    def led_by_one(self) -> bool:
        """The ensemble has forgotten nothing, and leases end in time: what nodes lose makes no second master."""
        safe = self.ensemble_disks.lost < self.cluster.spec.zookeeper.quorum
        return safe and not (self.ensemble_disks.lied or self._misled)

    @property
    def _can_elect(self) -> bool:
        """So many members have kept their disks as an election must hear; else a shard stays without a master."""
        return self.disks.lost <= self._settings.copies - self._settings.electing

    def promised_fresh(self, read: Operation) -> bool:
        return self.linearizable and self.sound

    def promised_durable(self, key: str, value: str) -> bool:
        return self._keeps and self.sound

    def lost(self, promised: Promised) -> list[Violation]:
        return checks.lost_writes(self.nodes, self.acknowledged(promised), self.cluster.staleness.covers)

    def look(self) -> None:
        services = self._services
        for violation in self._always(services):
            self.report(violation)
        if self.disks.incomplete and checks.whole(services):
            self.disks.replicated()

    def happened(self, entry: Entry) -> None:
        self.disks.happened(entry)
        self.ensemble_disks.happened(entry)
        if entry.kind == "clock" and entry.subject in self.cluster.members:
            drift_ppm = self.cluster.node(entry.subject).clock.drift_ppm
            self._misled = self._misled or abs(drift_ppm) > MOST_DRIFT_PPM
        elif entry.kind in ("first-write", "elected", "deposed", "fenced"):
            self._fenced += entry.kind == "fenced"
            for violation in self._always(self._services):
                self.report(violation)
        self.linearizable = self._keeps and self._settings.reads == "master" and self.sound

    def judge(self) -> list[Violation]:
        services = self._services
        self._late |= dict.fromkeys(self._always(services))
        found = [*self._late]
        if self._keeps and self.sound:
            found += checks.reversed_everywhere(services, self._failed())
        if self.cluster.quiet and self._can_elect:
            found += [*checks.converged(services), *checks.under_replicated(services)]
        return found

    def converged(self) -> bool:
        services = self._services
        return not checks.converged(services) and not checks.under_replicated(services)

    def figures(self) -> Figures:
        copies = checks.copies(self._services)
        found: dict[str, float | int | bool] = {
            "min_copies": min(copies.values(), default=0),
            "under_replicated": sum(1 for each in copies.values() if each < self._settings.copies),
            "fenced": self._fenced,
        }
        if self._keeps:
            found["reversed_writes"] = checks.reversals(self._memory)
        return found

    def thin(self) -> tuple[int, int, str, str]:
        copies = checks.copies(self._services)
        wanted = self._settings.copies
        lacking = sum(1 for each in copies.values() if each < wanted)
        have = "have" if lacking > 1 else "has"
        missing = f"{lacking} of {len(copies)} shards {have} fewer than {wanted} copies that are up"
        return lacking, len(copies), missing, f"every shard has its {wanted} copies again"

    @property
    def _services(self) -> dict[str, ShardsService]:
        return self.cluster.services(ShardsService)

    def _always(self, services: dict[str, ShardsService]) -> list[Violation]:
        """What holds between any two events, as long as no more is broken than is promised for."""
        masters = checks.one_master_per_epoch(services, self._memory)
        logs = checks.prefixes(services, self._memory)
        return [*(masters if self.led_by_one else ()), *(logs if self.sound else ())]

    def _failed(self) -> dict[str, list[str]]:
        """Key -> the values whose writers were told that they had not been written."""
        failed: dict[str, list[str]] = {}
        for operation in self.cluster.history.operations:
            if operation.write and operation.outcome == "fail":
                failed.setdefault(operation.key, []).append(operation.value)
        return failed

    def _alarm(self, number: int) -> None:
        text = f"{number} disks are lost at once: from now on writes may be lost, and reads stale"
        self.cluster.world.record("alert", "", text)
