"""The ensemble and its clients under chaos, over seeds: every check, and everybody is served again in the end."""

from __future__ import annotations

from functools import partial

import pytest

from playground.systems.zookeeper.client import ConnectionLoss, State
from tests.fresh import told
from tests.systems.zookeeper.zookeeper_chaos import ACTS, Chaos
from tests.systems.zookeeper.zookeeper_lab import Lab, simulate


async def chaotic(seed: int, rounds: int = 10, size: int = 3, acts: tuple[str, ...] = ACTS, rate: float = 8) -> Lab:
    """A lab after chaos (or without ``acts`` after a calm time), healed and quiet."""
    lab = Lab(size, seed, rate=rate)
    await lab.prepare()
    if acts:
        chaos = Chaos(lab, acts)
        await chaos.run(rounds)
        chaos.heal()
    else:
        await lab.run(rounds)
    await lab.quiesce()
    return lab


@pytest.mark.parametrize("seed", range(16))
def test_chaos_breaks_no_promise_and_everybody_is_served_again(seed: int) -> None:
    lab = simulate(chaotic, seed, size=3 if seed % 4 else 5)
    assert lab.judge() == []
    assert lab.leader
    assert lab.observation.done
    assert any(lab.observation.fired.values())
    states = [keeper.state for keeper in lab.observation.keepers if keeper.service.process.alive and not keeper.over]
    assert states == [State.CONNECTED] * 3
    assert len({server.tree.digest for server in lab.servers.values()}) == 1


def test_of_five_servers_two_may_be_down_and_not_three() -> None:
    async def main() -> None:
        lab = Lab(5, 3, clients=1)
        await lab.prepare()
        first, second, third, *_ = lab.names
        for name in (first, second):
            lab.nodes[name].crash()
        await lab.run(3)
        keeper = lab.keeper()
        assert await lab.do(partial(keeper.create, "/two", "down")) == "/two"
        lab.nodes[third].crash()
        await lab.run(1)
        before = len(lab.observation.done)
        outcome = await lab.do(partial(keeper.create, "/three"))
        assert isinstance(outcome, ConnectionLoss)
        await lab.run(3)
        assert len(lab.observation.done) == before
        lab.nodes[first].start()
        await lab.run(4)
        keeper = lab.keeper()
        if keeper.over:
            keeper = lab.client().keeper = lab.client().open()
            keeper.start()
        assert (await lab.do(partial(keeper.get, "/two")))[0] == "down"
        assert isinstance(await lab.do(partial(keeper.create, "/again")), str)
        assert lab.judge() == []

    simulate(main)


def test_a_run_is_repeated_bit_for_bit_in_any_process() -> None:
    code = (
        "from tests.systems.zookeeper.zookeeper_lab import Lab, simulate\n"
        "from tests.systems.zookeeper.zookeeper_chaos import Chaos\n"
        "async def main():\n"
        "    lab = Lab(3, 11, rate=8)\n"
        "    await lab.prepare()\n"
        "    await Chaos(lab).run(8)\n"
        "    return lab.world.digest(), len(lab.observation.done), [s.tree.digest for s in lab.servers.values()]\n"
        "print(simulate(main))\n"
    )
    assert len(told(code, ("1", "2", "3"))) == 1
