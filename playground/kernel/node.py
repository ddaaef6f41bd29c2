"""Nodes, the processes that live on them, and the services that run in a process.

A :class:`Node` is a machine: a name, a disk, a clock. It outlives its
:class:`Process`, which is a trio nursery: a crash (the power fails) cancels the
nursery, so nothing of it can act again, and takes what the disk had not synced.
A machine without power answers nothing; one that is booting refuses calls.

Which life follows which stands in :data:`TRANSITIONS`.

A frozen process (SIGSTOP, a long garbage collection) does nothing and knows
nothing: messages, timers and disk completions wait and are handed over one by
one, in order, at the instant of the thaw. Its clock was never stopped, so only
then can it find out how late it is.

A process has one CPU. On a healthy machine work takes no time, so every event is taken
the instant it comes. With ``event_us`` (a slow CPU) each event costs that long: events queue,
first in, first out, and whatever a task does next waits for its turn as well.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import trio

from playground.kernel.calls import Desk
from playground.kernel.clock import Clock
from playground.kernel.connections import ConnectionDesk, Segment
from playground.kernel.disk import Disk, Tail
from playground.kernel.errors import UserError
from playground.kernel.messages import Reply, Request
from playground.kernel.timers import Timer, sleep

if TYPE_CHECKING:
    from playground.kernel.service import Service
    from playground.kernel.world import World

S = TypeVar("S")

BOOT_US = 300_000
"""From power on until the process begins to read its disk."""


class Life(Enum):
    """The life of a node's process."""

    DOWN = "down"
    BOOTING = "booting"
    UP = "up"
    FROZEN = "frozen"


TRANSITIONS: dict[str, tuple[tuple[Life, ...], str]] = {
    "start": ((Life.DOWN,), "it is not down"),
    "crash": ((Life.BOOTING, Life.UP, Life.FROZEN), "it is down already"),
    "freeze": ((Life.UP,), "only a running process can be frozen"),
    "thaw": ((Life.FROZEN,), "it is not frozen"),
}
"""Act -> the lives in which it is possible, and what to say otherwise."""

Factory = Callable[["Process"], "Service"]


class Node:
    """A machine. ``services`` are made anew, in this order, at each boot."""

    def __init__(self, world: World, name: str, services: tuple[Factory, ...] = (), *, boot_us: int = BOOT_US) -> None:
        self.world = world
        self.name = name
        self.services = services
        self.boot_us = boot_us
        self.disk = Disk(world, name)
        self.clock = Clock(world)
        assert name not in world.nodes, f"there is a {name} already"
        self.life = Life.DOWN
        self.boots = 0
        self.served = False
        """Some process of this machine has come up, and may have promised something."""
        self.freezes = 0
        self.event_us = 0
        """What each event costs the process."""
        self.process: Process | None = None
        self.jitter = world.random(name, "latency").random
        self.handlers: dict[type, Callable[[str, Any], object]] = {}
        self.next_call = 0
        world.nodes[name] = self
        world.network.attach(self)

    def deliver(self, source: str, content: Any) -> None:
        """A message arrives. Only a running process has handlers."""
        handler = self.handlers.get(content.__class__)
        if handler is not None:
            handler(source, content)
        else:
            self._undeliverable(source, content)

    def start(self) -> None:
        """Power on: after the boot, the services recover from the disk and begin to serve."""
        self._require("start")
        self.life = Life.BOOTING
        self.boots += 1
        self.world.record("start", self.name, f"{self.name} is starting")
        self.process = Process(self)

    def crash(self, *, lose_disk: bool = False, tail: Tail = "") -> None:
        """Power off. Unsynced writes are lost; with ``lose_disk`` so is all that was ever written.

        ``tail``: what becomes of the unsynced tail of a file: "lost", "torn", or "" for either, by chance.
        """
        self._require("crash")
        process, self.process = self.process, None
        assert process is not None
        self.life = Life.DOWN
        self.handlers = {}
        process.kill()
        lost_bytes = self.disk.power_off(tail)
        if lose_disk:
            self.disk.wipe()
            self.world.record("crash", self.name, f"{self.name} crashed and lost its disk", lose_disk=True)
        else:
            self.world.record("crash", self.name, f"{self.name} crashed", unsynced_bytes_lost=lost_bytes)

    def freeze(self) -> None:
        """Stop the process where it stands; the machine's network card and disk go on."""
        self._require("freeze")
        assert self.process is not None
        self.life = Life.FROZEN
        self.freezes += 1
        self.process.stop()
        self.world.record("freeze", self.name, f"{self.name} froze")

    def thaw(self) -> None:
        """Let the process go on; it now meets everything that came meanwhile."""
        self._require("thaw")
        assert self.process is not None
        self.life = Life.UP
        waiting = self.process.go_on()
        self.world.record("thaw", self.name, f"{self.name} thawed", waiting=waiting)

    def serve(self) -> None:
        """The process has recovered: open the doors."""
        assert self.process is not None
        self.life = Life.UP
        self.served = True
        self.process.mind_the_doors()
        self.world.record("up", self.name, f"{self.name} is up")

    def set_event_cost(self, event_us: int) -> None:
        """From now on each event costs the process ``event_us`` (0: nothing, as on a healthy machine)."""
        self.event_us = event_us
        if self.process is not None:
            self.process.mind_the_doors()

    def _require(self, act: str) -> None:
        lives, otherwise = TRANSITIONS[act]
        if self.life not in lives:
            raise UserError(f"cannot {act} {self.name}: {otherwise}")

    def _undeliverable(self, source: str, content: Any) -> None:
        process = self.process
        if self.life is Life.BOOTING:
            if isinstance(content, Request):
                self.world.network.send(self, source, Reply(content.id, None, ("refused", "", True)))
        elif process is not None:
            if not process.open:
                process.hold(self.deliver, source, content)
                return
            raise AssertionError(f"{self.name} has no handler for {type(content).__name__} from {source}")


class Process:
    """What runs on a node between a start and a crash: its services and their tasks.

    ``alive`` until the crash; ``running`` unless frozen (or dead); ``open``: it takes an event the instant
    it comes. What comes while it is not open queues in the order of its coming, and takes its turn.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.world = node.world
        self.alive = True
        self.running = True
        self.open = not node.event_us
        self.desk = Desk(self)
        self.connections = ConnectionDesk(self)
        self.disk = node.disk
        self.handlers: dict[type, Callable[[str, Any], object]] = {}
        self.tasks_for: dict[type, Callable[[str, Any], Awaitable[object]]] = {}
        """The handlers that wait, and therefore run as tasks."""
        self.services: list[Service] = []
        self._scope = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._held: deque[tuple[Callable[[Any, Any], object], Any, Any]] = deque()
        self._turn_is_set = False
        trio.lowlevel.spawn_system_task(self._live, name=f"{node.name}#{node.boots}")

    def find(self, kind: type[S]) -> S:
        """The service of this class on this node. LookupError if there is none (yet)."""
        for service in self.services:
            if isinstance(service, kind):
                return service
        raise LookupError(f"no {kind.__name__} runs on {self.node.name}")

    def spawn(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run ``function(*args)`` as a task of this process. Nothing happens once it is dead."""
        if self.alive:
            assert self._nursery is not None
            self._nursery.start_soon(self._guarded, function, *args, name=function)

    def after(self, delay_us: int, act: Callable[[], object], interval_us: int = 0) -> Timer:
        """Call ``act()`` after ``delay_us`` by this node's clock, then every ``interval_us`` if that is not 0."""
        timer = Timer(self, act, interval_us)
        if self.alive:
            self.world.schedule(self.node.clock.span_us(delay_us), timer.fire)
        else:
            timer.cancel()
        return timer

    def complete(self, act: Callable[[Any, Any], object], a: Any, b: Any = None) -> None:
        """Hand the process an event of its machine (a disk completion): now, at its turn, or never."""
        if self.open:
            act(a, b)
        elif self.alive:
            self.hold(act, a, b)

    def hold(self, act: Callable[[Any, Any], object], a: Any, b: Any) -> None:
        """Keep an event until its turn comes: when the CPU gets to it, or after the thaw."""
        self._held.append((act, a, b))
        self._set_turn()

    @property
    def held(self) -> Sequence[tuple[Callable[[Any, Any], object], Any, Any]]:
        """The events that wait for their turn, the next one first."""
        return self._held

    def stop(self) -> None:
        """Freeze: no event has its turn until :meth:`go_on`."""
        self.running = False
        self.mind_the_doors()

    def go_on(self) -> int:
        """The thaw: what was held back happens now, one event after the other. Returns how many."""
        self.running = True
        waiting = len(self._held)
        self.mind_the_doors()
        self._set_turn()
        return waiting

    def mind_the_doors(self) -> None:
        """Events are taken at once only if nothing waits, and work costs no time."""
        self.open = self.running and not self._held and not self.node.event_us
        self.node.handlers = self.handlers if self.open and self.node.life is Life.UP else {}

    def _set_turn(self) -> None:
        if self._held and self.running and not self._turn_is_set:
            self._turn_is_set = True
            self.world.schedule(self.node.event_us, self._take_turn)

    def _take_turn(self, _a: None, _b: None) -> None:
        """The process may have been frozen again, or killed, in the meantime."""
        self._turn_is_set = False
        if not self.running:
            return
        act, a, b = self._held.popleft()
        self.open = True
        self.node.handlers = self.handlers if self.node.life is Life.UP else {}
        act(a, b)
        if self.alive:
            self.mind_the_doors()
            self._set_turn()

    def kill(self) -> None:
        """Nothing of this process acts from here on."""
        self.alive = self.running = self.open = False
        self._held.clear()
        # What clean-up code still writes must not reach the disk of the next life.
        self.disk = Disk(self.world, "nowhere")
        for service in self.services:
            service.silence()
        self._scope.cancel()

    def tasks(self) -> int:
        """How many tasks it runs (its own main task not counted)."""
        return len(self._nursery.child_tasks) if self._nursery else 0

    async def _live(self) -> None:
        with self._scope:
            async with trio.open_nursery() as self._nursery:
                self._nursery.start_soon(self._guarded, self._boot)
                await trio.sleep_forever()

    async def _boot(self) -> None:
        await sleep(self, self.node.boot_us)
        for factory in self.node.services:
            self.services.append(factory(self))
        for service in self.services:
            await service.recover()
        if not self.alive:
            return  # a service switched its machine off, for instance because its log is damaged
        for service in self.services:
            for kind, method in service.handlers():
                assert kind not in self.handlers, f"two services of {self.node.name} handle {kind.__name__}"
                if inspect.iscoroutinefunction(method):
                    self.tasks_for[kind] = method
                    self.handlers[kind] = partial(self.spawn, method)
                else:
                    self.handlers[kind] = method
        self.handlers[Request] = self.desk.on_request
        self.handlers[Reply] = self.desk.on_reply
        self.handlers[Segment] = self.connections.on_segment
        self.node.serve()
        for service in self.services:
            if self.alive:
                service.start()

    async def _guarded(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        try:
            await function(*args)
        except Exception as error:
            if self.alive:
                self.world.fail(error)
