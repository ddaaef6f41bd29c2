"""Figures that take watching over time, looked at from outside, between two events of the world.

A look is no event: it changes nothing, so the digest is the same with and without. What is costly is
sampled only in a scenario that asks for one of its figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playground.cluster import Cluster
from playground.figure import Value
from playground.metrics import percentile
from playground.scenario.consuming import Consumers
from playground.scenario.sampler import Sampler
from playground.systems.balancer.sight import Comebacks, Unseen
from playground.systems.coordination.service import CoordinationService
from playground.systems.gossip import checks as gossip_checks
from playground.systems.gossip.figures import Spread
from playground.systems.gossip.messages import Vitals
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.view import Belief
from playground.systems.ring.naive import NaiveCircle
from playground.systems.shards.figures import Lags
from playground.systems.shards.service import ShardsService
from playground.systems.store import checks as store_checks
from playground.systems.store.service import StoreService
from playground.systems.zookeeper.client import State


class Rounds(Sampler):
    """How many rounds of gossip one node's next heartbeat takes to reach all (claim G1): node after node in turn.

    The next one begins when all know, or when those who run are no longer the same: who is gone learns nothing more.
    """

    names = ("gossip_rounds", "gossip_rounds_max", "gossip_spreads")
    every_us = 50_000

    def __init__(self) -> None:
        self._spread: Spread | None = None
        self._among: dict[str, GossipService] = {}
        self._turn = 0
        self._done: list[float] = []

    def look(self, cluster: Cluster) -> None:
        services = gossip_checks.running(cluster.world)
        if self._spread is not None and self._among == services:
            if not self._spread.look(cluster.now_us):
                return
            assert self._spread.rounds is not None
            self._done.append(self._spread.rounds)
        up = list(services)
        if up:
            origin = up[self._turn % len(up)]
            self._turn += 1
            self._spread, self._among = Spread(services, origin), services

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        mean = sum(self._done) / len(self._done) if self._done else None
        return dict(zip(self.names, (mean, max(self._done, default=None), len(self._done)), strict=True))


class Ages(Sampler):
    """How old and how true the nodes' knowledge of each other's memory and load is (claim G3), all looks together.

    What is old is the information: its age counts from the look at which its own node first said it, whoever passed it
    on. So it may be one look (50 ms) too young, never too old.
    A count that came and went between two looks is passed over: nobody saw what its node said with it.
    """

    names = ("view_age_p50", "view_age_p99", "view_age_max", "views_wrong", "vitals_changes")
    every_us = 50_000
    _JUDGED_US = 1_000_000

    def __init__(self) -> None:
        self._said: dict[str, dict[int, tuple[int, Vitals]]] = {}
        """Node -> heartbeat count -> since when it has said what with that."""
        self._newest: dict[str, Vitals] = {}
        self._changes = 0
        self._wrong = 0
        self._ages_us: list[int] = []

    def look(self, cluster: Cluster) -> None:
        services = gossip_checks.running(cluster.world)
        for name, service in services.items():
            _, count, vitals = service.view.me.entry
            said = self._said.setdefault(name, {})
            if said.get(count, (0, None))[1] != vitals:
                said[count] = cluster.now_us, vitals
                self._changes += self._newest.get(name, vitals) != vitals
                self._newest[name] = vitals
        if cluster.now_us % self._JUDGED_US == 0:
            self._judge(cluster, services)

    def _judge(self, cluster: Cluster, services: Mapping[str, GossipService]) -> None:
        up = {name: each for name, each in services.items() if each.process.running}
        for observer, service in up.items():
            for subject in up:
                peer = service.view.peers.get(subject)
                if subject == observer or peer is None:
                    continue
                _, count, vitals = peer.entry
                since_us, said = self._said[subject].get(count, (0, None))
                if said is not None:
                    self._ages_us.append(cluster.now_us - since_us)
                    self._wrong += said != vitals

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        ages_us = sorted(self._ages_us)
        if not ages_us:
            return dict.fromkeys(self.names)
        ranks = [percentile(ages_us, rank) for rank in (50, 99, 100)]
        return dict(zip(self.names, (*ranks, self._wrong, self._changes), strict=True))


class Heartbeats(Sampler):
    """The lowest and the highest count that any node has heard of any other in the end (claim G2)."""

    names = ("heartbeats_min", "heartbeats_max")
    every_us = 60_000_000

    def look(self, cluster: Cluster) -> None:
        """Counters are their own memory."""

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        services = gossip_checks.running(cluster.world)
        counts = [service.count(subject) for service in services.values() for subject in services]
        return {"heartbeats_min": min(counts, default=None), "heartbeats_max": max(counts, default=None)}


class Copies(Sampler):
    """The copies of each key over time (claim R7): how low they fell once they had been N, and for how long."""

    names = ("fewest_copies", "thin_for", "strays", "misplaced")
    every_us = 250_000

    def __init__(self) -> None:
        self._full: dict[str, None] = {}
        """Keys that have had N copies by now; a write that is under way is not yet what was promised."""
        self._fewest: int | None = None
        self._thin_since_us: int | None = None
        self._thin_us = 0

    def look(self, cluster: Cluster) -> None:
        copies = store_checks.copies(cluster.serving(StoreService))
        n = cluster.spec.store.n
        for key, count in copies.items():
            if count >= n:
                self._full[key] = None
        now = min((copies.get(key, 0) for key in self._full), default=None)
        if now is None:
            return
        self._fewest = now if self._fewest is None else min(self._fewest, now)
        if now >= n:
            self._thin_since_us = None
        elif self._thin_since_us is None:
            self._thin_since_us = cluster.now_us
        if self._thin_since_us is not None:
            self._thin_us = max(self._thin_us, cluster.now_us - self._thin_since_us)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        return {
            "fewest_copies": self._fewest,
            "thin_for": self._thin_us,
            "strays": store_checks.strays(cluster.serving(StoreService)),
            "misplaced": _misplaced(cluster),
        }


class Followers(Sampler):
    """How far slaves are behind their masters (claim R2), all looks at all slaves together."""

    names = ("lag_p50", "lag_p99", "lag_max", "lag_max_records")
    every_us = 10_000

    def __init__(self) -> None:
        self._lags = Lags()

    def look(self, cluster: Cluster) -> None:
        self._lags.look(cluster.services(ShardsService), cluster.now_us)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        ages_us = sorted(self._lags.ages_us)
        if not ages_us:
            return dict.fromkeys(self.names)
        ranks = [percentile(ages_us, rank) for rank in (50, 99, 100)]
        return dict(zip(self.names, (*ranks, self._lags.max_records), strict=True))


class Servers(Sampler):
    """What balancers believe of useless servers, and what they give those that come back (claims L2 and L3)."""

    names = ("unseen_by_reports", "unseen_by_checks", "share_after_return")
    every_us = 50_000

    def __init__(self) -> None:
        self._unseen = Unseen()
        self._comebacks = Comebacks()

    def look(self, cluster: Cluster) -> None:
        self._unseen.look(cluster.world)
        self._comebacks.look(cluster.world)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        if not cluster.of_kind("server"):
            return dict.fromkeys(self.names)
        longest_us = self._unseen.longest_us
        values = (longest_us["heartbeat"], longest_us["health-check"], max(self._comebacks.first, default=None))
        return dict(zip(self.names, values, strict=True))


class Rosters(Sampler):
    """Who is there, by the ensemble's list and by gossip, in the eyes of the data nodes that run (claim G4).

    A node that the ensemble does not answer knows that it does not know: it contradicts nobody. By gossip each
    believes what it believes.
    """

    names = ("members_disputed", "members_unanswered", "members_fewest", "gossip_disputed", "gossip_fewest")
    every_us = 50_000

    def __init__(self) -> None:
        self._members = _Dispute()
        self._gossip = _Dispute()
        self._unanswered_us = 0
        self._alone_since_us: dict[str, int] = {}
        self._fewest: int | None = None
        self._fewest_believed: int | None = None

    def look(self, cluster: Cluster) -> None:
        nodes = cluster.of_kind("node")
        services = cluster.serving(CoordinationService)
        seen = [each.seen for each in services.values() if each.state is State.CONNECTED]
        if self._fewest is not None or tuple(sorted(nodes)) in seen:
            self._members.look(seen, cluster.now_us)
            alone = [name for name, each in services.items() if each.state is not State.CONNECTED]
            self._alone_since_us = {name: self._alone_since_us.get(name, cluster.now_us) for name in alone}
            waits_us = [cluster.now_us - since_us for since_us in self._alone_since_us.values()]
            self._unanswered_us = max(self._unanswered_us, *waits_us, 0)
            self._fewest = min([len(nodes) if self._fewest is None else self._fewest, *map(len, seen)])
        dead = [
            tuple(name for name in nodes if gossip.believes(name) is Belief.DEAD)
            for observer, gossip in cluster.serving(GossipService).items()
            if observer in nodes
        ]
        self._gossip.look(dead, cluster.now_us)
        believed = min((len(nodes) - len(each) for each in dead), default=len(nodes))
        self._fewest_believed = believed if self._fewest_believed is None else min(self._fewest_believed, believed)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        known = self._fewest is not None
        members = (self._members.longest_us, self._unanswered_us, self._fewest) if known else (None, None, None)
        values = (*members, self._gossip.longest_us, self._fewest_believed)
        return dict(zip(self.names, values, strict=True))


class _Dispute:
    """For how long, at the longest, not all were of one opinion."""

    def __init__(self) -> None:
        self.longest_us = 0
        self._since_us: int | None = None

    def look(self, opinions: list[tuple[str, ...]], now_us: int) -> None:
        if all(each == opinions[0] for each in opinions):
            self._since_us = None
            return
        if self._since_us is None:
            self._since_us = now_us
        self.longest_us = max(self.longest_us, now_us - self._since_us)


class Owners(Sampler):
    """Whose each key is, at first and in the end (claim P6): over all keys of the load, written or not."""

    names = ("keys_moved", "keys_moved_needlessly", "heirs", "heir_max_over_mean", "owner_max_over_mean")
    every_us = 1_000_000

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._members: tuple[str, ...] = ()

    def look(self, cluster: Cluster) -> None:
        if not self._first:
            self._first = _owners(cluster)
            self._members = tuple(cluster.staying)

    def figures(self, cluster: Cluster) -> dict[str, Value]:
        last = _owners(cluster)
        if not last or not self._first:
            return dict.fromkeys(self.names)
        stay = [name for name in cluster.staying if name in self._members]
        moved = [key for key in last if last[key] != self._first[key]]
        orphans = [key for key in moved if self._first[key] not in stay]
        heirs = _count((last[key] for key in orphans), stay)
        return {
            "keys_moved": len(moved) / len(last),
            "keys_moved_needlessly": len(moved) - len(orphans),
            "heirs": sum(count > 0 for count in heirs),
            "heir_max_over_mean": max(heirs) * len(heirs) / len(orphans) if orphans else None,
            "owner_max_over_mean": max(_count(last.values(), cluster.staying)) * len(cluster.staying) / len(last),
        }


SAMPLERS: tuple[type[Sampler], ...] = (
    Rounds,
    Ages,
    Heartbeats,
    Copies,
    Followers,
    Servers,
    Rosters,
    Owners,
    Consumers,
)


class Sampling:
    """The samplers that a scenario needs; ``wanted``: names of figures."""

    def __init__(self, cluster: Cluster, wanted: Iterable[str]) -> None:
        names = frozenset(wanted)
        self._cluster = cluster
        self._samplers = [kind() for kind in SAMPLERS if not names.isdisjoint(kind.names)]

    def next_us(self, now_us: int, limit_us: int) -> int:
        """The next instant at which somebody wants to look, at most ``limit_us``."""
        return min([limit_us, *(now_us - now_us % each.every_us + each.every_us for each in self._samplers)])

    def look(self) -> None:
        """Whoever is due looks."""
        for each in self._samplers:
            if self._cluster.now_us % each.every_us == 0:
                each.look(self._cluster)

    def figures(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for each in self._samplers:
            found |= each.figures(self._cluster)
        return found


def _owners(cluster: Cluster) -> dict[str, str]:
    """Key -> its owner, by what the nodes that are up know together; {} while the ring is changing."""
    where = store_checks.placing(cluster.serving(StoreService))
    if where is None or len(where.circles) != 1:
        return {}
    keys = [f"k{number}" for number in range(cluster.spec.load.keys)]
    return {key: where.place(key).owners[0] for key in keys}


def _misplaced(cluster: Cluster) -> int | None:
    """Keys that do not lie on exactly their owner and the next N - 1 nodes, by a circle that is not the store's own."""
    stores = cluster.serving(StoreService)
    known = store_checks.membership(stores)
    if known.changing or not known.current:
        return None
    table = known.table
    circle = NaiveCircle({name: table[name].weight for name in known.current}, cluster.spec.ring.points)
    holders: dict[str, list[str]] = {}
    for name, store in stores.items():
        for key in store.replica.data:
            holders.setdefault(key, []).append(name)
    n = cluster.spec.store.n
    return sum(sorted(names) != sorted(circle.replicas(key, n)) for key, names in holders.items())


def _count(names: Iterable[str], among: Iterable[str]) -> list[int]:
    counts = dict.fromkeys(among, 0)
    for name in names:
        counts[name] += 1
    return list(counts.values())
