"""The membership: a join-semilattice; placements on every circle that is possible."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from playground.systems.ring.client import Entry, HashRing, Membership, Status, placement
from tests.fresh import told

NAMES = ("n1", "n2", "n3", "n4")
entries = st.builds(
    Entry,
    st.sampled_from(Status),
    st.integers(0, 3),
    st.sampled_from((1.0, 2.0)),
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), max_size=2, unique=True).map(
        lambda copied: tuple(sorted(copied))
    ),
)
memberships = st.dictionaries(st.sampled_from(NAMES), entries, max_size=4).map(
    lambda table: Membership(tuple(sorted(table.items())))
)


@given(memberships, memberships, memberships)
def test_merging_is_a_semilattice(a: Membership, b: Membership, c: Membership) -> None:
    assert a.merge(a) is a
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b).merge(b) == a.merge(b)


@given(memberships, memberships)
def test_versions_only_rise(a: Membership, b: Membership) -> None:
    merged = a.merge(b).table
    for name, entry in (*a.entries, *b.entries):
        assert merged[name].rank >= entry.rank


@given(memberships, memberships)
def test_the_digest_is_of_what_places_keys_and_the_version_is_of_everything(a: Membership, b: Membership) -> None:
    assert (a.version == b.version) == (a == b)
    ranks = [[(name, entry.rank) for name, entry in each.entries] for each in (a, b)]
    assert (a.digest == b.digest) == (ranks[0] == ranks[1])


@given(memberships, st.sampled_from(["k1", "k2", "k3"]))
def test_a_key_has_a_place_on_every_possible_circle(membership: Membership, key: str) -> None:
    place = placement(membership, 2, 8).place(key)
    changing = membership.changing
    expected = set()
    for size in range(len(changing) + 1):
        for gone_through in combinations(changing, size):
            standing = {
                name: entry.weight
                for name, entry in membership.entries
                if entry.status is Status.NORMAL
                or (entry.status is Status.JOINING and name in gone_through)
                or (entry.status is Status.LEAVING and name not in gone_through)
            }
            if standing:
                expected.add(frozenset(HashRing(standing, points_per_node=8).replicas(key, 2)))
    assert {frozenset(names) for names in place.sets} == expected
    assert len(place.sets) == len(expected)
    assert set(place.owners) == {name for names in expected for name in names}


def test_one_circle_while_nothing_changes_and_two_while_a_node_joins() -> None:
    calm = Membership.of(NAMES)
    assert len(placement(calm, 3, 16).circles) == 1
    joining = calm.having("n5", Entry(Status.JOINING))
    where = placement(joining, 3, 16)
    assert [len(circle.nodes) for circle in where.circles] == [4, 5]
    gained = [place for place in where.places if "n5" in place.owners]
    assert gained
    assert "n5" in where.affected
    assert all(place.sets[0] == place.owners[:3] and "n5" not in place.sets[0] for place in gained)


def test_every_place_is_found_by_walking_the_circle() -> None:
    where = placement(Membership.of(NAMES).having("n5", Entry(Status.JOINING)), 2, 16)
    met = {place.sets for place in where.places}
    assert {where.place(f"key {i}").sets for i in range(2_000)} <= met


def test_who_left_stays_known_and_cannot_be_brought_back_by_old_news() -> None:
    before = Membership.of(NAMES)
    entry = before.table["n1"]
    after = before.having("n1", entry.becoming(Status.LEAVING).becoming(Status.LEFT))
    assert after.merge(before) == after
    assert "n1" not in after.members


def test_digests_are_the_same_in_every_process() -> None:
    code = (
        "from playground.systems.ring.client import Membership, Entry, Status;"
        "m = Membership.of(['n1','n2']).having('n3', Entry(Status.JOINING, 2, 1.5, (('n1', 3),)));"
        "print(m.digest, m.version)"
    )
    assert len(told(code, ("1", "2"))) == 1
