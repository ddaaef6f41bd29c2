"""Who stands on the circle: a replicated list of members that any node may change.

Theory of operation.

1. **A join-semilattice.** A membership maps names to entries; of two entries for a name the one
   with the higher version stays (ties: the higher status). Merging is therefore commutative,
   associative and idempotent (Shapiro et al., "Conflict-free Replicated Data Types", 2011): however
   it spreads, nodes that know the same changes hold the same membership. Nothing is ever removed.
2. **A change is a state, not an instant.** A node that comes is JOINING until it has copied what
   will be its own, a node that goes is LEAVING until the others have copied what was its own. As long
   as changes are under way several circles are *possible*: each JOINING node may or may not have
   become NORMAL, each LEAVING node may or may not have LEFT. `Placement` gives the replicas of a
   key on every possible circle; who asks for a quorum on each of them (the joint consensus of Raft,
   Ongaro 2014, 4.3, for any number of changes) need not know which changes are complete elsewhere.
3. **The digest** names exactly one set of statuses and versions. Nodes with the same digest place
   every key alike. It is computed from the content with BLAKE2, hence equal in every process.

An entry also says which departures its node has `copied` for. That is no part of the digest, as
it places nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import combinations

from playground.systems.ring.circle import key_position
from playground.systems.ring.hashring import HashRing

Sets = tuple[tuple[str, ...], ...]
"""The replicas of a key on each possible circle, in order of preference, without repetitions."""

_KEEP = 200_000


class Status(IntEnum):
    """Where a node stands. Of two entries with one version the higher status wins."""

    JOINING = 0
    NORMAL = 1
    LEAVING = 2
    LEFT = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One node's place. ``version`` counts its changes."""

    status: Status
    version: int = 0
    weight: float = 1.0
    """Its points on the circle, relative to a node of weight 1."""
    copied: tuple[tuple[str, int], ...] = ()
    """Departures ``(node, version of its LEAVING)`` for which this node holds all it has to hold."""

    def becoming(self, status: Status, copied: tuple[tuple[str, int], ...] = ()) -> Entry:
        """The entry's successor."""
        return Entry(status, self.version + 1, self.weight, copied)

    @property
    def rank(self) -> tuple[int, Status, float]:
        return self.version, self.status, self.weight


@dataclass(frozen=True)
class Membership:
    """A membership: a value. ``entries`` sorted by name."""

    entries: tuple[tuple[str, Entry], ...] = ()

    @staticmethod
    def of(names: Iterable[str]) -> Membership:
        """These nodes, all NORMAL from the start."""
        return Membership(tuple((name, Entry(Status.NORMAL)) for name in sorted(set(names))))

    @cached_property
    def table(self) -> dict[str, Entry]:
        return dict(self.entries)

    @cached_property
    def digest(self) -> int:
        """48 bits over names, statuses, versions and weights: equal where every key is placed alike."""
        return _hashed([(name, *entry.rank) for name, entry in self.entries])

    @cached_property
    def version(self) -> int:
        """48 bits over everything, announcements included: equal exactly when the memberships are."""
        return _hashed([(name, *entry.rank, entry.copied) for name, entry in self.entries])

    def get(self, name: str) -> Entry | None:
        return self.table.get(name)

    def names(self, *statuses: Status) -> tuple[str, ...]:
        """The nodes with one of these statuses, sorted."""
        return tuple(name for name, entry in self.entries if entry.status in statuses)

    @property
    def current(self) -> tuple[str, ...]:
        """The nodes that stand on the circle now."""
        return self.names(Status.NORMAL, Status.LEAVING)

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody who has not left, nodes that are only joining included."""
        return self.names(Status.JOINING, Status.NORMAL, Status.LEAVING)

    @property
    def changing(self) -> tuple[str, ...]:
        """The nodes whose change is under way."""
        return self.names(Status.JOINING, Status.LEAVING)

    @property
    def departures(self) -> tuple[tuple[str, int], ...]:
        """The departures under way, as they are announced in ``Entry.copied``."""
        return tuple((name, entry.version) for name, entry in self.entries if entry.status is Status.LEAVING)

    def having(self, name: str, entry: Entry) -> Membership:
        """This membership with another entry for ``name``."""
        return Membership(tuple(sorted({**self.table, name: entry}.items())))

    def merge(self, other: Membership) -> Membership:
        """The least membership that knows what both know."""
        if self == other:
            return self
        table = dict(self.table)
        for name, theirs in other.entries:
            ours = table.get(name)
            table[name] = theirs if ours is None else _newer(ours, theirs)
        merged = tuple(sorted(table.items()))
        return self if merged == self.entries else Membership(merged)


def _newer(a: Entry, b: Entry) -> Entry:
    if a.rank == b.rank:
        return replace(a, copied=tuple(sorted({*a.copied, *b.copied}))) if a.copied != b.copied else a
    return a if a.rank > b.rank else b


def _hashed(content: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(content).encode(), digest_size=6).digest(), "big")


@dataclass(frozen=True)
class Place:
    """Where a key lies."""

    sets: Sets
    owners: tuple[str, ...]
    """Everybody in one of the sets; those of the present circle first."""


@dataclass
class Placement:
    """The replicas of every key under one membership: ``n`` copies on each possible circle."""

    circles: tuple[HashRing, ...]
    """The possible circles; the first is the present one."""
    n: int
    _places: dict[str, Place] = field(default_factory=dict)

    def place(self, key: str) -> Place:
        """Where ``key`` lies. Its sets are empty if nobody stands on the present circle."""
        found = self._places.get(key)
        if found is None:
            if len(self._places) >= _KEEP:
                self._places.clear()
            found = self._places[key] = self.place_at(key_position(key))
        return found

    def place_at(self, position: int) -> Place:
        """Where the keys at ``position`` of the circle lie."""
        sets: dict[tuple[str, ...], tuple[str, ...]] = {}  # one of each, whatever the order within
        for circle in self.circles:
            if circle.nodes:
                replicas = circle.replicas_at(position, self.n)
                sets.setdefault(tuple(sorted(replicas)), replicas)
        distinct = tuple(sets.values())
        return Place(distinct, tuple(dict.fromkeys(name for replicas in distinct for name in replicas)))

    def next_after(self, key: str, count: int) -> tuple[str, ...]:
        """The ``count`` nodes of the present circle that come after the replicas of ``key``."""
        return self.circles[0].replicas(key, self.n + count)[self.n :]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place that some stretch of the circle has, each once."""
        seen: dict[Sets, Place] = {}
        starts = sorted({start for circle in self.circles for start, _, _ in circle.arcs()} | {0})
        for start in starts:
            place = self.place_at(start)
            seen.setdefault(place.sets, place)
        return tuple(seen.values())

    @cached_property
    def affected(self) -> tuple[str, ...]:
        """The nodes to which some stretch belongs on one possible circle and not on another, sorted."""
        met: dict[str, None] = {}
        for place in self.places:
            if len(place.sets) > 1:
                for name in place.owners:
                    if not all(name in names for names in place.sets):
                        met[name] = None
        return tuple(sorted(met))

    def takers(self, membership: Membership) -> tuple[str, ...]:
        """Those who have to make sure that they hold their part before a departure is complete.

        They are the nodes that stay and are affected. If none is (fewer nodes than copies are left) all
        who stay are: somebody has to find out from a majority that no other change is under way.
        """
        staying = membership.names(Status.JOINING, Status.NORMAL)
        return tuple(name for name in staying if name in self.affected) or staying


@lru_cache(maxsize=64)
def placement(membership: Membership, n: int, points: int) -> Placement:
    """The placement under ``membership``. Nodes that agree share it: it is a pure function."""
    table = membership.table
    circles = []
    changing = membership.changing
    stays = tuple(name for name in membership.current if name not in changing)
    for done in _subsets(changing):
        standing = [name for name in changing if (table[name].status is Status.LEAVING) != (name in done)]
        circles.append(
            HashRing({name: table[name].weight for name in sorted((*stays, *standing))}, points_per_node=points)
        )
    return Placement(tuple(circles), n)


def _subsets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)
