"""What the clients do: more, less, all for one key, all at once; and back."""

from __future__ import annotations

import pytest
from chaos_lab import MS, SECOND, Lab, in_lab

from playground.checkers.history import Operation
from playground.kernel.errors import UserError
from playground.systems.store import checks
from playground.systems.store.service import StoreService


async def operations(lab: Lab, span_us: int) -> list[Operation]:
    """What the clients begin within ``span_us``."""
    begun_us = lab.cluster.now_us
    await lab.go(span_us)
    history = lab.cluster.history
    known = {op.index: op for op in (*history.operations, *history.open.values())}
    return [op for op in known.values() if op.invoked_us > begun_us and op.client != "you"]


async def rate(lab: Lab, span_us: int = 10 * SECOND) -> float:
    return len(await operations(lab, span_us)) * SECOND / span_us


def test_load_sets_the_rate_the_share_of_reads_and_the_popularity_of_keys() -> None:
    async def test(lab: Lab) -> None:
        assert await rate(lab) == pytest.approx(20, rel=0.3)
        await lab.do("load rate=100 reads=90% skew=0")
        begun = await operations(lab, 10 * SECOND)
        assert len(begun) == pytest.approx(1_000, rel=0.1)
        assert sum(not op.write for op in begun) / len(begun) == pytest.approx(0.9, abs=0.03)
        even = max(sum(op.key == f"k{number}" for op in begun) for number in range(20)) / len(begun)
        await lab.do("load skew=3")
        begun = await operations(lab, 10 * SECOND)
        assert even < 0.1
        assert sum(op.key == "k0" for op in begun) / len(begun) == pytest.approx(1 / 1.2, abs=0.05), "1 / zeta(3)"
        await lab.do("load rate=0")
        await lab.go(SECOND)
        assert await rate(lab) == 0

    in_lab(test)


def test_a_hot_key_takes_its_share_whatever_the_skew() -> None:
    async def test(lab: Lab) -> list[float]:
        shares = []
        for line in ("load rate=100 skew=0", "load hot=k7", "load hot_share=80%", "load hot_share=0"):
            await lab.do(line)
            begun = await operations(lab, 10 * SECOND)
            shares.append(sum(op.key == "k7" for op in begun) / len(begun))
        return shares

    usual, half, most, again = in_lab(test)
    assert usual == pytest.approx(0.05, abs=0.03)
    assert half == pytest.approx(0.5 + 0.5 * 0.05, abs=0.05)
    assert most == pytest.approx(0.8 + 0.2 * 0.05, abs=0.05)
    assert again == pytest.approx(0.05, abs=0.03)


def test_a_load_that_lasts_goes_back() -> None:
    async def test(lab: Lab) -> list[float]:
        await lab.do("load rate=100 lasting=10s")
        return [await rate(lab), await rate(lab)]

    during, after = in_lab(test)
    assert during == pytest.approx(100, rel=0.15)
    assert after == pytest.approx(20, rel=0.3)


def test_a_burst_is_ten_times_the_load_and_then_it_is_as_before() -> None:
    async def test(lab: Lab) -> list[float]:
        await lab.do("burst")
        return [await rate(lab, 3 * SECOND), await rate(lab)]

    during, after = in_lab(test)
    assert during == pytest.approx(200, rel=0.15)
    assert after == pytest.approx(20, rel=0.3)


@pytest.mark.parametrize(
    ("acts", "loads"),
    [
        # Another burst while one lasts does not multiply the burst, and in the end all is as it was.
        ([(0, "burst lasting=3s"), (1, "burst lasting=4s")], [200, 200, 200, 200, 200, 20]),
        # One that ends first gives way to the one around it.
        ([(0, "burst rate=100 lasting=4s"), (1, "burst rate=300 lasting=1s")], [100, 300, 100, 100, 20, 20]),
        # One that began first ends first; the newer one goes on.
        ([(0, "burst rate=100 lasting=2s"), (1, "burst rate=300 lasting=3s")], [100, 300, 300, 300, 20, 20]),
        # What somebody sets for good meanwhile stays.
        ([(0, "burst rate=100 lasting=3s"), (1, "load rate=50")], [100, 50, 50, 50, 50, 50]),
        # It ends its own fields only.
        ([(0, "load rate=70 lasting=2s"), (1, "load reads=10%")], [70, 70, 20, 20, 20, 20]),
    ],
)
def test_bursts_over_each_other(acts: list[tuple[int, str]], loads: list[float]) -> None:
    async def test(lab: Lab) -> list[float]:
        seen = []
        for second in range(6):
            for at_s, line in acts:
                if at_s == second:
                    await lab.do(line)
            await lab.go(1)  # to just beyond what ends at this instant
            seen.append(lab.cluster.load.rate)
            await lab.go(SECOND - 1)
        assert not lab.cluster.passing
        return seen

    assert in_lab(test) == loads


def test_a_burst_of_no_load_must_say_how_much() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("load rate=0")
        with pytest.raises(UserError, match="burst: there is no load to multiply: say rate=400"):
            await lab.do("burst")
        await lab.do("burst rate=100")
        assert await rate(lab, 3 * SECOND) > 50
        assert await rate(lab, 3 * SECOND) == 0

    in_lab(test)


def test_a_herd_asks_for_one_key_at_one_instant_from_all_clients_that_run() -> None:
    async def test(lab: Lab) -> None:
        await lab.do("load rate=0")
        await lab.go(2 * SECOND)
        now_us = lab.cluster.now_us
        assert await lab.do("herd k3 requests=101") == "101 reads of k3 at once, from 2 clients"
        begun = [op for op in lab.cluster.history.open.values() if op.invoked_us == now_us]
        assert [op.key for op in begun] == ["k3"] * 101
        assert sorted(sum(op.client == name for op in begun) for name in ("c1", "c2")) == [50, 51]
        await lab.go(5 * SECOND)
        assert not lab.cluster.history.open
        await lab.do("freeze c1")
        assert await lab.do("herd k3 requests=10") == "10 reads of k3 at once, from 1 client"
        await lab.do("crash c2")
        with pytest.raises(UserError, match="herd: no client is up"):
            await lab.do("herd")

    in_lab(test)


def test_a_herd_beyond_what_clients_can_have_under_way_is_cut_down_and_says_so() -> None:
    async def test(lab: Lab) -> None:
        assert await lab.do("herd k0 requests=9000") == (
            "4000 reads of k0 at once, from 2 clients; 5000 dropped: a client has 2000 requests under way at most"
        )
        assert len(lab.cluster.history.open) == 4_000
        assert await lab.do("herd k0 requests=10") == (
            "0 reads of k0 at once, from 2 clients; 10 dropped: a client has 2000 requests under way at most"
        )

    in_lab(test, load={"rate": 0, "clients": 2})


def test_a_herd_is_felt_where_events_cost_time() -> None:
    async def test(lab: Lab) -> list[int]:
        worst = []
        for line in ("get k0", "herd k0 requests=300"):
            await lab.do(line)
            begun = list(lab.cluster.history.open.values())
            await lab.go(3 * SECOND)
            worst.append(max(op.latency_us for op in begun))
        return worst

    one, crowd = in_lab(test, machine={"event": "200us"}, load={"rate": 0, "clients": 2})
    assert crowd > 5 * one


def test_put_and_get_by_hand_are_told() -> None:
    async def test(lab: Lab) -> None:
        assert (await lab.ask("get cat")).seen == ()
        assert (await lab.ask("put cat 'tom cat' w=3")).quorum == 3
        found = await lab.ask("get cat r=1")
        assert found.seen == ("tom cat",)
        assert found.quorum == 1
        assert found.latency_us < 10 * MS
        assert any(text.startswith("you read cat: tom cat") for text in lab.told("answer"))
        await lab.do("crash you")
        with pytest.raises(UserError, match="is not up: start it"):
            await lab.do("put cat tom")

    in_lab(test)


def test_added_nodes_take_ranges_over_and_a_removed_one_gives_them_away() -> None:
    async def test(lab: Lab) -> list[set[str]]:
        def owners() -> set[str]:
            where = checks.placing(lab.cluster.services(StoreService))
            assert where is not None
            return {owner for number in range(200) for owner in where.place(f"k{number}").owners}

        seen = [owners()]
        await lab.do("add n9")
        await lab.go(20 * SECOND)
        seen.append(owners())
        await lab.do("remove n2")
        await lab.go(20 * SECOND)
        seen.append(owners())
        await lab.do("load rate=0")
        await lab.go(5 * SECOND)
        assert lab.cluster.inspection.converged()
        assert not lab.cluster.inspection.judge()
        assert lab.cluster.history.counts["fail"] == 0
        return seen

    before, added, removed = in_lab(test)
    assert added == before | {"n9"}
    assert removed == added - {"n2"}


@pytest.mark.parametrize(
    "name", ["n1", "you", "all", "random", "majority", "any", "of", "ring", "owner", "a-b", "x" * 9]
)
def test_what_no_new_node_can_be_called(name: str) -> None:
    async def test(lab: Lab) -> str:
        with pytest.raises(UserError) as caught:
            await lab.do(f"add {name}")
        return str(caught.value)

    assert in_lab(test).startswith("add: ")
