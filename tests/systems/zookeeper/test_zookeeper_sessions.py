"""Sessions: who keeps time, who ends them, and how they move between servers."""

from __future__ import annotations

import pytest

from playground.systems.zookeeper.client import ConnectionLoss, KeeperError, SessionExpired, State
from playground.systems.zookeeper.sessions import SessionTracker
from playground.systems.zookeeper.tree import Session
from tests.systems.store.store_lab import Cut
from tests.systems.zookeeper.zookeeper_lab import SECOND, TIMEOUT_US, Lab, simulate


def test_a_session_is_overdue_a_timeout_after_it_was_last_heard_of() -> None:
    tracker = SessionTracker()
    tracker.add(7, 100, 0)
    assert tracker.overdue(99) == []
    assert tracker.touch(7, 50)
    assert tracker.overdue(149) == []
    assert tracker.overdue(150) == [7]
    tracker.excuse(30)
    assert tracker.overdue(150) == []
    assert tracker.left_us(7, 150) == 30
    tracker.remove(7)
    assert tracker.overdue(1_000) == []
    assert not tracker.touch(7, 1_000)


def test_a_new_leader_gives_every_session_its_timeout_and_some_grace() -> None:
    tracker = SessionTracker()
    tracker.add(1, 100, 0)
    tracker.take_over({2: Session("c1", 100, ""), 3: Session("c2", 300, "")}, 1_000, 50)
    assert tracker.overdue(1_149) == []
    assert tracker.overdue(1_150) == [2]
    assert tracker.overdue(1_350) == [2, 3]


def test_the_ephemerals_of_a_machine_that_crashed_go_when_its_session_does_and_the_others_stay() -> None:
    async def main() -> None:
        lab = Lab(3, 2)
        await lab.prepare()
        keeper, other = lab.keeper("c2"), lab.keeper("c1")
        await lab.do(lambda: keeper.create("/e", ephemeral=True), "c2")
        await lab.do(lambda: keeper.create("/p"), "c2")
        lab.world.nodes["c2"].crash()
        await lab.run(TIMEOUT_US / SECOND / 2)
        assert await lab.do(lambda: other.exists("/e")) is not None
        await lab.run(TIMEOUT_US / SECOND)
        assert await lab.do(lambda: other.exists("/e")) is None
        assert await lab.do(lambda: other.exists("/p")) is not None
        (note,) = [entry for entry in lab.world.journal.entries if entry.kind == "expired"]
        assert note.subject == lab.leader
        assert dict(note.data) == {"session": keeper.session, "owner": "c2"}

    simulate(main)


def test_a_closed_session_takes_its_ephemerals_with_it_at_once() -> None:
    async def main() -> None:
        lab = Lab(3, 2)
        await lab.prepare()
        keeper, other = lab.keeper("c2"), lab.keeper("c1")
        await lab.do(lambda: keeper.create("/e", ephemeral=True), "c2")
        await lab.do(keeper.close, "c2")
        assert keeper.state is State.CLOSED
        await lab.do(other.sync)
        assert await lab.do(lambda: other.exists("/e")) is None
        assert isinstance(await lab.do(lambda: keeper.get("/p"), "c2"), SessionExpired)
        assert lab.notes("expired") == []

    simulate(main)


@pytest.mark.parametrize("seed", range(4))
def test_a_session_outlives_the_leader_and_its_own_server(seed: int) -> None:
    async def main() -> None:
        lab = Lab(3, seed)
        await lab.prepare()
        keeper = lab.keeper()
        session = keeper.session
        await lab.do(lambda: keeper.create("/e", ephemeral=True))
        for victim in (lab.leader, keeper.server):
            if lab.world.nodes[victim].process is not None:
                lab.nodes[victim].crash()
                await lab.run(1)
                lab.nodes[victim].start()
                await lab.run(3)
        assert keeper.state is State.CONNECTED
        assert keeper.session == session
        assert (await lab.do(lambda: keeper.exists("/e"))).ephemeral_owner == session
        assert State.EXPIRED not in lab.client().states

    simulate(main)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_was_asked_over_an_older_connection_is_done_after_a_sync(seed: int) -> None:
    """A write that was in flight when its connection broke is done before the next sync is answered, or never."""

    async def main() -> None:
        lab = Lab(3, seed, watch=False)
        await lab.prepare()
        keeper = lab.keeper()
        client = lab.client()
        for number in range(10):
            server = lab.server(keeper.server)
            outcomes: list[bool] = []

            async def write(path: str = f"/n{number}", outcomes: list[bool] = outcomes) -> None:
                try:
                    await keeper.create(path)
                    outcomes.append(True)
                except ConnectionLoss:
                    outcomes.append(False)

            client.spawn(write)
            await lab.run(client.chance.random() * 0.004)
            desk = server.desk_of(keeper.session)
            if desk is not None:
                server._drop(desk)
            await lab.run(0.05)
            assert outcomes
            await lab.do(keeper.connected)
            await lab.do(keeper.sync)
            there = await lab.do(lambda path=f"/n{number}": keeper.exists(path))
            await lab.run(1)
            assert (await lab.do(lambda path=f"/n{number}": keeper.exists(path)) is None) == (there is None)
            assert there is not None or not outcomes[0]

    simulate(main)


def test_a_client_that_slept_through_its_session_learns_that_it_has_expired() -> None:
    async def main() -> None:
        lab = Lab(3, 4)
        await lab.prepare()
        keeper = lab.keeper()
        node = lab.world.nodes["c1"]
        node.freeze()
        await lab.run(1.0)
        assert node.clock.monotonic_us >= keeper.safe_until_us  # it would know at once
        await lab.run(3)
        node.thaw()
        assert node.clock.monotonic_us >= keeper.safe_until_us
        await lab.run(2)
        assert keeper.state is State.EXPIRED
        assert keeper.safe_until_us == -1

    simulate(main)


@pytest.mark.parametrize("far", ["c1", "leader"])
def test_a_client_with_a_leader_that_was_replaced_cannot_be_certain_longer_than_its_session_lives(far: str) -> None:
    async def main() -> None:
        for seed in range(6):
            lab = Lab(3, seed)
            await lab.prepare()
            for node in lab.world.nodes.values():  # the worst for the old leader's client
                node.clock.set_drift(-190_000)
            others = [name for name in lab.names if name != lab.leader]
            for name in others:
                lab.nodes[name].clock.set_drift(190_000)
            away = ["c1"] if far == "c1" else ["c1", lab.leader]
            lab.world.network.add(Cut(away, [name for name in lab.world.nodes if name not in away]))
            await lab.run(6)
            assert lab.notes("expired")
            assert lab.violations == []

    simulate(main)


def test_a_frozen_leader_expires_nobody_when_it_thaws() -> None:
    async def main() -> None:
        lab = Lab(3, 5, tick_ms=100, sync_ticks=8)
        await lab.prepare()
        leader = lab.leader
        for _ in range(4):
            lab.nodes[leader].freeze()
            await lab.run(0.7)  # not long enough to be replaced
            lab.nodes[leader].thaw()
            await lab.run(0.3)
        assert lab.notes("expired") == []
        assert all(State.EXPIRED not in lab.client(name).states for name in ("c1", "c2", "c3"))

    simulate(main)


def test_without_a_connection_a_request_fails_and_says_that_it_was_never_sent() -> None:
    async def main() -> None:
        lab = Lab(3, 6, clients=1)
        await lab.prepare()
        for name in lab.names:
            lab.nodes[name].crash()
        await lab.run(2)
        keeper = lab.keeper()
        assert keeper.state is State.DISCONNECTED
        error = await lab.do(lambda: keeper.create("/x"))
        assert isinstance(error, ConnectionLoss)
        assert isinstance(error, KeeperError)
        assert error.definite

    simulate(main)
