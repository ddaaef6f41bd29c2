"""Who gets a request: properties of each policy."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.randomness import stream
from playground.systems.balancer.policies import POLICIES, ByKey, LeastConnections, RoundRobin, TwoChoices
from playground.systems.balancer.settings import Policy

NAMES = [f"s{number}" for number in range(1, 9)]
weights_of_some = st.dictionaries(st.sampled_from(NAMES), st.floats(0.1, 1), min_size=1)
IDLE = dict.fromkeys(NAMES, 0)
EVEN = dict.fromkeys(NAMES, 1.0)


@pytest.mark.parametrize("policy", POLICIES)
@given(weights=weights_of_some, open=st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(0, 50))), data=st.data())
def test_a_policy_picks_a_candidate(
    policy: Policy, weights: dict[str, float], open: dict[str, int], data: st.DataObject
) -> None:
    picker, chance = POLICIES[policy](), stream(1, "picks")
    for key in ("a", "b", "c"):
        candidates = data.draw(st.lists(st.sampled_from(sorted(weights)), min_size=1, unique=True))
        assert picker.pick(candidates, open, weights, key, chance) in candidates


@given(weights_of_some)
def test_round_robin_gives_each_its_share_to_within_one_turn(weights: dict[str, float]) -> None:
    picker, chance, names = RoundRobin(), stream(1, "picks"), sorted(weights)
    got: Counter[str] = Counter()
    total = sum(weights.values())
    for turn in range(1, 200):
        got[picker.pick(names, IDLE, weights, "", chance)] += 1
        for name in names:
            assert abs(got[name] - turn * weights[name] / total) <= len(names)


def test_round_robin_takes_equals_in_turn() -> None:
    picker, chance = RoundRobin(), stream(1, "picks")
    assert [picker.pick(NAMES, IDLE, EVEN, "", chance) for _ in range(16)] == [*NAMES, *NAMES]


@given(weights_of_some, st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(0, 50))))
def test_least_connections_finds_nobody_with_fewer_for_its_weight(
    weights: dict[str, float], open: dict[str, int]
) -> None:
    names = sorted(weights)
    picked = LeastConnections().pick(names, open, weights, "", stream(1, "picks"))
    assert all(open[picked] / weights[picked] <= open[name] / weights[name] for name in names)


def test_of_two_choices_the_one_with_fewer_open_requests_wins() -> None:
    # Of two candidates both are drawn every time; of more, the busiest one can never win.
    chance = stream(1, "picks")
    assert {TwoChoices().pick(["s1", "s2"], {"s1": 5, "s2": 4}, EVEN, "", chance) for _ in range(50)} == {"s2"}
    open = dict.fromkeys(NAMES, 3) | {"s4": 9}
    assert "s4" not in {TwoChoices().pick(NAMES, open, EVEN, "", chance) for _ in range(500)}


@pytest.mark.parametrize("policy", ["round-robin", "least-connections", "two-choices"])
def test_while_all_are_idle_a_share_follows_the_weight(policy: Policy) -> None:
    picker, chance = POLICIES[policy](), stream(7, "picks")
    weights = {"s1": 1.0, "s2": 1.0, "s3": 1.0, "s4": 0.25}
    got = Counter(picker.pick(list(weights), IDLE, weights, "", chance) for _ in range(4_000))
    assert 0.06 < got["s4"] / 4_000 < 0.12  # a quarter of 1 in 3.25 is 0.077; two choices draw without putting back


def test_two_choices_spread_balls_more_evenly_than_chance() -> None:
    # Mitzenmacher: of n balls in n bins the fullest has about log n / log log n, with two choices log log n.
    def fullest(drawing: bool) -> int:
        chance, picker = stream(3, "balls"), TwoChoices()
        names = [f"s{number}" for number in range(64)]
        open, even = dict.fromkeys(names, 0), dict.fromkeys(names, 1.0)
        for _ in range(6_400):
            open[picker.pick(names, open, even, "", chance) if drawing else chance.choice(names)] += 1
        return max(open.values())

    assert fullest(drawing=True) <= 104
    assert fullest(drawing=False) >= 115


@given(st.text(max_size=8), st.sampled_from(NAMES))
def test_by_key_only_the_keys_of_who_leaves_move(key: str, gone: str) -> None:
    chance = stream(1, "picks")
    before = ByKey().pick(NAMES, IDLE, EVEN, key, chance)
    rest = {name: 1.0 for name in NAMES if name != gone}
    after = ByKey().pick(list(rest), IDLE, rest, key, chance)
    assert after == before or before == gone


@given(st.text(max_size=8))
def test_by_key_a_retry_goes_to_the_heir_of_the_key(key: str) -> None:
    chance, picker = stream(1, "picks"), ByKey()
    first = picker.pick(NAMES, IDLE, EVEN, key, chance)
    rest = [name for name in NAMES if name != first]
    second = picker.pick(rest, IDLE, EVEN, key, chance)
    assert second == ByKey().pick(rest, IDLE, dict.fromkeys(rest, 1.0), key, chance)
    assert picker.pick(NAMES, IDLE, EVEN, key, chance) == first


@given(st.lists(weights_of_some, min_size=1, max_size=6), st.text(max_size=8))
def test_by_key_the_ring_does_not_remember_how_it_came_about(history: list[dict[str, float]], key: str) -> None:
    chance, picker = stream(1, "picks"), ByKey()
    for weights in history:
        picked = picker.pick(list(weights), IDLE, weights, key, chance)
    assert picked == ByKey().pick(list(weights), IDLE, weights, key, chance)
