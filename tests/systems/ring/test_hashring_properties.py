"""The circle against a model so plain that it is plainly right: a list, walked from end to end.

Real points practically never share a cell, so half of the runs squeeze the circle's points onto
forty cells: there they share cells all the time, and the order of names must decide.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.ring import circle, hashring
from playground.systems.ring.client import CIRCLE, HashRing, key_position
from playground.systems.ring.points import CELL_BITS

CELL = 1 << CELL_BITS
CROWDED = 40  # cells

names = st.text(min_size=1, max_size=3)
weights = st.sampled_from([0.2, 1.0, 2.5])
clusters = st.dictionaries(names, weights, min_size=1, max_size=8)
joins_and_departures = st.lists(st.tuples(st.sampled_from("abcdefgh"), weights), max_size=30)
few_points = st.integers(1, 6)

untimed = settings(deadline=None)  # a busy machine is no failure


def crowded_positions(name: str, count: int) -> list[int]:
    return [position % CROWDED * CELL for position in circle.node_positions(name, count)]


@contextmanager
def squeezed(crowded: bool) -> Iterator[None]:
    with patch.object(hashring, "node_positions", crowded_positions if crowded else circle.node_positions):
        yield


class Model:
    """Points as (position, name); ties go to the greatest name."""

    def __init__(self, cluster: dict[str, float], points_per_node: int, crowded: bool) -> None:
        place = crowded_positions if crowded else circle.node_positions
        self.points = sorted(
            (position // CELL * CELL, name)
            for name, weight in cluster.items()
            for position in place(name, max(1, round(points_per_node * weight)))
        )

    def anticlockwise(self, position: int) -> list[str]:
        """Every server once, in the order of meeting them."""
        behind = [name for at, name in self.points if at <= position]
        ahead = [name for at, name in self.points if at > position]
        return list(dict.fromkeys([*reversed(behind), *reversed(ahead)]))

    def positions_worth_asking(self) -> list[int]:
        near = {at + step for at, _ in self.points for step in (-1, 0, 1, CELL - 1, CELL)}
        return sorted({0, CIRCLE - 1, *(at for at in near if 0 <= at < CIRCLE)})


@untimed
@given(clusters, few_points, st.booleans(), st.integers(0, 9))
def test_the_ring_answers_as_the_model(cluster: dict[str, float], k: int, crowded: bool, n: int) -> None:
    with squeezed(crowded):
        ring = HashRing(cluster, points_per_node=k)
    model = Model(cluster, k, crowded)
    asked = model.positions_worth_asking()
    assert list(ring.points()) == model.points
    assert [ring.owner_at(at) for at in asked] == [model.anticlockwise(at)[0] for at in asked]
    assert ring.owners_at(asked) == [ring.owner_at(at) for at in asked]
    for at in asked[::3]:
        assert list(ring.replicas_at(at, n)) == model.anticlockwise(at)[:n]


@untimed
@given(joins_and_departures, few_points, st.booleans())
def test_joins_and_departures_lead_to_the_ring_built_at_once(
    acts: list[tuple[str, float]], k: int, crowded: bool
) -> None:
    ring = HashRing(points_per_node=k)
    cluster: dict[str, float] = {}
    with squeezed(crowded):
        for name, weight in acts:
            earlier, was = ring.copy(), list(ring.points())
            if name in cluster:
                ring.remove(name)
                del cluster[name]
            else:
                ring.add(name, weight)
                cluster[name] = weight
            assert list(earlier.points()) == was, "a copy does not feel what happens to the original"
        fresh = HashRing(cluster, points_per_node=k)
    assert ring.nodes == fresh.nodes == tuple(sorted(cluster))
    assert list(ring.points()) == list(fresh.points())
    assert list(ring.arcs()) == list(fresh.arcs())
    assert ring.moved(fresh) == 0.0


@untimed
@given(clusters, few_points, st.booleans(), st.data())
def test_only_the_keys_of_a_lost_server_move(
    cluster: dict[str, float], k: int, crowded: bool, data: st.DataObject
) -> None:
    with squeezed(crowded):
        ring = HashRing(cluster, points_per_node=k)
        lost = data.draw(st.sampled_from(ring.nodes))
        survivors = ring.copy()
        survivors.remove(lost)
    if not survivors.nodes:
        return
    for at in Model(cluster, k, crowded).positions_worth_asking():
        owner, *heirs = ring.replicas_at(at, 2)
        assert survivors.owner_at(at) == (heirs[0] if owner == lost else owner)


@untimed
@given(clusters, few_points, st.booleans())
def test_arcs_cover_the_circle_and_say_who_owns_it(cluster: dict[str, float], k: int, crowded: bool) -> None:
    with squeezed(crowded):
        ring = HashRing(cluster, points_per_node=k)
    arcs = list(ring.arcs())
    assert arcs[0][0] == 0
    assert arcs[-1][1] == CIRCLE
    for (_, end, name), (start, _, following) in itertools.pairwise(arcs):
        assert end == start
        assert name != following
    for start, end, name in arcs:
        assert start < end
        assert ring.owner_at(start) == ring.owner_at((start + end) // 2) == ring.owner_at(end - 1) == name
    owned = dict.fromkeys(ring.nodes, 0)
    for start, end, name in arcs:
        owned[name] += end - start
    assert ring.shares() == {name: length / CIRCLE for name, length in owned.items()}


@untimed
@given(clusters, clusters, few_points, st.booleans())
def test_moved_is_the_length_of_all_that_changed_hands(
    before: dict[str, float], after: dict[str, float], k: int, crowded: bool
) -> None:
    with squeezed(crowded):
        one, other = HashRing(before, points_per_node=k), HashRing(after, points_per_node=k)
    cuts = sorted({0, CIRCLE, *(at for ring in (one, other) for at, _ in ring.points())})
    changed = sum(
        end - start for start, end in itertools.pairwise(cuts) if one.owner_at(start) != other.owner_at(start)
    )
    assert one.moved(other) == other.moved(one) == changed / CIRCLE


@untimed
@given(clusters, st.lists(st.text(), max_size=50))
def test_single_and_batched_look_ups_agree(cluster: dict[str, float], keys: list[str]) -> None:
    ring = HashRing(cluster)
    assert ring.owners(keys) == [ring.owner(key) for key in keys]
    assert circle.key_positions(keys).tolist() == [key_position(key) for key in keys]
    assert all(ring.replicas(key, 3) == ring.replicas_at(key_position(key), 3) for key in keys)


@untimed
@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**32 - 1, 2**32, 2**64 - 1])))
def test_scaling_in_halves_is_exact(hashes: list[int]) -> None:
    scaled = circle._scale(np.array(hashes, dtype=np.uint64))
    assert scaled.tolist() == [value * CIRCLE >> 64 for value in hashes]
