"""The newest value wins: timestamps, what they keep with right clocks, and what they lose with wrong ones."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.errors import Rejected
from playground.kernel.network import Parcel, Verdict
from playground.systems.store import checks
from playground.systems.store.messages import Stamp
from playground.systems.store.records import fingerprint, put_record, replay
from playground.systems.store.service import StoreService
from playground.systems.store.versions import Siblings, Versioned, covers, join, merge, timestamp
from tests.fresh import told
from tests.systems.store.judging import judged
from tests.systems.store.store_chaos import Chaos
from tests.systems.store.store_lab import SECOND, Cut, Lab, simulate
from tests.systems.store.test_store_client import do
from tests.systems.store.test_store_simulation import chaotic

WITH_RIGHT_CLOCKS = tuple(act for act in Chaos.acts if act != "drift")

instants = st.integers(-3, 3)  # a clock that is behind may show a time before the world began
writes = st.builds(Versioned, st.sampled_from(("x", "y", "z")), instants.map(timestamp))


NEWEST = {"nodes": 5, "store": {"conflicts": "newest"}}


def newest_lab(size: int = 3, seed: int = 1, **settings: Any) -> Lab:
    return Lab(size, seed, conflicts="newest", **settings)


# --- versions --------------------------------------------------------------------------


@given(instants, instants)
def test_a_later_timestamp_covers_an_earlier_one_and_not_the_other_way_round(a: int, b: int) -> None:
    assert covers(timestamp(a), timestamp(b)) == (a >= b)
    assert join(timestamp(a), timestamp(b)) == timestamp(max(a, b))


@given(st.lists(writes, min_size=1, max_size=6), st.randoms())
def test_of_any_writes_in_any_order_the_newest_is_left_and_of_equally_new_ones_the_greater(
    some: list[Versioned], random: Any
) -> None:
    expected = max(some, key=lambda one: (one.version, one.value))
    random.shuffle(some)
    left: Siblings = reduce(merge, ((one,) for one in [*some, *some]), ())
    assert left == (expected,)


@given(st.lists(writes, min_size=1, max_size=6))
def test_a_log_of_timestamped_writes_gives_back_the_newest(some: list[Versioned]) -> None:
    expected: Siblings = reduce(merge, ((one,) for one in some), ())
    held = replay(put_record("k", (one,)) for one in some).data["k"]
    assert held == expected
    assert fingerprint("k", held) == fingerprint("k", expected)


# --- coordinators and sessions ---------------------------------------------------------------


def test_a_coordinator_mints_its_time_of_day_and_none_twice() -> None:
    async def main() -> None:
        lab = newest_lab(rate=0)
        await lab.run(0.5)
        service, clock = lab.store("n1"), lab.nodes["n1"].clock
        clock.offset_us = 7 * SECOND
        first = service.on_stamp("c1", Stamp())
        assert first == lab.world.now_us + 7 * SECOND
        assert service.on_stamp("c1", Stamp()) == first + 1, "two at the same instant"
        clock.offset_us = 0
        assert service.on_stamp("c1", Stamp()) == first + 2, "the clock was set back"
        await lab.run(8)
        clock.freeze()
        frozen = clock.wall_us
        assert service.on_stamp("c1", Stamp()) == frozen
        await lab.run(1)
        assert service.on_stamp("c1", Stamp()) == frozen + 1

    simulate(main)


def test_a_store_that_keeps_siblings_mints_no_timestamps() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        with pytest.raises(Rejected, match="bad-request"):
            lab.store("n1").on_stamp("c1", Stamp())

    simulate(main)


def test_who_writes_without_having_read_replaces_what_is_there() -> None:
    async def main() -> None:
        lab = newest_lab(rate=0)
        await lab.run(0.5)
        a, b = lab.client("c1"), lab.client("c2")
        do(lab, a, (a.write, "k", "a"))
        await lab.run(0.1)
        do(lab, b, (b.write, "k", "b"), (b.read, "k"))
        await lab.run(0.1)
        assert lab.history.operations[-1].seen == ("b",)
        assert b.store.observed("k") == frozenset()
        assert not lab.lost()

    simulate(main)


def test_the_one_who_coordinates_a_write_is_the_one_whose_clock_counts() -> None:
    async def main() -> None:
        lab = newest_lab(rate=0)
        await lab.run(0.5)
        lab.nodes["n2"].clock.offset_us = 5 * SECOND
        client = lab.client()
        client.store.coordinators = ("n2",)
        do(lab, client, (client.write, "k", "ahead"))
        await lab.run(0.1)
        client.store.coordinators = ("n1", "n3")
        do(lab, client, (client.write, "k", "later"), (client.read, "k"))
        await lab.run(0.1)
        write, read = list(lab.history.operations)[-2:]
        assert (write.outcome, read.seen, read.missed) == ("ok", ("ahead",), ("later",))
        assert [violation.subject for violation in lab.lost()] == ["k"]
        # Once real time has caught up with the future timestamp, writes count again.
        await lab.run(5)
        do(lab, client, (client.write, "k", "much later"), (client.read, "k"))
        await lab.run(0.1)
        assert lab.history.operations[-1].seen == ("much later",)

    simulate(main)


def test_a_write_without_a_timestamp_did_not_happen() -> None:
    async def main() -> None:
        lab = newest_lab(rate=0)
        await lab.run(0.5)
        client = lab.client()
        cut = Cut(["c1"], list(lab.names))
        lab.world.network.add(cut)
        do(lab, client, (client.write, "k", "unheard"))
        await lab.run(2)
        assert lab.history.operations[-1].outcome == "fail"
        assert lab.history.operations[-1].latency_us <= SECOND
        lab.world.network.remove(cut)
        do(lab, client, (client.read, "k"))
        await lab.run(1)
        assert lab.history.operations[-1].seen == ()

    simulate(main)


class Twice:
    """Every message of a client comes a second time, ``late_us`` later."""

    cuts = False

    def __init__(self, late_us: int) -> None:
        self.late_us = late_us

    def judge(self, parcel: Parcel) -> Verdict:
        return Verdict(copies_us=(self.late_us,) if parcel.source == "c1" else ())


@pytest.mark.parametrize("crash", [False, True])
def test_a_write_that_comes_again_does_not_undo_what_was_written_since(crash: bool) -> None:
    async def main() -> None:
        lab = newest_lab(rate=0)
        await lab.run(0.5)
        a, b = lab.client("c1"), lab.client("c2")
        twice = Twice(2 * SECOND)
        lab.world.network.add(twice)
        do(lab, a, (a.write, "k", "old"))
        await lab.run(0.1)
        lab.world.network.remove(twice)
        do(lab, b, (b.write, "k", "new"))
        await lab.run(0.1)
        if crash:
            # Whatever the coordinators might have remembered of the first copy, they have forgotten.
            for node in lab.nodes.values():
                node.crash()
                node.start()
        await lab.run(3)
        do(lab, b, (b.read, "k"))
        await lab.run(0.1)
        assert [operation.outcome for operation in lab.history.operations] == ["ok"] * 3
        assert lab.history.operations[-1].seen == ("new",)

    simulate(main)


def test_a_write_that_is_tried_at_a_second_coordinator_is_the_same_write() -> None:
    async def main() -> None:
        lab = newest_lab(rate=0, anti_entropy_interval_ms=0)
        await lab.run(0.5)
        client = lab.client()
        client.store.coordinators = ("n1", "n2")
        cut = Cut(["n1"], ["n2", "n3"])  # both coordinators can mint, only n2 finds a majority
        lab.world.network.add(cut)
        for i in range(12):
            do(lab, client, (client.write, f"k{i}", "v"))
        await lab.run(1.5)
        assert lab.history.counts == {"ok": 12, "fail": 0, "unknown": 0}
        alone = lab.store("n1").replica.data
        assert alone, "some were tried at n1 first, which kept them"
        assert len(alone) < 12
        others = lab.store("n3").replica.data
        assert all(others[key] == siblings for key, siblings in alone.items())

    simulate(main)


def test_the_panel_shows_a_timestamp_as_a_time() -> None:
    from playground.systems.store.picture import _versions

    assert _versions((Versioned("v", timestamp(7_250_000)),)) == "7.250000 s"
    assert _versions((Versioned("v", (("c1", 3), ("c2", 1))),)) == "c1:3 c2:1"


# --- over seeds: right clocks ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_with_right_clocks_chaos_breaks_no_promise_and_heals(seed: int) -> None:
    lab = simulate(chaotic, seed, 15, WITH_RIGHT_CLOCKS, conflicts="newest")
    stores = lab.stores()
    assert lab.staleness.judged_reads > 100
    assert lab.staleness.stale_reads == 0
    assert lab.lost() == []
    assert checks.replicas_converged(stores) == []
    assert checks.every_key_on_n_nodes(stores) == []
    assert checks.strays(stores) == 0
    assert all(len(siblings) == 1 for store in stores.values() for siblings in store.replica.data.values())


@pytest.mark.parametrize("seed", range(100, 112))
def test_with_right_clocks_reads_stay_fresh_although_nothing_is_repaired(seed: int) -> None:
    lab = simulate(
        chaotic, seed, 15, WITH_RIGHT_CLOCKS, conflicts="newest", anti_entropy_interval_ms=0, read_repair=False
    )
    assert lab.staleness.stale_reads == 0
    assert lab.lost() == []


def test_with_hinted_handoff_the_newest_reaches_its_replicas() -> None:
    async def main(seed: int) -> tuple[int, int]:
        lab = Lab(5, seed, rate=25, keys=12, conflicts="newest", hinted_handoff=True)
        await lab.run(1)
        lab.nodes["n2"].crash()
        await lab.run(6)
        strays = checks.strays(lab.stores())
        lab.nodes["n2"].start()
        await lab.run(2)
        await lab.quiesce()
        assert checks.replicas_converged(lab.stores()) == []
        assert checks.strays(lab.stores()) == 0
        return strays, len(lab.lost())

    hinted = [simulate(main, seed) for seed in range(3)]
    assert all(strays for strays, _ in hinted)
    assert not any(lost for _, lost in hinted)


# --- and wrong ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["ahead", "behind", "frozen"])
def test_with_one_wrong_clock_acknowledged_writes_are_lost_and_reads_stale(fault: str) -> None:
    async def main(seed: int, fault: str) -> Lab:
        lab = Lab(5, seed, rate=25, keys=12, conflicts="newest")
        await lab.run(3)
        clock = lab.nodes["n2"].clock
        if fault == "frozen":
            clock.freeze()
        elif fault:
            clock.offset_us = (4 if fault == "ahead" else -4) * SECOND
        await lab.run(10)
        return lab

    for seed in range(3):
        wrong, right = simulate(main, seed, fault), simulate(main, seed, "")
        assert wrong.staleness.stale_reads > 0
        assert len(wrong.lost()) > 0
        assert all(node.disk.stats.lost_bytes == 0 for node in wrong.nodes.values()), "no disk is to blame"
        assert checks.membership(wrong.stores()) == checks.membership(right.stores())
        assert (right.staleness.stale_reads, right.lost()) == (0, [])


def test_siblings_do_not_mind_a_wrong_clock() -> None:
    async def main() -> None:
        lab = Lab(5, 1, rate=25, keys=12)
        await lab.run(1)
        lab.nodes["n2"].clock.offset_us = 4 * SECOND
        lab.nodes["n3"].clock.freeze()
        await lab.run(10)
        assert (lab.staleness.stale_reads, lab.lost()) == (0, [])

    simulate(main)


def test_nothing_is_promised_once_a_clock_decides_wrongly_and_everything_is_before() -> None:
    cluster = judged(NEWEST, "2 clock n2 offset=5s", "6 crash n1", "8 start n1")
    assert cluster.staleness.stale_reads > 0
    assert cluster.inspection.lost_writes() > 0
    assert not cluster.inspection.violations
    cluster = judged(NEWEST, "2 clock c1 offset=5s", "6 crash n1", "8 start n1")
    assert cluster.staleness.stale_reads == 0, "no client's clock matters"


def test_a_broken_promise_of_the_newest_is_reported_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # The same effect as that of a wrong clock, but nobody set one wrong.
    stamp = StoreService.on_stamp
    monkeypatch.setattr(
        StoreService,
        "on_stamp",
        lambda self, source, message: stamp(self, source, message) + 5 * SECOND * (self.name == "n2"),
    )
    cluster = judged(NEWEST)
    assert {"fresh reads", "no lost writes"} <= {violation.check for violation in cluster.inspection.violations}


def test_a_run_with_timestamps_is_repeated_bit_for_bit_in_any_process() -> None:
    code = (
        "from tests.systems.store.store_lab import Lab, simulate\n"
        "from tests.systems.store.store_chaos import Chaos\n"
        "async def main():\n"
        "    lab = Lab(5, 11, rate=20, conflicts='newest')\n"
        "    await lab.run(1)\n"
        "    lab.nodes['n2'].clock.offset_us = 3_000_000\n"
        "    await Chaos(lab).run(10)\n"
        "    return lab.world.digest(), lab.staleness.stale_reads, dict(lab.history.counts)\n"
        "print(simulate(main))\n"
    )
    assert len(told(code, ("1", "2"))) == 1
