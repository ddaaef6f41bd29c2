"""Which checkpoints stay: dense near the present, sparse before it, never without the beginning."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from playground.remote.checkpoints import EVERY_S, LEAST, MOST, affordable, base, superfluous


def kept(count: int, most: int) -> list[float]:
    """The costs of those that are left after ``count`` checkpoints, one every :data:`EVERY_S`."""
    costs: list[float] = []
    for number in range(count):
        costs.append(number * EVERY_S)
        if len(costs) > most:
            costs.pop(superfluous(costs, costs[-1]))
    return costs


@given(st.integers(1, 400), st.integers(LEAST, MOST))
def test_the_beginning_and_the_newest_always_stay(count: int, most: int) -> None:
    costs = kept(count, most)
    assert costs[0] == 0
    assert costs[-1] == (count - 1) * EVERY_S
    assert len(costs) == min(count, most)
    assert costs == sorted(costs)


@given(st.integers(20, 400))
def test_the_way_to_an_instant_is_short_beside_how_far_back_it_lies(count: int) -> None:
    costs = kept(count, MOST)
    now = costs[-1]
    for before, after in itertools.pairwise(costs):
        assert after - before <= 2 * EVERY_S + (now - before) * 0.75


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=12), st.integers(0, 60))
def test_one_begins_from_the_last_that_fits_and_is_not_beyond(places: list[tuple[int, bool]], at_us: int) -> None:
    places = [(0, True), *sorted(places)]
    at = base([instant_us for instant_us, _ in places], [fits for _, fits in places], at_us)
    assert places[at][1]
    assert places[at][0] <= at_us
    assert not any(fits and instant_us <= at_us for instant_us, fits in places[at + 1 :])


def test_large_clusters_get_fewer() -> None:
    assert affordable(50_000_000) == MOST
    assert affordable(4_000_000_000) == LEAST
    assert MOST > affordable(200_000_000) > LEAST
