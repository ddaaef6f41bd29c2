"""A retry storm: an overload that feeds itself, and how the retry budget ends it."""

from __future__ import annotations

from typing import Any

from tests.systems.balancer.balancer_lab import SECOND, Lab, simulate


async def storm(seed: int, budget: float | None, *, crash: bool = True) -> Lab:
    """Four servers that can do 200 requests a second get 120; from 5 s to 11 s two of them are gone."""
    lab = Lab(
        seed,
        clients=4,
        rate=120,
        timeout_us=2 * SECOND,
        servers=4,
        workers=1,
        work_ms=19,
        queue=100,
        try_timeout_ms=400,
        slow_start_ms=1_000,
        retries=3,
        retry_budget=budget,
    )
    await lab.run(5)
    for name in ("s2", "s3") if crash else ():
        lab.node(name).crash()
    await lab.run(6)
    for name in ("s2", "s3") if crash else ():
        lab.node(name).start()
    await lab.run(15)
    assert lab.violations == []
    return lab


def late(lab: Lab) -> Any:
    """What became of the requests of six seconds, long after all servers were back."""
    return lab.outcomes(18, 24)


def test_without_a_budget_the_overload_outlives_its_cause_and_with_it_it_ends() -> None:
    without, with_budget = simulate(storm, 1, None), simulate(storm, 1, 0.2)
    assert late(without)["ok"] < 0.1 * sum(late(without).values())
    assert all(len(without.server(name).queue) > 50 for name in without.servers)
    assert set(late(with_budget)) == {"ok"}
    assert with_budget.active.unaffordable > 100
    assert without.ledger.figures()["retries"] > 10 * with_budget.ledger.figures()["retries"]


def test_without_a_cause_there_is_no_storm() -> None:
    lab = simulate(storm, 1, None, crash=False)
    assert set(late(lab)) == {"ok"}
