"""A small cluster on which faults are tried, with a talker on every machine: what of its messages arrives, and when.

The talkers' pings travel like any message of the cluster, so what befalls them is what befalls the cluster.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.messages import message
from playground.kernel.node import Life, Node
from playground.kernel.service import Service, handles
from playground.kernel.world import run
from playground.spec import CONSOLE, ClusterSpec

T = TypeVar("T")
MS = 1_000
SECOND = 1_000_000
SPEC: dict[str, Any] = {"nodes": 5, "load": {"rate": 20, "clients": 2, "keys": 20}}


@message
class Ping:
    number: int
    sent_us: int
    padding: str = ""


class Talker(Service):
    """Sends pings when told to; writes down each that arrives as (source, number, microseconds under way)."""

    def __init__(self, process: Any) -> None:
        super().__init__(process)
        self.heard: list[tuple[str, int, int]] = []

    def ping(self, to: str, number: int, padding: str = "") -> None:
        self.send(to, Ping(number, self.process.world.now_us, padding))

    @handles(Ping)
    def on_ping(self, source: str, ping: Ping) -> None:
        self.heard.append((source, ping.number, self.process.world.now_us - ping.sent_us))


class Lab:
    """``do`` a line, ``go`` on, and look."""

    def __init__(self, spec: dict[str, Any], seed: int) -> None:
        self.cluster = Cluster(ClusterSpec.model_validate(SPEC | spec), seed)
        self.world = self.cluster.world
        for name in self.cluster.names:
            node = self.cluster.node(name)
            node.services = (*node.services, Talker)

    async def do(self, *lines: str) -> str:
        """Type each; returns the last answer."""
        text = ""
        for line in lines:
            text = await self.cluster.apply(parse_line(line))
        return text

    async def go(self, span_us: int) -> None:
        await self.cluster.advance(self.cluster.now_us + span_us)

    def node(self, name: str) -> Node:
        return self.cluster.node(name)

    def life(self, name: str) -> str:
        return self.node(name).life.value

    def down(self) -> list[str]:
        return [name for name in self.cluster.names if self.node(name).life is Life.DOWN]

    def talker(self, name: str) -> Talker:
        process = self.node(name).process
        assert process is not None
        return process.find(Talker)

    def told(self, kind: str) -> list[str]:
        """The journal's sentences of this kind."""
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]

    async def pings(
        self, source: str, target: str, count: int = 100, *, every_us: int = 1_000, wait_us: int = SECOND, size: int = 0
    ) -> list[tuple[int, int]]:
        """Send ``count`` pings; (number, microseconds under way) of those that arrived, in the order of arrival."""
        talker, listener = self.talker(source), self.talker(target)
        listener.heard.clear()
        for number in range(count):
            talker.ping(target, number, "x" * size)
            await self.go(every_us)
        await self.go(wait_us)
        return [(number, under_way_us) for name, number, under_way_us in listener.heard if name == source]

    async def reach(self, names: Iterable[str], wait_us: int = 100 * MS) -> set[str]:
        """Who hears whom now among ``names``: ``"n1>n2"``."""
        names = list(names)
        for name in names:
            self.talker(name).heard.clear()
        for source in names:
            for target in names:
                if source != target:
                    self.talker(source).ping(target, 0)
        await self.go(wait_us)
        return {f"{source}>{name}" for name in names for source, _, _ in self.talker(name).heard}

    async def ask(self, line: str, wait_us: int = 2 * SECOND) -> Operation:
        """A ``put`` or ``get``, and what came of it."""
        await self.do(line)
        operation = next(op for op in reversed(self.cluster.history.open.values()) if op.client == CONSOLE)
        await self.go(wait_us)
        return operation


def pairs(*sides: str) -> set[str]:
    """``n1>n2`` for all who stand on one side together: ``pairs("n1 n2", "n3 n4")``."""
    return {f"{a}>{b}" for side in sides for a in side.split() for b in side.split() if a != b}


def in_lab(test: Callable[[Lab], Awaitable[T]], *, seed: int = 7, warm_us: int = 2 * SECOND, **spec: Any) -> T:
    """Run ``test(lab)`` on a cluster that is up."""

    async def main() -> T:
        lab = Lab(spec, seed)
        await lab.go(warm_us)
        return await test(lab)

    return run(main)
