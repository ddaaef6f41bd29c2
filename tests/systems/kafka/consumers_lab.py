"""A Kafka with a producer and a group of consumers, books kept of what they say, and faults for all of them.

``ConsumersLab(consumers=2, seed=1, **settings)``: as ``Lab``, with machines pr1 and co1 …, in the group "view".
``await lab.begin()`` waits until all partitions have an owner. ``lab.consumer("co1")`` is the service;
``lab.owned()`` says who owns what, as members see it. ``await lab.settle()`` mends all, stops the producer, and waits
until the group has done everything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from playground.kernel.node import Life, Node, Process
from playground.systems.kafka.books import Books
from playground.systems.kafka.ledger import WITNESS, Processed
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.worker import ConsumerService
from playground.systems.violations import Violation
from tests.systems.kafka.kafka_lab import Lab
from tests.systems.store.store_lab import Cut, Muddle


class Witness(Books):
    """Remembers, besides, in what order things were told."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.done: list[Processed] = []
        self.taken: list[tuple[str, str, tuple[TopicPartition, ...]]] = []
        """("assigned" | "revoked", member, partitions)."""

    def processed(self, message: Processed) -> None:
        super().processed(message)
        self.done.append(message)

    def assigned(
        self, group: str, generation: int, member: str, partitions: tuple[TopicPartition, ...], at_us: int
    ) -> None:
        super().assigned(group, generation, member, partitions, at_us)
        self.taken.append(("assigned", member, partitions))

    def revoked(self, group: str, member: str, partitions: tuple[TopicPartition, ...], at_us: int) -> None:
        super().revoked(group, member, partitions, at_us)
        self.taken.append(("revoked", member, partitions))


class ConsumersLab(Lab):
    """See the module. ``group``: settings of the group "view"."""

    def __init__(
        self,
        consumers: int = 2,
        seed: int = 1,
        *,
        brokers: int = 3,
        group: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        groups = ({"consumers": consumers, "session_timeout_ms": 1_500, "heartbeat_ms": 500, **(group or {})},)
        super().__init__(3, seed, **{"producers": 1, "rate": 60, "groups": groups, **settings})
        self.violations: list[Violation] = []
        self.books = Witness(self.settings, self.violations.append, lambda _partition, _first, _end: False)
        self.world.witnesses[WITNESS] = self.books
        self.members = tuple(self.settings.consumers)
        self.machines: dict[str, Node] = {}

    async def begin(self) -> None:
        await self.ready()
        self.add("pr1", lambda process: ProducerService(process, self.settings, self.names))
        for name in self.members:
            self.join(name)
        assert await self.until(self.shared)

    def join(self, name: str) -> None:
        """One more consumer."""
        self.machines[name] = self.add(name, self._consumer)

    def _consumer(self, process: Process) -> ConsumerService:
        return ConsumerService(process, self.settings, "view", self.names)

    def consumer(self, name: str = "co1") -> ConsumerService:
        return self.find(name, ConsumerService)

    def running(self) -> dict[str, ConsumerService]:
        return {name: self.consumer(name) for name, node in self.machines.items() if node.life is Life.UP}

    def owned(self) -> dict[str, tuple[TopicPartition, ...]]:
        return {name: consumer.assignment for name, consumer in self.running().items()}

    def partitions(self) -> list[TopicPartition]:
        return [
            TopicPartition(topic.name, number) for topic in self.settings.topics for number in range(topic.partitions)
        ]

    def shared(self) -> bool:
        """Every partition has one owner, and all members agree on the generation."""
        if any(node.life is Life.BOOTING for node in self.machines.values()):
            return False
        running = self.running().values()
        owned = [partition for each in running for partition in each.assignment]
        stable = all(each.state == "stable" for each in running) and len({each.generation for each in running}) == 1
        return stable and sorted(owned) == sorted(self.partitions())

    def mark(self, partition: TopicPartition) -> int:
        """Up to where it is committed; -1 if nobody leads it."""
        leader = self.leader(str(partition))
        held = self.broker(leader).partitions.get(partition) if leader else None
        return held.log.high_watermark if held is not None else -1

    def finished(self) -> bool:
        """The group has done everything there is."""
        marks = {partition: self.mark(partition) for partition in self.partitions()}
        return all(
            mark >= 0 and self.books.of("view", partition).lag(0, mark) == 0 for partition, mark in marks.items()
        )

    def skipped(self) -> list[str]:
        """Messages that were committed as done and that nobody has processed."""
        return [
            f"{partition} {low} to {high - 1}"
            for partition in self.partitions()
            for low, high in self.books.of("view", partition).done.missing(0, self.mark(partition))
        ]

    def repeated(self) -> int:
        return sum(self.books.of("view", partition).repeated for partition in self.partitions())

    async def settle(self, seconds: float = 30) -> None:
        self.heal()
        self.find("pr1", ProducerService).change(0)
        for node in self.world.nodes.values():
            node.clock.set_drift(0)
            node.set_event_cost(0)
            if node.life is Life.FROZEN:
                node.thaw()
            self.start(node.name)
        await self.run(1)
        for consumer in self.running().values():
            consumer.stall(None)
        assert await self.until(lambda: self.whole() and self.shared() and self.finished(), seconds), (
            self.owned(),
            {name: (each.state, each.generation) for name, each in self.running().items()},
        )


class Trouble:
    """Random faults of consumers, brokers (one at a time) and links. ``await run(rounds)``."""

    ACTS = ("crash", "crash", "freeze", "freeze", "stall", "cut", "drift", "slow", "muddle", "broker", "leave")

    def __init__(self, lab: ConsumersLab, acts: tuple[str, ...] = ACTS) -> None:
        self.lab = lab
        self.acts = acts
        self.random = lab.world.random("trouble")
        self.undo: list[Callable[[], object]] = []
        self.done: list[str] = []

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            self.act(self.random.choice(self.acts))
            await self.lab.run(0.2 + self.random.random() * 2.5)
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.5):
                self.undo.pop(self.random.randrange(len(self.undo)))()
        while self.undo:
            self.undo.pop()()

    def act(self, act: str) -> None:
        lab = self.lab
        up = [name for name, node in lab.machines.items() if node.life is Life.UP]
        name = self.random.choice(up) if up else ""
        if act == "broker":
            if any(node.life is not Life.UP for node in lab.nodes.values()):
                return
            name = self.random.choice(lab.names)
            act = self.random.choice(("crash", "freeze"))
        self.done.append(f"{lab.world.now_us / 1e6:.3f} {act} {name}")
        if act == "muddle":
            rule = lab.impose(Muddle(lab.world.random("muddle", str(len(self.done))), late_us=800_000))
            self.undo.append(partial(lab.world.network.remove, rule))
        elif name:
            self._befall(act, lab.world.nodes[name])

    def _befall(self, act: str, node: Node) -> None:
        lab = self.lab
        if act == "crash":
            node.crash()
            self.undo.append(partial(lab.start, node.name))
        elif act == "freeze":
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act == "cut":
            some = [name for name in lab.names if self.random.random() < 0.7]
            rule = lab.impose(Cut([node.name], some))
            self.undo.append(partial(lab.world.network.remove, rule))
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-200_000, 200_000)))
            self.undo.append(partial(node.clock.set_drift, 0))
        elif act == "slow":
            node.set_event_cost(1_500)
            self.undo.append(partial(node.set_event_cost, 0))
        elif act == "stall":
            lab.consumer(node.name).stall(int(self.random.random() * 600))
            self.undo.append(lambda: lab.consumer(node.name).stall(None) if node.life is Life.UP else None)
