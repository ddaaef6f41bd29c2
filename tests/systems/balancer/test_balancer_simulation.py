"""Balancers under chaos, over seeds: no check ever fails, no write is done twice, and all is well when it is over."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.balancer.liveness import MECHANISMS, Standing
from playground.systems.balancer.policies import POLICIES
from tests.fresh import told
from tests.systems.balancer.balancer_chaos import Chaos
from tests.systems.balancer.balancer_lab import Lab, simulate


async def chaotic(seed: int, seconds: int = 15, acts: tuple[str, ...] = Chaos.acts, **settings: Any) -> Lab:
    """A world after chaos, healed and calm."""
    lab = Lab(seed, **settings)
    await lab.run(1)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    await lab.run(9)
    return lab


@pytest.mark.parametrize("seed", range(12))
def test_chaos_breaks_no_promise_and_heals(seed: int) -> None:
    settings: dict[str, Any] = {
        "policy": list(POLICIES)[seed % 4],
        "liveness": MECHANISMS[seed // 4 % 2],
        "misses": 1 + seed % 2,
        "retries": seed % 4,
    }
    lab = simulate(chaotic, seed, **settings)
    assert lab.violations == []
    assert set(lab.base.written.values()) <= {1}
    for _, _, outcome, value in lab.operations:
        if value is not None:
            assert outcome != "ok" or lab.base.written[value] == 1
            assert outcome != "fail" or lab.base.written[value] == 0
    assert set(lab.outcomes(lab.now_s - 3, lab.now_s - 1)) == {"ok"}
    for name in lab.balancers:
        members = [watched.member for watched in lab.balancer(name).watch.watched.values()]
        assert {member.standing for member in members} <= {Standing.IN, Standing.PROBATION}


def test_in_calm_weather_nobody_is_ejected_and_nothing_fails() -> None:
    async def main() -> None:
        lab = Lab(rate=100)
        await lab.run(30)
        assert set(lab.outcomes(1, 29)) == {"ok"}
        assert lab.ledger.figures() == {
            "requests_failed": 0,
            "requests_lost": 0,
            "requests_failed_after_ejection": 0,
            "retries": 0,
            "retries_forbidden": 0,
            "requests_refused": 0,
            "groundless_ejections": 0,
        }
        shares = lab.ledger.shares(20_000_000)
        assert all(0.2 < share < 0.3 for share in shares.values())

    simulate(main)


def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    code = (
        "from tests.systems.balancer.test_balancer_simulation import chaotic\n"
        "from tests.systems.balancer.balancer_lab import simulate\n"
        "for policy in ('two-choices', 'hash'):\n"
        "    print(simulate(chaotic, 3, 5, policy=policy).world.digest())"
    )
    assert len(told(code, ("0", "1"))) == 1
