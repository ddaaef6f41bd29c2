"""Words that stand for names: how they are written, whom they come to, and what is said when that is nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.commands import validate
from playground.commands.targets import WORDS, gather, is_word
from playground.kernel.errors import UserError
from playground.kernel.world import run
from playground.spec import ClusterSpec
from playground.systems.store import checks
from playground.systems.store.service import StoreService
from playground.targeting import resolve

T = TypeVar("T")
MEMBERS = [f"n{number}" for number in range(1, 9)]


def on_cluster(test: Callable[[Cluster], Awaitable[T]], seed: int = 1, **spec: Any) -> T:
    """Run ``test(cluster)`` on the default cluster, up for two seconds."""

    async def main() -> T:
        cluster = Cluster(ClusterSpec.model_validate({"load": {"rate": 5, "clients": 2}} | spec), seed)
        await cluster.advance(2_000_000)
        return await test(cluster)

    return run(main)


async def comes_to(cluster: Cluster, line: str) -> Any:
    return resolve(cluster, parse_line(line))


def nodes_of(line: str, seed: int = 1) -> list[str]:
    return list(on_cluster(lambda cluster: comes_to(cluster, line), seed).nodes)


# --- grammar --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "targets"),
    [
        ("n1 n2", ["n1", "n2"]),
        ("n1,n2", ["n1", "n2"]),
        ("2 random", ["2 random"]),
        ("n1 2 random n3", ["n1", "2 random", "n3"]),
        ("random", ["random"]),
        ("25% rest", ["25%", "rest"]),
        ("owner of k0", ["owner of k0"]),
        ("replicas of k0 n1", ["replicas of k0", "n1"]),
        ("any replica of k0", ["any replica of k0"]),
        ("majority n2", ["majority", "n2"]),
    ],
)
def test_words_are_typed_and_written_as_lists_and_as_text(typed: str, targets: list[str]) -> None:
    assert parse_line(f"crash {typed}").nodes == targets
    assert validate({"do": "crash", "nodes": typed}).nodes == targets
    assert validate({"do": "crash", "nodes": targets}).nodes == targets
    assert parse_line(parse_line(f"crash {typed}").line()).nodes == targets


def test_sides_of_a_partition_may_be_texts() -> None:
    assert validate({"do": "partition", "groups": ["majority", "n1, 2 random"]}).groups == [
        ["majority"],
        ["n1", "2 random"],
    ]


@pytest.mark.parametrize(
    "word", [*WORDS, "3 random", "0%", "12.5%", "owner of x", "leader", "any follower", "replicas"]
)
def test_what_is_a_word(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize(
    "name", ["n1", "two random", "-1 random", "1.5 random", "5 %", "%", "you", "any", "of", "9" * 9]
)
def test_what_is_a_name(name: str) -> None:
    assert not is_word(name)
    assert not is_word(f"{'9' * 5_000} random")


def attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """What was read, and what is said of it; "" if it is fine."""
    try:
        return read(), ""
    except UserError as error:
        return None, str(error)


PIECES = st.sampled_from(
    ["n1", "n2", "c1", "you", "random", "one", "all", "majority", "minority", "rest", "clients", "2", "99", "0", "any",
     "of", "owner", "owners", "replica", "replicas", "leader", "follower", "k0", "50%", "150%", "0%", "|", "->", ",",
     "²", "٣", "1e9%", "", " ", "n1 n2", "=", "'", "lasting=1s", "shape=ring", "ring", "halves", "bridge", "isolate"]
)  # fmt: skip


@given(
    st.sampled_from(["crash", "partition", "one-way", "link", "flap", "heal"]), st.lists(PIECES | st.text(max_size=6))
)
def test_any_words_are_read_or_refused_in_one_line(act: str, words: list[str]) -> None:
    command, said = attempt(lambda: parse_line(" ".join([act, *words])))
    assert "\n" not in said
    if not said:
        assert parse_line(command.line()) == command


@given(st.lists(PIECES | st.text() | st.integers() | st.none() | st.lists(st.text(max_size=3), max_size=2)))
def test_any_list_of_targets_is_read_or_refused_in_one_line(targets: list[Any]) -> None:
    command, said = attempt(lambda: validate({"do": "crash", "nodes": targets}))
    assert "\n" not in said
    assert said or command.nodes


@given(st.lists(PIECES))
def test_gathering_words_loses_none(words: list[str]) -> None:
    assert " ".join(gather(words)) == " ".join(words)


# --- drawing --------------------------------------------------------------------------


def test_names_stand_for_themselves() -> None:
    assert nodes_of("crash n3 n1") == ["n3", "n1"]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("one", 1),
        ("random", 1),
        ("3 random", 3),
        ("8 random", 8),
        ("25%", 2),
        ("26%", 3),
        ("100%", 8),
        ("1%", 1),
        ("all", 8),
    ],
)
def test_so_many_members_are_drawn_each_once(words: str, count: int) -> None:
    for seed in range(5):
        drawn = nodes_of(f"crash {words}", seed)
        assert len(drawn) == len(set(drawn)) == count
        assert drawn == [name for name in MEMBERS if name in drawn], "in the order of the cluster"


def test_the_draw_is_fair_and_decided_by_the_seed() -> None:
    drawn = [nodes_of("crash random", seed)[0] for seed in range(40)]
    assert drawn == [nodes_of("crash random", seed)[0] for seed in range(40)]
    assert len(set(drawn)) >= 6


def test_what_is_named_is_not_drawn_as_well() -> None:
    for seed in range(10):
        assert len(set(nodes_of("crash n1 n2 3 random", seed))) == 5
        assert nodes_of("crash n1 n2 rest", seed) == [*MEMBERS[:2], *MEMBERS[2:]]


def test_only_those_are_drawn_for_whom_the_act_is_possible() -> None:
    async def test(cluster: Cluster) -> None:
        await cluster.apply(parse_line("crash n1 n2 n3"))
        await cluster.apply(parse_line("freeze n4"))
        for line, able in (
            ("start all", ["n1", "n2", "n3"]),
            ("crash all", ["n4", "n5", "n6", "n7", "n8"]),
            ("freeze all", ["n5", "n6", "n7", "n8"]),
            ("thaw all", ["n4"]),
            ("crash rest", ["n4", "n5", "n6", "n7", "n8"]),
            ("freeze n8 rest", ["n8", "n5", "n6", "n7"]),
            ("slow-cpu all", MEMBERS),
        ):
            assert (await comes_to(cluster, line)).nodes == able
        for _ in range(20):
            cluster.recorded.append((0, None))  # another draw
            assert (await comes_to(cluster, "start one")).nodes[0] in ("n1", "n2", "n3")
            assert not {"n1", "n2", "n3"} & set((await comes_to(cluster, "crash majority")).nodes)

    on_cluster(test)


def test_majority_and_minority_are_two_sides_of_one_draw() -> None:
    for seed in range(10):
        command = on_cluster(lambda cluster: comes_to(cluster, "partition majority | minority"), seed)
        majority, minority = command.groups
        assert len(majority) == 5
        assert sorted(majority + minority) == MEMBERS


@pytest.mark.parametrize(
    ("line", "sizes"),
    [
        ("partition n1 | majority", [1, 5]),
        ("partition majority | one", [5, 1]),
        ("partition 2 random | rest", [2, 6]),
        ("partition owner of k0 | majority", [1, 5]),
        ("partition n1 n2 | 50% | rest", [2, 3, 3]),
        ("partition clients majority | rest", [7, 3]),
    ],
)
def test_nobody_stands_on_two_sides(line: str, sizes: list[int]) -> None:
    for seed in range(10):
        groups = on_cluster(lambda cluster: comes_to(cluster, line), seed).groups
        assert [len(group) for group in groups] == sizes
        names = [name for group in groups for name in group]
        assert len(names) == len(set(names))


def test_a_role_that_is_played_by_who_is_named_on_the_other_side_is_refused() -> None:
    async def test(cluster: Cluster) -> str:
        owner = (await comes_to(cluster, "crash owner of k0")).nodes[0]
        with pytest.raises(UserError) as caught:
            await cluster.apply(parse_line(f"partition {owner} | owner of k0"))
        assert not cluster.faults
        assert not cluster.recorded
        return str(caught.value).replace(owner, "NAME")

    assert on_cluster(test) == "partition: NAME is on two sides: each node can stand on one"


def test_roles_are_those_of_the_store() -> None:
    async def test(cluster: Cluster) -> None:
        where = checks.placing(cluster.services(StoreService))
        assert where is not None
        for number in range(10):
            owners = list(where.place(f"k{number}").owners)
            assert (await comes_to(cluster, f"crash owner of k{number}")).nodes == owners[:1]
            assert sorted((await comes_to(cluster, f"crash replicas of k{number}")).nodes) == sorted(owners)
            assert set((await comes_to(cluster, f"crash any replica of k{number}")).nodes) < set(owners)
            sides = (await comes_to(cluster, f"partition replicas of k{number} | rest")).groups
            assert sorted(sides[0]) == sorted(owners)
            assert len(sides[1]) == 5

    on_cluster(test)


def test_clients_are_those_that_make_load_and_links_are_aimed_the_same_way() -> None:
    async def test(cluster: Cluster) -> None:
        assert (await comes_to(cluster, "freeze clients")).nodes == ["c1", "c2"]
        link = await comes_to(cluster, "link clients -> 2 random latency=1s")
        assert link.sources == ["c1", "c2"]
        assert len(link.targets) == 2
        one_way = await comes_to(cluster, "one-way n1 -> rest")
        assert one_way.targets == MEMBERS[1:]

    on_cluster(test)


def test_who_was_removed_is_no_longer_drawn() -> None:
    async def test(cluster: Cluster) -> list[str]:
        await cluster.apply(parse_line("remove n3"))
        return list((await comes_to(cluster, "crash all")).nodes)

    assert on_cluster(test) == [name for name in MEMBERS if name != "n3"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("start one", "start: one: nobody is down"),
        ("thaw 2 random", "thaw: 2 random: nobody is frozen"),
        ("start all", "start: all: that is nobody now"),
        ("crash 9 random", "crash: 9 random: only 8 are up"),
        ("crash 150%", "crash: 150%: only 8 are up"),
        ("crash 0%", "crash: 0%: that is nobody now"),
        ("partition one | majority | minority", "partition: one: nobody is left"),
        ("slow-cpu 9 random", "slow-cpu: 9 random: only 8 are left"),
        ("crash n1 n2 n3 n4 n5 n6 n7 2 random", "crash: 2 random: only 1 is up"),
        ("crash leader", "crash: leader: nobody here is leader; there are owner, replica"),
        ("crash any follower", "crash: any follower: nobody here is follower; there are owner, replica"),
        ("crash owner", "crash: owner: that is nobody; of what? write owner of k0"),
        ("crash ownr of k0", "crash: unknown node 'ownr'"),
        ("crash two random", "crash: unknown node 'two'"),
        ("crash 3 randm", "crash: unknown node '3': if so many are meant, write 3 random"),
        ("crash mjority", "crash: unknown node 'mjority': did you mean majority?"),
        ("crash owner of", "crash: unknown node 'owner of': of which key? write owner of k0"),
    ],
)
def test_what_comes_to_nobody_is_said_in_one_line_and_nothing_is_done(line: str, complaint: str) -> None:
    async def test(cluster: Cluster) -> str:
        digest = cluster.world.digest()
        try:
            await cluster.apply(parse_line(line))
        except UserError as error:
            assert cluster.world.digest() == digest
            assert not cluster.recorded
            return str(error)
        return ""

    said = on_cluster(test)
    assert said.startswith(complaint)
    assert "\n" not in said


# --- the record -------------------------------------------------------------------------


def test_the_record_holds_names() -> None:
    async def test(cluster: Cluster) -> list[str]:
        for line in ("crash 2 random", "partition majority | minority", "heal", "start all", "link clients loss=5%"):
            await cluster.apply(parse_line(line))
        return [command.line() for _, command in cluster.recorded]

    lines = on_cluster(test)
    assert not any(is_word(word) for line in lines for word in line.split())
    assert lines[-1] == "link c1 c2 loss=5%"


def test_a_draw_moves_no_other_one() -> None:
    async def test(cluster: Cluster, first: str) -> tuple[str, int]:
        await cluster.apply(parse_line(first))
        await cluster.apply(parse_line("slow-cpu random times=2"))
        named = cluster.recorded[-1][1].nodes[0]
        return named, cluster.world.random("x").randrange(10**9)

    drawn = {
        on_cluster(lambda cluster, line=line: test(cluster, line))
        for line in ("crash n1", "crash random", "load rate=7")
    }
    assert len(drawn) == 1


def test_a_role_that_is_played_for_nothing_in_particular_is_nobodys_for_now() -> None:
    async def test(cluster: Cluster) -> None:
        with pytest.raises(UserError, match="crash: master: that is nobody; of what"):
            resolve(cluster, parse_line("crash master"))
        for name in cluster.of_kind("ensemble"):
            cluster.node(name).freeze()
        await cluster.advance(3_000_000)
        with pytest.raises(UserError, match="crash: leader: that is nobody now"):
            resolve(cluster, parse_line("crash leader"))

    on_cluster(test, database="shards", nodes=4, zookeeper={"servers": 3})


@pytest.mark.parametrize("line", ["put k v w=2", "get k r=1"])
def test_requests_choose_their_quorums_in_a_quorum_store_alone(line: str) -> None:
    async def test(cluster: Cluster) -> None:
        with pytest.raises(UserError, match="only a quorum store lets a request choose that"):
            await cluster.apply(parse_line(line))

    async def accepted(cluster: Cluster) -> None:
        await cluster.apply(parse_line(line))

    on_cluster(test, database="shards", nodes=4, zookeeper={"servers": 3})
    on_cluster(accepted)


def test_a_role_for_what_is_not_there_says_so_and_what_is() -> None:
    async def test(cluster: Cluster) -> None:
        await cluster.advance(2_000_000)
        with pytest.raises(UserError, match=r"leader of changes-77: unknown partition or .*did you mean changes-"):
            resolve(cluster, parse_line("crash leader of changes-77"))
        with pytest.raises(UserError, match=r"coordinator of viev: .*did you mean view"):
            resolve(cluster, parse_line("crash coordinator of viev"))
        assert resolve(cluster, parse_line("crash leader of changes-0")).nodes

    kafka = {"brokers": 3, "rate": 10, "producers": 1, "topics": [{"name": "changes"}]}
    on_cluster(test, database="none", nodes=0, load={"rate": 0}, zookeeper={"servers": 3}, kafka=kafka)
