"""A small Kafka on a real ensemble, for the tests in this folder.

``Lab(brokers=3, seed=1, **settings)``, inside ``run`` (or by ``simulate(main)``): servers z1 z2 z3, brokers br1 …, with
``settings`` of :class:`KafkaSettings`. Other machines: ``lab.add("pr1", lambda process: MyService(process, …))``.

``await lab.run(seconds)`` lets time pass; ``await lab.ready()`` until every partition is led and all its replicas are
in sync; ``await lab.until(condition)`` until it holds (False: it does not come to hold in time).
``lab.broker("br1")`` is the service (LookupError: it does not run), ``lab.services()`` all that run, ``lab.find("pr1",
MyService)`` that of another machine, ``lab.nodes["br1"]`` the machine itself (crash, start, freeze, thaw, disk, clock).
``lab.leader("changes-0")`` and ``lab.controller()``: names, "" if there is none. ``lab.crash("br1")`` and
``lab.start("br1")`` pass over machines that are down (up) already.
Rules of the network: ``lab.impose(Cut(["br1"], lab.others("br1")))`` returns the rule, ``lab.heal()`` removes all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from playground.kernel.network import Rule
from playground.kernel.node import Factory, Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.kafka import roles
from playground.systems.kafka.image import PartitionState
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.settings import ZooKeeperSettings

SECOND = 1_000_000

S = TypeVar("S", bound=Service)
R = TypeVar("R", bound=Rule)


class Lab:
    """``brokers`` brokers and an ensemble of three. Without ``settings``: one topic "changes", no feed."""

    def __init__(self, brokers: int = 3, seed: int = 1, *, session_timeout_ms: int = 1_600, **settings: Any) -> None:
        self.world = World(seed)
        self.settings = KafkaSettings(**{"brokers": brokers, "feed": False, **settings})
        self.keeper = ZooKeeperSettings(servers=3, session_timeout_ms=session_timeout_ms, tick_ms=100)
        self.session_timeout_us = session_timeout_ms * 1_000
        self.names = self.settings.broker_names
        self.servers = {name: self.add(name, self._server) for name in self.keeper.names}
        self.nodes = {name: self.add(name, self._broker) for name in self.names}

    def _server(self, process: Process) -> Service:
        return ZooKeeperService(process, self.keeper, self.keeper.names)

    def _broker(self, process: Process) -> Service:
        return BrokerService(process, self.settings, self.keeper.names, session_timeout_us=self.session_timeout_us)

    def add(self, name: str, *services: Factory) -> Node:
        """One more machine, which starts."""
        node = Node(self.world, name, services)
        node.start()
        return node

    # --- who is who ---------------------------------------------------------------------------

    def find(self, name: str, kind: type[S]) -> S:
        process = self.world.nodes[name].process
        if process is None:
            raise LookupError(f"{name} is down")
        return process.find(kind)

    def broker(self, name: str) -> BrokerService:
        return self.find(name, BrokerService)

    def services(self) -> dict[str, BrokerService]:
        """Those that are up, or frozen."""
        up = (Life.UP, Life.FROZEN)
        return {name: self.broker(name) for name, node in self.nodes.items() if node.life in up}

    def leader(self, partition: str = "changes-0") -> str:
        return next(iter(roles.leader(self.services(), partition)), "")

    def controller(self) -> str:
        return next(iter(roles.controller(self.services(), "")), "")

    def state(self, partition: str = "changes-0") -> PartitionState | None:
        """As the newest image that any broker has says."""
        image = max((service.image for service in self.services().values()), key=lambda each: each.age, default=None)
        parsed = TopicPartition.parse(partition)
        return image.state(parsed) if image is not None and parsed is not None else None

    def others(self, *names: str) -> list[str]:
        """All machines but these."""
        return [name for name in self.world.nodes if name not in names]

    # --- time --------------------------------------------------------------------------------------

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        """Let time pass until it holds, or for ``seconds``. Returns whether it holds."""
        end_us = self.world.now_us + int(seconds * SECOND)
        while not condition() and self.world.now_us < end_us:
            await self.run(0.02)
        return condition()

    async def ready(self, seconds: float = 20) -> None:
        """Wait until all brokers are up, and every partition is led and has all its replicas in sync."""
        assert await self.until(self.whole, seconds), "the brokers do not get ready"

    def whole(self) -> bool:
        services = self.services()
        if len(services) < len(self.names):
            return False
        images = [service.image for service in services.values()]
        wanted = self.settings.all_topics
        return all(
            len(image.topics.get(name, ())) >= topic.partitions for name, topic in wanted.items() for image in images
        ) and all(
            len(state.isr) == len(state.replicas) and self.leader(f"{name}-{number}") == state.leader
            for image in images
            for name, states in image.topics.items()
            for number, state in enumerate(states)
        )

    # --- what befalls them ----------------------------------------------------------------------------

    def crash(self, name: str, *, lose_disk: bool = False) -> None:
        node = self.world.nodes[name]
        if node.life is not Life.DOWN:
            node.crash(lose_disk=lose_disk)

    def start(self, name: str) -> None:
        node = self.world.nodes[name]
        if node.life is Life.DOWN:
            node.start()

    def impose(self, rule: R) -> R:
        self.world.network.add(rule)
        return rule

    def heal(self) -> None:
        for rule in self.world.network.rules:
            self.world.network.remove(rule)

    def notes(self, kind: str, text: str = "") -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind and text in entry.text]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
