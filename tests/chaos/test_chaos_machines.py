"""Clocks and disks that go wrong, each by its effect on those who serve, and that it ends."""

from __future__ import annotations

import pytest
from chaos_lab import MS, SECOND, Lab, in_lab

from playground.kernel.errors import UserError

STILL = {"rate": 0, "clients": 2}
"""No load but what a test does by hand."""


# --- clocks -------------------------------------------------------------------------


@pytest.mark.parametrize(("ppm", "seconds"), [(1_000_000, 5.0), (-500_000, 20.0), (0, 10.0)])
def test_timers_follow_the_drift(ppm: int, seconds: float) -> None:
    async def test(lab: Lab) -> float:
        await lab.do(f"clock n1 drift_ppm={ppm}")
        begun_us = lab.cluster.now_us
        fired: list[int] = []
        lab.talker("n1").after(10 * SECOND, lambda: fired.append(lab.cluster.now_us))
        await lab.go(30 * SECOND)
        return (fired[0] - begun_us) / SECOND

    assert in_lab(test, load=STILL) == pytest.approx(seconds, abs=0.001)


def test_a_clock_is_right_again_after_heal_but_for_what_the_drift_has_cost() -> None:
    async def test(lab: Lab) -> list[float]:
        clock = lab.node("n1").clock
        ahead = []
        await lab.do("clock n1 drift_ppm=100000 offset=3s")
        await lab.go(10 * SECOND)
        ahead.append((clock.wall_us - lab.cluster.now_us) / SECOND)
        await lab.do("heal n1")
        ahead.append((clock.wall_us - lab.cluster.now_us) / SECOND)
        await lab.go(10 * SECOND)
        return [*ahead, (clock.wall_us - lab.cluster.now_us) / SECOND]

    assert in_lab(test, load=STILL) == [4, 1, 1]


def test_a_frozen_clock_shows_one_time_while_timers_go_on_and_then_the_right_one() -> None:
    async def test(lab: Lab) -> None:
        clock = lab.node("n1").clock
        await lab.do("clock n1 frozen=yes lasting=5s")
        stands_at_us = clock.wall_us
        fired: list[int] = []
        lab.talker("n1").after(SECOND, lambda: fired.append(clock.wall_us))
        await lab.go(4 * SECOND)
        assert fired == [stands_at_us]
        assert clock.wall_us == stands_at_us
        await lab.go(SECOND)
        assert clock.wall_us == lab.cluster.now_us

    in_lab(test, load=STILL)


async def last_of(lab: Lab, key: str) -> tuple[list[str], tuple[str, ...]]:
    """The acknowledged ones of twelve writes one after the other, and what is read then."""
    written = []
    for number in range(12):
        operation = await lab.ask(f"put {key} v{number}", 100 * MS)
        if operation.outcome == "ok":
            written.append(operation.value)
    return written, (await lab.ask(f"get {key}")).seen


@pytest.mark.parametrize("wrong", ["n1 offset=1h", "n2 offset=-1h", "n3 frozen=yes"])
def test_where_the_newest_value_wins_a_wrong_clock_loses_acknowledged_writes(wrong: str) -> None:
    async def test(lab: Lab) -> None:
        assert len(lab.cluster.members) == 3
        written, seen = await last_of(lab, "before")
        assert seen == (written[-1],)
        await lab.do(f"clock {wrong}")
        lost = 0
        for key in ("a", "b", "c", "d"):
            written, seen = await last_of(lab, key)
            assert len(written) == 12
            assert seen[0] in written
            lost += seen != (written[-1],)
        assert lost, "one of three coordinators stamps wrongly: some last write was not the newest"
        assert lab.cluster.staleness.stale_reads >= lost
        await lab.do("heal")
        await lab.go(2 * SECOND)

    in_lab(test, nodes=3, load=STILL, store={"conflicts": "newest"})


def test_where_siblings_are_kept_no_clock_matters() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("clock n1 offset=1h", "clock n2 frozen=yes")
        for key in ("a", "b", "c"):
            written, seen = await last_of(lab, key)
            assert seen == (written[-1],)

    in_lab(test, nodes=3, load=STILL)


def test_each_part_of_a_clock_ends_with_the_command_that_made_it_wrong() -> None:
    async def test(lab: Lab) -> list[tuple[int, int, bool]]:
        clock = lab.node("n1").clock
        seen = []
        await lab.do("clock n1 drift_ppm=500", "clock n1 offset=5s lasting=2s", "clock n1 frozen=yes lasting=4s")
        for _ in range(3):
            seen.append((clock.offset_us, clock.drift_ppm, clock.frozen))
            await lab.go(2 * SECOND)
        return seen

    assert in_lab(test, load=STILL) == [(5 * SECOND, 500, True), (0, 500, True), (0, 500, False)]


# --- disks --------------------------------------------------------------------------


async def writes(lab: Lab, key: str, count: int = 8) -> list[str]:
    """The outcomes of writes that all three replicas must hold."""
    return [(await lab.ask(f"put {key}{number} x w=3", 2 * SECOND)).outcome for number in range(count)]


@pytest.mark.parametrize("fault", ["full", "hang"])
def test_a_full_or_hanging_disk_takes_no_write_until_it_is_well(fault: str) -> None:
    async def test(lab: Lab) -> None:
        assert set(await writes(lab, "a")) == {"ok"}
        await lab.do(f"disk n2 fault={fault}")
        assert "ok" not in await writes(lab, "b", 4)
        assert (await lab.ask("get a0")).outcome == "ok", "reads are answered from memory and by the others"
        await lab.do("disk n2 fault=ok")
        assert set(await writes(lab, "c")) == {"ok"}
        await lab.do(f"disk n2 fault={fault} lasting=3s")
        await lab.go(3 * SECOND)
        assert set(await writes(lab, "d")) == {"ok"}
        assert any(f"well again ({fault})" in text for text in lab.told("heal"))

    in_lab(test, nodes=3, load=STILL)


def test_two_of_three_replicas_are_enough_beside_a_full_disk() -> None:
    async def test(lab: Lab) -> str:
        await lab.do("disk n2 fault=full")
        return (await lab.ask("put cat tom")).outcome

    assert in_lab(test, nodes=3, load=STILL) == "ok"


def test_a_slow_disk_takes_as_many_times_as_long() -> None:
    async def test(lab: Lab) -> list[float]:
        took = []
        for line in ("", "disk n1 n2 n3 fault=slow amount=100", "heal"):
            if line:
                await lab.do(line)
            took.append((await lab.ask("put cat tom w=3")).latency_us / MS)
        return took

    usual, slow, healed = in_lab(test, nodes=3, load=STILL, network={"jitter": "0s"})
    assert slow - usual == pytest.approx(99 * 0.4, abs=1), "a sync of 0.4 ms"
    assert healed == pytest.approx(usual, abs=0.1)


def test_what_a_lying_disk_acknowledged_is_gone_after_a_crash() -> None:
    async def test(lab: Lab) -> list[int]:
        lost = []
        for fault in ("ok", "lie"):
            await lab.do(f"disk n2 fault={fault}")
            assert set(await writes(lab, f"{fault}-", 4)) == {"ok"}
            before = lab.node("n2").disk.stats.acknowledged_bytes_lost
            await lab.do("crash n2 tail=lost", "heal n2") if fault == "lie" else await lab.do("crash n2 tail=lost")
            lost.append(lab.node("n2").disk.stats.acknowledged_bytes_lost - before)
            await lab.do("start n2")
            await lab.go(15 * SECOND)
            assert lab.cluster.inspection.converged(), "the others bring back what it forgot"
        return lost

    honest, lying = in_lab(test, nodes=3, load=STILL)
    assert honest == 0
    assert lying > 0


def test_a_node_whose_disk_cannot_be_read_does_not_come_up_until_it_can() -> None:
    async def test(lab: Lab) -> list[str]:
        lives = []
        await lab.do("disk n2 fault=read-error")
        assert set(await writes(lab, "a", 2)) == {"ok"}, "nothing is read while it runs"
        await lab.do("crash n2", "start n2")
        await lab.go(5 * SECOND)
        lives.append(lab.life("n2"))
        assert any("cannot be read" in text for text in lab.told("alert"))
        await lab.do("heal n2")
        await lab.go(3 * SECOND)
        return [*lives, lab.life("n2")]

    assert in_lab(test, nodes=3, load=STILL) == ["booting", "up"]


def test_rot_is_found_at_the_next_boot_and_stays_over_ok_and_heal() -> None:
    async def test(lab: Lab) -> list[str]:
        assert set(await writes(lab, "a", 20)) == {"ok"}
        assert (await lab.do("disk n2 fault=rot amount=3")) == "3 bits flipped on the disk of n2"
        await lab.do("disk n2 fault=ok")
        with pytest.raises(UserError, match="nothing is broken"):
            await lab.do("heal n2")
        await lab.do("crash n2", "start n2")
        await lab.go(15 * SECOND)
        assert lab.cluster.inspection.converged(), "what rotted comes back from the others"
        return [text for text in lab.told("recovery") if text.startswith("n2")]

    found = in_lab(test, nodes=3, load=STILL)[-1]
    assert "damaged" in found


@pytest.mark.parametrize("fault", ["ok", "rot"])
def test_what_does_not_end_cannot_be_lasting(fault: str) -> None:
    async def test(lab: Lab) -> None:
        with pytest.raises(UserError, match=f"disk: fault={fault} cannot be lasting: it does not end by itself"):
            await lab.do(f"disk n1 fault={fault} lasting=1s")

    in_lab(test, load=STILL)


@pytest.mark.parametrize("fault", ["full", "hang", "slow", "lie", "read-error"])
def test_a_disk_fault_that_lasts_ends_only_what_it_did_itself(fault: str) -> None:
    async def test(lab: Lab) -> list[bool]:
        disk = lab.node("n1").disk

        def ill() -> bool:
            return {
                "full": disk.full, "hang": disk.hanging, "slow": disk.slowdown != 1, "lie": disk.lying,
                "read-error": disk.failing_reads,
            }[fault]  # fmt: skip

        other = "slow" if fault != "slow" else "full"
        seen = []
        await lab.do(f"disk n1 fault={fault} lasting=2s", f"disk n1 fault={other}")
        seen.append(ill())
        await lab.go(2 * SECOND)
        seen.append(ill())
        assert disk.slowdown != 1 or disk.full, "the other fault goes on"
        await lab.do(f"disk n1 fault={fault} lasting=2s")
        await lab.go(SECOND)
        await lab.do("heal", f"disk n1 fault={fault}")
        await lab.go(5 * SECOND)
        return [*seen, ill()]

    assert in_lab(test, load=STILL) == [True, False, True], "what was put in force after the heal stays"
