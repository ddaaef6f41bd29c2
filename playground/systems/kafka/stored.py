"""What stands in ZooKeeper, as a controller has read it and writes it.

* Every write is one transaction that first checks the version of ``/controller_epoch``. A later controller has raised
  it, so an earlier one can write nothing any more.
* Nobody else writes, so what was read stays true, except for who is registered: watches tell of that, and it is
  read again.
* When a connection is lost over a write nobody knows whether it was done. After a sync nothing of it is still to come,
  and all is read again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import trio

from playground.systems.kafka.image import Broker, PartitionState
from playground.systems.kafka.keeper import (
    CONTROLLER,
    EPOCH,
    IDS,
    TOPICS,
    broker_path,
    partition_path,
    read_broker,
    read_controller,
    read_state,
    read_topic,
    spelled_state,
    spelled_topic,
    topic_path,
)
from playground.systems.kafka.records import TopicPartition
from playground.systems.zookeeper.client import KeeperError, NoNode, Op, Stat, Watch, ZooKeeper

if TYPE_CHECKING:
    from playground.systems.zookeeper.client import Event

T = TypeVar("T")
Topics = dict[str, tuple[PartitionState, ...]]


class Fenced(Exception):
    """The controller's znode is not this one's (any more)."""


class Stored:
    """Of one controller in ``epoch``. ``known``: the brokers that there may be. ``on_change()``: read again.

    All methods may raise ConnectionLoss and SessionExpired.
    """

    def __init__(self, zk: ZooKeeper, epoch: int, known: tuple[str, ...], on_change: Callable[[], object]) -> None:
        self.brokers: dict[str, Broker] = {}
        """Who is registered, in the order of ``known``."""
        self.topics: Topics = {}
        self.replication: dict[str, int] = {}
        self.outdated = True
        """Something has changed since it was read."""
        self._zk = zk
        self._epoch = epoch
        self._known = known
        self._on_change = on_change
        self._fence = -1
        self._watched: set[str] = set()
        """Where a watch waits that has not fired."""

    async def read(self) -> None:
        """Read all. Raises Fenced."""
        await self._zk.sync()
        text, stat = await self._zk.get(EPOCH)
        if text != str(self._epoch):
            raise Fenced(f"there is a controller in epoch {text}")
        self._fence = stat.version
        await self.read_brokers()
        replication = {}
        for topic, text, _ in await self._read_all(TOPICS, await self._zk.children(TOPICS)):
            copies = read_topic(text)
            if copies is not None:
                replication[topic] = copies
        topics = {topic: await self._read_partitions(topic) for topic in replication}
        self.topics, self.replication = topics, replication

    async def read_brokers(self) -> None:
        """Read who is registered. Raises Fenced."""
        self.outdated = False
        await self._check_place()
        names = await self._watching(IDS, self._zk.children)
        found = {}
        for name in self._known:
            if name in names:
                broker = await self._read_broker(name)
                if broker is not None:
                    found[name] = broker
        self.brokers = found

    async def write(self, states: Mapping[TopicPartition, PartitionState], topics: Mapping[str, int]) -> None:
        """Make these topics (name -> copies), then set or make these partitions. All or nothing.

        Raises KeeperError: it was not done, except for ConnectionLoss.
        """
        ops = [Op("check", EPOCH, version=self._fence)]
        ops += [Op("create", topic_path(topic), spelled_topic(copies)) for topic, copies in topics.items()]
        for partition, state in states.items():
            old, path, text = self.state(partition), partition_path(partition), spelled_state(state)
            ops.append(Op("create", path, text) if old is None else Op("set", path, text, old.version))
        answers = (await self._zk.multi(*ops))[1 + len(topics) :]
        written = {topic: list(each) for topic, each in self.topics.items()}
        for (partition, state), answer in zip(states.items(), answers, strict=True):
            of_topic = written.setdefault(partition.topic, [])
            if isinstance(answer, Stat):
                of_topic[partition.partition] = state._replace(version=answer.version)
            else:
                of_topic.append(state._replace(version=0))
        self.topics = {topic: tuple(each) for topic, each in written.items()}
        self.replication.update(topics)

    def state(self, partition: TopicPartition) -> PartitionState | None:
        """None if there is no such partition."""
        states = self.topics.get(partition.topic, ())
        return states[partition.partition] if 0 <= partition.partition < len(states) else None

    async def _check_place(self) -> None:
        try:
            text, stat = await self._watching(CONTROLLER, self._zk.get)
        except NoNode as error:
            raise Fenced("the controller's place is empty") from error
        if stat.ephemeral_owner != self._zk.session or read_controller(text)[1] != self._epoch:
            raise Fenced(f"the controller is {text}")

    async def _read_broker(self, name: str) -> Broker | None:
        try:
            text, _ = await self._watching(broker_path(name), self._zk.get)
        except NoNode:
            return None  # gone since; the watch on all of them tells
        return read_broker(name, text)

    async def _read_partitions(self, topic: str) -> tuple[PartitionState, ...]:
        above, states = topic_path(topic), []
        count = len(await self._zk.children(above))
        for number, text, stat in await self._read_all(above, tuple(map(str, range(count)))):
            state = read_state(text, stat.version)
            assert state is not None, f"{text!r} is no state of {topic}-{number}"
            states.append(state)
        return tuple(states)

    async def _read_all(self, above: str, names: tuple[str, ...]) -> list[tuple[str, str, Stat]]:
        """Name, data and stat of these children of ``above``: asked for at once, for the way there is long."""
        found: dict[str, tuple[str, Stat]] = {}
        failed: list[KeeperError] = []

        async def get(name: str) -> None:
            try:
                found[name] = await self._zk.get(f"{above}/{name}")
            except KeeperError as error:
                failed.append(error)

        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(get, name)
        if failed:
            raise failed[0]
        return [(name, *found[name]) for name in names]

    async def _watching(self, path: str, read: Callable[[str, Watch | None], Awaitable[T]]) -> T:
        """Read, and see to it that one watch waits there: it is told of the first change, and then read again."""

        def fired(_event: Event) -> None:
            self._watched.discard(path)
            self.outdated = True
            self._on_change()

        if path in self._watched:
            return await read(path, None)
        self._watched.add(path)
        try:
            return await read(path, fired)
        except KeeperError:  # then the watch was not set either
            self._watched.discard(path)
            raise
