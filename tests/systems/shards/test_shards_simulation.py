"""The sharded database under chaos, over seeds: what each mode promises, and that it heals."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.shards import checks
from tests.fresh import told
from tests.systems.shards.shards_chaos import Chaos
from tests.systems.shards.shards_lab import Lab, simulate


async def chaotic(seed: int, seconds: int = 10, acts: tuple[str, ...] = Chaos.acts, **settings: Any) -> Lab:
    """A database after chaos, healed and quiet."""
    lab = Lab(settings.pop("size", 4), seed, **{"rate": 12, **settings})
    await lab.run(2)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    await lab.run(3)
    await lab.quiesce()
    return lab


@pytest.mark.parametrize(
    ("seed", "settings"),
    [
        *((seed, {}) for seed in range(4)),
        *((seed, {"mode": "all"}) for seed in range(10, 13)),
        *((seed, {"shipping": "pull", "pull_ms": 60, "compact_after": 20}) for seed in range(20, 23)),
        (30, {"copies": 2}),
    ],
)
def test_chaos_breaks_no_promise_and_heals(seed: int, settings: dict[str, Any]) -> None:
    lab = simulate(chaotic, seed, **settings)
    services = lab.services()
    assert lab.history.counts["ok"] > 100
    assert lab.violations == []
    assert lab.lost() == []
    assert lab.undone() == []
    assert lab.linearizable()
    assert checks.converged(services) == []
    assert checks.under_replicated(services) == []


@pytest.mark.parametrize("seed", range(50, 52))
def test_chaos_breaks_no_promise_while_nodes_come_and_go(seed: int) -> None:
    acts = ("join", "leave", "leave", "crash", "crash master", "cut", "lose")
    lab = simulate(chaotic, seed, acts=acts, size=5)
    assert lab.violations == []
    assert lab.lost() == []
    assert lab.undone() == []
    assert lab.linearizable()
    assert checks.converged(lab.services()) == []


@pytest.mark.parametrize("seed", range(40, 42))
def test_asynchronous_copies_come_to_agree_and_have_one_master_at_a_time(seed: int) -> None:
    lab = simulate(chaotic, seed, mode="async")
    assert lab.violations == []
    assert checks.converged(lab.services()) == []
    assert checks.under_replicated(lab.services()) == []


def test_reads_from_slaves_are_stale_and_those_of_own_writes_are_not() -> None:
    async def stale(*, read_your_writes: bool) -> tuple[int, int]:
        lab = Lab(3, 5, rate=0, count=1, shipping="pull", pull_ms=80, reads="slaves", read_your_writes=read_your_writes)
        await lab.run(2)
        own = 0
        for number in range(30):
            await lab.write("k", str(number))
            own += (await lab.read("k")).seen != (str(number),)
        for number in range(30):
            await lab.write("k", f"again {number}")
            await lab.read("k", "c2")
        return own, lab.staleness.stale_reads

    own, stale_reads = simulate(stale, read_your_writes=False)
    assert own > 0
    assert stale_reads > own
    own, stale_reads = simulate(stale, read_your_writes=True)
    assert own == 0
    assert stale_reads > 0  # what others have written


def test_a_slave_without_news_refuses_reads_after_a_while() -> None:
    async def main(max_lag_ms: int) -> tuple[str, str]:
        lab = Lab(2, 5, rate=0, count=1, copies=2, mode="async", reads="slaves", max_lag_ms=max_lag_ms, clients=1)
        await lab.run(2)
        await lab.write("k", "v")
        await lab.run(1)
        fresh = await lab.read("k")
        lab.nodes["n1"].crash()
        await lab.run(1)  # n2 is not elected yet
        late = await lab.read("k")
        return fresh.outcome, late.outcome

    assert simulate(main, 0) == ("ok", "ok")
    assert simulate(main, 500) == ("ok", "fail")


def test_a_run_is_repeated_bit_for_bit_in_any_process() -> None:
    code = (
        "from tests.systems.shards.shards_lab import Lab, simulate\n"
        "from tests.systems.shards.shards_chaos import Chaos\n"
        "async def main():\n"
        "    lab = Lab(4, 11, rate=15)\n"
        "    await lab.run(1)\n"
        "    await Chaos(lab).run(8)\n"
        "    return lab.world.digest(), dict(lab.history.counts)\n"
        "print(simulate(main))\n"
    )
    assert len(told(code, ("1", "2", "3"))) == 1
