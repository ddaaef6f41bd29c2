"""Partitions of every shape, one-way cuts and flapping links: who reaches whom, exactly, and afterwards."""

from __future__ import annotations

from itertools import pairwise

import pytest
from chaos_lab import MS, SECOND, Lab, in_lab, pairs

from playground.kernel.errors import UserError

MEMBERS = "n1 n2 n3 n4 n5"
ALL = f"{MEMBERS} c1 you"
EVERYBODY = pairs(ALL)


def reached(line: str, names: str = ALL) -> set[str]:
    """Who hears whom under ``line``; and everybody does again after heal."""

    async def test(lab: Lab) -> set[str]:
        await lab.do(line)
        heard = await lab.reach(names.split())
        await lab.do("heal")
        assert await lab.reach(names.split()) == pairs(names)
        assert not lab.world.network.rules
        return heard

    return in_lab(test)


def across(one: str, other: str) -> set[str]:
    return pairs(f"{one} {other}") - pairs(one, other)


def test_groups_are_cut_from_each_other_and_who_is_in_none_reaches_all() -> None:
    assert reached("partition n1 n2 | n3 n4") == EVERYBODY - across("n1 n2", "n3 n4")


def test_three_sides_are_cut_from_each_other() -> None:
    assert reached("partition n1 | n2 n3 | n4 n5", MEMBERS) == pairs("n1", "n2 n3", "n4 n5")


def test_clients_stand_on_a_side_if_they_are_named() -> None:
    assert reached("partition n1 n2 n3 c1 | n4 n5 you") == pairs("n1 n2 n3 c1", "n4 n5 you")


def test_halves_split_all_members_as_evenly_as_can_be() -> None:
    async def test(lab: Lab) -> tuple[list[list[str]], set[str]]:
        await lab.do("partition halves")
        return lab.cluster.recorded[-1][1].groups, await lab.reach(ALL.split())

    (one, other), heard = in_lab(test)
    assert sorted([len(one), len(other)]) == [2, 3]
    assert sorted(one + other) == MEMBERS.split()
    assert heard == EVERYBODY - across(" ".join(one), " ".join(other))


def test_halves_are_drawn_anew_for_each_seed() -> None:
    async def test(lab: Lab) -> str:
        await lab.do("partition halves")
        return str(lab.cluster.recorded[-1][1].line())

    assert in_lab(test, seed=1) == in_lab(test, seed=1)
    assert len({in_lab(test, seed=seed) for seed in range(6)}) > 2


def test_isolate_leaves_each_alone_and_the_others_together() -> None:
    assert reached("partition isolate n2 n5", MEMBERS) == pairs("n1 n3 n4")


def test_all_can_be_isolated() -> None:
    assert reached("partition isolate n1 n2 n3 n4 n5", MEMBERS) == set()


def test_the_named_bridge_alone_reaches_both_sides() -> None:
    heard = reached("partition bridge n3", MEMBERS)
    assert {f"n3>{name}" for name in ["n1", "n2", "n4", "n5"]} <= heard
    assert {f"{name}>n3" for name in ["n1", "n2", "n4", "n5"]} <= heard
    others = sorted(pair for pair in heard if "n3" not in pair)
    assert len(others) == 4, "two sides of two"
    assert len({frozenset(pair.split(">")) for pair in others}) == 2
    assert len({name for pair in others for name in pair.split(">")}) == 4


def test_a_bridge_is_drawn_if_none_is_named() -> None:
    heard = reached("partition bridge", MEMBERS)
    degree = {name: sum(pair.startswith(name) for pair in heard) for name in MEMBERS.split()}
    assert sorted(degree.values()) == [2, 2, 2, 2, 4]


def test_in_a_ring_each_reaches_its_two_neighbours() -> None:
    circle = [*MEMBERS.split(), "n1"]
    assert reached("partition ring", MEMBERS) == set.union(*(pairs(f"{a} {b}") for a, b in pairwise(circle)))


def test_a_ring_may_have_an_order_of_its_own_and_leave_some_out() -> None:
    heard = reached("partition ring n1 n3 n2 n4", MEMBERS)
    assert heard == pairs("n1 n3", "n3 n2", "n2 n4", "n4 n1") | {
        pair for name in ["n1", "n2", "n3", "n4"] for pair in pairs(f"{name} n5")
    }


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("partition ring n1 n2 n3", "partition: ring: of 3 nodes everybody is a neighbour; it takes four"),
        ("partition bridge 2 random", "partition: bridge: one node is the bridge, not 2"),
        ("partition n1 n2 n3 | majority", "partition: majority: that takes 3, and only 2 are left"),
        ("partition all | rest", "partition: rest: that is nobody now"),
    ],
)
def test_what_makes_no_two_sides_is_refused_and_changes_nothing(line: str, complaint: str) -> None:
    async def test(lab: Lab) -> None:
        with pytest.raises(UserError) as caught:
            await lab.do(line)
        assert str(caught.value).startswith(complaint)
        assert not lab.cluster.faults
        assert not lab.world.network.rules

    in_lab(test)


def test_one_way_loses_one_direction_and_the_other_still_works() -> None:
    assert reached("one-way n1 -> n2 n3") == EVERYBODY - {"n1>n2", "n1>n3"}
    assert reached("one-way n1") == EVERYBODY - {f"n1>{name}" for name in ALL.split()}
    assert reached("one-way -> n1 n2") == EVERYBODY - {f"{a}>{b}" for a in ALL.split() for b in ("n1", "n2")}


@pytest.mark.parametrize("line", ["partition n1 | n2", "partition ring", "one-way n1 -> n2", "flap n1 period=10s"])
def test_what_is_under_way_at_a_cut_is_lost_and_a_cut_ends_by_itself(line: str) -> None:
    async def test(lab: Lab) -> None:
        names = ["n1", "n3"] if "ring" in line else ["n1", "n2"]
        await lab.do("link latency=500ms")
        lab.talker(names[1]).heard.clear()
        lab.talker(names[0]).ping(names[1], 1)
        await lab.go(100 * MS)
        await lab.do(f"{line} lasting=2s")
        await lab.go(2 * SECOND)
        assert len(lab.cluster.faults) == 1, "only the latency is left"
        assert not lab.talker(names[1]).heard, "the ping was on the cable when it was cut"
        assert await lab.reach(names, SECOND) == pairs(" ".join(names))

    in_lab(test)


def test_a_flapping_link_passes_and_fails_in_turn_until_it_is_healed() -> None:
    async def test(lab: Lab) -> tuple[list[bool], list[bool]]:
        await lab.do("flap n2 -> n1 n3 period=1s down=30%")
        arrived = {number for number, _ in await lab.pings("n1", "n2", 300, every_us=10 * MS)}
        assert "n1>n4" in await lab.reach(["n1", "n4"])
        await lab.do("heal n2")
        well = {number for number, _ in await lab.pings("n1", "n2", 300, every_us=10 * MS)}
        return [number in arrived for number in range(300)], [number in well for number in range(300)]

    flapping, healed = in_lab(test)
    assert all(healed)
    for second in range(3):
        # A ping that is sent just before a cut is lost as well: it takes up to 2 ms.
        assert not any(flapping[second * 100 : second * 100 + 30])
        assert all(flapping[second * 100 + 30 : second * 100 + 99])


def test_two_flaps_over_each_other_let_pass_what_both_let_pass() -> None:
    async def test(lab: Lab) -> list[bool]:
        await lab.do("flap n1 -> n2 period=400ms down=50%")
        await lab.go(100 * MS)
        await lab.do("flap n2 -> n1 period=400ms down=50%")
        arrived = {number for number, _ in await lab.pings("n1", "n2", 40, every_us=10 * MS)}
        await lab.do("heal")
        assert not lab.world.network.rules
        assert len(await lab.pings("n1", "n2", 80, every_us=10 * MS)) == 80, "no cut comes back after the heal"
        return [number in arrived for number in range(40)]

    passed = in_lab(test)
    # The second begins 100 ms into the first: together they are down for 200 of the next 300 ms, up for 100.
    assert not any(passed[:20])
    assert all(passed[20:29])
    assert not any(passed[31:40])


def test_cuts_over_each_other_are_healed_one_by_one() -> None:
    async def test(lab: Lab) -> list[set[str]]:
        await lab.do("partition n1 | n2 n3", "one-way n4 -> n5")
        seen = [await lab.reach(MEMBERS.split())]
        await lab.do("heal n5")
        seen.append(await lab.reach(MEMBERS.split()))
        await lab.do("heal n1")
        seen.append(await lab.reach(MEMBERS.split()))
        return seen

    everybody = pairs(MEMBERS)
    both, partition, none = in_lab(test)
    assert both == everybody - across("n1", "n2 n3") - {"n4>n5"}
    assert partition == everybody - across("n1", "n2 n3")
    assert none == everybody


def test_a_client_cut_off_with_too_few_replicas_cannot_write_and_can_after_heal() -> None:
    async def test(lab: Lab) -> list[str]:
        outcomes = []
        await lab.do("partition n1 you | n2 n3 n4 n5")
        outcomes.append((await lab.ask("put cat tom")).outcome)
        await lab.do("heal")
        await lab.go(5 * SECOND)
        outcomes.append((await lab.ask("put cat tom")).outcome)
        return outcomes

    cut, healed = in_lab(test)
    assert cut in ("fail", "unknown"), "W = 2 of three replicas: n1 alone is not enough"
    assert healed == "ok"
