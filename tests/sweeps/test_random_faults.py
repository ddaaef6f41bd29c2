"""Hundreds of seeds of random faults: a correct store keeps its promises, a broken one is caught."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest

from playground.systems.store.service import StoreService
from tests.sweeps.chaos_monkey import Outcome, outcome

SEEDS = range(240)


def sweep(seeds: Iterable[int], overrides: dict[str, Any] | None = None, **options: Any) -> list[Outcome]:
    """The outcomes of many seeds, over all cores."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(partial(outcome, overrides=overrides, **options), seeds, chunksize=8))


def broken(outcomes: Iterable[Outcome]) -> list[str]:
    return [f"seed {each.seed}: {each.violations[:2]} after {each.acts}" for each in outcomes if each.violations]


def test_with_strict_quorums_every_promise_is_kept() -> None:
    outcomes = sweep(SEEDS)
    assert not broken(outcomes)
    assert all(each.converged for each in outcomes)
    assert not any(each.stale_reads for each in outcomes), "R + W > N: no read misses an acknowledged write"
    assert sum(each.operations - each.ok for each in outcomes) > 1_000, "the faults must hurt, or they prove nothing"


def test_while_nodes_come_and_go_every_promise_is_kept() -> None:
    outcomes = sweep(range(1_000, 1_060), members=True)
    assert not broken(outcomes)
    assert not any(each.stale_reads for each in outcomes)


def test_weak_quorums_read_stale_values_and_converge_all_the_same() -> None:
    outcomes = sweep(range(2_000, 2_030), {"r": 1, "w": 1})
    assert sum(each.stale_reads for each in outcomes) > 0
    assert all(each.converged for each in outcomes)


def test_with_hinted_handoff_nothing_is_lost() -> None:
    outcomes = sweep(range(3_000, 3_030), {"hinted_handoff": True})
    assert not broken(outcomes)


def test_without_read_repair_and_anti_entropy_replicas_do_not_converge() -> None:
    outcomes = sweep(range(12), {"read_repair": False, "anti_entropy_interval_ms": 0})
    assert any("replicas converge" in text for each in outcomes for text in each.violations)


def test_acknowledging_before_w_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = StoreService._ask

    async def hasty(self: StoreService, key: str, need: int, request: Any, *, writes: bool = False) -> Any:
        return await ask(self, key, 1 if writes else need, request, writes=writes)

    monkeypatch.setattr(StoreService, "_ask", hasty)
    assert any("fresh reads" in text for seed in range(12) for text in outcome(seed).violations)
