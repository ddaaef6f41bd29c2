"""The store under chaos, over seeds: the promise of R + W > N, no lost write, and convergence without reads."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.store import checks
from tests.fresh import told
from tests.systems.store.store_chaos import Chaos
from tests.systems.store.store_lab import Cut, Lab, Muddle, simulate


async def chaotic(seed: int, seconds: int = 15, acts: tuple[str, ...] = Chaos.acts, **settings: Any) -> Lab:
    """A cluster after chaos, healed and quiet."""
    lab = Lab(5, seed, rate=25, keys=12, **settings)
    await lab.run(1)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    for node in lab.nodes.values():
        node.clock.set_drift(0)
    await lab.run(2)
    await lab.quiesce()
    return lab


@pytest.mark.parametrize("seed", range(8))
def test_chaos_breaks_no_promise_and_heals(seed: int) -> None:
    lab = simulate(chaotic, seed)
    stores = lab.stores()
    assert lab.staleness.judged_reads > 100
    assert lab.staleness.stale_reads == 0
    assert lab.lost() == []
    assert checks.replicas_converged(stores) == []
    assert checks.every_key_on_n_nodes(stores) == []
    assert checks.strays(stores) == 0


@pytest.mark.parametrize("seed", range(100, 106))
def test_reads_stay_fresh_although_nothing_is_repaired(seed: int) -> None:
    # Without any repair the quorums alone must do it: a harder test of them.
    lab = simulate(chaotic, seed, anti_entropy_interval_ms=0, read_repair=False)
    assert lab.staleness.stale_reads == 0
    assert lab.lost() == []


@pytest.mark.parametrize(("n", "r", "w"), [(3, 1, 1), (3, 1, 2), (3, 2, 1)])
def test_without_overlapping_quorums_reads_go_stale_and_recover_after_healing(n: int, r: int, w: int) -> None:
    async def main() -> int:
        lab = Lab(5, n * r + w, keys=5, n=n, r=r, w=w)
        await lab.run(1)
        cut = Cut(["n1", "n2", "c1"], ["n3", "n4", "n5", "c2", "c3"])
        lab.world.network.add(cut)
        await lab.run(8)
        stale = lab.staleness.stale_reads
        lab.world.network.remove(cut)
        await lab.quiesce()
        assert checks.replicas_converged(lab.stores()) == []
        assert lab.lost() == []
        healed = lab.staleness.stale_reads
        for client in ("c1", "c2", "c3"):
            for i in range(5):
                lab.client(client).spawn(lab.client(client).read, f"k{i}")
        await lab.run(1)
        assert lab.staleness.stale_reads == healed
        return stale

    assert simulate(main) > 0


def test_replicas_converge_after_a_partition_although_nobody_reads() -> None:
    async def main() -> None:
        lab = Lab(5, 2, rate=0, r=1, w=1, read_repair=False)
        await lab.run(1)
        cut = Cut(["n1", "n2", "c1"], ["n3", "n4", "n5", "c2", "c3"])
        lab.world.network.add(cut)
        for i in range(40):
            lab.client("c1").spawn(lab.client("c1").write, f"k{i}", f"left {i}")
            lab.client("c2").spawn(lab.client("c2").write, f"k{i}", f"right {i}")
        await lab.run(3)
        assert checks.replicas_converged(lab.stores())
        lab.world.network.remove(cut)
        await lab.quiesce()
        assert checks.replicas_converged(lab.stores()) == []
        assert lab.lost() == []
        assert any(len(siblings) == 2 for siblings in lab.store("n1").replica.data.values())

    simulate(main)


def test_equal_replicas_compare_one_number_and_no_more() -> None:
    async def main() -> None:
        lab = Lab(5, 2, rate=0, gossip=False)
        await lab.run(1)
        for i in range(40):
            lab.client().spawn(lab.client().write, f"k{i}", f"v{i}")
        await lab.quiesce()
        received = lab.store("n1").repair.received
        visits = sum(store.repair.visits for store in lab.stores().values())
        before = lab.world.sequence
        await lab.run(10)
        visits = sum(store.repair.visits for store in lab.stores().values()) - visits
        assert visits == 100
        assert lab.store("n1").repair.received == received
        # A visit: its timer, the question, the answer, the end of the time allowed; and half a timer of the hand-off.
        assert (lab.world.sequence - before) / visits <= 5

    simulate(main)


@pytest.mark.parametrize("write_back", [True, False])
def test_with_write_back_later_reads_never_return_less(write_back: bool) -> None:
    async def main(seed: int) -> int:
        lab = Lab(3, seed, rate=0, write_back=write_back, read_repair=False, anti_entropy_interval_ms=0)
        await lab.run(0.5)
        client = lab.client()
        rule = Muddle(lab.world.random("muddle"), lose=0.5)
        lab.world.network.add(rule)
        regressions = 0

        async def work() -> None:
            nonlocal regressions
            for i in range(40):
                await client.write("k", f"v{i}")
                highest = -1
                for _ in range(4):
                    seen = (await client.read("k")).seen
                    newest = max((int(value[1:]) for value in seen), default=-1)
                    if seen:
                        regressions += newest < highest
                        highest = max(highest, newest)

        client.spawn(work)
        await lab.run(300)
        return regressions

    total = sum(simulate(main, seed) for seed in range(4))
    assert (total == 0) == write_back


def test_a_run_is_repeated_bit_for_bit_in_any_process() -> None:
    code = (
        "from tests.systems.store.store_lab import Lab, simulate\n"
        "from tests.systems.store.store_chaos import Chaos\n"
        "async def main():\n"
        "    lab = Lab(5, 11, rate=20)\n"
        "    await lab.run(1)\n"
        "    await Chaos(lab).run(10)\n"
        "    return lab.world.digest(), dict(lab.history.counts)\n"
        "print(simulate(main))\n"
    )
    assert len(told(code, ("1", "2", "3"))) == 1
