"""The retry budget against a model that remembers every instant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground.systems.balancer.retries import BUCKET_US, MINIMUM, WINDOW_US, RetryBudget

SECOND = 1_000_000
happenings = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.booleans()), max_size=200)


@given(st.floats(0, 1), happenings)
def test_in_any_ten_seconds_retries_stay_within_the_share_and_the_minimum(
    share: float, steps: list[tuple[int, bool]]
) -> None:
    budget, now_us = RetryBudget(share), 0
    requests: list[int] = []
    retries: list[int] = []
    for wait_us, is_request in steps:
        now_us += wait_us
        if is_request:
            budget.request(now_us)
            requests.append(now_us)
            continue
        asked = sum(at > now_us - WINDOW_US for at in requests)
        tried = sum(at > now_us - WINDOW_US + BUCKET_US for at in retries)
        if budget.take(now_us):
            retries.append(now_us)
            assert tried + 1 <= share * asked + MINIMUM + 1e-9
        else:
            # It is no stingier than its window's granularity makes it.
            sure = sum(at > now_us - WINDOW_US + BUCKET_US for at in requests)
            could = sum(at > now_us - WINDOW_US for at in retries)
            assert could + 1 > share * sure + MINIMUM - 1e-9


def test_an_idle_balancer_may_retry_a_little() -> None:
    budget = RetryBudget(0.0)
    assert [budget.take(0) for _ in range(MINIMUM + 1)] == [True] * MINIMUM + [False]


def test_what_was_spent_comes_back_after_ten_seconds() -> None:
    budget = RetryBudget(0.5)
    for at in range(100):
        budget.request(at)
    spent = sum(budget.take(SECOND) for _ in range(1_000))
    assert spent == 50 + MINIMUM
    assert not budget.take(WINDOW_US - BUCKET_US)
    for at in range(100):
        budget.request(12 * SECOND + at)
    assert sum(budget.take(13 * SECOND) for _ in range(1_000)) == 50 + MINIMUM


def test_without_a_limit_every_retry_is_allowed() -> None:
    budget = RetryBudget(None)
    assert all(budget.take(0) for _ in range(1_000))
    assert budget.left(0) == float("inf")
