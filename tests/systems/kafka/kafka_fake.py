"""One broker that keeps its logs in a list and knows one group, whose answers a test may replace.

By default everything works: it leads all partitions, every JoinGroup begins a new generation of that member alone, and
commits are taken. ``fake.answers[JoinGroup] = lambda source, request: …`` answers otherwise (``raise Rejected``, too);
``fake.silent.add(Heartbeat)`` lets requests of a kind disappear; ``fake.heard`` is all that was asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from playground.kernel.errors import CallError
from playground.kernel.node import Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World
from playground.systems.kafka.consumer import Consumer
from playground.systems.kafka.errors import OUT_OF_RANGE
from playground.systems.kafka.image import Broker, Image, Member, PartitionState
from playground.systems.kafka.messages import (
    AskMetadata,
    Coordinator,
    CreatePartitions,
    Fetch,
    Fetched,
    FetchedOf,
    FindCoordinator,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    Offsets,
    Subscription,
    Synced,
    SyncGroup,
)
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.kafka.settings import GroupSettings

S = TypeVar("S", bound=Service)
T = TypeVar("T")
KINDS = (
    AskMetadata,
    CreatePartitions,
    Fetch,
    FindCoordinator,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    SyncGroup,
)


class FakeBroker(Service):
    """br1 (a test may have others besides)."""

    def __init__(self, process: Process, partitions: int = 2) -> None:
        super().__init__(process)
        self.logs: dict[TopicPartition, list[Batch]] = {}
        self.starts: dict[TopicPartition, int] = {}
        self.generation = 0
        self.offsets: dict[TopicPartition, int] = {}
        self.heard: list[Any] = []
        self.silent: set[type] = set()
        self.answers: dict[type, Callable[[str, Any], Any]] = {
            FindCoordinator: lambda _source, _request: Coordinator(self.name),
            JoinGroup: self.join,
            SyncGroup: lambda _source, request: Synced(dict(request.assignments)[request.member]),
            Heartbeat: lambda _source, _request: None,
            LeaveGroup: lambda _source, _request: None,
            OffsetCommit: lambda _source, request: self.offsets.update(request.offsets),
            OffsetFetch: lambda _source, request: Offsets(
                tuple((each, self.offsets[each]) for each in request.partitions if each in self.offsets)
            ),
            AskMetadata: lambda _source, _request: self.image,
        }
        self.image = self.lead("br1", partitions, version=1)

    def lead(self, leader: str, partitions: int, version: int) -> Image:
        """The image in which ``leader`` leads all partitions of the topic."""
        member = Member(leader, 1)
        state = PartitionState((leader,), leader, 1, version, (member,), (), version)
        self.image = Image(leader, 1, version, (Broker(leader, 1, 1),), {"changes": (state,) * partitions})
        return self.image

    def append(self, partition: TopicPartition, *values: str) -> None:
        """One batch."""
        records = tuple(Record(delta, None, value, 0) for delta, value in enumerate(values))
        log = self.logs.setdefault(partition, [])
        log.append(Batch(records, len(values) - 1, base_offset=log[-1].next_offset if log else 0, leader_epoch=1))

    def asked(self, kind: type) -> list[Any]:
        return [request for request in self.heard if isinstance(request, kind)]

    def join(self, _source: str, request: JoinGroup) -> Joined:
        self.generation += 1
        mine = Subscription(request.member, request.topics, request.owned, request.generation)
        return Joined(self.generation, request.member, (mine,))

    @handles(*KINDS)
    async def on_request(self, source: str, request: Any) -> Any:
        self.heard.append(request)
        if type(request) in self.silent:
            await self.sleep(3_600_000_000)
        answer = self.answers.get(type(request))
        if answer is not None:
            return answer(source, request)
        assert isinstance(request, Fetch), f"no answer to {request}"
        waited_ms = 0
        while not (found := self.fetch(request)) and waited_ms < request.wait_ms:
            await self.sleep(10_000)
            waited_ms += 10
        return Fetched(found)

    def fetch(self, request: Fetch) -> tuple[FetchedOf, ...]:
        found: list[FetchedOf] = []
        for partition, offset, _epoch, _ in request.partitions:
            log, start = self.logs.get(partition, []), self.starts.get(partition, 0)
            end = log[-1].next_offset if log else 0
            if not start <= offset <= end:
                found.append(FetchedOf(partition, OUT_OF_RANGE, 1, end, start))
            elif offset < end:
                batches: list[Batch] = []
                room = request.max_bytes
                for batch in log:
                    if batch.next_offset > offset and (room > 0 or not batches):
                        room -= batch.size_bytes
                        batches.append(batch)
                found.append(FetchedOf(partition, "", 1, end, start, tuple(batches)))
        return tuple(found)


class Hand(Service):
    """A machine whose consumer a test moves by hand."""

    def __init__(self, process: Process, settings: GroupSettings) -> None:
        super().__init__(process)
        self.told: list[tuple[str, tuple[TopicPartition, ...]]] = []
        self.consumer = Consumer(self, settings, ("changes",), ("br1",), member=self.name, listener=self)

    def start(self) -> None:
        self.consumer.start()

    async def revoked(self, partitions: tuple[TopicPartition, ...]) -> None:
        self.told.append(("revoked", partitions))

    async def lost(self, partitions: tuple[TopicPartition, ...]) -> None:
        self.told.append(("lost", partitions))


class FakeLab:
    """br1 is a FakeBroker; co1 a consumer, moved by hand."""

    def __init__(self, partitions: int = 2, **settings: Any) -> None:
        self.world = World(1)
        self.settings = GroupSettings(**settings)
        self.partitions = partitions
        self.add_broker("br1")
        Node(self.world, "co1", (partial(Hand, settings=self.settings),)).start()

    def add_broker(self, name: str) -> None:
        Node(self.world, name, (partial(FakeBroker, partitions=self.partitions),)).start()

    async def ready(self) -> None:
        await self.run(0.4)
        self.fake = self.find("br1", FakeBroker)
        self.hand = self.find("co1", Hand)
        self.consumer = self.hand.consumer

    def find(self, name: str, kind: type[S]) -> S:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(kind)

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * 1_000_000))

    async def do(self, act: Callable[[], Awaitable[T]], seconds: float = 10) -> T:
        """Let co1 do it; time passes until it is done. What it raises is raised here."""
        done: list[T] = []
        failed: list[CallError] = []

        async def run() -> None:
            try:
                done.append(await act())
            except CallError as error:
                failed.append(error)

        self.hand.spawn(run)
        end_us = self.world.now_us + int(seconds * 1_000_000)
        while not done and not failed:
            assert self.world.now_us < end_us, "not done in time"
            await self.run(0.01)
        if failed:
            raise failed[0]
        return done[0]

    async def poll(self, messages: int = 100, seconds: float = 1) -> list[tuple[int, int, str | None]]:
        """Partition, offset and value of what one poll hands over."""
        polled = await self.do(partial(self.consumer.poll, messages, int(seconds * 1_000_000)))
        return [(partition.partition, offset, record.value) for partition, offset, record in polled]

    def notes(self, kind: str) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]
