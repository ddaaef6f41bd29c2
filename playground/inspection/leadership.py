"""Who led what, and for how long nobody did: from what the machines themselves write into the journal.

A group is whatever has one leader at a time: the ensemble, each shard, the balancers, the masters among the nodes. It
is led from the moment at which somebody says that it was elected, until that one says that it leads no more, or
stands still (crashed, frozen). Who thaws goes on leading, unless it finds out right then that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from playground.checkers.leaders import Claim, one_leader_per_term
from playground.inspection.part import Figures, Part, Report
from playground.kernel.journal import Entry
from playground.systems.kafka.records import TopicPartition
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

ENSEMBLE = "ensemble"
BALANCERS = "balancers"
WAKING_US = 1_000_000
"""So soon after a thaw a leader finds out that it leads no more, if it does not."""


class Waking(NamedTuple):
    """A frozen leader went on at ``at_us``; the rest is what was known of its group right before."""

    at_us: int
    since_us: int
    lost_us: int
    leaderless_us: int
    longest_us: int


@dataclass(slots=True)
class Group:
    """What is known of one group. Times in microseconds of the world."""

    name: str
    leader: str = ""
    term: int = -1
    since_us: int = -1
    """Since when it has had no leader, if it has none; -1: it never had one."""
    led: bool = False
    elections: int = 0
    leaderless_us: int = 0
    longest_us: int = 0
    lost_us: int = -1
    """When the leader was lost whose successor has not written yet; -1: nobody is waited for."""
    first_writes_us: list[int] = field(default_factory=list)
    """From the loss of a leader to the first write of the next one."""
    claims: list[Claim] = field(default_factory=list)
    waking: Waking | None = None
    """How it stood when a leader thawed last."""

    def elected(self, now_us: int, leader: str, term: int) -> None:
        self.claims.append(Claim(now_us, term, leader))
        self.elections += term > self.term  # who goes on after a pause was not elected anew
        if term < self.term:
            return  # told late by one that is out of date already
        if self.led and leader != self.leader:
            self.lose(now_us)
        self.leader, self.term = leader, term
        self._lead(now_us)

    def lose(self, now_us: int) -> None:
        """The leader is there no more."""
        if not self.led:
            return
        self.led, waking = False, self.waking
        if waking is not None and now_us - waking.at_us <= WAKING_US:
            # It thawed only to learn that it leads no more: nobody was led in between.
            self.since_us, self.lost_us = waking.since_us, waking.lost_us
            self.leaderless_us, self.longest_us = waking.leaderless_us, waking.longest_us
            return
        self.since_us = now_us
        if self.lost_us < 0:
            self.lost_us = now_us

    def regain(self, now_us: int) -> None:
        """It was only frozen."""
        if not self.led and self.leader:
            self.waking = Waking(now_us, self.since_us, self.lost_us, self.leaderless_us, self.longest_us)
            self._lead(now_us)
            self.lost_us = -1

    def wrote(self, now_us: int) -> None:
        if self.lost_us >= 0:
            self.first_writes_us.append(now_us - self.lost_us)
            self.lost_us = -1

    def _lead(self, now_us: int) -> None:
        if not self.led and self.since_us >= 0:
            gap_us = now_us - self.since_us
            self.leaderless_us += gap_us
            self.longest_us = max(self.longest_us, gap_us)
        self.led = True

    def total_us(self, now_us: int) -> int:
        return self.leaderless_us + self._going_on_us(now_us)

    def worst_us(self, now_us: int) -> int:
        return max(self.longest_us, self._going_on_us(now_us))

    def _going_on_us(self, now_us: int) -> int:
        return now_us - self.since_us if self.since_us >= 0 and not self.led else 0


def _is_partition(name: str) -> bool:
    """Whether a group is a partition of a topic that people use."""
    return not name.startswith(("shard-", "__")) and TopicPartition.parse(name) is not None


class LeadershipPart(Part):
    """All groups of one cluster."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self.groups: dict[str, Group] = {}
        self._told: dict[Violation, None] = {}

    def happened(self, entry: Entry) -> None:
        if entry.kind in ("crash", "freeze", "thaw"):
            for group in self.groups.values():
                if group.leader == entry.subject:
                    (group.regain if entry.kind == "thaw" else group.lose)(entry.at_us)
        elif entry.kind in ("elected", "deposed", "first-write"):
            data = dict(entry.data)
            name, term = data["group"], data["term"]
            group = self.groups.setdefault(name, Group(name))
            if entry.kind == "elected":
                group.elected(entry.at_us, entry.subject, term)
                for violation in one_leader_per_term(group.claims):
                    if violation not in self._told:
                        self._told[violation] = None
                        self.report(
                            Violation(violation.check, f"{name} {violation.subject}", f"{name}: {violation.text}")
                        )
            elif entry.kind == "first-write":
                group.wrote(entry.at_us)
            elif (entry.subject, term) == (group.leader, group.term):
                group.lose(entry.at_us)
                group.leader = ""

    def figures(self) -> Figures:
        now_us = self.cluster.now_us
        found: dict[str, float | int | bool] = {}
        ensemble = self.groups.get(ENSEMBLE)
        if ensemble is not None:
            found["leaderless_s"] = ensemble.total_us(now_us) / 1e6
            found["leaderless_max_s"] = ensemble.worst_us(now_us) / 1e6
            found["elections"] = ensemble.elections
        balancers = self.groups.get(BALANCERS)
        if balancers is not None:
            found["balancerless_max_s"] = balancers.worst_us(now_us) / 1e6
        partitions = [group for name, group in self.groups.items() if _is_partition(name)]
        if partitions:
            found["partition_leaderless_s"] = max(group.total_us(now_us) for group in partitions) / 1e6
            found["partition_leaderless_max_s"] = max(group.worst_us(now_us) for group in partitions) / 1e6
            found["partition_elections"] = sum(group.elections - 1 for group in partitions)
        masters = [group for name, group in self.groups.items() if name.startswith(("shard-", "masters"))]
        if masters:
            found["masterless_s"] = max(group.total_us(now_us) for group in masters) / 1e6
            found["masterless_max_s"] = max(group.worst_us(now_us) for group in masters) / 1e6
            found["failovers"] = sum(group.elections - 1 for group in masters)
            writes_us = [span for group in masters for span in group.first_writes_us]
            if writes_us:
                found["first_write_after_s"] = max(writes_us) / 1e6
        return found
