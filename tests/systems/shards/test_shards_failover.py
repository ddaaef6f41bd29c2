"""Masters die, freeze, are cut off and come back: who leads, what is told, what is lost in which mode."""

from __future__ import annotations

from functools import partial

import pytest
import trio

from playground.systems.shards import checks, election, roles
from playground.systems.shards.messages import Position
from playground.systems.zookeeper.client import State, ZooKeeper, look
from tests.systems.shards.accidents import begin, cut, healed, ready
from tests.systems.shards.shards_lab import Lab, simulate


def test_each_shard_has_a_master_of_its_own_and_takes_writes() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=4)
        await lab.run(2)
        assert [lab.master(shard) for shard in lab.settings.names] == ["n1", "n2", "n3", "n4"]
        assert (await lab.write("k", "v")).outcome == "ok"
        assert (await lab.read("k", "c2")).seen == ("v",)
        assert (await lab.read("other")).seen == ()

    simulate(main)


def test_a_slave_takes_over_and_the_client_is_told_by_zookeeper() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.write("k", "before")
        lab.nodes["n1"].crash()
        assert (await lab.write("k", "too early")).outcome == "unknown"
        await lab.run(2)
        assert lab.master() == "n2"
        assert (await lab.read("k")).seen == ("before",)  # what was sent to the dead master never reached it
        assert (await lab.write("k", "after")).outcome == "ok"
        story = [entry.kind for entry in lab.world.journal.entries if entry.at_us >= 2_000_000]
        order = [story.index(kind) for kind in ("crash", "expired", "elected")]
        assert order == sorted(order)
        assert lab.notes("first-write", "epoch 2")

    simulate(main)


def test_nobody_leads_by_an_answer_that_comes_together_with_the_end_of_its_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look_too_long(zk: ZooKeeper, path: str, changed: trio.Event) -> tuple[str, int] | None:
        found = await look(zk, path, changed)
        if found is not None and found[1] == zk.session and not expired:
            expired.append(zk.service.name)
            zk._end(State.EXPIRED)
        return found

    async def main() -> None:
        lab = await ready()
        monkeypatch.setattr(election, "look", look_too_long)
        lab.nodes["n1"].crash()
        await lab.run(20)
        assert expired == ["n2"]
        assert lab.notes("elected", "n2 is elected master of shard-1 in epoch 2") == []
        assert lab.master() in ("n2", "n3")
        assert lab.violations == []

    expired: list[str] = []
    simulate(main)


def test_a_thawed_master_refuses_and_learns_that_it_was_deposed() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.write("k", "before")
        lab.nodes["n1"].freeze()
        await lab.run(4)
        assert lab.master() == "n2"
        await lab.write("k", "after")
        lab.nodes["n1"].thaw()
        assert checks.one_master_per_epoch(lab.services(), lab.memory) == []
        await lab.run(1)
        assert lab.replica("n1").leading is None
        assert lab.notes("deposed", "n1")
        assert (await lab.read("k")).seen == ("after",)
        assert lab.violations == []

    simulate(main)


def test_slaves_refuse_a_master_that_still_believes_in_itself() -> None:
    async def main() -> None:
        lab = await ready(session_timeout_ms=1_600)
        rule = cut(lab, ["n1"], ["z1", "z2", "z3", "n2", "n3"])
        await lab.run(1.5)  # its lease is over; its session is about to expire
        leading = lab.replica("n1").leading
        assert leading is not None
        assert not leading.serving
        for _ in range(40):
            await lab.run(0.05)
            if lab.replica("n2").promised == 2:
                break
        lab.world.network.remove(rule)
        await lab.run(3)
        assert lab.notes("deposed", "n1")
        assert lab.notes("fenced", "master of epoch 1") or lab.notes("deposed", "n1 does not lead")
        assert lab.violations == []

    simulate(main)


def test_the_tail_that_nobody_else_has_is_cut_off() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.write("k", "shared")
        rule = cut(lab, ["n1"], ["n2", "n3"])
        for number in range(5):
            begin(lab, f"k{number}", "lonely")
        await lab.run(0.1)
        lab.nodes["n1"].freeze()
        lab.world.network.remove(rule)
        await lab.run(4)
        await lab.write("k", "new")
        lab.nodes["n1"].thaw()
        await healed(lab)
        assert lab.notes("truncated", "n1 cuts")
        assert lab.replica("n1").log.last == lab.replica("n2").log.last
        assert checks.converged(lab.services()) == []
        assert [each.seen for each in lab.history.operations if each.key == "k0" and not each.write] == [()]

    simulate(main)


@pytest.mark.parametrize(("mode", "survives"), [("async", False), ("one", True), ("all", True)])
def test_only_asynchronous_copies_lose_what_was_acknowledged(mode: str, survives: bool) -> None:
    async def main() -> None:
        lab = await ready(mode=mode, shipping="pull", pull_ms=1_000 if mode == "async" else 50)
        acknowledged = [await lab.write(f"k{number}", "v") for number in range(6)]
        assert sum(each.outcome == "ok" for each in acknowledged) == 6
        lab.nodes["n1"].crash()
        await lab.run(4)
        assert lab.master() != "n1"
        if mode != "all":  # which goes on only when its third copy is back, or replaced
            await lab.write("other", "v")
        lab.nodes["n1"].start()
        await healed(lab)
        assert (lab.lost() == []) == survives
        assert lab.violations == []
        assert checks.converged(lab.services()) == []

    simulate(main)


def test_without_enough_slaves_a_write_is_refused_at_once_and_for_certain() -> None:
    async def main() -> None:
        lab = await ready(timeout_us=300_000)
        lab.nodes["n2"].crash()
        lab.nodes["n3"].crash()
        await lab.run(1)
        last = lab.replica("n1").log.last
        refused = await lab.write("k", "v")
        assert refused.outcome == "fail"
        assert "not-enough-replicas" in refused.error
        assert lab.replica("n1").log.last == last  # nothing was logged

    simulate(main)


def test_a_write_that_too_few_have_in_time_is_reversed_everywhere() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.write("k", "old")
        for name in ("n2", "n3"):
            lab.nodes[name].disk.hang()
        begin(lab, "k", "doomed")
        await lab.run(0.55)  # the abort is logged
        for name in ("n2", "n3"):
            lab.nodes[name].disk.resume()
        await lab.run(1)
        doomed = lab.history.operations[-1]
        assert doomed.outcome == "fail"
        assert "reversed" in doomed.error
        assert (await lab.read("k")).seen == ("old",)
        assert all(lab.replica(name).log.state.data["k"] == "old" for name in lab.nodes)
        assert lab.undone() == []
        assert all(lab.replica(name).log.last.seq > 3 for name in lab.nodes)  # the write and its abort are there

    simulate(main)


def test_a_reversal_that_nobody_can_confirm_leaves_the_outcome_open() -> None:
    async def main() -> None:
        lab = await ready(timeout_us=2_000_000)
        for name in ("n2", "n3"):
            lab.nodes[name].disk.hang()
        assert (await lab.write("k", "doomed")).outcome == "unknown"

    simulate(main)


def test_founders_whose_disks_are_full_make_their_shards_as_soon_as_there_is_room() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=1, copies=3)
        for name in lab.names:
            lab.nodes[name].disk.full = True
        await lab.run(5)
        assert not any(lab.service(name).replicas for name in lab.names)
        for name in lab.names:
            lab.nodes[name].disk.full = False
        await lab.run(5)
        assert (await lab.write("k", "v")).outcome == "ok"
        assert checks.converged(lab.services()) == checks.under_replicated(lab.services()) == []

    simulate(main)


@pytest.mark.parametrize("after_s", [0, 0.1, 0.3, 0.301, 0.31])
def test_a_power_failure_while_everybody_boots_for_the_first_time_does_no_harm(after_s: float) -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=1, copies=3)
        machines = [*lab.nodes.values(), *lab.servers.values()]
        await lab.run(after_s)
        for machine in machines:
            machine.crash()
        await lab.run(0.2)
        for machine in machines:
            machine.start()
        await lab.run(5)
        assert (await lab.write("k", "v")).outcome == "ok"
        assert checks.converged(lab.services()) == checks.under_replicated(lab.services()) == []

    simulate(main)


def test_a_full_disk_refuses_writes_for_certain_and_reads_go_on() -> None:
    async def main() -> None:
        lab = await ready(timeout_us=300_000)
        await lab.write("k", "v")
        lab.nodes["n1"].disk.full = True
        refused = await lab.write("k", "w")
        assert refused.outcome == "fail"
        assert "disk-full" in refused.error
        assert (await lab.read("k")).seen == ("v",)
        lab.nodes["n1"].disk.full = False
        assert (await lab.write("k", "x")).outcome == "ok"

    simulate(main)


def test_a_silent_slave_is_replaced_by_the_node_with_the_fewest_shards() -> None:
    async def main() -> None:
        lab = Lab(5, rate=0, count=1, replace_after_ms=1_000)
        await lab.run(2)
        for number in range(30):
            await lab.write(f"k{number}", "v")
        lab.nodes["n3"].crash()
        await lab.run(0.5)
        assert checks.copies(lab.services()) == {"shard-1": 2}
        assert checks.under_replicated(lab.services())
        await lab.run(3)
        assert roles.replica(lab.services(), "shard-1") == ("n1", "n2", "n4")
        assert checks.copies(lab.services()) == {"shard-1": 3}
        assert lab.notes("replaced", "n4 instead of n3")
        lab.nodes["n3"].start()
        await lab.run(2)
        assert roles.replica(lab.services(), "shard-1") == ("n1", "n2", "n4")

    simulate(main)


def test_a_slave_that_lost_its_disk_is_no_member_until_it_has_everything_back() -> None:
    async def main() -> None:
        lab = await ready(replace_after_ms=0)
        for number in range(5):
            await lab.write(f"k{number}", "v")
        lab.nodes["n3"].crash(lose_disk=True)
        lab.nodes["n3"].start()
        await lab.run(0.35)
        known = roles.assignment(lab.services(), "shard-1")
        assert known is not None
        assert known.has("n3", 1)
        assert "shard-1" not in lab.service("n3").replicas or lab.replica("n3").identity == 2
        await lab.run(4)
        known = roles.assignment(lab.services(), "shard-1")
        assert known is not None
        assert known.has("n3", 2)
        assert lab.replica("n3").log.state.data == lab.replica("n1").log.state.data
        assert lab.notes("replaced", "n3 again")

    simulate(main)


def test_a_slave_that_is_far_behind_is_sent_a_snapshot() -> None:
    async def main() -> None:
        lab = await ready(compact_after=20)
        lab.nodes["n3"].crash()
        for number in range(60):
            await lab.write(f"k{number % 7}", f"v{number}")
        assert lab.replica("n1").log.base.seq > 1
        lab.nodes["n3"].start()
        await healed(lab)
        assert lab.replica("n3").log.base.seq > 1
        assert checks.converged(lab.services()) == []

    simulate(main)


def test_a_node_that_leaves_hands_over_and_is_replaced() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=2)
        await lab.run(2)
        await lab.write("k", "v")
        lab.client().spawn(lab.client().database.leave, "n1")
        await lab.run(8)
        for shard in lab.settings.names:
            assert "n1" not in roles.replica(lab.services(), shard)
        assert checks.under_replicated(lab.services()) == []
        assert (await lab.read("k")).seen == ("v",)
        assert (await lab.write("k", "w")).outcome == "ok"

    simulate(main)


def test_a_new_node_takes_the_place_of_a_dead_one() -> None:
    async def main() -> None:
        lab = await ready(replace_after_ms=1_000)
        await lab.write("k", "v")
        lab.nodes["n2"].crash()
        lab.join("n4")
        await lab.run(5)
        assert roles.replica(lab.services(), "k") == ("n1", "n4", "n3")
        assert lab.replica("n4").log.state.data == {"k": "v"}

    simulate(main)


def test_a_node_whose_disk_cannot_be_read_comes_up_when_it_can() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.write("k", "v")
        lab.nodes["n3"].crash()
        lab.nodes["n3"].disk.failing_reads = True
        lab.nodes["n3"].start()
        await lab.run(3)
        assert lab.notes("alert", "n3 cannot come up")
        assert "n3" not in lab.services()
        lab.nodes["n3"].disk.failing_reads = False
        await lab.run(2)
        assert lab.replica("n3").identity == 1
        assert lab.replica("n3").log.state.data == {"k": "v"}

    simulate(main)


def test_positions_of_later_epochs_are_further() -> None:
    assert max(Position(1, 500), Position(2, 3)) == Position(2, 3)


def test_many_writes_at_once_are_all_there_after_a_failover() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.do(*(partial(lab.client().write, f"k{number}", "v") for number in range(200)))
        lab.nodes["n1"].crash()
        await healed(lab)
        assert lab.lost() == []
        assert lab.history.counts["ok"] >= 400

    simulate(main)
