"""Producers on real brokers: over bad links, and while leaders come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.chaos.links import Duplication, Loss, Reordering
from playground.chaos.scope import Scope
from playground.kernel.node import Process
from playground.kernel.world import run
from playground.systems.kafka.books import Books
from playground.systems.kafka.ledger import WITNESS
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.records import TopicPartition
from playground.systems.violations import Violation
from tests.systems.kafka.kafka_lab import Lab
from tests.systems.kafka.producing_lab import count_of


class Made(Lab):
    """A lab with producers, and what they were told."""

    def __init__(
        self, seed: int = 1, *, partitions: int = 2, producers: int = 1, rate: float = 40, **producer: Any
    ) -> None:
        topics = ({"partitions": partitions},)
        super().__init__(seed=seed, topics=topics, producers=producers, rate=rate, producer=producer)
        self.violations: list[Violation] = []
        self.books = Books(self.settings, self.violations.append, lambda *_: False)
        self.world.witnesses[WITNESS] = self.books
        self.partitions = [TopicPartition("changes", number) for number in range(partitions)]

    def begin(self) -> None:
        """The producers start."""

        def service(process: Process) -> ProducerService:
            return ProducerService(process, self.settings, self.names)

        for name in self.settings.producer_names:
            self.add(name, service)

    @property
    def maker(self) -> ProducerService:
        return self.find("pr1", ProducerService)

    @property
    def unsettled(self) -> int:
        """Messages without an outcome."""
        return sum(self.find(name, ProducerService).producer.unsettled for name in self.settings.producer_names)

    async def rest(self) -> None:
        """Make no more messages, mend everything, and wait until each message has an outcome."""
        self.heal()
        for name in self.settings.producer_names:
            self.find(name, ProducerService).change(0)
        for name, node in self.nodes.items():
            if node.life.value == "frozen":
                node.thaw()
            self.start(name)
        await self.ready(40)
        assert await self.until(lambda: self.unsettled == 0, 40)

    def rough(self, loss: float = 0.0, doubling: float = 0.0, swapping: float = 0.0) -> None:
        """Bad links between producers and brokers."""
        scope = Scope(frozenset(self.settings.producer_names), frozenset(self.names))
        self.impose(Loss(scope, loss, self.world.random("loss")))
        self.impose(Duplication(scope, doubling, self.world.random("doubling"), 100_000))
        self.impose(Reordering(scope, swapping, self.world.random("swapping"), 100_000))

    def log(self, partition: TopicPartition) -> list[tuple[int, str]]:
        """Offset and header of each message, as the leader has them."""
        log = self.broker(self.leader(str(partition))).directory.logs[partition]
        return [(offset, record.header) for offset, record in log.records()]

    def found(self) -> Counter[str]:
        """How often each message stands in a log."""
        return Counter(header for partition in self.partitions for _, header in self.log(partition))

    def lost(self) -> list[str]:
        """What was acknowledged and does not stand where the producer was told."""
        return [
            each.header
            for partition in self.partitions
            for each in self.books.acks.get(partition, ())
            if (each.offset, each.header) not in self.log(partition)
        ]

    def in_order(self) -> bool:
        for partition in self.partitions:
            for life in {header.partition(":")[0] for _, header in self.log(partition)}:
                counts = [count_of(header) for _, header in self.log(partition) if header.startswith(f"{life}:")]
                if counts != sorted(counts):
                    return False
        return True


def play(main: Callable[[Made], Awaitable[None]], seed: int = 1, **settings: Any) -> None:
    async def whole() -> None:
        lab = Made(seed, **settings)
        await lab.ready()
        lab.begin()
        await lab.run(1)
        await main(lab)

    run(whole)


def test_bad_links_double_nothing_that_is_numbered() -> None:
    async def main(lab: Made) -> None:
        lab.rough(loss=0.1, doubling=0.3, swapping=0.2)
        await lab.run(5)
        assert lab.maker.producer.retries > 10
        await lab.rest()
        assert lab.maker.acknowledged == lab.maker.sent > 100
        assert set(lab.found().values()) == {1}
        assert lab.lost() == []
        assert lab.in_order()

    play(main)


def test_bad_links_double_what_is_not_numbered() -> None:
    async def main(lab: Made) -> None:
        lab.rough(loss=0.1, doubling=0.3)
        await lab.run(5)
        await lab.rest()
        assert lab.maker.acknowledged == lab.maker.sent
        assert set(lab.found().values()) > {1}

    play(main, idempotent=False)


def test_producers_follow_when_a_leader_crashes() -> None:
    async def main(lab: Made) -> None:
        await lab.run(1)
        first = lab.leader("changes-0")
        lab.crash(first)
        assert await lab.until(lambda: lab.leader("changes-0") not in ("", first))
        before = len(lab.books.acks[lab.partitions[0]])
        await lab.run(2)
        assert len(lab.books.acks[lab.partitions[0]]) > before + 20
        await lab.rest()
        assert lab.maker.acknowledged == lab.maker.sent
        assert set(lab.found().values()) == {1}
        assert lab.lost() == []
        assert lab.in_order()

    play(main)


def test_while_too_few_replicas_are_in_sync_messages_wait_and_then_expire() -> None:
    async def main(lab: Made) -> None:
        others = [name for name in lab.names if name != lab.leader("changes-0")]
        for name in others:
            lab.crash(name)
        await lab.run(12)
        assert lab.books.failures[False] > 100  # they may be in the log of the one that is left
        await lab.rest()
        assert lab.lost() == []
        assert max(lab.found().values()) == 1
        assert not set(lab.found()) & lab.books.never
        lab.maker.change(40)
        await lab.run(2)
        await lab.rest()
        assert lab.maker.sent == lab.maker.acknowledged + lab.maker.failed
        assert {line.draining for line in lab.maker.producer.lines.values()} == {False}
        assert lab.in_order()

    play(main, delivery_timeout_ms=4_000)


def test_acks_0_does_not_notice_that_nobody_leads() -> None:
    async def main(lab: Made) -> None:
        for name in lab.names:
            lab.crash(name)
        await lab.run(2)
        assert lab.maker.acknowledged >= lab.maker.sent - 5 > 60
        await lab.rest()
        assert sum(lab.found().values()) < lab.maker.acknowledged

    play(main, acks="0")


@pytest.mark.parametrize("seed", range(1, 5))
def test_whatever_happens_an_acknowledged_message_stands_once_where_the_producer_was_told(seed: int) -> None:
    async def main(lab: Made) -> None:
        draw = lab.world.random("test").random
        lab.rough(loss=0.05, doubling=0.1, swapping=0.1)
        for _ in range(6):
            name = lab.names[int(draw() * 3)]
            node = lab.nodes[name]
            if draw() < 0.5:
                lab.crash(name)
                await lab.run(0.5 + 3 * draw())
                lab.start(name)
            elif node.life.value == "up":
                node.freeze()
                await lab.run(0.5 + 3 * draw())
                node.thaw()
            await lab.run(2 * draw())
        await lab.rest()
        found = lab.found()
        assert lab.books.acknowledged_count > 100
        assert lab.lost() == []
        assert set(found.values()) == {1}
        assert not set(found) & lab.books.never
        assert lab.in_order()

    play(
        main, seed, producers=2, batch_messages=3, request_timeout_ms=400, delivery_timeout_ms=(1_500, 30_000)[seed % 2]
    )
