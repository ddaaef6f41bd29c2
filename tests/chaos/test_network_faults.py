"""Each network fault by its effect: what two talking nodes hear of each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playground.chaos.links import Bandwidth, Duplication, Latency, Loss, Reordering
from playground.chaos.partition import Cut, Partition
from playground.chaos.scope import Scope
from playground.kernel.messages import message
from playground.kernel.network import Rule
from playground.kernel.node import Node
from playground.kernel.service import Service, handles
from playground.kernel.world import World, run

INTERVAL_US = 10_000


@message
class Tick:
    number: int
    padding: str = ""


class Talker(Service):
    """Sends a numbered tick to every peer 100 times a second; writes down what arrives and when."""

    def start(self) -> None:
        self.heard: list[tuple[str, int, int]] = []
        self.count = 0
        self.padding = ""
        self.every(INTERVAL_US, self.tick)

    def tick(self) -> None:
        self.count += 1
        for peer in ("a", "b", "c"):
            if peer != self.name:
                self.send(peer, Tick(self.count, self.padding))

    @handles(Tick)
    def on_tick(self, source: str, tick: Tick) -> None:
        self.heard.append((source, tick.number, self.process.world.now_us))


def talk(
    rule: Callable[[World], Rule] | None, *, padding: str = "", heal_after_us: int = 0
) -> dict[str, list[tuple[str, int, int]]]:
    """One second of talk with ``rule`` in force (or healed after a while); what each node heard."""

    async def main() -> dict[str, list[tuple[str, int, int]]]:
        world = World(7)
        nodes = [Node(world, name, (Talker,)) for name in ("a", "b", "c")]
        for node in nodes:
            node.start()
        await world.advance(400_000)
        talkers = {node.name: node.process.find(Talker) for node in nodes if node.process}
        for talker in talkers.values():
            talker.heard.clear()
            talker.padding = padding
        start_us = world.now_us
        made = rule(world) if rule else None
        if made:
            world.network.add(made)
        if heal_after_us:
            await world.advance(start_us + heal_after_us)
            assert made is not None
            world.network.remove(made)
            for talker in talkers.values():
                talker.heard.clear()
        await world.advance(world.now_us + 1_000_000)
        return {name: talker.heard for name, talker in talkers.items()}

    return run(main)


def numbers(heard: list[tuple[str, int, int]], source: str) -> list[int]:
    return [number for sender, number, _ in heard if sender == source]


def test_a_partition_cuts_both_directions_and_spares_who_is_on_no_side() -> None:
    heard = talk(lambda _: Partition((("a",), ("b",))))
    assert not numbers(heard["a"], "b")
    assert not numbers(heard["b"], "a")
    assert len(numbers(heard["c"], "a")) > 90
    assert len(numbers(heard["a"], "c")) > 90


def test_healing_a_partition_lets_everything_through_again_and_brings_nothing_back() -> None:
    heard = talk(lambda _: Partition((("a",), ("b", "c"))), heal_after_us=500_000)
    ticks = numbers(heard["b"], "a")
    assert len(ticks) > 95
    assert min(ticks) > 45, "what was sent into the cut must stay lost"


def test_a_one_way_cut_loses_one_direction_only() -> None:
    heard = talk(lambda _: Cut(Scope(frozenset("a"), frozenset("b"), both_ways=False)))
    assert not numbers(heard["b"], "a")
    assert len(numbers(heard["a"], "b")) > 90
    assert len(numbers(heard["c"], "a")) > 90


def test_latency_delays_the_chosen_link_only() -> None:
    plain = talk(None)
    slow = talk(
        lambda world: Latency(Scope(frozenset("a"), frozenset("b")), 200_000, 0, world.random("test")),
    )
    on_the_way = len(numbers(plain["b"], "a")) - len(numbers(slow["b"], "a"))
    assert 17 <= on_the_way <= 22, "200 ms of ticks every 10 ms are under way"
    assert numbers(plain["c"], "a") == numbers(slow["c"], "a")


def test_loss_takes_about_its_share() -> None:
    heard = talk(lambda world: Loss(Scope(), 0.3, world.random("test")))
    received = sum(len(each) for each in heard.values())
    assert 0.6 < received / 600 < 0.8


def test_duplication_delivers_some_twice() -> None:
    heard = talk(lambda world: Duplication(Scope(), 0.5, world.random("test")))
    ticks = numbers(heard["b"], "a")
    assert 0.3 < (len(ticks) - len(set(ticks))) / len(set(ticks)) < 0.7


def test_reordering_lets_later_messages_overtake() -> None:
    in_order = numbers(talk(None)["b"], "a")
    assert in_order == sorted(in_order)
    mixed = numbers(talk(lambda world: Reordering(Scope(), 0.3, world.random("test")))["b"], "a")
    assert mixed != sorted(mixed)
    assert len(mixed) == len(set(mixed))


def test_bandwidth_queues_then_drops() -> None:
    heard = talk(lambda _: Bandwidth(Scope(), bytes_per_s=20_000, queue_us=500_000), padding="x" * 1_000)
    ticks = numbers(heard["b"], "a")
    assert 10 < len(ticks) < 40, "a kilobyte every 10 ms does not fit into 20 kB/s"
    assert ticks == sorted(ticks), "a queue keeps the order"


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (Scope(), "all links"),
        (Scope(frozenset("a"), frozenset("b")), "a <-> b"),
        (Scope(frozenset("a"), both_ways=False), "a -> everybody"),
    ],
)
def test_a_scope_says_what_it_covers(scope: Scope, text: str) -> None:
    assert str(scope) == text
