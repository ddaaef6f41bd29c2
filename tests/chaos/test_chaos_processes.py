"""Crashes, restarts, freezes: what they do to a cluster that serves, and how each ends."""

from __future__ import annotations

import pytest
from chaos_lab import MS, SECOND, Lab, in_lab, pairs

from playground.kernel.errors import UserError
from playground.kernel.node import Life


def test_a_crash_silences_a_node_until_it_is_started() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("crash n2")
        assert lab.life("n2") == "down"
        assert await lab.reach(["n1", "n3"]) == pairs("n1 n3")
        await lab.go(10 * SECOND)
        assert lab.life("n2") == "down"
        await lab.do("start n2")
        assert lab.life("n2") == "booting"
        await lab.go(2 * SECOND)
        assert await lab.reach(["n1", "n2"]) == pairs("n1 n2")

    in_lab(test)


def test_heal_leaves_crashed_nodes_down() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("crash n2", "freeze n3", "heal")
        assert (lab.life("n2"), lab.life("n3")) == ("down", "up")
        with pytest.raises(UserError, match="heal: nothing is broken"):
            await lab.do("heal")

    in_lab(test)


async def crash_after_unsynced_writes(lab: Lab, tail: str) -> None:
    """Crash a replica of the key while a write of it is not synced yet: a hanging disk syncs nothing."""
    await lab.do("disk n1 fault=hang")
    for number in range(30):
        await lab.do(f"put k{number} value-{number} w=1")
    await lab.go(SECOND)
    assert lab.node("n1").disk.unsafe_bytes == 0, "not yet acknowledged, so not unsafe"
    await lab.do(f"crash n1 {tail}", "heal n1", "start n1")
    await lab.go(2 * SECOND)
    assert lab.life("n1") == "up"


def test_a_lost_tail_leaves_nothing_to_cut_off_and_a_torn_one_does_and_recovery_says_so() -> None:
    async def test(lab: Lab, tail: str) -> tuple[str, int]:
        await crash_after_unsynced_writes(lab, f"tail={tail}")
        lost = [dict(entry.data)["unsynced_bytes_lost"] for entry in lab.world.journal.entries if entry.kind == "crash"]
        return [text for text in lab.told("recovery") if "n1" in text][-1], lost[-1]

    lost, lost_bytes = in_lab(lambda lab: test(lab, "lost"), load={"rate": 0, "clients": 2})
    torn, torn_bytes = in_lab(lambda lab: test(lab, "torn"), load={"rate": 0, "clients": 2})
    assert "torn" not in lost
    assert "bytes of torn tail cut off" in torn
    assert lost_bytes > torn_bytes > 0


def test_a_lost_disk_is_empty_and_the_others_fill_it_again() -> None:
    async def test(lab: Lab) -> tuple[int, int, int]:
        before = lab.node("n2").disk.used_bytes
        await lab.do("load rate=0")
        await lab.go(2 * SECOND)
        await lab.do("crash n2 lose_disk=yes")
        lost = lab.node("n2").disk.used_bytes
        await lab.do("start n2")
        await lab.go(20 * SECOND)
        assert lab.cluster.inspection.converged()
        return before, lost, lab.node("n2").disk.used_bytes

    before, lost, after = in_lab(test, warm_us=10 * SECOND)
    assert before > 0
    assert lost == 0
    assert after > 0


def test_a_crash_that_lasts_ends_by_itself_unless_somebody_was_quicker() -> None:
    async def test(lab: Lab) -> list[str]:
        lives = []
        await lab.do("crash n2 n3 lasting=2s")
        await lab.go(SECOND)
        lives += [lab.life("n2"), lab.life("n3")]
        await lab.do("start n3")
        await lab.go(500 * MS)
        await lab.do("crash n3")
        await lab.go(2 * SECOND)
        return [*lives, lab.life("n2"), lab.life("n3")]

    assert in_lab(test) == ["down", "down", "up", "down"], "the second crash of n3 was not to end"


def test_a_restart_is_down_for_as_long_as_it_says() -> None:
    async def test(lab: Lab) -> list[str]:
        lives = []
        await lab.do("restart n4 down=3s")
        for wait_us in (2_900 * MS, 200 * MS, SECOND):
            await lab.go(wait_us)
            lives.append(lab.life("n4"))
        return lives

    assert in_lab(test) == ["down", "booting", "up"]


# --- rolling restart --------------------------------------------------------------------


def test_a_rolling_restart_takes_each_down_once_and_never_two_and_no_request_fails() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("rolling-restart all")
        crashed: list[str] = []
        while lab.cluster.faults:
            await lab.go(50 * MS)
            away = [name for name in lab.cluster.members if lab.node(name).life is not Life.UP]
            assert len(away) <= 1
            if away and away != crashed[-1:]:
                crashed += away
        assert sorted(crashed) == sorted(lab.cluster.members)
        assert all(lab.node(name).boots == 2 for name in lab.cluster.members)
        counts = lab.cluster.history.counts
        assert counts["ok"] > 500
        assert (counts["fail"], counts["unknown"]) == (0, 0)

    in_lab(test, nodes=8, load={})


def test_the_next_goes_a_pause_after_the_one_before_is_up() -> None:
    async def test(lab: Lab) -> list[tuple[str, float]]:
        await lab.do("rolling-restart n1 n2 down=2s pause=4s")
        await lab.go(15 * SECOND)
        kinds = ("crash", "up")
        return [
            (f"{entry.kind} {entry.subject}", entry.at_us / SECOND - 2)
            for entry in lab.world.journal.entries
            if entry.kind in kinds and entry.at_us >= 2 * SECOND
        ]

    events = dict(in_lab(test))
    assert list(events) == ["crash n1", "up n1", "crash n2", "up n2"]
    assert 2 < events["up n1"] < 3
    assert 4 <= events["crash n2"] - events["up n1"] <= 4.2


def test_heal_stops_a_rolling_restart_and_whoever_is_down_comes_up() -> None:
    async def test(lab: Lab) -> list[int]:
        await lab.do("rolling-restart n1 n2 n3")
        await lab.go(500 * MS)
        assert lab.down() == ["n1"]
        await lab.do("heal")
        await lab.go(20 * SECOND)
        assert not lab.down()
        return [lab.node(name).boots for name in ("n1", "n2", "n3")]

    assert in_lab(test) == [2, 1, 1]


def test_a_rolling_restart_passes_over_who_is_down_and_waits_for_who_does_not_come_up() -> None:
    async def test(lab: Lab) -> list[int]:
        await lab.do("rolling-restart n1 n2 n3")
        await lab.go(500 * MS)
        await lab.do("crash n2")
        await lab.go(1_500 * MS)
        assert lab.life("n1") == "up"
        await lab.do("crash n1")  # in the pause after its restart
        await lab.go(20 * SECOND)
        assert lab.down() == ["n1", "n2"], "n3 stays up as long as n1 is not back"
        await lab.do("start n1")
        await lab.go(10 * SECOND)
        assert lab.down() == ["n2"]
        assert not lab.cluster.faults, "it is over"
        return [lab.node(name).boots for name in ("n1", "n2", "n3")]

    assert in_lab(test) == [3, 1, 2]


def test_a_rolling_restart_does_not_start_whom_somebody_else_has_crashed_since() -> None:
    async def test(lab: Lab) -> list[str]:
        await lab.do("rolling-restart n1 n2 down=10s")
        await lab.go(1 * SECOND)
        await lab.do("start n1")
        await lab.go(3 * SECOND)
        await lab.do("crash n1")
        await lab.go(20 * SECOND)
        return lab.down()

    assert in_lab(test) == ["n1"]


# --- freeze -----------------------------------------------------------------------------


def test_a_frozen_node_answers_nothing_and_on_the_thaw_meets_all_that_came_in_order() -> None:
    async def test(lab: Lab) -> list[int]:
        await lab.do("freeze n2")
        assert await lab.pings("n1", "n2", 20) == []
        await lab.do("thaw n2")
        await lab.go(0)
        return [number for source, number, _ in lab.talker("n2").heard if source == "n1"]

    assert in_lab(test, network={"jitter": "0s"}) == list(range(20))


def test_a_freeze_that_lasts_ends_by_itself_but_not_a_later_one() -> None:
    async def test(lab: Lab) -> list[str]:
        lives = []
        await lab.do("freeze n2 n3 lasting=2s")
        await lab.go(SECOND)
        lives.append(lab.life("n2"))
        await lab.do("thaw n3", "freeze n3")
        await lab.go(SECOND)
        return [*lives, lab.life("n2"), lab.life("n3")]

    assert in_lab(test) == ["frozen", "up", "frozen"]


def test_heal_thaws() -> None:
    async def test(lab: Lab) -> str:
        await lab.do("freeze n2", "heal n2")
        return lab.life("n2")

    assert in_lab(test) == "up"


# --- slow CPU -----------------------------------------------------------------------------


async def latency_ms(lab: Lab, span_us: int) -> tuple[float, int]:
    """Median latency of the operations of the next while, and how many did not go well."""
    first = lab.cluster.history.operations[-1].index
    await lab.go(span_us)
    ended = [op for op in lab.cluster.history.operations if op.index > first and op.outcome != "open"]
    latencies = sorted(op.latency_us / MS for op in ended)
    return latencies[len(latencies) // 2], sum(op.outcome != "ok" for op in ended)


def test_slow_cpus_make_everything_slower_and_everything_still_works_until_they_are_healed() -> None:
    async def test(lab: Lab) -> None:
        before, failed = await latency_ms(lab, 5 * SECOND)
        assert not failed
        await lab.do("slow-cpu all times=60")
        slow, failed = await latency_ms(lab, 5 * SECOND)
        # A request takes four turns of a CPU at least: at the coordinator, at a replica, its disk, the answer.
        assert slow > before + 4 * 3
        assert not failed
        assert not lab.cluster.quiet
        await lab.do("heal")
        await lab.go(SECOND)
        after, failed = await latency_ms(lab, 5 * SECOND)
        assert not failed
        assert after < before * 1.3
        assert lab.cluster.quiet

    in_lab(test)


def test_an_overloaded_cpu_queues_and_a_faster_one_works_the_queue_off_and_loses_nothing() -> None:
    async def test(lab: Lab) -> tuple[list[int], list[int]]:
        await lab.do("slow-cpu n2 times=4000")  # 200 ms for each event
        early = await lab.pings("n1", "n2", 50, wait_us=SECOND)
        await lab.do("heal n2")
        await lab.go(SECOND)
        return [number for number, _ in early], [
            number for source, number, _ in lab.talker("n2").heard if source == "n1"
        ]

    early, late = in_lab(test, network={"jitter": "0s"})
    assert len(early) < 10
    assert late == list(range(50))


def test_a_slow_cpu_that_lasts_ends_by_itself_but_not_the_one_that_took_its_place() -> None:
    async def test(lab: Lab) -> list[int]:
        costs = []
        await lab.do("slow-cpu n1 n2 times=100 lasting=2s")
        await lab.go(SECOND)
        costs += [lab.node("n1").event_us, lab.node("n2").event_us]
        await lab.do("slow-cpu n2 times=10")
        await lab.go(2 * SECOND)
        return [*costs, lab.node("n1").event_us, lab.node("n2").event_us]

    assert in_lab(test) == [5_000, 5_000, 0, 500]


def test_what_events_cost_anyway_is_what_is_multiplied_and_what_heal_goes_back_to() -> None:
    async def test(lab: Lab) -> list[int]:
        costs = [lab.node("n1").event_us]
        await lab.do("slow-cpu n1 you times=10")
        costs += [lab.node("n1").event_us, lab.node("you").event_us]
        await lab.do("heal")
        return [*costs, lab.node("n1").event_us, lab.node("you").event_us]

    assert in_lab(test, machine={"event": "80us"}) == [80, 800, 500, 80, 0]


def test_a_node_boots_on_a_slow_cpu_and_the_cost_stays_over_a_crash() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("crash n2", "start n2", "slow-cpu n2 times=200")
        assert lab.life("n2") == "booting"
        await lab.go(5 * SECOND)
        assert lab.life("n2") == "up"
        (_, fast_us), (_, slow_us) = (await lab.pings("n2", "n1", 1))[0], (await lab.pings("n1", "n2", 1))[0]
        assert slow_us >= fast_us + 8 * MS
        await lab.do("crash n2", "start n2")
        await lab.go(5 * SECOND)
        assert (await lab.pings("n1", "n2", 1))[0][1] >= 10 * MS

    in_lab(test)
