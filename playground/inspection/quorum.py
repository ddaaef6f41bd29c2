"""The quorum store: what it promises depends on its quorums, its disks and its clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.inspection.disks import Disks
from playground.inspection.part import DatabasePart, Figures, Promised, Report
from playground.kernel.journal import Entry
from playground.systems.store import checks
from playground.systems.store.service import StoreService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster


class QuorumPart(DatabasePart):
    """The promises of R + W > N."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._settings = cluster.spec.store
        self.disks = Disks(cluster, "node", self._settings.w, self._alarm)
        self._misled = False
        """Which write is the newest was, or may have been, decided by a clock that was wrong."""
        self.why_stale = "more was broken than is promised for" if self._settings.fresh else "as R+W allows"

    def promised_fresh(self, read: Operation) -> bool:
        """R + W > N for the two, strict quorums, fewer than W disks lost.

        A request that asked for fewer replicas than the store is set to is promised nothing. Nor is anybody where the
        newest value wins and a clock was wrong, or where a single node has forgotten what it acknowledged: it does not
        know, so it answers all the same.
        """
        settings = self._settings
        if self._misled or self.disks.lied or self.disks.lost >= settings.w:
            return False
        if not settings.fresh or 0 < read.quorum < settings.r:
            return False
        writes = [self.cluster.staleness.write(read.key, value) for value in read.missed]
        return any(not 0 < write.quorum < settings.w for write in writes)

    def promised_durable(self, key: str, value: str) -> bool:
        """Fewer disks were lost than it was to lie on. Where the newest value wins and a clock was wrong, any may."""
        enough = self.cluster.staleness.write(key, value).quorum or self._settings.w
        return self.disks.lost < enough and not self._misled

    def lost(self, promised: Promised) -> list[Violation]:
        return checks.lost_writes(self.nodes, self.acknowledged(promised), self.cluster.staleness.covers)

    def happened(self, entry: Entry) -> None:
        self.disks.happened(entry)
        if entry.kind == "clock" and self._settings.conflicts == "newest":
            self._misled = self._misled or entry.subject in self.cluster.members

    def judge(self) -> list[Violation]:
        if not self.cluster.quiet:
            return []
        stores = self._stores
        return [*checks.replicas_converged(stores), *checks.every_key_on_n_nodes(stores)]

    def converged(self) -> bool:
        """All replicas that are up agree on every key they share, and every key lies on N of them."""
        stores = self._stores
        return not checks.replicas_converged(stores) and not checks.every_key_on_n_nodes(stores)

    def figures(self) -> Figures:
        copies = checks.copies(self._stores)
        return {
            "min_copies": min(copies.values(), default=0),
            "under_replicated": sum(1 for each in copies.values() if each < self._settings.n),
        }

    def thin(self) -> tuple[int, int, str, str]:
        copies = checks.copies(self._stores)
        wanted = min(self._settings.n, len(self.cluster.askable))
        lacking = sum(1 for each in copies.values() if each < wanted)
        have = "have" if lacking > 1 else "has"
        missing = f"{lacking} of {len(copies)} keys {have} fewer than {wanted} copies that are up"
        return lacking, len(copies), missing, f"every key has its {wanted} copies again"

    @property
    def _stores(self) -> dict[str, StoreService]:
        return self.cluster.serving(StoreService)

    def _alarm(self, number: int) -> None:
        text = f"{number} disks are lost at once: from now on writes may be lost, and reads stale"
        self.cluster.world.record("alert", "", text)
