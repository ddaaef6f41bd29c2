"""The five guarantees of the ZooKeeper programmer's guide ("Consistency Guarantees"), under faults, over seeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.systems.zookeeper import checks
from playground.systems.zookeeper.application import Role
from playground.systems.zookeeper.client import KeeperError, Op, SessionExpired, State
from playground.systems.zookeeper.txns import Changed
from tests.systems.zookeeper.zookeeper_chaos import Chaos
from tests.systems.zookeeper.zookeeper_lab import PAIR, SECOND, Client, Lab, simulate

SEEDS = range(5)
FAULTS = ("crash", "freeze", "cut", "oneway", "muddle", "hang", "drift")
Work = Callable[[Client], Awaitable[None]]


async def under_faults(seed: int, work: Work, clients: tuple[str, ...] = ("c1", "c2")) -> Lab:
    """``work`` over and over on these clients, each task after the one before, while faults come and go."""
    lab = Lab(3, seed, clients=3)
    await lab.prepare()

    async def task(client: Client) -> None:
        while lab.loading:
            if client.keeper.over:
                client.keeper = client.open()
                client.keeper.start()
            try:
                await work(client)
            except KeeperError:
                await client.sleep(20_000)

    for name in clients:
        lab.client(name).spawn(task, lab.client(name))
    chaos = Chaos(lab, FAULTS)
    await chaos.run(6)
    chaos.heal()
    await lab.run(4)  # whatever the faults have left undone: now it goes on
    await lab.quiesce()
    assert lab.judge() == []
    assert lab.leader
    return lab


@pytest.mark.parametrize("seed", SEEDS)
def test_sequential_consistency(seed: int) -> None:
    """Updates from a client will be applied in the order that they were sent."""
    sent: dict[tuple[str, int], int] = {}

    async def work(client: Client) -> None:
        keeper = client.keeper
        key = (client.name, keeper.session)
        for _ in range(5):  # none of these waits for the one before
            sent[key] = number = sent.get(key, 0) + 1
            client.spawn(client.quietly, keeper.set, "/queue", f"{client.name} {keeper.session} {number}")
        await keeper.get("/queue")
        await client.sleep(20_000)

    async def main() -> None:
        applied: dict[int, str] = {}
        lab = await under_faults(seed, work)
        for server in lab.servers.values():
            for zxid, txn, _ in server.recent:
                for change in txn.changes:
                    if isinstance(change, Changed):
                        applied[zxid] = change.data
        latest: dict[tuple[str, str], int] = {}
        for _, value in sorted(applied.items()):
            name, session, number = value.split()
            assert int(number) > latest.get((name, session), 0)
            latest[name, session] = int(number)
        assert len(applied) > 30

    simulate(main)


@pytest.mark.parametrize("seed", SEEDS)
def test_atomicity(seed: int) -> None:
    """Updates either succeed or fail: there are no partial results."""
    torn: list[Any] = []
    done: dict[str, int] = {"ok": 0, "failed": 0}

    async def work(client: Client) -> None:
        keeper = client.keeper
        if client.name == "c3":
            # Between two equal reads of the one nothing has happened, so the other must fit.
            before = await keeper.get(PAIR[0])
            other = await keeper.get(PAIR[1])
            if await keeper.get(PAIR[0]) == before and before[0] != other[0]:
                torn.append((before, other))
            return
        value = f"{client.name} {client.process.world.now_us}"
        goes_wrong = (Op("delete", "/nowhere"),) if client.chance.random() < 0.5 else ()
        try:
            await keeper.multi(*(Op("set", path, value) for path in PAIR), *goes_wrong)
        except KeeperError:
            done["failed"] += 1
            raise
        assert not goes_wrong
        done["ok"] += 1

    lab = simulate(under_faults, seed, work, ("c1", "c2", "c3"))
    assert torn == []
    assert min(done.values()) > 10
    assert lab.violations == []  # at every look the pair was equal on every server


@pytest.mark.parametrize("seed", SEEDS)
def test_single_system_image(seed: int) -> None:
    """A client sees the same view of the service whichever server it is connected to, and never an older one."""
    servers: dict[str, None] = {}
    went_back: list[str] = []
    newest: dict[int, int] = {}

    async def work(client: Client) -> None:
        keeper = client.keeper
        _, stat = await keeper.get("/queue")
        if stat.version < newest.get(keeper.session, 0):
            went_back.append(client.name)
        newest[keeper.session] = stat.version
        servers[keeper.server] = None
        if client.name == "c1":
            await keeper.set("/queue", "next")
        await client.sleep(10_000)
        server = client.lab.servers.get(keeper.server)
        desk = server.desk_of(keeper.session) if server is not None else None
        if server is not None and desk is not None and client.chance.random() < 0.05:
            server._drop(desk)

    lab = simulate(under_faults, seed, work)
    assert went_back == []
    assert len([name for name in servers if name]) > 1  # they have moved between servers
    assert checks.views_go_forward(lab.observation) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_reliability(seed: int) -> None:
    """Once an update has been applied, it will persist from that time forward until a client overwrites it."""
    acknowledged: list[str] = []

    async def work(client: Client) -> None:
        acknowledged.append(await client.keeper.create(f"/queue/{client.name}-", sequential=True))
        await client.sleep(10_000)

    async def main() -> None:
        lab = await under_faults(seed, work)
        for name in lab.names:  # a power failure everywhere
            lab.nodes[name].crash()
        for name in lab.names:
            lab.nodes[name].start()
        await lab.run(4)
        for server in lab.servers.values():
            assert set(acknowledged) <= set(server.tree.nodes)
        assert len(set(acknowledged)) == len(acknowledged) > 20

    simulate(main)


@pytest.mark.parametrize("seed", SEEDS)
def test_timeliness(seed: int) -> None:
    """What a client sees is up to date within a certain bound, or it detects a service outage."""
    stamps: list[tuple[int, int]] = []
    """``(version of /queue, when it was acknowledged)``."""
    late: list[Any] = []

    async def work(client: Client) -> None:
        world = client.process.world
        keeper = client.keeper
        if client.name == "c1":
            stat = await keeper.set("/queue", "tick")
            stamps.append((stat.version, world.now_us))
        else:
            asked_us = world.now_us
            _, stat = await keeper.get("/queue")
            # A server may lag for as long as it does not know that it was abandoned by its leader; and clocks differ.
            bound_us = int(1.5 * 100_000 * (4 + 2))
            due = max((version for version, at_us in stamps if at_us < asked_us - bound_us), default=0)
            if stat.version < due:
                late.append((client.name, stat.version, due, asked_us))
        await client.sleep(20_000)

    simulate(under_faults, seed, work, ("c1", "c2", "c3"))
    assert late == []
    assert len(stamps) > 20


def test_a_client_that_is_cut_off_learns_that_something_is_wrong_although_nobody_tells_it() -> None:
    async def main() -> None:
        from tests.systems.store.store_lab import Cut

        lab = Lab(3, 1)
        await lab.prepare()
        keeper = lab.keeper()
        cut = Cut(["c1"], [*lab.names])
        lab.world.network.add(cut)
        states = []
        for _ in range(40):
            await lab.run(0.1)
            clock_us = keeper.service.clock.monotonic_us
            states.append((keeper.state, clock_us < keeper.safe_until_us))
        assert states[0] == (State.CONNECTED, True)
        assert states[-1] == (State.DISCONNECTED, False)  # expired long ago, and it cannot know
        assert lab.notes("expired")
        assert (State.EXPIRED, True) not in states
        lab.world.network.remove(cut)
        await lab.run(2)
        assert keeper.state is State.EXPIRED
        assert isinstance(await lab.do(lambda: keeper.get("/queue")), SessionExpired)
        assert lab.world.now_us > 4 * SECOND
        assert [server.peer.role for server in lab.servers.values()].count(Role.LEADING) == 1

    simulate(main)
