"""Atomic broadcast under chaos, over seeds: one sequence, nothing committed is lost, and it goes on after healing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fresh import told
from tests.systems.zookeeper.zab_chaos import ACTS, Chaos
from tests.systems.zookeeper.zab_lab import Lab, simulate

SNAPSHOTS = (10, 50, 1000)


async def chaotic(seed: int, size: int = 3, seconds: float = 10, acts: tuple[str, ...] = ACTS, **settings: Any) -> Lab:
    """An ensemble after chaos, healed and quiet."""
    lab = Lab(size, seed, **{"snapshot_every": SNAPSHOTS[seed % 3], **settings})
    await lab.run(1)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    await lab.run(2)
    lab.loading = False
    await lab.settle()
    return lab


@pytest.mark.parametrize("seed", range(48))
def test_three_servers_agree_whatever_befalls_them(seed: int) -> None:
    lab = simulate(chaotic, seed)
    assert lab.judge() == []
    assert lab.settled()
    assert len(lab.told) > 30


@pytest.mark.parametrize("seed", range(100, 112))
def test_five_servers_agree_whatever_befalls_them(seed: int) -> None:
    lab = simulate(chaotic, seed, 5)
    assert lab.judge() == []
    assert lab.settled()
    assert len(lab.told) > 30


@pytest.mark.parametrize("size", [3, 5])
def test_the_same_seed_gives_the_same_ensemble_in_any_process(size: int) -> None:
    code = (
        "from tests.systems.zookeeper.test_zab_simulation import chaotic\n"
        "from tests.systems.zookeeper.zab_lab import simulate\n"
        f"lab = simulate(chaotic, 7, {size}, 6)\n"
        "print(lab.world.digest(), lab.told[-1])\n"
    )
    assert len(told(code, ("0", "1", "42"))) == 1
