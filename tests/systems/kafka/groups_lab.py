"""A group coordinator on a broker that is a stand-in: a log in memory that commits when, and whether, a test says.

``Lab()`` inside ``run`` has the broker "br1" and the machines co1 co2 co3. ``lab.ask("co1", request)`` sends a request
and returns an :class:`Asked`, whose ``result`` or ``code`` is there once it is answered; ``join``, ``sync`` and so on
make the usual requests, and ``await lab.form(...)`` takes some members all the way to a stable generation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World
from playground.systems.kafka import errors
from playground.systems.kafka.coordinator import GroupCoordinator
from playground.systems.kafka.group import Group
from playground.systems.kafka.image import Image, Member, PartitionState
from playground.systems.kafka.ledger import WITNESS, Committed, Ledger
from playground.systems.kafka.messages import (
    Coordinator,
    FindCoordinator,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    Offsets,
    SyncGroup,
)
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings, TopicSettings

SECOND = 1_000_000
T = tuple(TopicPartition("t", number) for number in range(4))
Shares = dict[str, tuple[TopicPartition, ...]]


class FakeLog:
    """What is on the brokers' disks: it outlives each of them."""

    def __init__(self) -> None:
        self.held: list[tuple[str, str | None]] = []
        self.high_watermark = 0

    @property
    def end_offset(self) -> int:
        return len(self.held)

    def records(self) -> Iterator[tuple[int, Record]]:
        for offset, (key, value) in enumerate(self.held):
            yield offset, Record(0, key, value, 0)

    def value(self, key: str) -> str | None:
        return dict(self.held).get(key)


class FakeBroker(Service):
    """Leads the one partition of the offsets topic from its start on."""

    def __init__(self, process: Process, lab: Lab) -> None:
        super().__init__(process)
        self.lab = lab
        self.groups = GroupCoordinator(self, lab.settings, self)

    def start(self) -> None:
        self.groups.led(0, self.lab.log)

    @property
    def image(self) -> Image:
        member = Member("br1", 1)
        state = PartitionState(("br1",), self.lab.leader, 1, 1, (member,), (), 1)
        return Image("br1", 1, 1, (), {INTERNAL[0]: (state,)})

    async def append_internal(self, partition: TopicPartition, records: Sequence[tuple[str, str | None]]) -> None:
        lab = self.lab
        assert partition == TopicPartition(INTERNAL[0], 0)
        lab.appends += 1
        error = lab.failures.pop(0) if lab.failures else ""
        if not error or error in errors.MAYBE_APPENDED:
            lab.log.held += records
        await self.sleep(lab.append_us)
        while lab.stuck:
            await self.sleep(10_000)
        if error:
            raise Rejected(error, "as the test wants it", definite=error not in errors.MAYBE_APPENDED)
        lab.log.high_watermark = lab.log.end_offset

    @handles(FindCoordinator)
    def on_find(self, source: str, request: FindCoordinator) -> Coordinator:
        return self.groups.find(source, request)

    @handles(JoinGroup)
    def on_join(self, source: str, request: JoinGroup) -> None:
        self.groups.join(source, request)

    @handles(SyncGroup)
    def on_sync(self, source: str, request: SyncGroup) -> None:
        self.groups.sync(source, request)

    @handles(Heartbeat)
    def on_heartbeat(self, source: str, request: Heartbeat) -> None:
        self.groups.heartbeat(source, request)

    @handles(LeaveGroup)
    def on_leave(self, source: str, request: LeaveGroup) -> None:
        self.groups.leave(source, request)

    @handles(OffsetCommit)
    def on_commit(self, source: str, request: OffsetCommit) -> None:
        self.groups.commit(source, request)

    @handles(OffsetFetch)
    def on_fetch(self, source: str, request: OffsetFetch) -> Offsets:
        return self.groups.fetch_offsets(source, request)


class Asked:
    """A request under way, and what became of it."""

    def __init__(self) -> None:
        self.done = False
        self.result: Any = None
        self.code = ""

    async def call(self, service: Service, request: object, timeout_us: int) -> None:
        try:
            self.result = await service.call("br1", request, timeout_us=timeout_us)
        except CallError as error:
            self.code = error.code if isinstance(error, Rejected) else type(error).__name__
        self.done = True


class Witness(Ledger):
    """What coordinators have told to be committed."""

    def __init__(self) -> None:
        self.commits: list[Committed] = []

    def committed(self, commit: Committed) -> None:
        self.commits.append(commit)


class Lab:
    """See the module."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.settings = KafkaSettings(
            brokers=1, topics=(TopicSettings(name="t", replication=1, min_insync=1),), feed=False
        )
        self.witness = self.world.witnesses[WITNESS] = Witness()
        self.log = FakeLog()
        self.leader = "br1"
        self.append_us = 5_000
        self.failures: list[str] = []
        """How the next appends fail; "" is none."""
        self.stuck = False
        """Appends do not get committed."""
        self.appends = 0
        self.broker_node = Node(self.world, "br1", (lambda process: FakeBroker(process, self),))
        self.broker_node.start()
        for name in ("co1", "co2", "co3"):
            Node(self.world, name, (Service,)).start()

    @property
    def groups(self) -> GroupCoordinator:
        process = self.broker_node.process
        assert process is not None
        return process.find(FakeBroker).groups

    @property
    def group(self) -> Group:
        return self.groups.groups["view"]

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def restart(self) -> None:
        """Another life of the broker coordinates."""
        self.broker_node.crash()
        self.broker_node.start()
        await self.run(0.5)

    def notes(self, kind: str) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]

    # --- requests -------------------------------------------------------------------------------

    def ask(self, machine: str, request: object, *, timeout_s: float = 30) -> Asked:
        asked = Asked()
        process = self.world.nodes[machine].process
        assert process is not None
        service = process.services[0]
        service.spawn(asked.call, service, request, int(timeout_s * SECOND))
        return asked

    def join(
        self,
        name: str,
        owned: tuple[TopicPartition, ...] = (),
        generation: int = 0,
        *,
        topics: tuple[str, ...] = ("t",),
        assignor: str = "cooperative-sticky",
        session_ms: int = 3_000,
        rebalance_ms: int = 2_000,
        timeout_s: float = 30,
    ) -> Asked:
        request = JoinGroup("view", name, assignor, topics, owned, generation, session_ms, rebalance_ms)
        return self.ask(name, request, timeout_s=timeout_s)

    def sync(self, name: str, generation: int, shares: Shares | None = None) -> Asked:
        return self.ask(name, SyncGroup("view", name, generation, tuple((shares or {}).items())))

    def beat(self, name: str, generation: int) -> Asked:
        return self.ask(name, Heartbeat("view", name, generation))

    def leave(self, name: str) -> Asked:
        return self.ask(name, LeaveGroup("view", name))

    def commit(self, name: str, generation: int, offset: int, count: int = 0, partition: int = 0) -> Asked:
        return self.ask(name, OffsetCommit("view", name, generation, ((T[partition], offset),), count))

    async def offset(self, partition: int = 0) -> int | None:
        """As somebody is told who asks."""
        asked = self.ask("co3", OffsetFetch("view", T))
        await self.run(0.05)
        assert isinstance(asked.result, Offsets), asked.code
        return dict(asked.result.offsets).get(T[partition])

    async def enter(self, *names: str) -> list[Asked]:
        """These join, as new ones, in this order."""
        joins = []
        for name in names:
            joins.append(self.join(name))
            await self.run(0.01)
        return joins

    async def form(self, shares: Shares, owned: Shares | None = None, generation: int = 0) -> int:
        """These members, all that there are, join, and get what ``shares`` says. Returns the generation."""
        joins = {}
        for name in shares:
            held = (owned or {}).get(name, ())
            joins[name] = self.join(name, held, generation if held else 0)
            await self.run(0.01)
        await self.run(0.6)
        joined = next(iter(joins.values())).result
        assert joined is not None, {name: each.code for name, each in joins.items()}
        syncs = [self.sync(name, joined.generation, shares if name == joined.leader else None) for name in shares]
        await self.run(0.05)
        assert all(each.result is not None for each in syncs), [each.code for each in syncs]
        return int(joined.generation)

    async def keep(self, seconds: float, **generations: int) -> None:
        """Time passes, and these members send heartbeats twice a second."""
        for _ in range(int(seconds * 2)):
            for name, generation in generations.items():
                self.beat(name, generation)
            await self.run(0.5)
