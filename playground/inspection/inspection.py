"""What is asked of any cluster, whatever it is made of; the rest is asked of its parts."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.checkers.live import Live
from playground.inspection.balancing import BalancerPart
from playground.inspection.coordination import CoordinationPart
from playground.inspection.ensemble import EnsemblePart, KeeperPart
from playground.inspection.feed import FeedPart
from playground.inspection.gossiping import GossipPart
from playground.inspection.kafka import KafkaPart
from playground.inspection.leadership import LeadershipPart
from playground.inspection.nothing import NoDatabasePart
from playground.inspection.part import DatabasePart, Part
from playground.inspection.quorum import QuorumPart
from playground.inspection.shards import ShardsPart
from playground.kernel.journal import Entry
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

LOOK_US = 1_000_000
MANY_ERRORS = 0.2
"""More than this share of a second's operations failing is worth an alert."""
DURABILITY_LOOKS = 10
"""Every so many looks it is checked that no acknowledged write is lost."""
KEEP_SAMPLES = 600
"""Seconds for which the work of each node is remembered."""
KEEP = 200
"""Violations kept; the count goes on."""
_DATABASES: dict[str, type[DatabasePart]] = {
    "quorum": QuorumPart,
    "shards": ShardsPart,
    "zookeeper": KeeperPart,
    "none": NoDatabasePart,
}


class Inspection:
    """The checks of one cluster, live and at the end."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        spec = cluster.spec
        self._said: dict[tuple[str, str], None] = {}
        self._troubled = False
        self._undead = 0
        self.violations: list[Violation] = []
        self.count = 0
        self._work: dict[str, deque[tuple[int, int]]] = {}
        self.linearizability = Live(cluster.history, register=spec.register)
        """Promised by some databases only, but always worth knowing."""
        self._atomic = True
        self.database = _DATABASES[spec.database](cluster, self._found)
        self.gossip = GossipPart(cluster, self._found)
        self.parts: list[Part] = [self.gossip, self.database]
        if spec.zookeeper.servers:
            self.parts += [EnsemblePart(cluster, self._found), LeadershipPart(cluster, self._found)]
        if spec.database == "zookeeper":
            self.parts.append(CoordinationPart(cluster, self._found))
        if spec.balancer.balancers:
            self.parts.append(BalancerPart(cluster, self._found))
        self.kafka = KafkaPart(cluster, self._found) if spec.kafka.brokers else None
        if self.kafka is not None:
            self.parts.append(self.kafka)
            if spec.kafka.feed and isinstance(self.database, ShardsPart):
                self.parts.append(FeedPart(cluster, self._found, self.database, self.kafka))
        cluster.history.listen(ended=self._operation_ended)
        cluster.world.journal.watch(self._happened)
        cluster.world.schedule(LOOK_US, self._look)

    def converged(self) -> bool:
        """All copies agree, and there are as many as there should be."""
        return all(part.converged() for part in self.parts)

    def judge(self) -> list[Violation]:
        """The checks that hold only at the end, or only when it is quiet; live findings are in ``violations``."""
        return [
            *self.database.lost(self.database.promised_durable),
            *(violation for part in self.parts for violation in part.judge()),
        ]

    def lost_writes(self) -> int:
        """Acknowledged writes that no disk holds any more, nor anything that superseded them."""
        return len(self.database.lost(lambda _key, _value: True))

    def figures(self) -> dict[str, float | int | bool]:
        """What an expectation may be about. Times in seconds, shares 0..1."""
        cluster = self._cluster
        counts = cluster.history.counts
        ended = cluster.history.completed
        found: dict[str, float | int | bool] = {
            "operations": ended,
            "ok": counts["ok"],
            "failed": counts["fail"],
            "unknown": counts["unknown"],
            "error_share": (counts["fail"] + counts["unknown"]) / ended if ended else 0.0,
            "stale_reads": cluster.staleness.stale_reads,
            "undead_writes": len(cluster.staleness.undead),
            "lost_writes": self.lost_writes(),
            "violations": self.count,
        }
        for part in self.parts:
            found |= part.figures()
        return found

    def work_of(self, name: str, seconds: int) -> tuple[float | None, ...]:
        """Pieces of work per second of a machine, oldest first; None while it did not run."""
        newest = self._cluster.now_us // LOOK_US
        known = dict(self._work.get(name, ()))
        return tuple(known.get(at) for at in range(max(1, newest - seconds + 1), newest + 1))

    # --- live --------------------------------------------------------------------

    def _look(self, _a: None, _b: None) -> None:
        cluster = self._cluster
        cluster.world.schedule(LOOK_US, self._look)
        for part in self.parts:
            part.look()
        second = cluster.now_us // LOOK_US
        for name in cluster.members:
            process = cluster.node(name).process
            if process is not None and process.services:
                samples = self._work.setdefault(name, deque(maxlen=KEEP_SAMPLES))
                samples.append((second, sum(service.take_work() for service in process.services)))
        self._watch_errors()
        self.database.watch_copies()
        self._watch_order()
        if second % DURABILITY_LOOKS == 0:
            for violation in self.database.lost(self.database.promised_durable):
                self._found(violation)

    def _watch_errors(self) -> None:
        world = self._cluster.world
        bucket = self._cluster.metrics.recent(world.now_us, 2)[0]
        ended = bucket.ok + bucket.errors
        share = bucket.errors / ended if ended else 0.0
        if share > MANY_ERRORS and not self._troubled:
            self._troubled = True
            world.record("alert", "", f"clients see errors: {share:.0%} of the last second's operations failed")
        elif not bucket.errors and self._troubled and ended:
            self._troubled = False
            world.record("good", "", "clients see no errors any more")

    def _watch_order(self) -> None:
        first = self.linearizability.first
        if first is None or not self._atomic:
            return
        self._atomic = False
        key = first.operation.key
        violation = Violation(
            "linearizability", key, f"{key} is not linearizable since {first.at_us / 1e6:.3f} s: {first}"
        )
        if self.database.linearizable:
            self._found(violation)
        else:
            self._alert(violation)

    def _operation_ended(self, operation: Operation) -> None:
        if operation.stale:
            text = f"stale read: {operation.client} read {operation.key} and missed an acknowledged write"
            violation = Violation("fresh reads", operation.key, text)
            if self.database.promised_fresh(operation):
                self._found(violation, operation)
            else:
                self._alert(violation, operation)
        undead = self._cluster.staleness.undead
        for read, write in undead[self._undead :]:
            text = f"{write.client} was told that {write.key}={write.value} had not been written; {read.client} read it"
            self._found(Violation("definite errors", write.key, text), write)
        self._undead = len(undead)

    def _happened(self, entry: Entry) -> None:
        for part in self.parts:
            part.happened(entry)

    def _found(self, violation: Violation, operation: Operation | None = None) -> None:
        if violation.check != "fresh reads" and (violation.check, violation.subject) in self._said:
            return  # it is still so: counted when it began
        self.count += 1
        if len(self.violations) < KEEP:
            self.violations.append(violation)
        self._alert(violation, operation)

    def _alert(self, violation: Violation, operation: Operation | None = None) -> None:
        # Once for each thing: the first time is what one wants to look at.
        if (violation.check, violation.subject) not in self._said:
            self._said[violation.check, violation.subject] = None
            about = {"operation": operation.index} if operation is not None else {}
            self._cluster.world.record("alert", violation.subject, violation.text, check=violation.check, **about)
