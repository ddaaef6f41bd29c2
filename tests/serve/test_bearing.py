"""What a shared cluster bears of players, beside what is in force already; and that coming again brings nothing new."""

from __future__ import annotations

import pytest

from playground.bearing import FAULTS, MACHINES, borne, burden
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.company import Company, Role, Visitor
from playground.effort import MOST_AT_ONCE, effort
from playground.kernel import world as kernel
from playground.remote.allowance import EFFORT_PER_S, Allowances
from playground.remote.wire import Call
from playground.spec import ClusterSpec

SPEC = ClusterSpec.model_validate({"nodes": 3, "load": {"rate": 20, "clients": 1}})
HERE = Company((Visitor("anna", Role.PRESENTER), Visitor("ben", Role.PLAYER)))


@pytest.mark.parametrize(
    ("before", "line", "why"),
    [
        (["load rate=500"], "burst lasting=10s", "burst: ten times the load, 5000 a second, is too much"),
        (["link duplicate=60%", "link duplicate=40%"], "link n1 -> n2 duplicate=1%", "link: more than 100% doubled"),
        (["link latency=6s jitter=3s"], "link n1 -> n2 latency=1001ms", "link: more than 10 s of latency"),
        ([], "flap all period=10ms", "flap: 100 cuts a second"),
        (["flap n1 period=250ms"], "flap n2 -> n1 period=500ms", "flap: 6 cuts a second"),
        (["link n1 -> n2 loss=1%"] * FAULTS, "partition isolate n1", f"partition: {FAULTS} faults are in force"),
        (["add " + " ".join(f"m{number}" for number in range(MACHINES))], "add n9", "add: more than 20 new machines"),
    ],
)  # fmt: skip
def test_what_lies_over_each_other_has_an_end(before: list[str], line: str, why: str) -> None:
    async def main() -> None:
        cluster = Cluster(SPEC, 7)
        await cluster.advance(1_000_000)
        command = parse_line(line)
        for each in before:
            assert burden(cluster, parse_line(each)) == "", "players could have come so far"
            await cluster.apply(parse_line(each))
        assert burden(cluster, command).startswith(why)
        assert borne(HERE, "ben", cluster, command) == burden(cluster, command)
        assert borne(HERE, "anna", cluster, command) == ""

    kernel.run(main)


@pytest.mark.parametrize(
    "line", ["burst", "link latency=5s duplicate=50%", "flap n2", "partition halves", "add n9", "rolling-restart all"]
)
def test_what_is_usual_is_borne(line: str) -> None:
    async def main() -> None:
        cluster = Cluster(SPEC, 7)
        await cluster.advance(1_000_000)
        assert burden(cluster, parse_line(line)) == ""

    kernel.run(main)


def test_a_disk_that_rots_costs_what_it_takes() -> None:
    assert effort(parse_line("disk n1 fault=rot amount=100000")) > MOST_AT_ONCE
    assert effort(parse_line("disk n1 fault=rot")) < EFFORT_PER_S


def test_who_comes_again_has_asked_for_as_much_as_whoever_went() -> None:
    allowances = Allowances()
    herd = Call("send", (parse_line("herd requests=1900"),))
    first, other = allowances.take("ben"), allowances.take("carla")
    assert first.may(HERE, "ben", herd) == ""
    assert first.may(HERE, "ben", herd).startswith("not so much at once")
    allowances.give_back("carla", other)
    allowances.give_back("ben", first)
    assert allowances.take("") not in (first, other), "a rendering has no use for it"
    assert allowances.take("ben") is first
    assert allowances.take("carla") is other
    assert allowances.take("dora").may(HERE, "ben", herd) == "", "there were never more seats"
