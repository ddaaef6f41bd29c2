"""What a simulated system is written in: a service, and the few ways in which it may act.

A service is told who it is, what arrives, and what its own clock and disk say, and
nothing else. What merely reacts is a plain method under ``@handles(Message)``, run
to completion. What waits is an ``async`` method and waits only through the service:
``sleep``, ``call``, ``timeout``, the disk. What has to arrive in order goes over a connection.

A handler's result answers the call by which its message came (if it came by a call);
``raise Rejected(...)`` refuses it; ``answer_later()`` puts it off.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import trio

from playground.kernel.calls import Answer, Calls
from playground.kernel.clock import Clock
from playground.kernel.connections import Connection
from playground.kernel.disk import Disk
from playground.kernel.errors import TimedOut
from playground.kernel.randomness import Stream
from playground.kernel.timers import sleep

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.timers import Timer

F = TypeVar("F", bound=Callable[..., object])


def handles(*kinds: type) -> Callable[[F], F]:
    """Mark a method ``(self, source, message)`` as the handler of these messages."""

    def mark(function: F) -> F:
        function.handled_kinds = kinds  # type: ignore[attr-defined]
        return function

    return mark


class Service:
    """Behaviour on one node, from a boot to the next crash. Subclass it."""

    _handled: ClassVar[dict[type, str]] = {}

    def __init_subclass__(cls) -> None:
        cls._handled = dict(cls._handled)
        for name, member in vars(cls).items():
            for kind in getattr(member, "handled_kinds", ()):
                cls._handled[kind] = name

    def __init__(self, process: Process) -> None:
        self.process = process
        self.name = process.node.name
        self._node = process.node
        self._transmit: Callable[[Any, str, Any], None] = process.world.network.send

    # --- what a subclass fills in ---------------------------------------------

    async def recover(self) -> None:
        """Read back from the disk what a former life left there; nothing is served yet."""

    def start(self) -> None:
        """The node serves from now on: set timers, spawn tasks."""

    def take_work(self) -> int:
        """How many pieces of work it has done since this was last asked: for the curves of who looks from outside."""
        return 0

    # --- what a subclass may do -----------------------------------------------

    @property
    def disk(self) -> Disk:
        return self.process.disk

    @property
    def clock(self) -> Clock:
        return self._node.clock

    def random(self, purpose: str) -> Stream:
        """This node's random stream for ``purpose``; another one after each boot."""
        return self.process.world.random(self.name, purpose, str(self._node.boots))

    def send(self, to: str, message: Any) -> None:
        """Send and forget: it may be lost, late, doubled, overtaken."""
        self._transmit(self._node, to, message)

    async def call(self, peer: str, request: Any, *, timeout_us: int) -> Any:
        """Ask one peer and wait for its reply; raises a CallError, definite or not."""
        calls = Calls(self.process, (peer,), request, timeout_us)
        try:
            await calls.rest()
        finally:
            calls.abandon()
        if calls.errors:
            raise calls.errors[peer]
        return calls.replies[peer]

    def calls(self, peers: Iterable[str], request: Any, *, timeout_us: int) -> Calls:
        """Ask several peers at once."""
        return Calls(self.process, peers, request, timeout_us)

    def connect(self, peer: str, port: str, hello: Any) -> Connection:
        """Open a connection to whoever listens on ``port`` there; ``hello`` is its first message."""
        return self.process.connections.connect(peer, port, hello)

    def listen(self, port: str, accept: Callable[[Connection, Any], object]) -> None:
        """Take connections: ``accept(connection, hello)`` sets the connection's ``on_message`` and ``on_closed``."""
        self.process.connections.listen(port, accept)

    def answer_later(self) -> Answer:
        """In a handler: put off the answer. Whoever holds the result must use it once."""
        return self.process.desk.answer_later()

    async def sleep(self, duration_us: int) -> None:
        """Wait ``duration_us`` by this node's clock."""
        await sleep(self.process, duration_us)

    @contextmanager
    def timeout(self, limit_us: int) -> Iterator[None]:
        """Give up what the block waits for after ``limit_us``: raises TimedOut."""
        with trio.CancelScope() as scope:
            timer = self.process.after(limit_us, scope.cancel)
            try:
                yield
            finally:
                timer.cancel()
        if scope.cancelled_caught:
            raise TimedOut(f"not done within {limit_us / 1e6:g} s")

    def after(self, delay_us: int, act: Callable[[], object]) -> Timer:
        """Call ``act()`` once, after ``delay_us`` by this node's clock."""
        return self.process.after(delay_us, act)

    def every(self, interval_us: int, act: Callable[[], object], *, first_us: int | None = None) -> Timer:
        """Call ``act()`` every ``interval_us``, at first after ``first_us`` (default: one interval)."""
        return self.process.after(interval_us if first_us is None else first_us, act, interval_us)

    def spawn(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run an async function as a task of this process."""
        self.process.spawn(function, *args)

    def note(self, kind: str, text: str, **data: Any) -> None:
        """Tell the journal (not the other nodes) what this node believes or did."""
        if self.process.alive:
            self.process.world.record(kind, self.name, text, **data)

    # --- what the kernel does with it -----------------------------------------

    def handlers(self) -> Iterator[tuple[type, Callable[[str, Any], Any]]]:
        """Its handlers, by the class of message they take."""
        for kind, name in self._handled.items():
            yield kind, getattr(self, name)

    def silence(self) -> None:
        """The process is dead: what its clean-up code still sends goes nowhere."""
        self._transmit = _nowhere


def _nowhere(_node: object, _to: str, _message: object) -> None:
    pass
