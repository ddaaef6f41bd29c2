"""Writers that call Produce themselves, random faults for brokers and ensemble, and what must hold of the logs.

``Writers(lab)`` adds machines w1 …; each appends to every partition of "changes", one numbered batch after the other.
``Chaos(lab).run(rounds)`` breaks and mends; ``settle(lab, writers, chaos)`` mends all, waits until it has come to rest,
and returns what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from playground.kernel.errors import CallError
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.systems.kafka import checks, errors
from playground.systems.kafka.messages import Produce, ProducedOf
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.violations import Violation
from tests.systems.kafka.kafka_lab import SECOND, Lab
from tests.systems.store.store_lab import Cut, Muddle

GIVE_UP_US = 4 * SECOND


@dataclass(frozen=True, slots=True)
class Told:
    """A message that a writer was told is safe."""

    partition: TopicPartition
    offset: int
    header: str


class Writer(Service):
    """Appends with ``acks``, and sends again what was not acknowledged."""

    def __init__(self, process: Process, writers: Writers) -> None:
        super().__init__(process)
        self._writers = writers
        self._metadata = Metadata(self, writers.lab.names)
        self._number = int(self.name[1:]) * 1_000 + process.node.boots
        self._count = 0

    def start(self) -> None:
        for number in range(self._writers.partitions):
            self.spawn(self._write, TopicPartition("changes", number))

    async def _write(self, partition: TopicPartition) -> None:
        chance = self.random(str(partition))
        epoch = sequence = 0
        while True:
            await self.sleep(int(chance.expovariate(self._writers.rate) * SECOND))
            if not self._writers.writing:
                continue
            size = 1 + int(chance.random() * 3)
            headers = [f"{self.name}:{self._count + delta}" for delta in range(size)]
            self._count += size
            at_us = self.clock.wall_us
            records = tuple(Record(delta, f"k{delta}", each, at_us, each) for delta, each in enumerate(headers))
            batch = Batch(records, size - 1, self._number, epoch, sequence)
            done = await self._produce(partition, batch)
            if done is None:
                epoch, sequence = epoch + 1, 0
            else:
                sequence += size
                for delta, header in enumerate(headers):
                    self._writers.told.append(Told(partition, done.base_offset + delta, header))

    async def _produce(self, partition: TopicPartition, batch: Batch) -> ProducedOf | None:
        """The acknowledgement; None if it was given up."""
        until_us = self.clock.monotonic_us + GIVE_UP_US
        while self.clock.monotonic_us < until_us:
            leader = self._metadata.leader(partition)
            if leader is None:
                await self._metadata.refresh()
                continue
            try:
                produced = await self.call(
                    leader[0], Produce(self._writers.acks, ((partition, batch),)), timeout_us=SECOND
                )
            except CallError:
                await self._metadata.refresh()
                continue
            found: ProducedOf = produced.results[0]
            if not found.error and found.base_offset >= 0:
                return found
            if found.error in (errors.OUT_OF_ORDER, errors.FENCED_PRODUCER):
                return None
            await self._metadata.refresh()
        return None


class Writers:
    """Machines w1 … that write, and what they were told."""

    def __init__(
        self, lab: Lab, count: int = 2, *, rate: float = 10, acks: str = "all", partitions: int | None = None
    ) -> None:
        self.lab = lab
        self.rate = rate
        self.acks = acks
        self.partitions = partitions or lab.settings.topics[0].partitions
        self.writing = True
        self.told: list[Told] = []
        for number in range(1, count + 1):
            lab.add(f"w{number}", partial(Writer, writers=self))

    def lost(self) -> list[Told]:
        """What is not where its writer was told that it is, in the log of the leader."""
        services = self.lab.services()
        found: dict[TopicPartition, dict[int, str]] = {}
        for told in self.told:
            if told.partition not in found:
                leader = self.lab.leader(str(told.partition))
                log = services[leader].directory.logs[told.partition]
                found[told.partition] = {offset: record.header for offset, record in log.records()}
        return [told for told in self.told if found[told.partition].get(told.offset) != told.header]


class OneWay:
    """What ``sources`` send to ``targets`` is lost; the other way it passes."""

    cuts = True

    def __init__(self, sources: list[str], targets: list[str]) -> None:
        self.sources, self.targets = sources, targets

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if parcel.source in self.sources and parcel.target in self.targets else PASS


@dataclass
class Chaos:
    """``acts``: which faults may happen. A disk is lost or damaged only while every copy is whole."""

    lab: Lab
    acts: tuple[str, ...] = (
        "crash",
        "crash leader",
        "crash all",
        "freeze",
        "freeze leader",
        "cut",
        "cut off leader",
        "one-way",
        "muddle",
        "lose",
        "rot",
        "full",
        "hang",
        "slow disk",
        "slow cpu",
        "drift",
        "server",
    )
    undo: list[Callable[[], object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")
        self.memory = checks.Memory()
        self.violations: list[Violation] = []

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            for _ in range(self.random.randrange(3)):
                self.act()
            await self.watch(0.2 + self.random.random() * 1.5)
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.5):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    async def watch(self, seconds: float) -> None:
        """Let time pass, and look ten times a second at what must hold always."""
        end_us = self.lab.world.now_us + int(seconds * SECOND)
        while self.lab.world.now_us < end_us:
            await self.lab.world.advance(min(end_us, self.lab.world.now_us + SECOND // 10))
            self.violations += checks.always(self.lab.world, self.memory)

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()
        for node in self.lab.world.nodes.values():
            node.clock.set_drift(0)

    def act(self) -> None:
        """Do one of them."""
        act, lab = self.random.choice(self.acts), self.lab
        leaders = [name for name, service in lab.services().items() if service.led]
        at_leader = act.endswith("leader") and leaders
        up = [name for name in (leaders if at_leader else lab.names) if lab.nodes[name].life is Life.UP]
        if not up:
            return
        name = self.random.choice(up)
        node = lab.nodes[name]
        if act == "server":
            name = self.random.choice(list(lab.servers))
            node = lab.servers[name]
            if any(server.life is not Life.UP for server in lab.servers.values()):
                return
            act = self.random.choice(("crash", "freeze"))
        self.done.append(f"{lab.world.now_us / 1e6:.3f} {act} {name}")
        if act == "crash all":
            for each in lab.nodes.values():
                if each.life is not Life.DOWN:
                    self._crash(each)
        elif act.startswith("crash"):
            self._crash(node)
        elif act.startswith("freeze"):
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act in ("cut", "one-way", "muddle", "cut off leader"):
            self._network(act, name)
        elif act in ("lose", "rot"):
            if self.all_whole():
                if act == "rot":
                    node.disk.rot(3)
                self._crash(node, lose_disk=act == "lose")
        else:
            self._hamper(act, node)

    def _hamper(self, act: str, node: Node) -> None:
        disk = node.disk
        if act == "full":
            disk.full = True
            self.undo.append(lambda: setattr(disk, "full", False))
        elif act == "hang":
            disk.hang()
            self.undo.append(disk.resume)
        elif act == "slow disk":
            disk.slowdown = 40
            self.undo.append(lambda: setattr(disk, "slowdown", 1))
        elif act == "slow cpu":
            node.set_event_cost(1_000)
            self.undo.append(lambda: node.set_event_cost(0))
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-200_000, -100_000, 100_000, 200_000)))

    def _crash(self, node: Node, *, lose_disk: bool = False) -> None:
        node.crash(lose_disk=lose_disk)
        self.undo.append(lambda: node.start() if node.life is Life.DOWN else None)

    def _network(self, act: str, name: str) -> None:
        network, names = self.lab.world.network, list(self.lab.world.nodes)
        half = [name] if act == "cut off leader" else self.random.sample(names, len(names) // 2)
        others = [other for other in names if other not in half]
        rule: Cut | Muddle | OneWay
        if act == "muddle":
            rule = Muddle(self.lab.world.random("muddle", str(len(self.done))))
        elif act == "one-way":
            rule = OneWay(half, others)
        else:
            rule = Cut(half, others)
        network.add(rule)
        self.undo.append(lambda: network.remove(rule))

    def all_whole(self) -> bool:
        """No disk is lost or damaged now, and nobody lacks anything."""
        return not self.undo and self.lab.whole()


async def settle(lab: Lab, writers: Writers, chaos: Chaos, seconds: float = 40) -> list[str]:
    """Mend everything, let it come to rest; what is then wrong, in words."""
    chaos.heal()
    await chaos.watch(3)  # writers see it work again
    writers.writing = False
    wrong: list[str] = []
    if not await lab.until(partial(at_rest, lab), seconds):
        wrong.append(f"does not come to rest: {rest(lab)}")
        return wrong
    await chaos.watch(1.5)
    wrong += [f"{each.check}: {each.text}" for each in chaos.violations]
    wrong += [each.text for each in checks.agreement(lab.services(), checks.Memory(), anew=True)]
    wrong += [f"lost: {told}" for told in writers.lost()]
    for number in range(writers.partitions):
        partition = TopicPartition("changes", number)
        batches = list(lab.broker(lab.leader(str(partition))).directory.logs[partition].batches())
        wrong += [each.text for each in checks.duplicates(partition, batches)]
    return wrong


def at_rest(lab: Lab) -> bool:
    """All are in sync, and all that is in any log is committed."""
    return lab.whole() and not rest(lab)


def rest(lab: Lab) -> list[str]:
    """Where something is not committed, or somebody lacks something."""
    return [
        f"{partition} on {name}: {log.high_watermark} of {log.end_offset}"
        for name, service in lab.services().items()
        for partition, log in service.directory.logs.items()
        if log.high_watermark != log.end_offset
        or log.end_offset != lab.broker(lab.leader(str(partition)) or name).directory.logs[partition].end_offset
    ]
