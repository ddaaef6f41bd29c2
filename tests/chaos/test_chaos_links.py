"""Bad links by their effect: delays, losses, doubles and queues of real messages, and that each ends."""

from __future__ import annotations

from statistics import fmean, quantiles, stdev

import pytest
from chaos_lab import MS, SECOND, Lab, in_lab, pairs

from playground.kernel.errors import UserError

ALL = "n1 n2 n3 n4 n5 c1 c2 you"
QUIET = {"network": {"latency": "1ms", "jitter": "0s"}}
"""A network that adds exactly 1 ms, so that what is measured beyond it is the fault's."""


def delays_ms(line: str, count: int = 2_000) -> list[float]:
    """How much later than usual the messages from n1 to n2 come, under ``line``."""

    async def test(lab: Lab) -> list[float]:
        await lab.do(line)
        heard = await lab.pings("n1", "n2", count, wait_us=60 * SECOND)
        assert len(heard) == count, "a delay loses nothing"
        return [under_way_us / MS - 1 for _, under_way_us in heard]

    return in_lab(test, **QUIET, load={"rate": 0, "clients": 2})


def test_latency_without_jitter_is_constant() -> None:
    assert set(delays_ms("link n1 -> n2 latency=40ms", 200)) == {40.0}


def test_uniform_jitter_is_spread_evenly_and_only_adds() -> None:
    delays = delays_ms("link n1 -> n2 latency=40ms jitter=20ms")
    assert min(delays) >= 40
    assert max(delays) <= 60
    assert fmean(delays) == pytest.approx(50, abs=1)
    assert stdev(delays) == pytest.approx(20 / 12**0.5, rel=0.1)


def test_normal_jitter_lies_around_the_latency() -> None:
    delays = delays_ms("link n1 -> n2 latency=100ms jitter=10ms distribution=normal")
    assert fmean(delays) == pytest.approx(100, abs=1)
    assert stdev(delays) == pytest.approx(10, rel=0.1)
    within = sum(90 <= delay <= 110 for delay in delays) / len(delays)
    assert within == pytest.approx(0.683, abs=0.04), "a standard deviation to each side"


def test_normal_jitter_makes_nothing_faster_than_the_link() -> None:
    delays = delays_ms("link n1 -> n2 latency=1ms jitter=50ms distribution=normal", 500)
    assert min(delays) == 0
    assert max(delays) > 50


def test_pareto_jitter_is_mostly_little_and_at_times_very_much() -> None:
    delays = delays_ms("link n1 -> n2 latency=10ms jitter=20ms distribution=pareto", 4_000)
    assert min(delays) >= 10
    extra = [delay - 10 for delay in delays]
    # Lomax with shape 2: median (sqrt(2) - 1) of the mean, and a chance of 1 / (1 + x)^2 to exceed x times the mean.
    assert quantiles(extra, n=2)[0] == pytest.approx(20 * (2**0.5 - 1), rel=0.1)
    assert sum(each > 180 for each in extra) / len(extra) == pytest.approx(0.01, abs=0.005)
    assert max(extra) > 400


def test_latency_holds_both_ways_unless_told_otherwise() -> None:
    async def test(lab: Lab) -> tuple[bool, bool, bool, bool]:
        await lab.do("link n1 -> n2 latency=200ms")
        there, back = "n1>n2" in await lab.reach(["n1", "n2"]), "n2>n1" in await lab.reach(["n1", "n2"])
        await lab.do("heal", "link n1 -> n2 latency=200ms both_ways=no")
        await lab.go(SECOND)
        heard = await lab.reach(["n1", "n2"])
        return there, back, "n1>n2" in heard, "n2>n1" in heard

    assert in_lab(test) == (False, False, False, True)


def lost(line: str, count: int = 8_000) -> list[bool]:
    """For each of many messages from n1 to n2, whether it was lost under ``line``."""

    async def test(lab: Lab) -> list[bool]:
        await lab.do(line)
        arrived = {number for number, _ in await lab.pings("n1", "n2", count)}
        return [number not in arrived for number in range(count)]

    return in_lab(test, load={"rate": 0, "clients": 2})


def runs(losses: list[bool]) -> list[int]:
    """The lengths of the runs of losses."""
    return [len(run) for run in "".join("x" if each else " " for each in losses).split()]


def test_loss_takes_its_share_each_message_by_itself() -> None:
    losses = lost("link n1 -> n2 loss=20%")
    assert fmean(losses) == pytest.approx(0.2, abs=0.02)
    assert fmean(runs(losses)) == pytest.approx(1 / 0.8, rel=0.05), "runs are as long as chance makes them"


@pytest.mark.parametrize(("share", "run"), [(0.2, 10), (0.5, 4), (0.05, 3)])
def test_bursty_loss_takes_its_share_in_runs(share: float, run: float) -> None:
    losses = lost(f"link n1 -> n2 loss={share} loss_run={run}", 20_000)
    assert fmean(losses) == pytest.approx(share, rel=0.15)
    assert fmean(runs(losses)) == pytest.approx(run, rel=0.15)


def test_bursty_loss_keeps_its_share_where_so_short_runs_cannot_make_it_up() -> None:
    losses = lost("link n1 -> n2 loss=90% loss_run=2")
    assert fmean(losses) == pytest.approx(0.9, abs=0.01)
    assert fmean(runs(losses)) == pytest.approx(9, rel=0.15), "single messages that pass, and nine lost between them"


def test_bursty_loss_of_everything_loses_everything() -> None:
    assert all(lost("link n1 -> n2 loss=100% loss_run=5", 200))


def test_the_directions_of_a_link_have_their_bad_times_apart() -> None:
    async def test(lab: Lab) -> tuple[set[int], set[int]]:
        await lab.do("link n1 -> n2 loss=50% loss_run=20")
        there = {number for number, _ in await lab.pings("n1", "n2", 1_000)}
        back = {number for number, _ in await lab.pings("n2", "n1", 1_000)}
        return there, back

    there, back = in_lab(test)
    assert there != back
    assert 300 < len(there) < 700
    assert 300 < len(back) < 700


def test_duplication_delivers_its_share_a_second_time_a_little_later() -> None:
    async def test(lab: Lab) -> list[tuple[int, int]]:
        await lab.do("link n1 -> n2 duplicate=30%")
        return await lab.pings("n1", "n2", 3_000)

    heard = in_lab(test, **QUIET)
    numbers = [number for number, _ in heard]
    assert set(numbers) == set(range(3_000)), "nothing is lost"
    assert (len(numbers) - 3_000) / 3_000 == pytest.approx(0.3, abs=0.03)
    assert max(numbers.count(number) for number in set(numbers[:200])) == 2
    assert max(under_way_us for _, under_way_us in heard) <= 21 * MS


def test_reordering_lets_later_messages_overtake_and_loses_none() -> None:
    async def test(lab: Lab) -> list[int]:
        await lab.do("link n1 -> n2 reorder=10%")
        return [number for number, _ in await lab.pings("n1", "n2", 1_000)]

    numbers = in_lab(test, **QUIET)
    assert sorted(numbers) == list(range(1_000))
    late = sum(number < highest for number, highest in zip(numbers, running_max(numbers), strict=True))
    assert late / 1_000 == pytest.approx(0.1, abs=0.03)


def running_max(numbers: list[int]) -> list[int]:
    return [max(numbers[: place + 1]) for place in range(len(numbers))]


def test_bandwidth_lets_so_many_bytes_pass_and_no_more() -> None:
    async def test(lab: Lab) -> list[tuple[int, int]]:
        await lab.do("link n1 -> n2 bandwidth=100kB/s")
        return await lab.pings("n1", "n2", 1_000, every_us=5 * MS, wait_us=5 * SECOND, size=940)

    heard = in_lab(test, **QUIET, load={"rate": 0, "clients": 2})
    numbers = [number for number, _ in heard]
    assert numbers == sorted(numbers), "a queue keeps the order"
    # A kilobyte every 5 ms is twice what fits: five seconds and two of queue let 700 of the 1,000 pass.
    assert 600 < len(numbers) < 720
    assert 1_900 * MS < max(under_way_us for _, under_way_us in heard) < 2_100 * MS


@pytest.mark.parametrize(
    "fault", ["latency=1s", "loss=100%", "loss=100% loss_run=9", "bandwidth=10B/s", "reorder=100% latency=1s"]
)
def test_a_bad_link_ends_with_heal_and_by_itself(fault: str) -> None:
    async def test(lab: Lab) -> list[bool]:
        seen = []
        await lab.do(f"link n1 -> n2 {fault}")
        seen.append("n1>n2" in await lab.reach(["n1", "n2"]))
        await lab.do("heal n2")
        await lab.go(2 * SECOND)
        seen.append("n1>n2" in await lab.reach(["n1", "n2"]))
        await lab.do(f"link n1 -> n2 {fault} lasting=2s")
        seen.append("n1>n2" in await lab.reach(["n1", "n2"]))
        await lab.go(2 * SECOND)
        seen.append("n1>n2" in await lab.reach(["n1", "n2"]))
        assert not lab.cluster.faults
        return seen

    assert in_lab(test, load={"rate": 0, "clients": 2}) == [False, True, False, True]


def test_a_link_without_names_is_every_link() -> None:
    async def test(lab: Lab) -> set[str]:
        await lab.do("link loss=100%")
        return await lab.reach(ALL.split())

    assert in_lab(test) == set()


def test_links_from_some_to_anybody_spare_the_others() -> None:
    async def test(lab: Lab) -> set[str]:
        await lab.do("link n1 n2 loss=100%")
        return await lab.reach(ALL.split())

    assert in_lab(test) == pairs("n3 n4 n5 c1 c2 you")


@pytest.mark.parametrize("line", ["link n1 -> n1 latency=1s", "flap n2 -> n2", "one-way n3 -> n3"])
def test_a_link_to_oneself_is_refused(line: str) -> None:
    async def test(lab: Lab) -> str:
        with pytest.raises(UserError) as caught:
            await lab.do(line)
        assert not lab.cluster.faults
        return str(caught.value)

    name = line.split()[1]
    assert in_lab(test) == f"{line.split()[0]}: {name} reaches itself without the network: name another node"


def test_two_bad_links_add_up_and_end_one_by_one() -> None:
    async def test(lab: Lab) -> list[int]:
        took = []
        await lab.do("link n1 latency=100ms lasting=3s", "link n2 latency=30ms")
        for _ in range(2):
            took.append((await lab.pings("n1", "n2", 1))[0][1] // MS)
            await lab.go(2 * SECOND)
        await lab.do("heal")
        took.append((await lab.pings("n1", "n2", 1))[0][1] // MS)
        return took

    assert in_lab(test, **QUIET) == [131, 31, 1]
