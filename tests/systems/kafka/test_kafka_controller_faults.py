"""Controllers whose connections break at the worst moments, and under random faults over seeds."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.connections import Segment
from playground.kernel.errors import CallError
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life
from playground.systems.kafka.electing import is_there
from playground.systems.kafka.messages import CreatePartitions
from playground.systems.kafka.stored import Stored
from playground.systems.zookeeper.client import ConnectionLoss, Op
from playground.systems.zookeeper.messages import Call, Write
from tests.systems.kafka.controllers_chaos import Chaos, complaints
from tests.systems.kafka.controllers_lab import Lab, simulate

HUSH_US = 700_000
"""Longer than a client waits for a server that is silent, shorter than its session lives."""


class Breaking:
    """The ``number``-th write of the controller goes through or not (``heard``), and then all servers are silent to it.

    A write: of partitions, or of its own place.
    """

    cuts = False

    def __init__(self, lab: Lab, number: int, *, heard: bool) -> None:
        self.lab, self.number, self.heard = lab, number, heard
        self.count = 0
        self.broken: str | None = None
        self.until_us = 0

    def judge(self, parcel: Parcel) -> Verdict:
        if self.broken is None and parcel.source in self.lab.names and self._is_write(parcel.content):
            self.count += 1
            if self.count == self.number:
                self.broken, self.until_us = parcel.source, self.lab.world.now_us + HUSH_US
                return PASS if self.heard else DROP
        if self.broken is None or self.lab.world.now_us >= self.until_us:
            return PASS
        answers = parcel.source in self.lab.servers and parcel.target == self.broken
        asks = parcel.source == self.broken and parcel.target in self.lab.servers and not self.heard
        return DROP if answers or asks else PASS

    def _is_write(self, content: Any) -> bool:
        body = content.body if isinstance(content, Segment) else None
        if not isinstance(body, Call) or not isinstance(body.body, Write):
            return False
        return any(_of_controller(op) for op in body.body.ops)


def _of_controller(op: Op) -> bool:
    return op.path.startswith(("/controller", "/brokers/topics/"))


async def wrong(lab: Lab) -> list[str]:
    """What is not as it should be, now that everything is healed and quiet."""
    found = [] if await lab.settle() else ["they do not come to agree"]
    await lab.run(7)  # preferred leaders
    truth = await lab.truth()
    found += dict.fromkeys(complaints(lab, truth))
    if len(lab.controllers()) != 1:
        found.append(f"controllers: {lab.controllers()}")
    brokers = {name: broker for name, stub in lab.up().items() if (broker := stub.own()) is not None}
    for partition, state in truth.items():
        for name, stub in lab.up().items():
            if stub.image.state(partition) != state:
                found.append(f"{name} believes {stub.image.state(partition)} of {partition}, it is {state}")
        able = [str(member) for member in (*state.isr, *state.elr) if is_there(member, brokers)]
        if not state.leader and able:
            found.append(f"nobody leads {partition}, and {able} could")
        if state.leader and brokers[state.leader].incarnation != state.leader_incarnation:
            found.append(f"{partition} is led by a former life of {state.leader}")
        preferred = brokers[state.replicas[0]]
        if state.leader and state.leader != preferred.name and preferred.member in state.isr:
            found.append(f"{preferred.name} should lead {partition}")
    return found


@pytest.mark.parametrize("heard", [False, True], ids=["it was not heard", "its answer is lost"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_connection_may_break_over_any_write(number: int, heard: bool) -> None:
    async def main() -> None:
        lab = Lab(topic={"partitions": 2, "replication": 2, "min_insync": 1}, seed=number)
        breaking = Breaking(lab, number, heard=heard)
        lab.world.network.add(breaking)
        await lab.ready()
        away = next(name for name in lab.names if name not in (lab.controller(), breaking.broken))
        for each in (0, 1):
            state = lab.state(each)
            assert state is not None
            isr = tuple(name for name in state.replicas if name != away)
            await _insist(lab, lambda n=each, isr=isr: lab.request(isr, n))
        await _insist(lab, lambda: CreatePartitions("changes", 4))
        lab.nodes[away].crash()
        await lab.run(3)
        lab.nodes[away].start()
        await lab.run(1)
        assert await wrong(lab) == []
        assert len(await lab.truth()) == 5
        assert breaking.broken

    simulate(main)


def test_who_came_in_sync_by_a_write_whose_answer_was_lost_is_elected_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        lab = Lab(topic={"partitions": 2, "replication": 2, "min_insync": 1})
        await lab.ready()
        number = next(each for each in (0, 1) if lab.leader(each) != lab.controller())
        state = lab.state(number)
        assert state is not None
        leader, follower = state.replicas
        await _insist(lab, lambda: lab.request((leader,), number))
        assert await lab.until(lambda: getattr(lab.state(number), "in_sync", ()) == (leader,))
        write = Stored.write
        lost: list[bool] = []

        async def lose_the_answer(self: Stored, *args: Any) -> None:
            await write(self, *args)
            if not lost:
                lost.append(True)
                await lab.stub(lab.controller()).sleep(3_000_000)  # and the session of the leader is over by then
                raise ConnectionLoss

        monkeypatch.setattr(Stored, "write", lose_the_answer)
        asker = lab.stub(lab.controller())
        asker.spawn(lab.answer, asker, lab.controller(), lab.request((leader, follower), number))
        assert await lab.until(lambda: bool(lost))
        lab.nodes[leader].crash()
        assert await lab.until(lambda: lab.leader(number) == follower)
        assert lab.notes("unclean") == []
        assert [line for line in lab.notes("election") if f"changes-{number} goes to {follower}" in line]

    simulate(main)


async def _insist(lab: Lab, request: Any) -> None:
    """Ask the controller, whoever it is, until it has done it."""
    for _ in range(40):
        if lab.controller() and not isinstance(await lab.ask(lab.controller(), request()), CallError):
            return
        await lab.run(0.1)
    raise AssertionError("it is never done")


@pytest.mark.parametrize("seed", range(1, 13))
def test_under_random_faults_one_controller_decides_at_a_time(seed: int) -> None:
    async def main() -> None:
        lab = Lab(seed=seed, rate=4, topic={"partitions": 4}, unclean_election=seed % 3 == 0)
        await lab.ready()
        chaos = Chaos(lab)
        await chaos.run(15)
        chaos.heal()
        for node in lab.world.nodes.values():
            if node.life is Life.DOWN:
                node.start()
        await lab.run(3)
        lab.loading = False
        assert lab.answers
        assert await wrong(lab) == []

    simulate(main)
