"""Atomic broadcast, one situation at a time."""

from __future__ import annotations

from typing import Any

from playground.kernel.node import Life
from playground.systems.zookeeper.application import Role, epoch_of
from tests.systems.zookeeper.zab_chaos import Cut, Muddle
from tests.systems.zookeeper.zab_lab import Lab, simulate


async def serving(size: int = 3, seed: int = 1, **settings: Any) -> Lab:
    """An ensemble led by its last server, with no words but those that a test says."""
    lab = Lab(size, seed, **{"rate": 0, **settings})
    await lab.run(2)
    assert lab.leader() == lab.names[-1]
    return lab


async def said(lab: Lab, *names: str) -> None:
    for name in names:
        lab.member(name).say()
    await lab.run(0.1)


async def minority_proposes() -> tuple[Lab, str]:
    """A leader that is cut off with one follower proposes a word; the others go on without them. Then all is healed."""
    lab = await serving(5)
    await said(lab, "z1", "z2")
    cut = Cut(["z5", "z1"], ["z2", "z3", "z4"])
    lab.world.network.add(cut)
    word = lab.member("z5").say()
    await lab.run(3)
    await said(lab, "z2", "z3", "z4")
    lab.world.network.remove(cut)
    await lab.settle()
    return lab, word


async def one_disk_has_it() -> tuple[Lab, str]:
    """z3 has logged a word that nobody else was sent; then z1 comes back, on a slow disk, and follows it."""
    lab = await serving()
    cut = Cut(["z3"], ["z1", "z2"])
    lab.world.network.add(cut)
    word = lab.member("z3").say()
    await lab.run(0.1)
    for name in ("z1", "z2"):
        lab.nodes[name].crash()
    await lab.run(1)
    lab.world.network.remove(cut)
    lab.nodes["z1"].disk.slowdown = 800
    lab.nodes["z1"].start()
    await lab.run(6)
    return lab, word


async def stale_favourite() -> Lab:
    """z3, which wins among equals, has missed what z1 and z2 committed; it comes back together with a restarted z2."""
    lab = await serving()
    lab.nodes["z3"].crash()
    await lab.run(2)
    await said(lab, "z1", "z2")
    lab.nodes["z1"].crash()
    lab.nodes["z2"].crash()
    lab.nodes["z2"].start()
    lab.nodes["z3"].start()
    await lab.run(3)
    return lab


async def forgetful_majority() -> Lab:
    """z1 has missed what z2 and z3 committed; then z2 loses its disk while z3 is down, and meets z1."""
    lab = await serving()
    lab.nodes["z1"].crash()
    await said(lab, "z2", "z3", "z2")
    lab.nodes["z3"].crash()
    lab.lost.add("z2")
    lab.nodes["z2"].crash(lose_disk=True)
    lab.nodes["z1"].start()
    lab.nodes["z2"].start()
    await lab.run(5)
    return lab


def test_one_is_elected_and_all_apply_what_any_of_them_is_told_in_one_order() -> None:
    async def main() -> None:
        lab = await serving()
        await said(lab, "z1", "z2", "z3", "z1")
        assert len(lab.words("z1")) == 4
        assert lab.words("z1") == lab.words("z2") == lab.words("z3")
        assert [len(lab.member(name).words.answers) for name in lab.names] == [2, 1, 1]
        assert [lab.member(name).words.roles for name in lab.names] == [
            [Role.FOLLOWING],
            [Role.FOLLOWING],
            [Role.LEADING],
        ]
        assert {server for server, _ in lab.member("z3").words.heard} == {"z1", "z2"}
        assert lab.judge() == []

    simulate(main)


def test_a_server_that_stands_alone_is_an_ensemble_of_one() -> None:
    async def main() -> None:
        lab = await serving(1)
        await said(lab, "z1", "z1")
        lab.nodes["z1"].crash()
        lab.nodes["z1"].start()
        await lab.run(2)
        assert lab.words("z1") == ["z1.1.1", "z1.1.2"]
        assert lab.judge() == []

    simulate(main)


def test_writes_go_on_with_two_of_five_down_and_not_with_three() -> None:
    async def main() -> None:
        lab = await serving(5)
        for name in ("z5", "z1"):
            lab.nodes[name].crash()
        await lab.run(3)
        await said(lab, "z2", "z3", "z4")
        assert len(lab.told) == 3
        lab.nodes["z3"].crash()
        await lab.run(3)
        await said(lab, "z2", "z4")
        assert len(lab.told) == 3
        assert lab.leader() == ""
        lab.nodes["z5"].start()
        await lab.run(3)
        await said(lab, "z2", "z5")
        assert len(lab.told) == 5
        assert lab.judge() == []

    simulate(main)


def test_what_a_leader_on_the_lesser_side_has_proposed_is_cut_off() -> None:
    async def main() -> None:
        lab, word = await minority_proposes()
        assert lab.settled()
        assert all(word not in lab.words(name) for name in lab.names)
        assert len(lab.words("z1")) == 5
        assert lab.judge() == []

    simulate(main)


def test_who_has_come_furthest_is_elected() -> None:
    async def main() -> None:
        lab = await stale_favourite()
        assert lab.leader() == "z2"
        assert sorted(lab.words("z3")) == ["z1.1.1", "z2.1.1"]
        assert lab.judge() == []

    simulate(main)


def test_what_was_on_one_disk_only_may_be_committed_later_and_then_is_on_all() -> None:
    async def main() -> None:
        lab, word = await one_disk_has_it()
        assert lab.told == []  # its client was never told
        assert lab.words("z1") == lab.words("z3") == [word]
        assert lab.judge() == []

    simulate(main)


def test_a_server_that_lags_far_behind_is_sent_a_snapshot() -> None:
    async def main() -> None:
        lab = await serving(3, snapshot_every=10)
        lab.nodes["z1"].crash()
        for _ in range(40):
            await said(lab, "z2", "z3")
        sizes = [lab.member(name).peer.log.size_bytes for name in ("z2", "z3")]
        assert len(lab.member("z3").peer.log.history.entries) <= 30
        lab.nodes["z1"].start()
        await lab.settle()
        assert lab.words("z1") == lab.words("z3")
        assert len(lab.words("z1")) == 80
        assert max(sizes) < 3 * len("".join(lab.words("z3"))) + 2000
        assert lab.judge() == []

    simulate(main)


def test_a_restarted_server_has_from_its_disk_what_it_had() -> None:
    async def main() -> None:
        lab = await serving(3, snapshot_every=10)
        for _ in range(12):
            await said(lab, "z1", "z2")
        for node in lab.nodes.values():
            node.crash()
        for node in lab.nodes.values():
            node.start()
        await lab.settle()
        assert all(len(lab.words(name)) == 24 for name in lab.names)
        assert epoch_of(lab.member("z1").peer.last_applied) == 1
        assert lab.member("z1").peer.epoch == 2
        assert lab.judge() == []

    simulate(main)


def test_a_leader_that_is_cut_off_stops_before_its_followers_could_have_another_one_for_long() -> None:
    async def main() -> None:
        lab = await serving()
        lab.world.network.add(Cut(["z3"], ["z1", "z2"]))
        await lab.run(1.3)
        assert lab.member("z3").peer.role is Role.LOOKING
        assert len(lab.notes("deposed")) == 1
        await lab.run(1)
        assert lab.leader() == "z2"
        assert lab.judge() == []

    simulate(main)


def test_a_leader_that_was_frozen_knows_it_before_it_does_anything() -> None:
    async def main() -> None:
        lab = await serving()
        peer = lab.member("z3").peer
        lab.nodes["z3"].freeze()
        await lab.run(5)
        assert lab.leader() == ""  # two believe it: one is frozen
        assert peer.role is Role.LEADING
        assert not peer.serving()  # what a request that has waited would be told first of all
        before = peer.last_applied
        peer.propose("too late")
        lab.nodes["z3"].thaw()
        await lab.settle()
        assert lab.leader() == "z2"
        assert all("too late" not in lab.words(name) for name in lab.names)
        assert before <= peer.last_applied
        assert lab.judge() == []

    simulate(main)


def test_servers_that_forgot_cannot_outvote_what_was_committed() -> None:
    async def main() -> None:
        lab = await forgetful_majority()
        assert lab.leader() == ""
        assert any("has no vote" in text for text in lab.notes("alert"))
        lab.nodes["z3"].start()
        await lab.settle()
        assert lab.settled()
        assert len(lab.words("z1")) == 3
        assert lab.lost == set()
        assert lab.judge() == []

    simulate(main)


def test_with_most_disks_lost_the_ensemble_stays_down() -> None:
    async def main() -> None:
        lab = await serving()
        await said(lab, "z1", "z2")
        for name in ("z1", "z2"):
            lab.lost.add(name)
            lab.nodes[name].crash(lose_disk=True)
            lab.nodes[name].start()
        await lab.run(10)
        assert lab.leader() == ""

    simulate(main)


def test_damage_is_mended_by_the_others() -> None:
    async def main() -> None:
        lab = await serving()
        for _ in range(5):
            await said(lab, "z1", "z2")
        lab.lost.add("z1")
        lab.nodes["z1"].disk.rot()
        lab.nodes["z1"].crash()
        lab.nodes["z1"].start()
        await lab.settle()
        assert any("z1 has no vote" in text and "damaged" in text for text in lab.notes("alert"))
        assert len(lab.words("z1")) == 10
        assert lab.member("z1").peer.log.history.whole
        assert lab.judge() == []

    simulate(main)


def test_a_leader_whose_disk_is_full_steps_down_and_nothing_is_lost() -> None:
    async def main() -> None:
        lab = await serving()
        await said(lab, "z1")
        lab.nodes["z3"].disk.full = True
        await said(lab, "z3")
        await lab.run(3)
        assert lab.leader() == "z2"
        await said(lab, "z1", "z2")
        assert lab.member("z3").words.roles == [Role.LEADING, Role.LOOKING]
        lab.nodes["z3"].disk.full = False
        await lab.settle()
        assert len(lab.words("z3")) == 3
        assert len([text for text in lab.notes("alert") if "cannot take part" in text]) == 1
        assert lab.judge() == []

    simulate(main)


def test_a_server_whose_disk_hangs_is_not_elected() -> None:
    async def main() -> None:
        lab = await serving()
        lab.nodes["z2"].disk.hang()
        lab.nodes["z3"].disk.hang()
        lab.nodes["z1"].crash()
        lab.nodes["z1"].start()
        lab.nodes["z3"].freeze()
        await lab.run(2)
        lab.nodes["z3"].thaw()
        lab.nodes["z2"].disk.resume()
        await lab.run(4)
        assert lab.leader() == "z2"  # though z3 would win
        lab.nodes["z3"].disk.resume()
        await lab.settle()
        assert lab.member("z3").peer.role is Role.FOLLOWING
        assert lab.judge() == []

    simulate(main)


def test_a_commit_does_not_wait_for_the_disk_of_the_leader() -> None:
    async def main() -> None:
        lab = await serving()
        lab.nodes["z3"].disk.hang()
        await said(lab, "z1", "z2")
        assert len(lab.told) == 2
        lab.nodes["z1"].disk.hang()
        await said(lab, "z1", "z2")
        assert len(lab.told) == 2
        lab.nodes["z3"].disk.resume()
        await lab.run(0.1)
        assert len(lab.told) == 4
        assert lab.judge() == []

    simulate(main)


def test_a_server_that_has_promised_a_newer_epoch_is_not_left_outside() -> None:
    async def main() -> None:
        lab = await serving()
        peer = lab.member("z1").peer
        peer.log.promise(7, lambda: None)
        peer.look("it was asked for a promise")
        await lab.settle()
        assert lab.settled()
        assert peer.epoch == 8
        assert lab.judge() == []

    simulate(main)


def test_a_bad_network_elects_all_the_same() -> None:
    async def main() -> None:
        lab = Lab(3, 4)
        lab.world.network.add(Muddle(lab.world.random("muddle"), lose=0.15))
        await lab.run(20)
        assert len(lab.told) > 50
        lab.loading = False
        await lab.settle(60)
        assert lab.judge() == []

    simulate(main)


def test_a_restart_is_noticed_at_once_and_a_crash_within_the_sync_limit() -> None:
    async def main() -> None:
        lab = await serving()
        lab.nodes["z3"].crash()
        await lab.run(1.3)
        assert lab.leader() == "z2"
        assert lab.nodes["z3"].life is Life.DOWN
        assert lab.notes("elected")[-1] == "z2 leads the ensemble in epoch 2"

    simulate(main)


def test_an_idle_ensemble_says_little() -> None:
    async def main() -> None:
        lab = await serving()
        before = lab.world.sequence
        await lab.world.advance(lab.world.now_us + 10_000_000)
        assert lab.world.sequence - before < 10 * 100  # of which pings, pongs, acknowledgements and the timers of three

    simulate(main)
