"""Balancers and servers: who is in, who gets what, how soon the dead were found, and what clients lost meanwhile.

It is looked at every second, and whenever a balancer says that it treats a server otherwise, or that it is active or
is not: so the instants are exact. What takes looking more often than that, scenarios sample
(`playground.systems.balancer.sight`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.part import Figures, Part, Report
from playground.kernel.journal import Entry
from playground.systems.balancer import checks
from playground.systems.balancer.figures import Ledger
from playground.systems.balancer.liveness import Standing
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import Liveness

if TYPE_CHECKING:
    from playground.cluster import Cluster

_NAMES: dict[Liveness, str] = {"heartbeat": "reports", "health-check": "checks"}
"""What the two mechanisms go by, as on the screen."""
_TELLING = ("ejected", "probation", "readmitted", "elected", "deposed")
_SHARE_US = 10_000_000
"""The share of the load in the end is that of so long."""


class BalancerPart(Part):
    """The balancers of a cluster, and the servers behind them."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._memory = checks.Memory()
        self.ledger = Ledger(cluster.world)
        self._ejections = 0

    def look(self) -> None:
        self.ledger.look()
        self._check()

    def happened(self, entry: Entry) -> None:
        if entry.kind in _TELLING and self.cluster.kinds.get(entry.subject) == "balancer":
            self._check()
            active = self._active()
            self._ejections += entry.kind == "ejected" and active is not None and active.name == entry.subject

    def converged(self) -> bool:
        """Somebody is active, and nobody is passed over any more."""
        active = self._active()
        if active is None:
            return False
        return all(each.member.standing is not Standing.EJECTED for each in active.watch.watched.values())

    def figures(self) -> Figures:
        measured = self.ledger.figures()
        found: dict[str, float | int | bool] = {
            "ejections": self._ejections,
            **{
                name: measured[name]
                for name in ("groundless_ejections", "retries", "retries_forbidden", "requests_refused")
            },
            **self._failed(),
        }
        for by, name in _NAMES.items():
            spans_us = [
                span_us
                for incident in self.ledger.incidents
                for (_, mechanism), span_us in incident.detected_us.items()
                if mechanism == by
            ]
            if spans_us:
                found[f"{name}_detect_min_s"] = min(spans_us) / 1e6
                found[f"{name}_detect_max_s"] = max(spans_us) / 1e6
        if "full_share_after_s" in measured:
            found["full_share_after_s"] = measured["full_share_after_s"]
        shares = self.ledger.shares(_SHARE_US)
        if shares:
            found["share_min"] = min(shares.values()) * len(shares)
        return found

    def _failed(self) -> dict[str, int]:
        """Requests of clients that failed, by when they began: before a dead server was ejected, or afterwards."""
        before: list[range] = []
        after: list[range] = []
        for incident in self.ledger.incidents:
            back_us = self.cluster.now_us if incident.back_us is None else incident.back_us
            ejected_us = back_us if incident.ejected_us is None else incident.ejected_us
            before.append(range(incident.at_us, ejected_us))
            after.append(range(ejected_us, back_us))
        began_us = [
            operation.invoked_us
            for operation in self.cluster.history.operations
            if before and operation.outcome in ("fail", "unknown")
        ]
        return {
            "failed_until_ejected": sum(any(at_us in span for span in before) for at_us in began_us),
            "failed_while_ejected": sum(any(at_us in span for span in after) for at_us in began_us),
        }

    def _active(self) -> BalancerService | None:
        return next((each for each in checks.balancers(self.cluster.world).values() if each.active), None)

    def _check(self) -> None:
        for violation in checks.always(self.cluster.world, self._memory):
            self.report(violation)
