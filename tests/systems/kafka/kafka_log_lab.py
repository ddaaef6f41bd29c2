"""One machine with a broker's logs and nothing else, and batches for them, for the tests of the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from playground.kernel.disk import Tail
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.kafka.directory import LogDirectory
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.records import NO_PRODUCER, Batch, Record, TopicPartition
from playground.systems.kafka.settings import KafkaSettings, TopicSettings

SECOND = 1_000_000
PARTITION = TopicPartition("changes", 0)


class Logs(Service):
    """Reads the logs back, and serves nobody."""

    def __init__(self, process: Process, settings: KafkaSettings) -> None:
        super().__init__(process)
        self.directory = LogDirectory(process, settings)

    async def recover(self) -> None:
        await self.directory.recover()


class LogLab:
    """``br1``, up. ``topic``: settings of its topic; ``kafka``: of everything else."""

    def __init__(self, kafka: dict[str, Any] | None = None, **topic: Any) -> None:
        self.world = World(1)
        topics = (TopicSettings(**{"replication": 1, "min_insync": 1, **topic}),)
        self.settings = KafkaSettings(brokers=1, topics=topics, **(kafka or {}))
        self.node = Node(self.world, "br1", (lambda process: Logs(process, self.settings),), boot_us=1_000)
        self.node.start()

    @property
    def disk(self) -> Any:
        return self.node.disk

    @property
    def directory(self) -> LogDirectory:
        process = self.node.process
        assert process is not None
        return process.find(Logs).directory

    @property
    def log(self) -> PartitionLog:
        return self.directory.open(PARTITION)

    async def wait(self, seconds: float = 0.1) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def up(self) -> None:
        while self.node.life is not Life.UP:
            await self.wait(0.01)

    async def crash(self, tail: Tail = "lost", **how: Any) -> None:
        """The power fails, and comes back."""
        self.node.crash(tail=tail, **how)
        self.node.start()
        await self.up()

    async def write(self, count: int, *, start: int = 0, epoch: int = 1, **batch: Any) -> None:
        """Batches of one record, with the keys k<start> …; waits until they are safe."""
        for number in range(start, start + count):
            self.log.append(batch_of(f"k{number}", **batch), epoch, nothing)
        await self.wait()

    def shown(self) -> dict[int, tuple[str | None, str | None]]:
        """Offset -> key and value."""
        return {offset: (record.key, record.value) for offset, record in self.log.records()}

    def alerts(self) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == "alert"]


def batch_of(
    *keys: str | None,
    value: str | None = "v",
    at_us: int = 0,
    producer: int = NO_PRODUCER,
    epoch: int = 0,
    sequence: int = -1,
) -> Batch:
    """One record for each key."""
    records = tuple(Record(delta, key, value, at_us) for delta, key in enumerate(keys))
    return Batch(records, len(keys) - 1, producer, epoch, sequence)


def nothing() -> None:
    """Nobody waits."""


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **kafka_and_topic: Any) -> Any:
    """Run ``await main(lab, *args)`` on a machine that is up."""

    async def begin() -> Any:
        lab = LogLab(**kafka_and_topic)
        await lab.up()
        return await main(lab, *args)

    return run(partial(begin))
