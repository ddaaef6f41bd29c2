"""What must hold of gossip, always or once it is quiet.

Plain functions over the services of the processes alive (`running`), usable between
any two events of a live world and after a run. They see with god's eye; the services don't.

========================== =======================================================
always                     `counters_never_fall`, `nobody_knows_better`
once quiet                 `everybody_knows_everybody`, `the_dead_are_noticed`
========================== =======================================================

Quiet: for `settling_us` nobody crashed, froze or was cut off. The checks that hold always
compare with what was seen before, which the caller keeps in a `Memory`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.systems.gossip.messages import FORGOTTEN
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.gossip.view import Belief
from playground.systems.running import running as running_in
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, GossipService]


@dataclass(slots=True)
class Memory:
    """What the checks saw before. One per world; look at least a few times a second."""

    heard: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    """By observer and its boot: the counts it had last time."""
    counted: dict[str, int] = field(default_factory=dict)
    """The highest count that a node ever had, over all its lives."""
    gone: dict[str, None] = field(default_factory=dict)
    """Nodes that were removed for good: how far they had counted when they learned of it, nobody saw."""
    last: dict[str, GossipService] = field(default_factory=dict)
    """The newest life of each node; after a crash it still tells how far it had counted."""


def running(world: World) -> dict[str, GossipService]:
    """The gossip of every node whose process has begun to serve (frozen ones too), in the world's order."""
    return running_in(world, GossipService)


def counters_never_fall(services: Services, memory: Memory) -> list[Violation]:
    """Within one life of an observer no count in its table ever gets lower (claim G2)."""
    violations = []
    for observer, service in services.items():
        heard = memory.heard.setdefault((observer, service.boot), {})
        for name, peer in service.view.peers.items():
            before, now = heard.get(name, 0), peer.entry[1]
            if now < before:
                text = f"{observer}'s count of {name} fell from {before} to {now}"
                violations.append(Violation("counters never fall", observer, text))
            heard[name] = now
    return violations


def meet(name: str, services: Services, memory: Memory) -> None:
    """Note the life of ``name``, if it is another one than before, and how far the one before had counted."""
    service = services[name]
    last = memory.last.get(name)
    if last is not None and last is not service:
        _remember(memory, name, last.count(name))
        if service.boot > last.boot + 1:
            # A whole life passed unseen: how far it had counted only the others can tell.
            _remember(memory, name, max(other.count(name) for other in services.values()))
    memory.last[name] = service


def nobody_knows_better(services: Services, memory: Memory) -> list[Violation]:
    """Nobody has a higher count of a node than that node ever had itself, in this life or an earlier one."""
    for name in services:
        meet(name, services, memory)
    for name, service in memory.last.items():
        _remember(memory, name, service.count(name))
        if service.count(name) >= FORGOTTEN:
            memory.gone[name] = None
    violations = []
    for observer, service in services.items():
        for name, peer in service.view.peers.items():
            count, limit = peer.entry[1], memory.counted.get(name)
            if name not in memory.gone and limit is not None and limit < count < FORGOTTEN:
                text = f"{observer} heard {count} heartbeats of {name}, which never counted beyond {limit}"
                violations.append(Violation("nobody knows better", observer, text))
    return violations


def everybody_knows_everybody(services: Services) -> list[Violation]:
    """Once quiet: each running node believes each other running member alive."""
    violations = []
    for observer, service in services.items():
        for name in services:
            belief = service.believes(name)
            if belief not in (Belief.ALIVE, Belief.FORGOTTEN):
                text = f"{observer} believes {name} {belief.value}, but it runs"
                violations.append(Violation("everybody knows everybody", observer, text))
    return violations


def the_dead_are_noticed(services: Services, down: Iterable[str]) -> list[Violation]:
    """Once quiet: nobody believes alive, or merely suspect, a node that is down."""
    violations = []
    for name in down:
        for observer, service in services.items():
            belief = service.believes(name)
            if belief in (Belief.ALIVE, Belief.SUSPECT):
                text = f"{observer} believes {name} {belief.value}, but it is down"
                violations.append(Violation("the dead are noticed", observer, text))
    return violations


def rounds_allowed(nodes: int) -> int:
    """A generous bound, in rounds, for news to reach all: log2 N and a few for bad luck."""
    return math.ceil(math.log2(max(2, nodes))) + 4


def settling_us(settings: GossipSettings, nodes: int) -> int:
    """How long it must have been quiet until the checks for quiet times hold."""
    return settings.dead_after_us + rounds_allowed(nodes) * settings.interval_us


def _remember(memory: Memory, name: str, count: int) -> None:
    if memory.counted.get(name, 0) < count < FORGOTTEN:
        memory.counted[name] = count
