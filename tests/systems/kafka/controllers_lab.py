"""Controllers on a real ensemble, without logs: brokers that register, stand, and keep the images they are sent.

Each stub remembers on its disk which disk it is, as a broker does. ``lab.alter(…)`` asks the controller as the leader
of a partition would; with ``rate`` the stubs do so by themselves, at random, that many times a second each.
``lab.truth()`` is what stands in ZooKeeper, read by a machine of its own; whatever any broker was ever shown or told is
in ``lab.images`` and ``lab.answers``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World, run
from playground.systems.kafka.controller import Controller
from playground.systems.kafka.image import NO_IMAGE, Broker, Image, Member, PartitionState
from playground.systems.kafka.keeper import TOPICS, partition_path, read_state
from playground.systems.kafka.messages import Altered, AlterPartition, CreatePartitions, Updated, UpdateMetadata
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import KafkaSettings, TopicSettings
from playground.systems.zookeeper.client import Keeper, NoNode, ZooKeeper
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.settings import ZooKeeperSettings

SECOND = 1_000_000
META = "meta"


class Stub(Service):
    """A broker that has no logs."""

    def __init__(self, process: Process, lab: Lab) -> None:
        super().__init__(process)
        self.lab = lab
        self.image = NO_IMAGE
        self.directory = 0
        self.controller = Controller(self, lab.settings, self.own)
        self.keeper = Keeper(
            self, lab.keeper.names, lab.session_timeout_us, self.controller.tasks, self.controller.on_session_over
        )

    def own(self) -> Broker | None:
        return Broker(self.name, self.process.node.boots, self.directory) if self.directory else None

    async def recover(self) -> None:
        found = await self.disk.read(self.process, META)
        if not found:
            found = str(self.process.node.boots).encode()
            self.disk.append(META, found)
            await self.disk.fsync(self.process, META)
        self.directory = int(found)

    def start(self) -> None:
        self.keeper.start()
        self.chance = self.random("altering")
        if self.lab.rate:
            self.plan()

    def plan(self) -> None:
        self.after(int(self.chance.expovariate(self.lab.rate) * SECOND), self.arrive)

    def arrive(self) -> None:
        if self.lab.loading:
            self.spawn(self.alter_something)
        self.plan()

    async def alter_something(self) -> None:
        """Of one partition that it believes to lead: take one in or out, as if at random."""
        image = self.image
        led = [
            (TopicPartition(topic, number), state)
            for topic, states in image.topics.items()
            for number, state in enumerate(states)
            if (state.leader, state.leader_incarnation) == (self.name, self.process.node.boots)
        ]
        if not led:
            return
        partition, state = self.chance.choice(led)
        name = self.chance.choice(state.replicas)
        broker = image.broker(name)
        isr = tuple(member for member in state.isr if member.name != name)
        if name not in state.in_sync and broker is not None:
            isr += (broker.member,)
        request = AlterPartition(partition, self.name, self.process.node.boots, state.leader_epoch, state.version, isr)
        with suppress(CallError):
            answer = await self.call(image.controller, request, timeout_us=SECOND // 2)
            self.lab.answers.append((request, answer.version))

    @handles(UpdateMetadata)
    def on_update(self, _source: str, message: UpdateMetadata) -> Updated:
        if message.image.age > self.image.age:
            self.image = message.image
            self.lab.images.append(message.image)
        return Updated(self.image.age)

    @handles(AlterPartition)
    async def on_alter(self, source: str, message: AlterPartition) -> Altered:
        return await self.controller.alter(source, message)

    @handles(CreatePartitions)
    async def on_create(self, source: str, message: CreatePartitions) -> None:
        await self.controller.create(source, message)


class Asker(Service):
    """A machine that asks what it is told to, and reads ZooKeeper."""

    def __init__(self, process: Process, lab: Lab) -> None:
        super().__init__(process)
        self.keeper = Keeper(self, lab.keeper.names, lab.session_timeout_us, lambda: (), lambda: None)

    def start(self) -> None:
        self.keeper.start()


class Lab:
    """``brokers`` stubs br1 …, servers z1 z2 z3, and x1, which asks."""

    def __init__(
        self,
        brokers: int = 3,
        seed: int = 1,
        *,
        session_timeout_ms: int = 1_600,
        start: bool = True,
        rate: float = 0,
        topic: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.world = World(seed)
        self.rate = rate
        self.loading = True
        topics = (TopicSettings(**{"partitions": 3, **(topic or {})}),)
        self.settings = KafkaSettings(**{"brokers": brokers, "feed": False, "topics": topics, **settings})
        self.keeper = ZooKeeperSettings(servers=3, session_timeout_ms=session_timeout_ms, tick_ms=100)
        self.session_timeout_us = session_timeout_ms * 1_000
        self.images: list[Image] = []
        self.answers: list[tuple[AlterPartition, int]] = []
        self.names = self.settings.broker_names
        self.servers = {name: self._add(name, self._server) for name in self.keeper.names}
        self.asker = self._add("x1", partial(Asker, lab=self))
        self.nodes = {name: Node(self.world, name, (partial(Stub, lab=self),)) for name in self.names}
        if start:
            for node in self.nodes.values():
                node.start()

    def _server(self, process: Process) -> Service:
        return ZooKeeperService(process, self.keeper, self.keeper.names)

    def _add(self, name: str, factory: Callable[[Process], Service]) -> Node:
        node = Node(self.world, name, (factory,))
        node.start()
        return node

    # --- who is who -------------------------------------------------------------------------------

    def stub(self, name: str) -> Stub:
        process = self.nodes[name].process
        assert process is not None, f"{name} is down"
        return process.find(Stub)

    def up(self) -> dict[str, Stub]:
        """Those that run."""
        return {name: self.stub(name) for name, node in self.nodes.items() if node.life is Life.UP}

    def controllers(self) -> dict[str, int]:
        """Who believes to be the controller -> in which epoch; frozen ones too."""
        alive = (Life.UP, Life.FROZEN)
        stubs = {name: self.stub(name) for name, node in self.nodes.items() if node.life in alive}
        return {name: stub.controller.epoch for name, stub in stubs.items() if stub.controller.controlling}

    def controller(self) -> str:
        """The one in the highest epoch."""
        controllers = self.controllers()
        return max(controllers, key=lambda name: controllers[name], default="")

    def state(self, number: int = 0) -> PartitionState | None:
        """Of a partition of the first topic, by the newest image that any running broker has."""
        image = max((stub.image for stub in self.up().values()), key=lambda each: each.age, default=NO_IMAGE)
        return image.state(self.partition(number))

    def leader(self, number: int = 0) -> str:
        state = self.state(number)
        return state.leader if state is not None else ""

    def partition(self, number: int = 0) -> TopicPartition:
        return TopicPartition(self.settings.topics[0].name, number)

    # --- time ---------------------------------------------------------------------------------------

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        """Let time pass until it holds, or for ``seconds``. Returns whether it holds."""
        end_us = self.world.now_us + int(seconds * SECOND)
        while not condition() and self.world.now_us < end_us:
            await self.run(0.02)
        return condition()

    async def ready(self) -> None:
        """Until everybody knows of every topic."""
        topics = self.settings.all_topics

        def known() -> bool:
            up = self.up()
            return len(up) == len(self.nodes) and all(len(stub.image.topics) == len(topics) for stub in up.values())

        assert await self.until(known), "the controller does not get ready"

    async def settle(self, seconds: float = 20) -> bool:
        """Until all that run have the same image, in which exactly those that run are registered."""

        def agreed() -> bool:
            up = self.up()
            images = [stub.image for stub in up.values()]
            living = tuple(stub.own() for stub in up.values())
            return all(image == images[0] and image.brokers == living for image in images)

        return await self.until(agreed, seconds)

    # --- acts -----------------------------------------------------------------------------------------

    async def answer(self, service: Service, to: str, request: Any) -> Any:
        """What ``to`` answers, within a task of ``service``; Rejected and other CallErrors are returned as well."""
        try:
            answer = await service.call(to, request, timeout_us=SECOND)
        except CallError as error:
            return error
        if isinstance(answer, Altered):
            self.answers.append((request, answer.version))
        return answer

    async def ask_all(self, to: str, *requests: Any) -> list[Any]:
        """What ``to`` answers to each of these requests, which x1 makes at the same time."""
        found: dict[int, Any] = {}

        async def act(number: int, request: Any) -> None:
            found[number] = await self.answer(self._asker, to, request)

        for number, request in enumerate(requests):
            self._asker.spawn(act, number, request)
        assert await self.until(lambda: len(found) == len(requests))
        return [found[number] for number in range(len(requests))]

    async def ask(self, to: str, request: Any) -> Any:
        return (await self.ask_all(to, request))[0]

    def request(self, isr: tuple[str | Member, ...], number: int = 0, **instead: Any) -> AlterPartition:
        """As the leader would put it that knows the newest image. ``isr``: names stand for the disks that are there."""
        state = self.state(number)
        assert state is not None
        members = tuple(each if isinstance(each, Member) else Member(each, self.stub(each).directory) for each in isr)
        fields = {
            "partition": self.partition(number),
            "leader": state.leader,
            "incarnation": state.leader_incarnation,
            "leader_epoch": state.leader_epoch,
            "version": state.version,
            "isr": members,
        }
        return AlterPartition(**{**fields, **instead})

    async def alter(self, isr: tuple[str | Member, ...], number: int = 0, **instead: Any) -> Any:
        return await self.ask(self.controller(), self.request(isr, number, **instead))

    async def refused(self, isr: tuple[str | Member, ...], number: int = 0, **instead: Any) -> str:
        """The code with which it is refused."""
        answer = await self.alter(isr, number, **instead)
        assert isinstance(answer, Rejected), answer
        return answer.code

    async def truth(self) -> dict[TopicPartition, PartitionState]:
        """Every partition, as it stands in ZooKeeper."""
        states: dict[TopicPartition, PartitionState] = await self._with(self._read)
        return states

    async def texts(self, *paths: str) -> list[str]:
        """What stands in these znodes."""

        async def read(zk: ZooKeeper) -> list[str]:
            return [(await zk.get(path))[0] for path in paths]

        found: list[str] = await self._with(read)
        return found

    async def delete(self, path: str) -> None:
        """Remove a znode by hand."""
        await self._with(lambda zk: zk.delete(path))

    async def _with(self, act: Callable[[ZooKeeper], Awaitable[Any]]) -> Any:
        """Have x1 do it in its session, again until it is done."""
        found: list[Any] = []

        async def insist() -> None:
            while not found:
                zk = self._asker.keeper.zk
                with suppress(CallError):
                    if zk is not None:
                        found.append(await act(zk))
                        return
                await self._asker.sleep(SECOND // 20)

        self._asker.spawn(insist)
        assert await self.until(lambda: bool(found)), "the ensemble does not answer"
        return found[0]

    @property
    def _asker(self) -> Asker:
        assert self.asker.process is not None
        return self.asker.process.find(Asker)

    async def _read(self, zk: ZooKeeper) -> dict[TopicPartition, PartitionState]:
        states = {}
        await zk.sync()
        try:
            topics = await zk.children(TOPICS)
        except NoNode:
            return {}
        for topic in topics:
            for number in await zk.children(f"{TOPICS}/{topic}"):
                partition = TopicPartition(topic, int(number))
                text, stat = await zk.get(partition_path(partition))
                state = read_state(text, stat.version)
                assert state is not None, text
                states[partition] = state
        return states

    def notes(self, kind: str, text: str = "") -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind and text in entry.text]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
