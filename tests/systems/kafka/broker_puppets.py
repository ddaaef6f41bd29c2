"""One real broker, br1; the ensemble is down, and the test plays the controller and all others, message by message.

``Stage(**settings)``, inside ``run``: br1, and puppets br2 br3 c1 (a client). ``await stage.image(leader="br1", …)``
sends br1 a newer image; br2 is the controller, so br1's `AlterPartition` requests go to ``stage.altering``
(a list), and are answered by ``stage.alter`` (None: not at all). ``await stage.produce(…)``, ``await stage.fetch(…)``
return what br1 answers, None if it does not (yet); ``stage.told`` collects late answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World
from playground.systems.kafka.image import Broker, Image, Member, PartitionState
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.messages import (
    Altered,
    AlterPartition,
    Fetch,
    Fetched,
    FetchFrom,
    Produce,
    UpdateMetadata,
)
from playground.systems.kafka.partition import Partition
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import KafkaSettings

SECOND = 1_000_000
C0 = TopicPartition("changes", 0)
BR1, BR2, BR3 = Member("br1", 1), Member("br2", 1), Member("br3", 1)


def batch(text: str = "m", *, key: str | None = None, producer: int = -1, epoch: int = 0, sequence: int = -1) -> Batch:
    """One message."""
    return Batch((Record(0, key, text, 0, text),), 0, producer, epoch, sequence)


class Puppet(Service):
    """Sends what it is told to, and answers as the stage says."""

    def __init__(self, process: Process, stage: Stage) -> None:
        super().__init__(process)
        self._stage = stage

    @handles(AlterPartition)
    def on_alter(self, _source: str, message: AlterPartition) -> Altered | None:
        self._stage.altering.append(message)
        answer = self._stage.alter(message) if self._stage.alter is not None else None
        if answer is None:
            self.answer_later()
            return None
        if isinstance(answer, Rejected):
            raise answer
        return answer

    @handles(Fetch)
    def on_fetch(self, _source: str, message: Fetch) -> Fetched | None:
        self._stage.fetching.append(message)
        found = self._stage.serve(message) if self._stage.serve is not None else None
        if found is None:
            self.answer_later()
        return found

    async def put(self, request: Any, answers: list[Any], wait_us: int) -> None:
        try:
            answers.append(await self.call("br1", request, timeout_us=wait_us))
        except CallError as error:
            answers.append(error)


class Stage:
    """See the module. One partition, changes-0, on br1, br2 and br3."""

    def __init__(self, *, min_insync: int = 2, **settings: Any) -> None:
        self.world = World(1)
        topic = {"name": "changes", "partitions": 1, "replication": 3, "min_insync": min_insync}
        topic.update(settings.pop("topic", {}))
        self.settings = KafkaSettings(**{"brokers": 3, "feed": False, "topics": (topic,), **settings})
        Node(self.world, "z1")
        self.node = Node(self.world, "br1", (lambda process: BrokerService(process, self.settings, ("z1",)),))
        self.puppets = [Node(self.world, name, (lambda p: Puppet(p, self),)) for name in ("br2", "br3", "c1")]
        self.altering: list[AlterPartition] = []
        self.alter: Callable[[AlterPartition], Altered | Rejected | None] | None = None
        self.fetching: list[Fetch] = []
        self.serve: Callable[[Fetch], Fetched | None] | None = None
        self.incarnations = {"br1": 1, "br2": 1, "br3": 1}
        self.versions = 0
        self.told: list[Any] = []
        for node in (self.node, *self.puppets):
            node.start()

    @property
    def broker(self) -> BrokerService:
        assert self.node.process is not None
        return self.node.process.find(BrokerService)

    @property
    def replica(self) -> Partition:
        return self.broker.partitions[C0]

    @property
    def leading(self) -> Leading:
        found = self.replica.leading
        assert found is not None
        return found

    @property
    def log(self) -> PartitionLog:
        return self.replica.log

    async def run(self, seconds: float = 0.02) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def led(self, epoch: int = 1, isr: tuple[Member, ...] = (BR1, BR2), version: int = 0) -> None:
        """br1 leads."""
        if self.world.now_us == 0:
            await self.run(0.4)
        await self.image("br1", epoch, isr, version)

    async def image(
        self,
        leader: str,
        epoch: int = 1,
        isr: tuple[Member, ...] = (BR1, BR2),
        version: int = 0,
        *,
        age: int = 0,
        life: int = 0,
    ) -> None:
        """A newer image (``age``: that old; ``life``: of the leader, if not the one that has registered)."""
        if self.world.now_us == 0:
            await self.run(0.4)
        self.versions += 1
        brokers = tuple(Broker(name, life, 1) for name, life in self.incarnations.items() if life)
        life = life or self.incarnations.get(leader, 0)
        state = PartitionState(("br1", "br2", "br3"), leader, life, epoch, isr, (), version)
        image = Image("br2", 1, age or self.versions, brokers, {"changes": (state,)})
        await self.ask("br2", UpdateMetadata(image))

    async def produce(self, *batches: Batch, acks: str = "all") -> Any:
        """What became of the first of them; None: there is no answer yet."""
        answer = await self.ask("c1", Produce(acks, tuple((C0, each) for each in batches)))
        return answer.results[0] if answer is not None else None

    async def fetch(
        self,
        offset: int,
        *,
        member: Member | None = BR2,
        epoch: int = 1,
        last_epoch: int = -2,
        life: int = 1,
        wait_ms: int = 0,
    ) -> Any:
        """What br1 has of changes-0. ``last_epoch`` -2: as in br1's own log."""
        if last_epoch == -2:
            last_epoch = next((each.leader_epoch for each in self.log.batches() if each.next_offset == offset), -1)
        wanted = FetchFrom(C0, offset, epoch, last_epoch)
        answer = await self.ask(
            member.name if member else "c1", Fetch(member, life if member else 0, wait_ms, 10_000, (wanted,))
        )
        return answer.partitions[0] if answer is not None and answer.partitions else answer

    async def ask(self, puppet: str, request: Any) -> Any:
        """What br1 answers a puppet: a message, or a CallError; None: there is no answer yet."""
        process = self.world.nodes[puppet].process
        assert process is not None
        answers: list[Any] = []
        service = process.find(Puppet)
        service.spawn(service.put, request, answers, 30 * SECOND)
        await self.run()
        if not answers:
            self.told = answers
            return None
        return answers[0]
