"""What must hold of the nodes that use an ensemble, always or once it is quiet.

Plain functions over the services of the processes alive (`running`). They see with god's eye; the services don't.

========================== =======================================================
always                     `one_master`, and `heard` for the instants of the notes
once quiet                 `a_master_acts`, `members_are_true`, `configurations_are_true`
figures                    `figures`
========================== =======================================================

Quiet: for `settling_us` nobody crashed, froze or was cut off, and a majority of the ensemble serves.

What goes on between two looks is remembered in a `Memory`, which the caller keeps and feeds with looks
(`one_master`) and with the entries of the journal (`heard`). A mastership that begins is noted, so an overlap shows
at that very instant. A lease that runs out while its holder is frozen is noted by nobody: the time without a master
is as exact as the looks are frequent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.kernel.journal import Entry
from playground.systems.coordination.service import GROUP, CoordinationService
from playground.systems.running import running as running_in
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, CoordinationService]

SLOWEST = 0.8
"""How fast the slowest clock may run."""
_ABOUT_MASTERS = ("elected", "deposed", "freeze", "thaw")


@dataclass(slots=True)
class Memory:
    """What was seen before. One per world."""

    looked_us: int = -1
    acting: tuple[str, ...] = ()
    """Who acted as master at the last look."""
    vacant_us: int = 0
    """Time without a master since the first one, all together."""
    vacant_since_us: int = -1
    longest_vacant_us: int = 0
    term: int = 0
    """The newest master's."""
    elections: int = 0
    """Terms that have begun; a master that goes on after a pause begins none."""
    sessions: dict[str, int] = field(default_factory=dict)
    """Node -> the session it has opened last."""
    orphans: dict[int, int] = field(default_factory=dict)
    """Session whose owner has crashed -> when."""
    outlived_us: list[int] = field(default_factory=list)
    """For each of them that has expired: how long its ephemerals stood after the crash."""
    configured_us: dict[int, dict[str, int]] = field(default_factory=dict)
    """Version of the configuration (mzxid) -> when each node came to go by it first."""
    committed_us: dict[int, int] = field(default_factory=dict)
    """Version of the configuration -> when the ensemble's leader took it, by that leader's clock."""


def running(world: World) -> dict[str, CoordinationService]:
    """The service of every node whose process has begun to serve (frozen ones too), in the world's order."""
    return running_in(world, CoordinationService)


def one_master(services: Services, memory: Memory, now_us: int) -> list[Violation]:
    """At no instant do two nodes act as master (claim Z3)."""
    acting = tuple(name for name, service in services.items() if service.acting)
    _account(memory, acting, now_us)
    if len(acting) < 2:
        return []
    text = f"{' and '.join(acting)} act as master at the same time"
    return [Violation("one master", acting[0], text)]


def heard(entry: Entry, services: Services, memory: Memory) -> list[Violation]:
    """To be told each entry of the journal, at its instant. What it finds is what `one_master` finds."""
    data = dict(entry.data)
    if entry.kind == "session":
        memory.sessions[entry.subject] = data["session"]
    elif entry.kind == "configured":
        memory.configured_us.setdefault(data["version"], {}).setdefault(entry.subject, entry.at_us)
        memory.committed_us[data["version"]] = data["since_us"]
    elif entry.kind == "crash":
        session = memory.sessions.pop(entry.subject, 0)
        if session:
            memory.orphans[session] = entry.at_us
    elif entry.kind == "expired":
        since_us = memory.orphans.pop(data["session"], None)
        if since_us is not None:
            memory.outlived_us.append(entry.at_us - since_us)
    elif entry.kind == "elected" and data.get("group") == GROUP:
        if data["term"] > memory.term:
            memory.term = data["term"]
            memory.elections += 1
    elif entry.kind not in _ABOUT_MASTERS:
        return []
    return one_master(services, memory, entry.at_us)


def a_master_acts(services: Services) -> list[Violation]:
    """Once quiet: somebody acts as master, and everybody whose znode says so does."""
    if services and not any(service.acting for service in services.values()):
        return [Violation("a master acts", "", "nobody acts as master, though the ensemble could say who")]
    return []


def members_are_true(services: Services, up: Iterable[str]) -> list[Violation]:
    """Once quiet: everybody who is up sees exactly those who are up (claim G4)."""
    truth = tuple(sorted(up))
    found = []
    for name in truth:
        service = services.get(name)
        if service is not None and service.seen != truth:
            text = f"{name} sees {', '.join(service.seen) or 'nobody'}, but up are {', '.join(truth)}"
            found.append(Violation("members are true", name, text))
    return found


def configurations_are_true(services: Services, value: str) -> list[Violation]:
    """Once quiet: everybody goes by ``value``, which stands in the ensemble (claim Z5)."""
    return [
        Violation("configurations are true", name, f"{name} goes by {service.configuration!r}, not by {value!r}")
        for name, service in services.items()
        if service.configuration != value
    ]


def settling_us(session_timeout_us: int) -> int:
    """How long it must have been quiet until the checks for quiet times hold.

    The ensemble finds itself, gives each session a full timeout, and who has lost its session opens another.
    """
    return int(3 * session_timeout_us / SLOWEST)


def spread_us(memory: Memory, names: Iterable[str]) -> list[int]:
    """For each version of the configuration that all of ``names`` came to go by: how long after its commit all did.

    The commit is dated by the clock of the ensemble's leader at that time: if that is wrong, so is this.
    """
    names = tuple(names)
    return [
        max(at[name] for name in names) - memory.committed_us[version]
        for version, at in sorted(memory.configured_us.items())
        if names and all(name in at for name in names)
    ]


def figures(memory: Memory, names: Iterable[str]) -> dict[str, float | int]:
    """What an expectation may be about. Seconds; 0 for what has never happened."""
    return {
        "elections": memory.elections,
        "without_master_s": memory.vacant_us / 1e6,
        "longest_without_master_s": memory.longest_vacant_us / 1e6,
        "configuration_s": max(spread_us(memory, names), default=0) / 1e6,
        "ephemeral_outlived_s": max(memory.outlived_us, default=0) / 1e6,
    }


def _account(memory: Memory, acting: tuple[str, ...], now_us: int) -> None:
    """Whoever was there at the last look, or was not, has been so until now."""
    since_us = memory.vacant_since_us
    if since_us >= 0:
        memory.vacant_us += now_us - memory.looked_us
        memory.longest_vacant_us = max(memory.longest_vacant_us, now_us - since_us)
    if acting:
        memory.vacant_since_us = -1
    elif since_us < 0 and memory.acting:
        memory.vacant_since_us = now_us
    memory.acting, memory.looked_us = acting, now_us
