"""A small world for the kernel's tests: one service that writes down what it sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from playground.kernel.messages import message
from playground.kernel.node import Node
from playground.kernel.service import Service, handles
from playground.kernel.world import World, run

T = TypeVar("T")
S = TypeVar("S", bound=Service)
MS = 1_000
SECOND = 1_000_000


@message
class Note:
    """Travels without an answer."""

    text: str


@message
class Ask:
    """A question that is answered at once with ``number + 1``."""

    number: int


@message
class AskSlowly:
    """A question that is answered by a task, ``after_us`` later."""

    number: int
    after_us: int


@message
class AskRudely:
    """A question that is rejected."""

    code: str


class Probe(Service):
    """Notes down, with the instant, all that reaches it. ``seen`` outlives crashes: the test looks at it."""

    seen: list[tuple[int, str, Any]]

    def start(self) -> None:
        self.seen = []

    @property
    def now_us(self) -> int:
        return self.process.world.now_us

    def see(self, what: str, value: Any = None) -> None:
        self.seen.append((self.now_us, what, value))

    @handles(Note)
    def on_note(self, source: str, note: Note) -> None:
        self.see(source, note.text)

    @handles(Ask)
    def on_ask(self, source: str, ask: Ask) -> int:
        self.see(source, ask)
        return ask.number + 1

    @handles(AskSlowly)
    async def on_ask_slowly(self, source: str, ask: AskSlowly) -> int:
        await self.sleep(ask.after_us)
        self.see(source, ask)
        return ask.number + 1

    @handles(AskRudely)
    def on_ask_rudely(self, source: str, ask: AskRudely) -> None:
        from playground.kernel.errors import Rejected

        raise Rejected(ask.code, "no", definite=ask.code != "unsure")


class Lab:
    """A world whose nodes all run ``service`` and whose messages take exactly 1 ms."""

    def __init__(self, count: int = 3, service: type[Service] = Probe, *, seed: int = 0, jitter_us: int = 0) -> None:
        self.world = World(seed)
        self.world.network.base_us = 1 * MS
        self.world.network.jitter_us = jitter_us
        self.nodes = [Node(self.world, f"n{number}", (service,), boot_us=0) for number in range(count)]

    async def up(self) -> Lab:
        """Start every node and let it boot, without letting time pass."""
        for node in self.nodes:
            node.start()
        await self.world.advance(self.world.now_us)
        return self

    async def go(self, span_us: int) -> None:
        await self.world.advance(self.world.now_us + span_us)

    def of(self, number: int, kind: type[S] = Probe) -> S:  # type: ignore[assignment]
        process = self.nodes[number].process
        assert process is not None
        return process.find(kind)


def in_lab(test: Callable[[Lab], Awaitable[T]], count: int = 3, **options: Any) -> T:
    """Run ``test(lab)`` with every node up, at instant 0."""

    async def main() -> T:
        return await test(await Lab(count, **options).up())

    return run(main)
