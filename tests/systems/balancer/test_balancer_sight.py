"""What is measured by looking often: how long the useless are taken for alive, and what those get who come back."""

from __future__ import annotations

import pytest

from playground.systems.balancer.sight import Comebacks, Unseen
from tests.systems.balancer.balancer_lab import SECOND, Lab, OneWay, simulate

LOOK_S = 0.05


async def looked(lab: Lab, unseen: Unseen, comebacks: Comebacks, seconds: float) -> None:
    for _ in range(round(seconds / LOOK_S)):
        await lab.run(LOOK_S)
        unseen.look(lab.world)
        comebacks.look(lab.world)


def test_while_all_servers_work_nothing_is_unseen_and_nobody_comes_back() -> None:
    async def main() -> None:
        lab, unseen, comebacks = Lab(), Unseen(), Comebacks()
        await looked(lab, unseen, comebacks, 5)
        assert unseen.longest_us == {"heartbeat": 0, "health-check": 0}
        assert comebacks.first == []

    simulate(main)


def test_a_server_that_hears_nothing_is_unseen_by_its_reports_for_as_long_as_that_lasts() -> None:
    async def main() -> None:
        lab, unseen, comebacks = Lab(), Unseen(), Comebacks()
        await looked(lab, unseen, comebacks, 3)
        lab.world.network.add(OneWay(lab.balancers, ["s2"]))
        await looked(lab, unseen, comebacks, 4)
        assert 3.9 * SECOND <= unseen.longest_us["heartbeat"] <= 4 * SECOND
        assert 0.5 * SECOND <= unseen.longest_us["health-check"] <= 1.3 * SECOND

    simulate(main)


@pytest.mark.parametrize("fault", ["mute", "crash", "freeze"])
def test_one_that_is_not_heard_is_seen_by_both_in_time(fault: str) -> None:
    async def main() -> None:
        lab, unseen, comebacks = Lab(), Unseen(), Comebacks()
        await looked(lab, unseen, comebacks, 3)
        if fault == "mute":
            lab.world.network.add(OneWay(["s2"], lab.balancers))
        else:
            getattr(lab.node("s2"), fault)()
        await looked(lab, unseen, comebacks, 4)
        assert all(0.5 * SECOND <= longest_us <= 1.55 * SECOND for longest_us in unseen.longest_us.values())

    simulate(main)


@pytest.mark.parametrize(("slow_start_ms", "least", "most"), [(4_000, 0.05, 0.6), (0, 0.8, 1.2)])
def test_one_that_comes_back_gets_little_at_first_unless_there_is_no_slow_start(
    slow_start_ms: int, least: float, most: float
) -> None:
    async def main() -> None:
        lab = Lab(rate=200, policy="round-robin", slow_start_ms=slow_start_ms)
        unseen, comebacks = Unseen(), Comebacks()
        await looked(lab, unseen, comebacks, 3)
        lab.node("s2").crash()
        await looked(lab, unseen, comebacks, 3)
        lab.node("s2").start()
        await looked(lab, unseen, comebacks, 4)
        (share,) = comebacks.first
        assert least < share < most

    simulate(main)
