"""Disks that cannot be read, and disks that lie: what a store node does, and what it cannot know."""

from __future__ import annotations

import pytest

from playground.kernel.node import Life
from playground.systems.store import checks
from tests.systems.store.judging import judged
from tests.systems.store.store_chaos import Chaos
from tests.systems.store.store_lab import Cut, Lab, simulate
from tests.systems.store.test_store_client import do
from tests.systems.store.test_store_simulation import chaotic

# --- a disk that cannot be read -----------------------------------------------------------


THIN = {"nodes": 3, "store": {"anti_entropy_interval_ms": 0, "read_repair": False}}
"""Nothing makes up for what a disk has forgotten."""


def test_a_node_that_cannot_read_its_log_stays_down_until_it_can_and_says_so_once() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(0.5)
        client = lab.client()
        for i in range(10):
            do(lab, client, (client.write, f"k{i}", f"v{i}"))
        await lab.run(0.5)
        node = lab.nodes["n2"]
        node.disk.failing_reads = True
        node.crash()
        node.start()
        await lab.run(5.5)
        assert node.life is Life.BOOTING
        said = [entry.text for entry in lab.world.journal.entries if entry.kind == "alert"]
        assert said == ["n2 cannot come up: read error: wal cannot be read; it tries again every second"]
        client.store.coordinators = ("n2",)
        do(lab, client, (client.read, "k1"))
        await lab.run(1.1)
        assert lab.history.operations[-1].outcome == "fail"
        node.disk.failing_reads = False
        await lab.run(1)
        assert "n2" in lab.stores()
        assert lab.notes("good") == ["n2 can read its disk again"]
        assert lab.store("n2").members.whole
        assert len(lab.store("n2").replica.data) == 10
        assert lab.notes("rebuilt") == [], "nothing was lost, so nothing had to be copied"

    simulate(main)


def test_a_disk_that_can_be_read_at_first_and_then_no_more_is_waited_for_too() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        do(lab, lab.client(), (lab.client().write, "k", "v"))
        await lab.run(0.5)
        node = lab.nodes["n2"]
        node.crash()
        reads = node.disk.stats.reads
        node.start()
        while node.disk.stats.reads == reads:
            await lab.world.step()
        node.disk.failing_reads = True
        await lab.run(2)
        assert node.life is Life.BOOTING
        node.crash()
        node.start()
        node.disk.failing_reads = False
        await lab.run(1)
        assert [one.value for one in lab.store("n2").replica.data["k"]] == ["v"]

    simulate(main)


def test_a_node_that_runs_needs_no_reads_from_its_disk_not_even_to_rewrite_its_log() -> None:
    async def main() -> None:
        lab = Lab(3, rate=150, keys=3, compact_at_bytes=2_000)
        await lab.run(0.5)
        for node in lab.nodes.values():
            node.disk.failing_reads = True
        await lab.run(10)
        assert all(store.log.rewrites > 0 for store in lab.stores().values())
        assert lab.history.counts["fail"] == lab.history.counts["unknown"] == lab.staleness.stale_reads == 0

    simulate(main)


@pytest.mark.parametrize("seed", range(6))
def test_chaos_with_unreadable_disks_breaks_no_promise_and_heals(seed: int) -> None:
    lab = simulate(chaotic, seed, 15, (*Chaos.acts, "unreadable", "unreadable", "crash"))
    stores = lab.stores()
    assert len(stores) == len(lab.nodes)
    assert lab.staleness.stale_reads == 0
    assert lab.lost() == []
    assert checks.replicas_converged(stores) == []


# --- a disk that lies ------------------------------------------------------------------------


def test_a_node_whose_disk_lied_comes_back_as_if_nothing_was_missing() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(0.5)
        client, node = lab.client(), lab.nodes["n1"]
        do(lab, client, (client.write, "k", "old"))
        await lab.run(0.1)
        node.disk.lying = True
        cut = Cut(["n3"], ["n1", "n2", "c1"])
        lab.world.network.add(cut)
        client.store.coordinators = ("n1", "n2")
        do(lab, client, (client.write, "k", "new"))
        await lab.run(0.5)
        assert lab.history.operations[-1].outcome == "ok"
        assert node.disk.unsafe_bytes > 0
        node.crash()
        node.start()
        lab.world.network.remove(cut)
        lab.world.network.add(Cut(["n2"], ["n1", "n3", "c1"]))
        await lab.run(1)
        store = lab.store("n1")
        assert store.members.whole, "its log is undamaged: it cannot know"
        assert lab.notes("rebuilt") == []
        client.store.coordinators = ("n1", "n3")
        do(lab, client, (client.read, "k"))
        await lab.run(0.5)
        read = lab.history.operations[-1]
        assert (read.outcome, read.seen, read.stale) == ("ok", ("old",), True), "R + W > N, and stale"
        lab.nodes["n2"].crash(lose_disk=True)
        assert [violation.subject for violation in lab.lost()] == ["k"]

    simulate(main)


@pytest.mark.parametrize("seed", range(4))
def test_chaos_with_lying_disks_loses_writes_but_never_its_way(seed: int) -> None:
    lab = simulate(chaotic, seed, 15, ("lie", "lie", "crash", "crash", "cut", "freeze", "rot", "full", "join", "leave"))
    stores = lab.stores()
    assert len(stores) == len(lab.nodes)
    assert any(node.disk.stats.acknowledged_bytes_lost for node in lab.nodes.values())
    assert checks.replicas_converged(stores) == []


@pytest.mark.parametrize("mended", [False, True])
def test_freshness_is_not_promised_once_a_disk_has_lied_and_one_node_is_enough_for_that(mended: bool) -> None:
    # The partition keeps n3 from writes that n1 then forgets: what is left of them is on n2 alone.
    lines = ["2 disk n1 fault=lie", "3 partition n3 | n1 n2 c1 c2 c3"]
    lines += ["5.5 disk n1 fault=ok"] if mended else []
    cluster = judged(THIN, *lines, "6 crash n1", "6.1 heal", "6.2 partition n2 | n1 n3 c1 c2 c3", "6.3 start n1")
    # Once it is mended the next write has the cache safe.
    assert (cluster.node("n1").disk.stats.acknowledged_bytes_lost == 0) == mended
    assert (cluster.staleness.stale_reads == 0) == mended
    assert [violation.check for violation in cluster.inspection.violations if violation.check == "fresh reads"] == []
