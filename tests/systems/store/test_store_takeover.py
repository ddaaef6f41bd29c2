"""Nodes that come, go and lose their disks while the store serves."""

from __future__ import annotations

import pytest

from playground.systems.ring.client import Entry, Status
from playground.systems.store import checks
from playground.systems.store.messages import Agreed
from tests.systems.store.store_lab import Cut, Lab, simulate

SEEDS = range(4)


def settled(lab: Lab) -> None:
    """Everything that must hold once it is quiet."""
    stores = lab.stores()
    assert checks.replicas_converged(stores) == []
    assert checks.every_key_on_n_nodes(stores) == []
    assert checks.strays(stores) == 0
    assert lab.lost() == []
    assert lab.staleness.stale_reads == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_node_joins_under_load(seed: int) -> None:
    async def main() -> None:
        lab = Lab(4, seed, keys=60, transfer_bytes_per_s=20_000)
        await lab.run(4)
        before = lab.history.counts["ok"]
        lab.join("n5")
        await lab.run(4)
        assert lab.store("n5").members.status is Status.NORMAL
        assert lab.history.counts["ok"] > before + 100
        assert lab.history.counts["fail"] + lab.history.counts["unknown"] == 0
        assert any("n5 has joined the ring: takes over" in text for text in lab.notes("member"))
        await lab.quiesce()
        settled(lab)
        place = lab.store("n1").members.placement.place
        written = checks.copies(lab.stores())
        assert set(lab.store("n5").replica.data) == {key for key in written if "n5" in place(key).owners}
        assert lab.store("n5").replica.data

    simulate(main)


@pytest.mark.parametrize("dead", [False, True])
def test_a_node_leaves_under_load_dead_or_alive(dead: bool) -> None:
    async def main() -> None:
        lab = Lab(5, 7, keys=40)
        await lab.run(4)
        if dead:
            lab.nodes["n3"].crash()
            await lab.run(3)
            assert min(checks.copies(lab.stores()).values()) == 2
        await lab.leave("n3")
        await lab.run(4)
        assert lab.store("n1").members.membership.table["n3"].status is Status.LEFT
        await lab.quiesce()
        settled(lab)
        assert min(checks.copies(lab.stores()).values()) == 3
        if not dead:
            assert lab.store("n3").replica.data == {}

    simulate(main)


def test_two_dead_nodes_leave_together() -> None:
    async def main() -> None:
        # N = 4, W = 3: two dead nodes leave a replica of each acknowledged write.
        lab = Lab(7, 3, keys=20, n=4, r=3, w=3)
        await lab.run(3)
        for name in ("n2", "n5"):
            lab.nodes[name].crash()
        await lab.run(2)
        await lab.leave("n2")
        await lab.leave("n5")
        await lab.run(3)
        left = lab.store("n1").members.membership.names(Status.LEFT)
        # Each read and write quorum of 3 of 4 can miss a dead node, but not two: some ranges wait for them.
        if left != ("n2", "n5"):
            assert any("needs more of" in text for text in lab.notes("waiting"))
            for name in ("n2", "n5"):
                lab.nodes[name].start()
            await lab.run(4)
        assert lab.store("n1").members.membership.names(Status.LEFT) == ("n2", "n5")
        await lab.quiesce()
        settled(lab)

    simulate(main)


def test_nodes_join_and_leave_at_the_same_time_on_two_sides_of_a_partition() -> None:
    async def main(seed: int) -> None:
        lab = Lab(5, seed, keys=15, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(2)
        cut = Cut(["n1", "n2", "c1", "n6"], ["n3", "n4", "n5", "c2", "c3", "n7"])
        lab.join("n6")
        lab.join("n7")
        lab.world.network.add(cut)
        await lab.leave("n2", via="n1")
        await lab.run(4)
        assert lab.store("n6").members.status is not Status.NORMAL, "two of five are no majority"
        lab.world.network.remove(cut)
        await lab.run(8)
        known = checks.membership(lab.stores())
        assert known.current == ("n1", "n3", "n4", "n5", "n6", "n7")
        assert known.changing == ()
        assert lab.staleness.stale_reads == 0
        assert lab.lost() == []

    for seed in SEEDS:
        simulate(main, seed)


def test_a_node_that_lost_its_disk_refuses_reads_until_it_has_its_copies_back() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=0, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(0.5)
        # n3 never hears of the write; n1 hears of it and then loses its disk.
        cut = Cut(["n3"], ["n1", "n2", "c1"])
        lab.world.network.add(cut)
        lab.client().store.coordinators = ("n1", "n2")
        lab.client().spawn(lab.client().write, "k", "v")
        await lab.run(1)
        assert lab.history.counts["ok"] == 1
        lab.world.network.remove(cut)
        lab.nodes["n1"].crash(lose_disk=True)
        only_n3 = Cut(["n2"], ["n1", "n3", "c1"])
        lab.world.network.add(only_n3)
        lab.nodes["n1"].start()
        await lab.run(2)
        lab.client().store.coordinators = ("n1", "n3")
        lab.client().spawn(lab.client().read, "k")
        await lab.run(2)
        assert lab.history.operations[-1].outcome == "fail", "n1 and n3 know nothing of it: they must not answer"
        lab.world.network.remove(only_n3)
        await lab.run(3)
        assert lab.store("n1").members.whole
        assert lab.store("n1").replica.data["k"][0].value == "v"
        lab.client().spawn(lab.client().read, "k")
        await lab.run(1)
        assert lab.history.operations[-1].seen == ("v",)

    simulate(main)


async def split(seed: int, forgets: str) -> Lab:
    """n1 and n2 agree, without n3, that n4 joins; n1 goes down; it comes back alone with n3, who never knew.

    What n1 ``forgets`` meanwhile: "all", its "votes" (they are damaged), or "nothing".
    """
    lab = Lab(3, seed, rate=60, keys=10)
    await lab.run(2)
    only_n3 = Cut(["n3"], ["n1", "n2", "n4"])
    lab.world.network.add(only_n3)
    lab.join("n4")
    await lab.run(4)
    assert lab.store("n4").members.status is Status.NORMAL
    node = lab.nodes["n1"]
    if forgets == "votes":
        safe = node.disk._files["wal"].safe
        at = safe.find(b'["m"', 100)
        while at > 0:
            safe[at] ^= 1
            at = safe.find(b'["m"', at)
    node.crash(lose_disk=forgets == "all")
    lab.world.network.remove(only_n3)
    halves = Cut(["n1", "n3"], ["n2", "n4"])
    lab.world.network.add(halves)
    await lab.run(0.5)
    node.start()
    await lab.run(4)
    lab.world.network.remove(halves)
    await lab.run(2)
    await lab.quiesce()
    return lab


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("forgets", ["all", "votes", "nothing"])
def test_a_node_that_forgot_its_vote_is_not_part_of_the_majority_that_reminds_it(seed: int, forgets: str) -> None:
    lab = simulate(split, seed, forgets)
    settled(lab)
    assert lab.staleness.judged_reads > 100
    assert lab.store("n1").members.whole
    waited = any("waits for a majority that tells who is on the ring" in text for text in lab.notes("waiting"))
    assert waited == (forgets != "nothing")


def test_a_vote_counts_only_if_the_voter_remembers_the_others_that_it_gave() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=0)
        await lab.run(1)
        # n1 has lost its disk and can reach only n5, a newcomer, whom n2 would answer as well.
        lab.nodes["n1"].crash(lose_disk=True)
        lab.world.network.add(Cut(["n1"], ["n2", "n3"]))
        lab.world.network.add(Cut(["n3"], ["n2", "n5"]))
        lab.nodes["n1"].start()
        lab.join("n5")
        await lab.run(4)
        assert not lab.store("n1").members.trusted
        assert lab.store("n2").members.membership.get("n5") is None, "n2 alone is no majority of three"

    simulate(main)


def test_who_has_to_remind_a_node_that_forgot_its_votes() -> None:
    async def main() -> None:
        lab = Lab(4, 1, rate=0)
        await lab.run(0.5)
        takeover = lab.store("n1").takeover
        members = takeover.members
        members.trusted = False

        def told(*names: str, trusted: bool = True) -> bool:
            return takeover._told({name: Agreed(members.membership, True, trusted) for name in names})

        assert told("n2", "n3")
        assert not told("n2")
        assert not told("n2", "n3", trusted=False)
        assert told("n2", "n3", "n4", trusted=False), "nobody else could know more"
        # n5 may have joined by now, and n1, n4 and n5 be a majority that agreed to something else.
        members._hold(members.membership.having("n5", Entry(Status.JOINING, 1)))
        assert not told("n2", "n3")
        assert told("n2", "n3", "n4")

    simulate(main)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_small_clusters_get_over_a_lost_disk(size: int) -> None:
    async def main() -> None:
        quorum = min(size, 2)
        lab = Lab(size, 1, rate=10, n=min(size, 3), r=quorum, w=quorum)
        await lab.run(2)
        lab.nodes["n1"].crash(lose_disk=True)
        await lab.run(1)
        lab.nodes["n1"].start()
        await lab.run(4)
        assert lab.store("n1").members.whole
        assert lab.store("n1").members.trusted
        if size > 1:
            assert lab.lost() == []
            assert lab.staleness.stale_reads == 0

    simulate(main)


def test_all_disks_lost_at_once_is_not_the_end() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=10)
        await lab.run(3)
        for node in lab.nodes.values():
            node.crash(lose_disk=True)
        await lab.run(1)
        for node in lab.nodes.values():
            node.start()
        await lab.run(4)
        assert all(store.members.whole for store in lab.stores().values())
        assert lab.lost()
        before = lab.history.counts["ok"]
        await lab.run(2)
        assert lab.history.counts["ok"] > before

    simulate(main)


def test_requests_to_join_and_leave_that_make_no_sense_are_refused() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=0)
        await lab.run(0.5)
        for name in ("n9", "n1", "n2"):
            await lab.leave(name)
        await lab.run(2)
        membership = lab.store("n3").members.membership
        assert membership.names(Status.LEFT) == ("n1",)
        assert membership.names(Status.NORMAL) == ("n2", "n3")

    simulate(main)


def test_hints_keep_writes_going_and_are_handed_over_even_after_a_crash() -> None:
    async def main(hints: bool) -> int:
        lab = Lab(6, 5, rate=0, w=3, r=1, hinted_handoff=hints, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(2)
        lab.nodes["n2"].crash()
        await lab.run(4)
        for i in range(30):
            lab.client().spawn(lab.client().write, f"k{i}", f"v{i}")
        await lab.run(3)
        ok = lab.history.counts["ok"]
        if hints:
            await lab.run(1)
            assert checks.strays(lab.stores()) > 0
            for name in ("n1", "n3", "n4", "n5", "n6"):
                lab.nodes[name].crash()
                lab.nodes[name].start()
            await lab.run(2)
            assert checks.strays(lab.stores()) > 0, "a hint survives a crash"
            lab.nodes["n2"].start()
            await lab.quiesce()
            settled(lab)
            place = lab.store("n1").members.placement.place
            due = {f"k{i}" for i in range(30) if "n2" in place(f"k{i}").owners}
            assert set(lab.store("n2").replica.data) == due
        return ok

    assert simulate(main, True) == 30
    assert simulate(main, False) < 30


def test_a_newcomer_does_not_take_its_contacts_for_members() -> None:
    async def main() -> None:
        lab = Lab(5, 1, rate=0)
        await lab.run(1)
        # n6 cannot find a majority, so it stays JOINING; n7 is told of it as of any other machine.
        lab.world.network.add(Cut(["n1", "n2", "n6", "n7"], ["n3", "n4", "n5"]))
        lab.join("n6")
        await lab.run(2)
        lab.join("n7")
        await lab.run(2)
        for name in ("n1", "n2", "n6", "n7"):
            assert lab.store(name).members.membership.names(Status.NORMAL) == ("n1", "n2", "n3", "n4", "n5")

    simulate(main)


def test_a_departure_from_which_nobody_gains_still_needs_a_majority() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=0)
        await lab.run(1)
        # n2 does not know that n4 has come: for n2 nobody would gain by a departure of n3, though n2 itself will.
        cut = Cut(["n2", "c1"], ["n1", "n3", "n4"])
        lab.world.network.add(cut)
        lab.join("n4")
        await lab.run(2)
        assert lab.store("n4").members.status is Status.NORMAL
        await lab.leave("n3", via="n2")
        await lab.run(2)
        assert lab.store("n2").members.membership.table["n3"].status is Status.LEAVING
        lab.world.network.remove(cut)
        await lab.run(8)
        assert lab.store("n2").members.membership.current == ("n1", "n2", "n4")

    simulate(main)
