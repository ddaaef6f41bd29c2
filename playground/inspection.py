"""Looks at the whole cluster from outside, every virtual second, and judges it at the end.

Only here, and in the systems' own ``checks.py``, may anything see more than a node can. What is
found goes into the journal as an alert: a sentence with its instant. The looks are
events of the world like any other, so they are part of what is replayed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.checkers.history import Operation
from playground.checkers.live import Live
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.systems.gossip import checks as gossip_checks
from playground.systems.store import checks as store_checks
from playground.systems.store.service import StoreService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

LOOK_US = 1_000_000
MANY_ERRORS = 0.2
"""More than this share of a second's operations failing is worth an alert."""
FEW = 0.05
"""Up to this share of the keys may lack a copy for a moment: their writes are under way."""
PATIENCE = 2
"""Looks in a row before it is told that copies are missing."""
DURABILITY_LOOKS = 10
"""Every so many looks it is checked that no acknowledged write is lost."""
_CHANGES = (
    *("crash", "start", "up", "freeze", "thaw", "slow-cpu", "rolling"),
    *("partition", "one-way", "link", "flap", "heal", "clock", "disk", "remove"),
)
"""After one of these the nodes need time to form new beliefs."""
KEEP_SAMPLES = 600
"""Seconds for which the work of each node is remembered."""
KEEP = 200
"""Violations kept; the count goes on."""


class Inspection:
    """The checks of one cluster, live and at the end."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._gossip = gossip_checks.Memory()
        self._said: dict[tuple[str, str], None] = {}
        self._troubled = False
        self._thin = False
        self._lacking_for = 0
        self._undead = 0
        self._last_change_us = 0
        self._down_since_us: dict[str, int] = {}
        self.violations: list[Violation] = []
        self.count = 0
        self.first_detection_us: list[int] = []
        self._work: dict[str, deque[tuple[int, int]]] = {}
        self._incomplete: dict[str, None] = {}
        """Nodes whose disk was lost or damaged and that don't have their data back yet."""
        self.disks_lost = 0
        """How many nodes lacked their data at the same time, at the worst: promises depend on it."""
        self._misled = False
        """Which write is the newest was, or may have been, decided by a clock that was wrong."""
        self._forgotten_bytes: dict[str, int] = {}
        """Nodes whose disk had acknowledged more than a crash left there, and how much that was so far."""
        self.linearizability = Live(cluster.history, register=cluster.spec.store.conflicts == "newest")
        """No promise of the store (quorums give a regular register, not an atomic one), but worth knowing."""
        self._atomic = True
        cluster.history.listen(ended=self._operation_ended)
        cluster.world.journal.watch(self._happened)
        cluster.world.schedule(LOOK_US, self._look)

    def promised_fresh(self, read: Operation) -> bool:
        """Whether ``read`` had to see what it missed: R + W > N for the two, strict quorums, fewer than W disks lost.

        A request that asked for fewer replicas than the store is set to is promised nothing. Nor is anybody where the
        newest value wins and a clock was wrong, or where a single node has forgotten what it acknowledged: it does not
        know, so it answers all the same.
        """
        store = self._cluster.spec.store
        if self._misled or self._forgotten_bytes or self.disks_lost >= store.w:
            return False
        if not store.fresh or 0 < read.quorum < store.r:
            return False
        writes = [self._cluster.staleness.write(read.key, value) for value in read.missed]
        return any(not 0 < write.quorum < store.w for write in writes)

    def promised_durable(self, key: str, value: str) -> bool:
        """Whether an acknowledged write may not be lost: fewer disks were lost than it was to lie on.

        Where the newest value wins and a clock was wrong, any may.
        """
        enough = self._cluster.staleness.write(key, value).quorum or self._cluster.spec.store.w
        return self.disks_lost < enough and not self._misled

    def converged(self) -> bool:
        """All replicas that are up agree on every key they share, and every key lies on N of them."""
        services = self._stores()
        return not store_checks.replicas_converged(services) and not store_checks.every_key_on_n_nodes(services)

    def judge(self) -> list[Violation]:
        """The checks that hold only at the end, or only when it is quiet; live findings are in ``violations``."""
        found = [*self._durability()]
        if self._cluster.quiet:
            found += store_checks.replicas_converged(self._stores())
            found += store_checks.every_key_on_n_nodes(self._stores())
            found += gossip_checks.everybody_knows_everybody(gossip_checks.running(self._cluster.world))
        if not self._cluster.faults:
            found += gossip_checks.the_dead_are_noticed(
                gossip_checks.running(self._cluster.world), self._down_for_long()
            )
        return found

    def _down_for_long(self) -> list[str]:
        """Members that have been down for longer than gossip needs to notice, with nothing else wrong."""
        cluster = self._cluster
        settling_us = gossip_checks.settling_us(cluster.spec.gossip, len(cluster.staying))
        since_us = cluster.now_us - settling_us
        if self._last_change_us > since_us:
            return []
        return [name for name in cluster.staying if cluster.node(name).life is Life.DOWN]

    def lost_writes(self) -> int:
        """Acknowledged writes that no disk holds any more, nor anything that superseded them."""
        return len(self._lost(lambda _key, _value: True))

    def figures(self) -> dict[str, float | int | bool]:
        """What an expectation may be about. Times in seconds, shares 0..1."""
        cluster = self._cluster
        counts = cluster.history.counts
        ended = cluster.history.completed
        copies = store_checks.copies(self._stores())
        return {
            "operations": ended,
            "ok": counts["ok"],
            "failed": counts["fail"],
            "unknown": counts["unknown"],
            "error_share": (counts["fail"] + counts["unknown"]) / ended if ended else 0.0,
            "stale_reads": cluster.staleness.stale_reads,
            "lost_writes": self.lost_writes(),
            "violations": self.count,
            "min_copies": min(copies.values(), default=0),
            "under_replicated": sum(1 for each in copies.values() if each < cluster.spec.store.n),
            "detection_s": max(self.first_detection_us, default=0) / 1e6,
        }

    def work_of(self, name: str, seconds: int) -> tuple[float | None, ...]:
        """Replica operations per second of a node, oldest first; None while it did not run."""
        newest = self._cluster.now_us // LOOK_US
        known = dict(self._work.get(name, ()))
        return tuple(known.get(at) for at in range(max(1, newest - seconds + 1), newest + 1))

    # --- live --------------------------------------------------------------------

    def _look(self, _a: None, _b: None) -> None:
        world = self._cluster.world
        world.schedule(LOOK_US, self._look)
        self._look_at_gossip()
        for name, store in self._cluster.services(StoreService).items():
            samples = self._work.setdefault(name, deque(maxlen=KEEP_SAMPLES))
            samples.append((world.now_us // LOOK_US, store.take_work()))
        self._watch_errors()
        self._watch_copies()
        self._watch_order()
        if world.now_us // LOOK_US % DURABILITY_LOOKS == 0:
            for violation in self._durability():
                self._found(violation)

    def _look_at_gossip(self) -> None:
        services = gossip_checks.running(self._cluster.world)
        for violation in gossip_checks.counters_never_fall(services, self._gossip):
            self._found(violation)
        for violation in gossip_checks.nobody_knows_better(services, self._gossip):
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

    def _watch_copies(self) -> None:
        world = self._cluster.world
        copies = store_checks.copies(self._stores())
        wanted = min(self._cluster.spec.store.n, len(self._cluster.staying))
        lacking = sum(1 for each in copies.values() if each < wanted)
        self._lacking_for = self._lacking_for + 1 if lacking > len(copies) * FEW else 0
        if self._lacking_for == PATIENCE and not self._thin:
            self._thin = True
            world.record("alert", "", f"{lacking} of {len(copies)} keys have fewer than {wanted} copies that are up")
        elif self._thin and not lacking:
            self._thin = False
            world.record("good", "", f"every key has its {wanted} copies again")

    def _watch_order(self) -> None:
        first = self.linearizability.first
        if first is not None and self._atomic:
            self._atomic = False
            text = f"{first.operation.key} is not linearizable since {first.at_us / 1e6:.3f} s: {first}"
            self._cluster.world.record("alert", first.operation.key, text, check="linearizability")

    def _operation_ended(self, operation: Operation) -> None:
        if operation.stale:
            text = f"stale read: {operation.client} read {operation.key} and missed an acknowledged write"
            violation = Violation("fresh reads", operation.key, text)
            if self.promised_fresh(operation):
                self._found(violation)
            else:
                self._alert(violation)
        undead = self._cluster.staleness.undead
        for read, write in undead[self._undead :]:
            text = f"{write.client} was told that {write.key}={write.value} had not been written; {read.client} read it"
            self._found(Violation("definite errors", write.key, text))
        self._undead = len(undead)

    def _happened(self, entry: Entry) -> None:
        if entry.kind in _CHANGES:
            self._last_change_us = entry.at_us
        if entry.kind in ("crash", "freeze"):
            self._down_since_us[entry.subject] = entry.at_us
        elif entry.kind in ("start", "thaw"):
            self._down_since_us.pop(entry.subject, None)
        elif entry.kind == "up":
            # A life may be shorter than the time between two looks: meet it when it begins.
            self._look_at_gossip()
        elif entry.kind == "dead":
            since_us = self._down_since_us.pop(dict(entry.data).get("about", ""), None)
            if since_us is not None:
                self.first_detection_us.append(entry.at_us - since_us)
        elif entry.kind == "clock" and self._cluster.spec.store.conflicts == "newest":
            self._misled = self._misled or entry.subject in self._cluster.members
        forgot = entry.kind == "crash" and self._forgot(entry.subject)
        if forgot or ("lose_disk", True) in entry.data or ("fault", "rot") in entry.data:
            self._disk_lost(entry.subject)
        elif entry.kind == "rebuilt":
            self._incomplete.pop(entry.subject, None)

    def _forgot(self, name: str) -> bool:
        """Whether the crash took what the disk of ``name`` had acknowledged."""
        before, lost = self._forgotten_bytes.get(name, 0), self._cluster.node(name).disk.stats.acknowledged_bytes_lost
        if lost > before:
            self._forgotten_bytes[name] = lost
        return lost > before

    def _disk_lost(self, name: str) -> None:
        self._incomplete[name] = None
        enough = self._cluster.spec.store.w
        if self.disks_lost < enough <= len(self._incomplete):
            text = f"{len(self._incomplete)} disks are lost at once: from now on writes may be lost, and reads stale"
            self._cluster.world.record("alert", "", text)
        self.disks_lost = max(self.disks_lost, len(self._incomplete))

    def _found(self, violation: Violation) -> None:
        if violation.check != "fresh reads" and (violation.check, violation.subject) in self._said:
            return  # it is still so: counted when it began
        self.count += 1
        if len(self.violations) < KEEP:
            self.violations.append(violation)
        self._alert(violation)

    def _alert(self, violation: Violation) -> None:
        # Once for each thing: the first time is what one wants to look at.
        if (violation.check, violation.subject) not in self._said:
            self._said[violation.check, violation.subject] = None
            self._cluster.world.record("alert", violation.subject, violation.text, check=violation.check)

    # --- at the end ----------------------------------------------------------------

    def _stores(self) -> dict[str, StoreService]:
        return self._cluster.serving(StoreService)

    def _durability(self) -> list[Violation]:
        return self._lost(self.promised_durable)

    def _lost(self, promised: Callable[[str, str], bool]) -> list[Violation]:
        staleness = self._cluster.staleness
        nodes = [self._cluster.node(name) for name in self._cluster.members]
        acknowledged = {
            key: [value for value in values if promised(key, value)] for key, values in staleness.acknowledged().items()
        }
        return store_checks.lost_writes(nodes, acknowledged, staleness.covers)
