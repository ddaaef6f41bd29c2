"""A running cluster: built from a spec and a seed, acted upon by Commands, nothing else.

A cluster records every command that took effect, with its instant; the spec, the seed and
that record reproduce it. A command given at an instant comes after every event of that
instant. ``plan`` puts commands into the future; ``advance`` runs up to an instant and
applies what was planned on the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from playground import acts
from playground.acts.demand import Passing
from playground.chaos import machines
from playground.chaos.fault import Fault
from playground.chaos.ills import ills
from playground.checkers.history import History
from playground.checkers.staleness import Staleness
from playground.inspection import Inspection
from playground.kernel.errors import UserError
from playground.kernel.node import Factory, Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World
from playground.metrics import Metrics
from playground.spec import CONSOLE, ClusterSpec
from playground.systems import access, catalog
from playground.systems.database import Database
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.operator import OperatorService
from playground.systems.kafka.worker import ConsumerService
from playground.systems.layout import KAFKA, Kind, Site
from playground.workload import LoadClient, LoadSettings


class Cluster:
    """Make it inside :func:`playground.kernel.world.run`; then ``await advance(...)``."""

    def __init__(self, spec: ClusterSpec, seed: int) -> None:
        self.spec = spec
        self.seed = seed
        self.world = World(seed)
        self.world.network.base_us = spec.network.latency
        self.world.network.jitter_us = spec.network.jitter
        self.history = History()
        self.staleness = Staleness(self.history, register=spec.register)
        self.metrics = Metrics(self.history)
        self.load: LoadSettings = spec.load
        self.produce_rate = spec.kafka.rate
        """Messages per second that the producers make, all together."""
        self.members: list[str] = []
        """Every machine that serves, in the order in which they came."""
        self.kinds: dict[str, Kind] = {}
        """What each of them is there for."""
        self.clients: list[str] = []
        self.retired: list[str] = []
        """Members that were told to leave the ring."""
        self.faults: list[Fault] = []
        self.in_charge: dict[tuple[str, str], int] = {}
        """(node, what of it) -> the number of the command that made it as it is."""
        self.passing: list[Passing] = []
        """Changes of the load that end by themselves, the newest last."""
        self.recorded: list[tuple[int, Any]] = []
        self.refused: list[tuple[int, Any, str]] = []
        self.on_command: Callable[[Any], object] | None = None
        """Told of each command right before it takes effect. It may look, and change nothing."""
        self.on_refused: Callable[[], object] | None = None
        """Told that the command just announced can't be done, and has changed nothing."""
        self._planned: deque[tuple[int, Any, bool]] = deque()
        for name, kind in spec.machines.items():
            self.make_member(name, tuple(spec.machines), kind, group=spec.kafka.consumers.get(name, ""))
        for name in (*spec.client_names, CONSOLE):
            self._make_client(name)
        self.inspection = Inspection(self)

    # --- what stands where ----------------------------------------------------

    def node(self, name: str) -> Node:
        return self.world.nodes[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Every machine that a command may name, in the order in which they came."""
        return (*self.members, *self.clients)

    def services(self, kind: type[Any]) -> dict[str, Any]:
        """The services of this class that are running now, by node, in order."""
        found: dict[str, Any] = {}
        for name in self.members:
            process = self.node(name).process
            for service in process.services if process else ():
                if isinstance(service, kind):
                    found[name] = service
        return found

    def serving(self, kind: type[Any]) -> dict[str, Any]:
        """Those of them whose nodes answer: neither booting nor frozen."""
        return {name: each for name, each in self.services(kind).items() if self.node(name).life is Life.UP}

    def load_clients(self) -> Iterable[LoadClient]:
        """The clients whose machines are up."""
        for name in self.clients:
            process = self.node(name).process
            if process is not None and process.services:
                yield process.find(LoadClient)

    @property
    def load_client_names(self) -> list[str]:
        """The clients that make load: all but the console."""
        return [name for name in self.clients if name != CONSOLE]

    @property
    def staying(self) -> list[str]:
        """The members that were not told to leave."""
        return [name for name in self.members if name not in self.retired]

    def of_kind(self, kind: Kind) -> list[str]:
        """The members of this kind."""
        return [name for name in self.members if self.kinds[name] == kind]

    @property
    def askable(self) -> tuple[str, ...]:
        """The operator's list of nodes that clients may ask."""
        return tuple(name for name in self.staying if self.kinds[name] == "node")

    def console(self) -> LoadClient:
        """The client through which a person reads, writes and administers. UserError if it can't be used."""
        process = self.node(CONSOLE).process
        if process is None or not process.running or not process.services:
            raise UserError(f"the console ({CONSOLE}) is not up: start it, or wait a moment")
        return process.find(LoadClient)

    def sides(self) -> dict[str, int]:
        """Which side of the newest partition a node is on, from 1; 0: on none."""
        sides = dict.fromkeys(self.names, 0)
        for fault in self.faults:
            for number, group in enumerate(fault.groups, start=1):
                sides.update(dict.fromkeys(group, number))
        return sides

    def in_force(self) -> tuple[str, ...]:
        """Everything that is broken but for who is down or frozen, in words."""
        ailing: dict[str, list[str]] = {}
        for name in self.names:
            for text in ills(self.node(name), self.usual_event_us(name)):
                ailing.setdefault(text, []).append(name)
        for name, stalled_ms in self.stalled().items():
            ailing.setdefault(f"stalled, {stalled_ms / 1_000:g} s a message", []).append(name)
        return (*(f"{' '.join(who)}: {text}" for text, who in ailing.items()), *(fault.text for fault in self.faults))

    def stalled(self) -> dict[str, int]:
        """The consumers that are stuck in their work -> what each message takes them, in milliseconds."""
        consumers = self.services(ConsumerService) if self.spec.kafka.brokers else {}
        return {name: each.stalled_ms for name, each in consumers.items() if each.stalled_ms is not None}

    @property
    def quiet(self) -> bool:
        """Nothing is in force, and everybody who belongs to it is up and well."""
        return not self.faults and not self.stalled() and all(self._is_well(name) for name in self.staying)

    def _is_well(self, name: str) -> bool:
        node = self.node(name)
        slow = machines.cpu_is_slow(node, self.usual_event_us(name))
        return node.life is Life.UP and not machines.disk_is_ill(node) and not slow

    def usual_event_us(self, name: str) -> int:
        """What an event costs this machine when it is well. Clients have time in plenty."""
        return 0 if name in self.clients else self.spec.machine.event

    # --- time and acts --------------------------------------------------------

    @property
    def now_us(self) -> int:
        return self.world.now_us

    def plan(self, timeline: Iterable[tuple[int, Any]], *, lenient: bool = False) -> None:
        """Commands to come, as ``(at_us, command)``; those of one instant in the given order.

        What cannot be carried out stands in ``refused`` afterwards, unless it is ``lenient``.
        """
        coming = ((at_us, command, lenient) for at_us, command in timeline)
        self._planned = deque(sorted((*self._planned, *coming), key=lambda planned: planned[0]))

    def forget(self) -> None:
        """Nothing of what is planned happens any more."""
        self._planned.clear()

    @property
    def planned(self) -> int:
        """How many planned commands are still to come."""
        return len(self._planned)

    async def advance(self, until_us: int) -> None:
        """Run up to and including ``until_us``, planned commands included."""
        while self._planned and self._planned[0][0] <= until_us:
            at_us, command, lenient = self._planned[0]
            await self.world.advance(at_us)
            self._planned.popleft()
            try:
                await self.apply(command)
            except UserError as error:
                if not lenient:
                    self.refused.append((at_us, command, str(error)))
        await self.world.advance(until_us)

    async def step(self, limit_us: int | None = None) -> None:
        """Run to the next instant at which something happens, a planned command included; at most to ``limit_us``."""
        stops = [at_us for at_us in (limit_us, self._planned[0][0] if self._planned else None) if at_us is not None]
        stop_us = min(stops, default=None)
        if not await self.world.step(stop_us) and stop_us is not None:
            await self.advance(stop_us)

    async def apply(self, command: Any) -> str:
        """Do it now, and record it. Returns a sentence; UserError (and nothing done) if it can't be done."""
        # After every event of this instant, those included that an earlier command of the same instant
        # has caused: so it was, and so it will be when the record is replayed.
        await self.world.advance(self.world.now_us)
        if self.on_command is not None:
            self.on_command(command)
        try:
            text, named = acts.apply(self, command)
        except UserError:
            if self.on_refused is not None:
                self.on_refused()
            raise
        if named.by:
            self.world.record("by", "", f"{named.by}: {named.line()}")
        self.recorded.append((self.world.now_us, named))
        await self.world.rest()
        return text

    # --- building -------------------------------------------------------------

    def make_member(
        self, name: str, members: tuple[str, ...], kind: Kind = "node", *, joining: bool = False, group: str = ""
    ) -> Node:
        """A machine that runs every system of the catalog that belongs on it; it starts at once.

        ``group``: the consumer group that a consumer is a member of.
        """
        kinds = {**self.spec.machines, **self.kinds, name: kind}
        nodes = tuple(each for each in members if kinds.get(each, "node") == "node")
        gossiping = tuple(each for each in members if kinds.get(each, "node") not in KAFKA)
        site = Site(name, kind, gossiping, nodes, self.spec.layout, joining, group)
        node = Node(self.world, name, tuple(partial(self._made, each) for each in catalog.services(site)))
        node.event_us = self.spec.machine.event
        self.members.append(name)
        self.kinds[name] = kind
        node.start()
        return node

    def _made(self, factory: Factory, process: Process) -> Service:
        """A service of a member: a producer that boots is told the rate of now, a consumer that it was removed."""
        service = factory(process)
        if isinstance(service, ProducerService):
            service.rate = self.produce_rate
        if isinstance(service, ConsumerService) and process.node.name in self.retired:
            service.leave()
        return service

    def _make_client(self, name: str) -> None:
        node = Node(self.world, name)

        def own() -> LoadSettings:
            return self.load.model_copy(update={"rate": 0.0}) if name == CONSOLE else self.load

        def session(service: Service) -> Database:
            # A client that is started again is told what the operator's list says by then.
            return access.session(service, self.spec.layout, self.askable, timeout_us=self.load.timeout)

        node.services = (lambda process: LoadClient(process, own(), session, self.history, told=name == CONSOLE),)
        kafka = self.spec.kafka
        if name == CONSOLE and kafka.brokers:
            node.services += (lambda process: OperatorService(process, kafka),)
        self.clients.append(name)
        node.start()

    def keep(self, name: str) -> None:
        """Nobody agreed to the leave of ``name``: it stays."""
        if name in self.retired:
            self.retired.remove(name)
        self.tell_clients()

    def tell_clients(self) -> None:
        """The operator's list of nodes that clients may ask has changed."""
        for client in self.load_clients():
            client.store.whom(self.askable)

    def change_production(self, rate: float) -> str:
        """Every producer makes its share of ``rate`` messages per second from now on. Returns a sentence."""
        if rate != self.produce_rate and self.of_kind("producer"):
            text = f"producers: {rate:g} messages/s"
            self.world.record("load", "", text)
            self.produce_rate = rate
        for producer in self.services(ProducerService).values():
            producer.change(rate)
        return f"producers: {rate:g} messages/s"

    def change_load(self, settings: LoadSettings) -> None:
        """Every client behaves like this from now on (clients that are down never hear of it)."""
        self.load = settings
        for client in self.load_clients():
            if client.name != CONSOLE:
                client.change(settings)
