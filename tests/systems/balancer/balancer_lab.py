"""Two balancers, some servers and clients, for the tests in this folder. The database is a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from playground.kernel.errors import CallError, TimedOut
from playground.kernel.messages import Reply, Request
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Node, Process
from playground.kernel.service import Service
from playground.kernel.world import Event, World, run
from playground.systems.balancer import checks
from playground.systems.balancer.client import BalancedClient, BalancerService, BalancerSettings, ServerService
from playground.systems.balancer.figures import Ledger
from playground.systems.balancer.messages import Ask
from playground.systems.database import RequestId
from playground.systems.violations import Violation
from tests.systems.balancer.stub_ensemble import StubKeeper, StubLease

SECOND = 1_000_000
LOOK_US = 50_000


class OneWay:
    """What ``sources`` send to ``targets`` is lost; the other way is open."""

    cuts = True

    def __init__(self, sources: Iterable[str], targets: Iterable[str]) -> None:
        self.sources, self.targets = tuple(sources), tuple(targets)

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if parcel.source in self.sources and parcel.target in self.targets else PASS


class Dictionary:
    """A database that never fails, unless a server is ``cut`` off from it: that one waits in vain."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.written: Counter[str] = Counter()
        """How often each value took effect."""
        self.outcomes: dict[tuple[str, int], None] = {}
        self.requests: list[RequestId] = []
        """As the servers passed them on."""
        self.recognized = 0
        """Writes that came again."""
        self.cut: tuple[str, ...] = ()
        self.delay_us = 1_000


class Session:
    """A server's session with it."""

    def __init__(self, base: Dictionary, service: Service) -> None:
        self.base, self.service = base, service

    def start(self) -> None:
        pass

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        await self.reach()
        return (self.base.values[key],) if key in self.base.values else ()

    async def put(self, key: str, value: str, w: int | None = None, *, request: RequestId | None = None) -> None:
        await self.reach()
        if request is not None:
            name = (request.session, request.number)
            self.base.requests.append(request)
            if name in self.base.outcomes:
                self.base.recognized += 1
                return
            self.base.outcomes[name] = None
        self.base.values[key] = value
        self.base.written[value] += 1

    def observed(self, key: str) -> frozenset[str]:
        return frozenset()

    def whom(self, members: tuple[str, ...]) -> None:
        pass

    async def leave(self, node: str) -> None:
        pass

    async def reach(self) -> None:
        await self.service.sleep(self.base.delay_us)
        if self.service.name in self.base.cut:
            await self.service.sleep(400_000)
            raise TimedOut("the database does not answer")


class Forgetful(Session):
    """A session with a database that does not know a write when it comes again."""

    async def put(self, key: str, value: str, w: int | None = None) -> None:  # type: ignore[override]
        await super().put(key, value, w)


class Client(Service):
    """Open loop: ``lab.rate`` operations per second, a half of them writes."""

    def __init__(self, process: Process, lab: Lab) -> None:
        super().__init__(process)
        self.lab = lab
        session = f"{self.name}#{process.node.boots}"
        self.database = BalancedClient(self, lab.balancers, timeout_us=lab.timeout_us, session=session)
        self.chance = self.random("client")
        self.written = 0

    def start(self) -> None:
        self.plan()

    def plan(self) -> None:
        rate = self.lab.rate / self.lab.clients
        self.after(int(self.chance.expovariate(rate) * SECOND) if rate else SECOND, self.arrive)

    def arrive(self) -> None:
        if self.lab.rate:
            self.written += 1
            value = f"{self.name}.{self.process.node.boots}-{self.written}" if self.chance.random() < 0.5 else None
            self.spawn(self.operate, f"k{int(self.chance.random() * 40)}", value)
        self.plan()

    async def operate(self, key: str, value: str | None) -> str:
        began_us = self.process.world.now_us
        try:
            if value is None:
                await self.database.get(key)
            else:
                await self.database.put(key, value)
        except CallError as error:
            outcome = "fail" if error.definite else "unknown"
        else:
            outcome = "ok"
        self.lab.operations.append((began_us, self.process.world.now_us, outcome, value))
        return outcome


class Lab:
    """``balancers`` b1 .., ``servers`` s1 .., ``clients`` c1 .., and z1."""

    def __init__(
        self,
        seed: int = 1,
        *,
        clients: int = 2,
        rate: float = 40,
        timeout_us: int = SECOND,
        session_timeout_us: int = 1_500_000,
        session: type[Session] = Session,
        **settings: Any,
    ) -> None:
        self.world = World(seed)
        self.settings = BalancerSettings(**{"balancers": 2, **settings})
        self.balancers, self.servers = self.settings.balancer_names, self.settings.server_names
        self.base = Dictionary()
        self.clients, self.rate, self.timeout_us = clients, rate, timeout_us
        self.operations: list[tuple[int, int, str, str | None]] = []
        """Began, ended, outcome, the value that was written."""
        self.memory = checks.Memory()
        self.ledger = Ledger(self.world)
        self.violations: list[Violation] = []
        self._asked: dict[tuple[str, int], int] = {}
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each call of a client was answered, by the client and the call's number."""
        ensemble = ("z1",)

        def balance(process: Process) -> Service:
            names = self.balancers, self.servers, ensemble
            service = BalancerService(process, self.settings, *names, session_timeout_us=session_timeout_us)
            service.lease = StubLease(service, ensemble, session_timeout_us)
            return service

        def serve(process: Process) -> Service:
            return ServerService(process, self.settings, self.balancers, partial(session, self.base))

        kinds: dict[str, Callable[[Process], Service]] = {"z1": StubKeeper}
        kinds |= dict.fromkeys(self.balancers, balance) | dict.fromkeys(self.servers, serve)
        kinds |= {f"c{number}": lambda process: Client(process, self) for number in range(1, clients + 1)}
        for name, factory in kinds.items():
            Node(self.world, name, (factory,)).start()
        self.world.observe(self._saw)
        self.world.schedule(LOOK_US, self._look)

    def node(self, name: str) -> Node:
        return self.world.nodes[name]

    def balancer(self, name: str) -> BalancerService:
        process = self.node(name).process
        assert process is not None
        return process.find(BalancerService)

    def server(self, name: str) -> ServerService:
        process = self.node(name).process
        assert process is not None
        return process.find(ServerService)

    def client(self, name: str = "c1") -> Client:
        process = self.node(name).process
        assert process is not None
        return process.find(Client)

    @property
    def active(self) -> BalancerService:
        """The one that is; there must be one."""
        (name,) = [name for name, each in checks.balancers(self.world).items() if each.active]
        return self.balancer(name)

    def entries(self, kind: str, about: str = "") -> list[Any]:
        entries = [entry for entry in self.world.journal.entries if entry.kind == kind]
        return [entry for entry in entries if not about or dict(entry.data).get("about") == about]

    def outcomes(self, since_s: float, until_s: float) -> Counter[str]:
        """Of the operations that began in this span."""
        span = range(int(since_s * SECOND), int(until_s * SECOND))
        return Counter(outcome for began_us, _, outcome, _ in self.operations if began_us in span)

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * SECOND))

    @property
    def now_s(self) -> float:
        return self.world.now_us / SECOND

    def _look(self, _a: None, _b: None) -> None:
        self.world.schedule(LOOK_US, self._look)
        self.violations += checks.always(self.world, self.memory)
        self.ledger.look()

    def _saw(self, event: Event) -> None:
        _, _, act, source, content = event
        target = getattr(getattr(act, "__self__", None), "name", "")
        if isinstance(content, Request) and isinstance(content.body, Ask):
            self._asked[source, content.id] = 0
        elif isinstance(content, Reply) and (target, content.id) in self._asked:
            self.answers[target, content.id] += 1


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
