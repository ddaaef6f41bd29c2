"""How many messages a second the kernel moves, beside SimPy doing the same.

The workload is a bare gossip: every node, every 100 ms and with a random phase, raises its own
counter and sends it as a message to one random other node; the receiver keeps the higher of what it
knew and what came. Latency is a base plus a uniform jitter. All three contenders use the same message
class, draw the same kinds of random numbers, keep the same view, and are timed over the same span of
virtual time, without what it takes to build them.

* ours: a :class:`~playground.kernel.service.Service` with ``@handles`` and ``every``, as every
  simulated system is written;
* SimPy in its documented idiom ("Event Latency" in its examples): a ``Store`` per node, a process
  per message that waits for the latency, a receiver process that waits for the store;
* the fastest SimPy that can be written: a bare ``Timeout`` with a callback per message, no store and
  no process. It is printed for honesty; nobody models a protocol that way.

The contenders alternate, and the best of several rounds counts for each: noise only ever slows down.
Each runs with the garbage collector as it finds it: the kernel sets it for its own
run (see :func:`playground.kernel.world.run`), SimPy leaves it at Python's default.
"""

from __future__ import annotations

import gc
import importlib
import json
import random
import sys
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from playground.kernel import world as kernel
from playground.kernel.messages import message
from playground.kernel.node import Node
from playground.kernel.service import Service, handles

simpy: Any
try:
    simpy = importlib.import_module("simpy")
except ModuleNotFoundError:  # it comes with the extra `bench`
    simpy = None

SIZES = (10, 100, 1_000)
TICK_US = 100_000
BASE_US = 500
JITTER_US = 1_000
_WARM_UP_US = 500_000


@message
class Beat:
    """``node`` has counted to ``count``."""

    node: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """Messages delivered per second of real time, ours and theirs; ``ratio`` is ours to SimPy's idiom."""

    nodes: int
    messages_per_s: float
    simpy_messages_per_s: float
    ratio: float
    simpy_callbacks_messages_per_s: float


def run(as_json: bool) -> int:
    """Measure and print; returns the exit status (2: SimPy is not installed)."""
    if simpy is None:
        print("SimPy is needed for this comparison: pip install 'chaos-playground[bench]'", file=sys.stderr)
        return 2
    rows = measure()
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))
        return 0
    print(f"messages per second, SimPy {simpy.__version__} beside us in the same run, best of several rounds")
    print(f"{'nodes':>6} {'playground':>12} {'SimPy':>10} {'ratio':>7}   SimPy, bare callbacks")
    for row in rows:
        print(
            f"{row.nodes:>6,} {row.messages_per_s:>12,.0f} {row.simpy_messages_per_s:>10,.0f} {row.ratio:>6.2f}x"
            f"   {row.simpy_callbacks_messages_per_s:,.0f}"
        )
    return 0


def measure(sizes: tuple[int, ...] = SIZES, *, messages: int = 60_000, rounds: int = 5) -> list[Row]:
    """One row per cluster size. ``messages``: about how many each contender delivers in a round."""
    rows = []
    for nodes in sizes:
        span_us = messages * TICK_US // nodes
        best = [0.0, 0.0, 0.0]
        for _ in range(rounds):
            for position, contender in enumerate((ours, simpy_idiom, simpy_callbacks)):
                gc.collect()
                count, seconds = contender(nodes, span_us)
                best[position] = max(best[position], count / seconds)
        rows.append(Row(nodes, round(best[0]), round(best[1]), round(best[0] / best[1], 2), round(best[2])))
    return rows


# --- ours ---------------------------------------------------------------------


class GossipService(Service):
    """One gossiping node, as any system of the playground is written."""

    def start(self) -> None:
        self.view: dict[str, int] = {}
        self.count = 0
        self.merged = 0
        self.peers = [name for name in self.process.world.nodes if name != self.name]
        self.draw = self.random("gossip").random
        self.every(TICK_US, self.tick, first_us=int(self.draw() * TICK_US))

    def tick(self) -> None:
        self.count += 1
        self.send(self.peers[int(self.draw() * len(self.peers))], Beat(self.name, self.count))

    @handles(Beat)
    def on_beat(self, _source: str, beat: Beat) -> None:
        self.merged += 1
        if beat.count > self.view.get(beat.node, 0):
            self.view[beat.node] = beat.count


def ours(nodes: int, span_us: int) -> tuple[int, float]:
    """Messages delivered and the seconds it took, in our kernel."""
    return kernel.run(_ours, nodes, span_us)


async def _ours(nodes: int, span_us: int) -> tuple[int, float]:
    world = kernel.World(1)
    world.network.base_us, world.network.jitter_us = BASE_US, JITTER_US
    for number in range(nodes):
        Node(world, f"n{number}", (GossipService,), boot_us=0).start()
    await world.advance(_WARM_UP_US)
    services = [node.process.find(GossipService) for node in world.nodes.values() if node.process]
    before = sum(service.merged for service in services)
    begin = perf_counter()
    await world.advance(_WARM_UP_US + span_us)
    seconds = perf_counter() - begin
    merged = sum(service.merged for service in services) - before
    for node in world.nodes.values():
        node.crash()
    return merged, seconds


# --- SimPy --------------------------------------------------------------------


class _SimpyNode:
    """What both SimPy versions share: the view, the counter, the choice of a peer."""

    def __init__(self, env: Any, name: str, everyone: dict[str, Any]) -> None:
        self.env = env
        self.name = name
        self.everyone = everyone
        self.view: dict[str, int] = {}
        self.count = 0
        self.merged = 0
        self.draw = random.Random(name).random
        self.jitter = random.Random(name + " latency").random

    def begin(self) -> None:
        self.peers = [name for name in self.everyone if name != self.name]
        self.env.process(self.tick())

    def tick(self) -> Generator[Any, Any, None]:
        yield self.env.timeout(int(self.draw() * TICK_US))
        while True:
            self.count += 1
            self.send(self.peers[int(self.draw() * len(self.peers))], Beat(self.name, self.count))
            yield self.env.timeout(TICK_US)

    def send(self, to: str, beat: Beat) -> None:
        raise NotImplementedError

    def on_beat(self, beat: Beat) -> None:
        self.merged += 1
        if beat.count > self.view.get(beat.node, 0):
            self.view[beat.node] = beat.count


class _IdiomNode(_SimpyNode):
    """https://simpy.readthedocs.io/en/latest/examples/latency.html: a process carries each message to a store."""

    def begin(self) -> None:
        super().begin()
        self.store = simpy.Store(self.env)
        self.env.process(self.receive())

    def latency(self, store: Any, beat: Beat) -> Generator[Any, Any, None]:
        yield self.env.timeout(BASE_US + int(self.jitter() * JITTER_US))
        store.put(beat)

    def send(self, to: str, beat: Beat) -> None:
        self.env.process(self.latency(self.everyone[to].store, beat))

    def receive(self) -> Generator[Any, Any, None]:
        while True:
            self.on_beat((yield self.store.get()))


class _CallbackNode(_SimpyNode):
    """A timeout per message with one callback on it."""

    def send(self, to: str, beat: Beat) -> None:
        timeout = self.env.timeout(BASE_US + int(self.jitter() * JITTER_US), beat)
        timeout.callbacks.append(self.everyone[to].arrive)

    def arrive(self, event: Any) -> None:
        self.on_beat(event.value)


def _in_simpy(kind: Callable[..., _SimpyNode], nodes: int, span_us: int) -> tuple[int, float]:
    env = simpy.Environment()
    everyone: dict[str, Any] = {}
    for number in range(nodes):
        everyone[f"n{number}"] = kind(env, f"n{number}", everyone)
    for node in everyone.values():
        node.begin()
    env.run(until=_WARM_UP_US)
    before = sum(node.merged for node in everyone.values())
    begin = perf_counter()
    env.run(until=_WARM_UP_US + span_us)
    seconds = perf_counter() - begin
    return sum(node.merged for node in everyone.values()) - before, seconds


def simpy_idiom(nodes: int, span_us: int) -> tuple[int, float]:
    """As :func:`ours`, in SimPy's documented idiom."""
    return _in_simpy(_IdiomNode, nodes, span_us)


def simpy_callbacks(nodes: int, span_us: int) -> tuple[int, float]:
    """As :func:`ours`, in the fastest SimPy."""
    return _in_simpy(_CallbackNode, nodes, span_us)
