"""Which balancer is active, and what a client sees when that changes; requests and their names."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.errors import CallError, Rejected
from playground.systems.balancer.client import BalancedClient
from playground.systems.balancer.messages import Ask
from playground.systems.database import RequestId
from tests.systems.balancer.balancer_lab import SECOND, Forgetful, Lab, OneWay, simulate
from tests.systems.store.store_lab import Cut, Muddle


def leaders(lab: Lab) -> list[tuple[str, str, Any]]:
    entries = [entry for entry in lab.world.journal.entries if entry.kind in ("elected", "deposed")]
    return [(entry.kind, entry.subject, dict(entry.data)["term"]) for entry in entries]


@pytest.mark.parametrize("act", ["crash", "freeze"])
def test_the_standby_takes_over_from_an_active_balancer_that_is_gone(act: str) -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        first = lab.active.name
        (second,) = (name for name in lab.balancers if name != first)
        getattr(lab.node(first), act)()
        await lab.run(4)
        assert lab.balancer(second).active
        entry = lab.entries("elected")[-1]
        assert dict(entry.data) == {"group": "balancers", "term": 2}
        assert 0 < entry.at_us - 3 * SECOND < 2 * SECOND
        assert set(lab.outcomes(5.5, 6)) == {"ok"}
        getattr(lab.node(first), "start" if act == "crash" else "thaw")()
        await lab.run(3)
        assert not lab.balancer(first).active
        assert set(lab.outcomes(6, 9)) == {"ok"}
        assert lab.violations == []
        assert max(lab.answers.values()) == 1

    simulate(main)


def test_who_thaws_refuses_what_waited_for_it() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        first = lab.active
        first.process.node.freeze()
        await lab.run(3)
        taken = first.asked
        assert len(first.process.held) > 10
        first.process.node.thaw()
        await lab.run(1)
        assert first.asked == taken
        assert leaders(lab)[-1] == ("deposed", first.name, 1)
        assert lab.violations == []

    simulate(main)


@pytest.mark.parametrize("way", ["both", "from", "to"])
def test_who_is_cut_off_from_the_ensemble_stops_before_the_other_begins(way: str) -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        first = lab.active.name
        rules: dict[str, Any] = {
            "both": Cut([first], ["z1"]),
            "from": OneWay([first], ["z1"]),
            "to": OneWay(["z1"], [first]),
        }
        lab.world.network.add(rules[way])
        await lab.run(5)
        (second,) = (name for name in lab.balancers if name != first)
        if way == "to":  # its pings arrive: the session lives, and nobody can take over
            assert leaders(lab) == [("elected", first, 1), ("deposed", first, 1)]
        else:
            assert leaders(lab) == [("elected", first, 1), ("deposed", first, 1), ("elected", second, 2)]
        assert lab.violations == []
        lab.world.network.remove(rules[way])
        await lab.run(3)
        assert set(lab.outcomes(8, 10)) == {"ok"}
        if way == "to":
            assert leaders(lab)[-1] == ("elected", first, 1)

    simulate(main)


def test_without_the_ensemble_nobody_is_active_for_long_and_requests_are_refused() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        lab.node("z1").crash()
        await lab.run(4)
        assert not any(lab.balancer(name).active for name in lab.balancers)
        assert lab.outcomes(5, 6)["ok"] == 0
        with pytest.raises(Rejected, match="standby"):
            await _within(lab, lab.client().call("b1", Ask("k", None, None, SECOND), timeout_us=SECOND))

    simulate(main)


def test_a_client_finds_the_active_balancer_at_once_when_the_other_one_says_standby() -> None:
    async def main() -> None:
        lab = Lab(rate=0)
        await lab.run(2)
        client = lab.client()
        (standby,) = (name for name in lab.balancers if name != lab.active.name)
        client.database.believed = standby
        assert await _within(lab, client.operate("k1", "x")) == "ok"
        began_us, ended_us, _, _ = lab.operations[0]
        assert ended_us - began_us < 20_000
        assert client.database.believed == lab.active.name

    simulate(main)


def test_a_silent_balancer_is_left_only_for_one_that_says_it_is_active() -> None:
    async def main() -> None:
        lab = Lab(rate=0)
        await lab.run(2)
        client, first = lab.client(), lab.active.name
        lab.world.network.add(Cut(["c1"], [first]))
        # The other one is asked who is active: it is not, so the request does not go there.
        assert await _within(lab, client.operate("k1", "lost")) == "unknown"
        assert client.database.believed == first
        lab.node(first).crash()
        await lab.run(3)
        assert await _within(lab, client.operate("k1", "found")) == "ok"
        assert client.database.believed != first
        assert lab.base.written == {"found": 1}

    simulate(main)


def test_retries_and_resends_never_do_a_write_twice() -> None:
    async def main(seed: int) -> tuple[int, int]:
        lab = Lab(seed, rate=60, retries=3, retry_budget=None, try_timeout_ms=100)
        lab.world.network.add(Muddle(lab.world.random("muddle")))
        await lab.run(8)
        assert set(lab.base.written.values()) == {1}
        acknowledged = [value for _, _, outcome, value in lab.operations if outcome == "ok" and value is not None]
        assert len(acknowledged) > 100
        assert all(lab.base.written[value] == 1 for value in acknowledged)
        assert not [value for _, _, outcome, value in lab.operations if outcome == "fail" and value in lab.base.written]
        return lab.base.recognized, sum(lab.balancer(name).retried for name in lab.balancers)

    for seed in range(2):
        recognized, retried = simulate(main, seed)
        assert recognized > 10
        assert retried > 100


def test_where_the_database_forgets_names_writes_are_not_tried_again() -> None:
    async def main() -> None:
        lab = Lab(rate=0, session=Forgetful, policy="round-robin")
        await lab.run(2)
        lab.node("s2").crash()
        outcomes = [await _within(lab, lab.client().operate("k", f"v{number}")) for number in range(4)]
        assert sorted(outcomes) == ["ok", "ok", "ok", "unknown"]
        assert lab.active.retried == 0
        assert [await _within(lab, lab.client().operate("k", None)) for _ in range(4)] == ["ok"] * 4

    simulate(main)


def test_a_write_names_the_oldest_write_whose_outcome_its_session_waits_for() -> None:
    async def main() -> None:
        lab = Lab(rate=0)
        await lab.run(2)
        client, base = lab.client(), lab.base
        base.cut, base.delay_us = (), 100_000
        client.spawn(client.operate, "k1", "a")
        client.spawn(client.operate, "k2", "b")
        await lab.run(0.05)
        base.delay_us = 1_000
        await _within(lab, client.operate("k3", "c"))
        await lab.run(0.5)
        await _within(lab, client.operate("k4", "d"))
        assert sorted(base.requests) == [
            RequestId("c1#1", 1, 1),
            RequestId("c1#1", 2, 1),
            RequestId("c1#1", 3, 1),
            RequestId("c1#1", 4, 4),
        ]

    simulate(main)


def test_what_cannot_be_had_through_a_balancer_is_refused_for_good() -> None:
    async def main() -> None:
        lab = Lab(rate=0)
        await lab.run(2)
        database: BalancedClient = lab.client().database
        for operation in (database.get("k", 2), database.put("k", "v", 2), database.leave("n1")):
            with pytest.raises(Rejected) as caught:
                await _within(lab, operation)
            assert caught.value.code == "bad-request"
            assert caught.value.definite
        assert lab.base.requests == []

    simulate(main)


def test_a_full_queue_refuses_and_another_server_takes_it() -> None:
    async def main() -> None:
        lab = Lab(rate=0, servers=2, workers=1, queue=0, policy="round-robin", work_ms=100, retry_budget=None)
        await lab.run(2)
        client = lab.client()
        for number in range(3):
            client.spawn(client.operate, f"k{number}", None)
        await lab.run(2)
        assert sorted(outcome for _, _, outcome, _ in lab.operations) == ["fail", "ok", "ok"]
        assert sum(lab.server(name).refused for name in lab.servers) == 2
        assert lab.active.retried == 1

    simulate(main)


async def _within(lab: Lab, operation: Any) -> Any:
    """Run ``operation`` as a task of c1 until it is over: its result, or what it raised."""
    told: list[Any] = []

    async def work() -> None:
        try:
            told.append((await operation, None))
        except CallError as error:
            told.append((None, error))

    lab.client().spawn(work)
    for _ in range(300):
        if told:
            break
        await lab.run(0.01)
    result, error = told[0]
    if error is not None:
        raise error
    return result
