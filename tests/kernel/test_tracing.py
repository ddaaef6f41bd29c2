"""What a tracer says led to what, held against what the world really did: everything it sends, schedules and lets wait
is written down beside it, by other means."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel import tracing
from playground.kernel.happenings import Happening, Loss
from playground.kernel.messages import Reply
from playground.kernel.network import Network
from playground.kernel.node import Life, Process
from playground.kernel.tracing import Tracer
from playground.kernel.world import World, run
from playground.scenario.loader import cluster_spec
from playground.spec import ClusterSpec
from tests.fresh import told

TROUBLE = (
    (800_000, "link n1 latency=30ms loss=20%"),
    (1_000_000, "freeze n2 lasting=400ms"),
    (1_200_000, "partition n1 | n2 n3"),
    (1_600_000, "slow-cpu n3 times=200"),
    (1_900_000, "heal"),
    (2_100_000, "crash n1"),
    (2_500_000, "start n1"),
)
END_US = 3_200_000


class Witness:
    """Writes down, beside a tracer, in which happening each event was scheduled and for what each turn is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = 0
        """The happening under way."""
        self.sent: dict[int, int] = {}
        """Event of a message -> the happening in which it was sent."""
        self.turns: dict[int, int] = {}
        """Turn -> the happening that had to wait."""
        self.waits: dict[Process, deque[int]] = {}
        world.observe(self._begin)

    def _begin(self, event: Any) -> None:
        self.now = event[1]


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch, witnesses: list[Witness]) -> Iterator[None]:
    send, hold, take = Network.send, Process.hold, Process._take_turn

    def sending(self: Network, *args: Any) -> None:
        witness = next((each for each in witnesses if each.world is self._world), None)
        before = self._world.sequence
        send(self, *args)
        if witness is not None:
            witness.sent.update(dict.fromkeys(range(before + 1, self._world.sequence + 1), witness.now))

    def holding(self: Process, *args: Any) -> None:
        witness = next((each for each in witnesses if each.world is self.world), None)
        if witness is not None:
            witness.waits.setdefault(self, deque()).append(witness.now)
        hold(self, *args)

    def taking(self: Process, a: None, b: None) -> None:
        witness = next((each for each in witnesses if each.world is self.world), None)
        if witness is not None and self.running:
            witness.turns[witness.now] = witness.waits[self].popleft()
        take(self, a, b)

    monkeypatch.setattr(Network, "send", sending)
    monkeypatch.setattr(Process, "hold", holding)
    monkeypatch.setattr(Process, "_take_turn", taking)
    yield


def small() -> ClusterSpec:
    return cluster_spec("small", {})


def troubled(seed: int, witnesses: list[Witness], **options: Any) -> tuple[Cluster, Tracer, Witness]:
    """To be called in a world: it has been through :data:`TROUBLE` when this returns (awaited by :func:`trouble`)."""
    cluster = Cluster(small(), seed)
    witness = Witness(cluster.world)
    witnesses.append(witness)
    tracer = Tracer(cluster.world, **options)

    def act(command: Any) -> None:
        witness.now = tracer.command(command)

    cluster.on_command = act
    cluster.plan([(at_us, parse_line(line)) for at_us, line in TROUBLE])
    return cluster, tracer, witness


@pytest.fixture(params=[1, 7])
def traced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Cluster, Tracer, Witness]:
    found: list[tuple[Cluster, Tracer, Witness]] = []
    witnesses: list[Witness] = []

    async def main() -> None:
        found.append(troubled(request.param, witnesses))
        await found[0][0].advance(END_US)

    with watched(monkeypatch, witnesses):
        run(main)
    assert not found[0][0].refused
    return found[0]


def test_the_cause_of_each_message_is_the_happening_that_sent_it(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, witness = traced
    messages = [each for each in tracer.happenings(0, END_US) if each.what == "message"]
    assert len(messages) > 300
    for each in messages:
        assert each.cause == witness.sent[each.id]
        sender = tracer.find(each.cause)
        assert each.sent_us == (sender.at_us if isinstance(sender, Happening) else -1 if each.cause else each.sent_us)


def test_a_turn_is_caused_by_what_has_waited(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, witness = traced
    turns = [each for each in tracer.happenings(0, END_US) if each.what == "turn" and each.id in witness.turns]
    kinds = Counter()
    for each in turns:
        assert each.cause == witness.turns[each.id]
        waited = tracer.find(each.cause)
        assert isinstance(waited, Happening)
        assert tracer.taken(waited.id) == each.id
        assert each.id in tracer.effects(waited.id)
        assert waited.node == each.node
        if waited.what == "message":
            assert each.content is waited.content
            assert each.source == waited.source
        kinds[waited.what] += 1
    assert kinds["message"] > 10, "nobody had to wait"
    assert kinds["timer"] > 0


def test_effects_are_causes_the_other_way_round(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, _ = traced
    caused: dict[int, set[int]] = {}
    for each in tracer.happenings(0, END_US):
        caused.setdefault(each.cause, set()).add(each.id)
    for loss in tracer.losses(0, END_US):
        caused.setdefault(loss.cause, set()).add(loss.id)
    for each in tracer.happenings(0, END_US):
        effects = tracer.effects(each.id)
        assert set(effects) == caused.get(each.id, set())
        assert len(set(effects)) == len(effects)


def test_every_loss_is_kept_with_its_rule_and_its_sender(traced: tuple[Cluster, Tracer, Witness]) -> None:
    cluster, tracer, _ = traced
    losses = list(tracer.losses(0, END_US))
    assert len(losses) == cluster.world.network.lost > 20
    assert {loss.rule.__class__.__name__ for loss in losses} == {"Loss", "Partition"}
    assert any(loss.severed for loss in losses), "nothing was under way when the link was cut"
    for loss in losses:
        assert tracer.find(loss.id) is loss
        assert loss.sent_us <= loss.lost_us
        assert loss.severed or loss.sent_us == loss.lost_us
        cause = tracer.find(loss.cause)
        assert isinstance(cause, Happening)
        assert cause.at_us == loss.sent_us
        assert cause.node in (loss.source, "")


def test_what_reaches_a_machine_knows_in_which_life_it_was(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, _ = traced
    lives = Counter()
    for each in tracer.happenings(0, END_US):
        if each.what == "message":
            lives[each.node, each.life] += 1
            if 2_100_000 < each.at_us < 2_500_000 and each.node == "n1":
                assert each.life is Life.DOWN
    assert lives["n1", Life.DOWN] > 0
    assert lives["n2", Life.FROZEN] > 0
    assert tracer.life("n2", 1_300_000) is Life.FROZEN
    assert tracer.life("n1", 2_400_000) is Life.DOWN


def test_arrivals_are_the_messages_the_newest_first(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, _ = traced
    told_of = [
        (each.id, each.at_us, each.source, each.node, each.content)
        for each in tracer.happenings(1_000_000, 2_000_000)
        if each.what == "message"
    ]
    assert list(tracer.arrivals(1_000_000, 2_000_000)) == told_of[::-1]


def test_a_reply_knows_its_request(traced: tuple[Cluster, Tracer, Witness]) -> None:
    _, tracer, _ = traced
    found = 0
    for each in tracer.happenings(0, END_US):
        if isinstance(each.content, Reply) and each.what == "message":
            asked = tracer.request_of(each)
            assert asked is not None
            assert (asked.source, asked.node, asked.content.id) == (each.node, each.source, each.content.id)
            assert asked.at_us <= each.sent_us
            found += 1
        elif each.what == "message":
            assert tracer.request_of(each) is None
    assert found > 100


def test_what_is_under_way_arrives_when_it_was_said_to() -> None:
    async def main() -> None:
        cluster = Cluster(small(), 3)
        tracer = Tracer(cluster.world)
        await cluster.advance(1_500_200)
        while not (coming := list(tracer.under_way())):
            await cluster.advance(cluster.now_us + 100)
        assert all(each.at_us > cluster.now_us >= each.sent_us for each in coming)
        await cluster.advance(cluster.now_us + 5_000)
        assert [tracer.find(each.id) for each in coming] == coming

    run(main)


def test_memory_is_bounded_and_the_newest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_CHUNK", 64)
    monkeypatch.setattr(tracing, "LOSSES", 16)

    async def main() -> None:
        cluster, tracer, _ = troubled(5, [], keep=256)
        await cluster.advance(END_US)
        kept = list(tracer.happenings(0, END_US))
        assert 192 < len(kept) <= 384
        assert kept[0].at_us == tracer.since_us > 0
        assert kept[-1].id == tracer.current
        assert len(list(tracer.losses(0, END_US))) <= 16 < cluster.world.network.lost
        assert len(tracer._taken) <= len(kept)
        assert sum(map(len, tracer._lost_by.values())) == len(tracer._losses)
        first = tracer.find(kept[0].id - 10_000_000)
        assert first is None
        for loss in tracer.losses(0, END_US):
            assert tracer.find(loss.id) is loss

    run(main)


RUN = f"""
import sys
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.tracing import Tracer
from playground.kernel.world import run
from playground.scenario.loader import cluster_spec

async def main():
    cluster = Cluster(cluster_spec("small", {{}}), 11)
    if TRACED:
        tracer = Tracer(cluster.world)
        cluster.on_command = tracer.command
    cluster.plan([(at_us, parse_line(line)) for at_us, line in {TROUBLE!r}])
    await cluster.advance({END_US})
    if TRACED:
        for each in tracer.happenings(0, {END_US}):
            tracer.effects(each.id)
            tracer.request_of(each)
    print(cluster.world.digest())

run(main)
"""


def test_tracing_changes_nothing() -> None:
    traced_digests = told(f"TRACED = True\n{RUN}", ("1", "2"))
    assert len(traced_digests) == 1
    assert traced_digests == told(f"TRACED = False\n{RUN}", ("3",))


def test_a_loss_is_no_happening() -> None:
    async def main() -> None:
        cluster, tracer, _ = troubled(2, [])
        await cluster.advance(1_400_000)
        loss = next(iter(tracer.losses(0, 1_400_000)))
        assert isinstance(loss, Loss)
        assert tracer.effects(loss.id) == []
        assert tracer.find(loss.id - 1_000_000) is None

    run(main)


def test_what_is_refused_leaves_no_trace_so_that_who_replays_a_session_finds_the_same_ids() -> None:
    lines = ("crash n1", "crash n1", "start n2", "freeze n2", "crash n1", "start n1")

    async def main(*, refusals: bool) -> list[tuple[int, int, str, str]]:
        cluster = Cluster(small(), 3)
        tracer = Tracer(cluster.world)
        cluster.on_command, cluster.on_refused = tracer.command, tracer.refused
        timeline: list[tuple[int, Any]] = [(500_000 * at, parse_line(line)) for at, line in enumerate(lines, 1)]
        if not refusals:
            timeline = [timeline[at] for at in (0, 3, 5)]
        cluster.plan(timeline)
        await cluster.advance(4_000_000)
        assert len(cluster.refused) == (3 if refusals else 0)
        return [(each.id, each.at_us, each.what, each.node) for each in tracer.happenings(0, 4_000_000)]

    assert run(partial(main, refusals=True)) == run(partial(main, refusals=False))


def test_a_command_that_is_refused_as_the_first_of_a_chunk_goes_without_a_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "_CHUNK", 4)

    async def main() -> None:
        world = World(1)
        tracer = Tracer(world)
        for _ in range(4):
            world.schedule(1, lambda *_: None)
        await world.advance(1)
        last = tracer.current
        tracer.command("nonsense")
        tracer.refused()
        assert tracer.current == last
        assert len(list(tracer.happenings(0, 1))) == 4
        world.schedule(1, lambda *_: None)
        assert tracer.command("sense") == -1
        await world.advance(2)
        assert [each.what for each in tracer.happenings(0, 2)] == ["callback"] * 4 + ["command", "callback"]
        assert tracer.effects(last) == [5]

    run(main)
