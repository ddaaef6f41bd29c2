"""What must hold of the sharded database, always or once it is quiet.

Plain functions that see with god's eye, between any two events of a live world or after a run. ``services`` are those
of the nodes that run, frozen ones included.

========================  ==================================================================
always                    `one_master_per_epoch`; with synchronous slaves also `prefixes`, `lost_writes` and
                          `reversed_everywhere` (while fewer disks were lost than acknowledge a write)
once quiet                `converged`, `under_replicated`
figures                   `copies`, `held_values`, `reversals`, `whole`
========================  ==================================================================

Quiet: everybody is up, nothing is broken, and there was time for an election and for replacing who was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.kernel.node import Life
from playground.systems.shards import roles
from playground.systems.shards.file import Content, file_name
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.messages import Entry
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.kernel.node import Node

Services = Mapping[str, ShardsService]
Covers = Callable[[str, tuple[str, ...], str], bool]
"""``covers(key, present, value)``: whether ``value`` is among ``present``, or superseded by something that is."""


@dataclass(slots=True)
class Memory:
    """What the checks saw before. One per world; look at least a few times a second."""

    masters: dict[tuple[str, int], str] = field(default_factory=dict)
    """(shard, epoch) -> who led it."""
    committed: dict[tuple[str, int], Entry] = field(default_factory=dict)
    """(shard, place) -> the entry that somebody took for committed there."""
    seen: dict[tuple[str, str], tuple[ReplicatedLog, int]] = field(default_factory=dict)
    """(shard, node) -> its log, and how far its committed part was compared."""


def one_master_per_epoch(services: Services, memory: Memory) -> list[Violation]:
    """No two nodes ever lead a shard in one epoch, and no two may serve it at one time."""
    found = []
    for shard in _shards(services):
        serving = []
        for name, replica in roles.copies(services, shard).items():
            leading = replica.leading
            if leading is None:
                continue
            first = memory.masters.setdefault((shard, leading.epoch), name)
            if first != name:
                text = f"{name} leads {shard} in epoch {leading.epoch}, which {first} has led"
                found.append(Violation("one master per epoch", shard, text))
            if leading.serving:
                serving.append(f"{name} in epoch {leading.epoch}")
        if len(serving) > 1:
            text = f"{shard} is served by {' and '.join(serving)} at the same time"
            found.append(Violation("one master per epoch", shard, text))
    return found


def prefixes(services: Services, memory: Memory) -> list[Violation]:
    """What one copy of a shard took for committed in some place, no other ever takes for something else.

    So a slave's committed log is a prefix of the master's. Asynchronous copies promise that only within an epoch:
    what a new master lacks is undone on the others.
    """
    found: list[Violation] = []
    for shard in _shards(services):
        for name, replica in roles.copies(services, shard).items():
            if replica.settings.mode != "async":
                found += _compared(shard, name, replica.log, memory)
    return found


def _compared(shard: str, name: str, log: ReplicatedLog, memory: Memory) -> Iterator[Violation]:
    known, done = memory.seen.get((shard, name), (None, 0))
    if known is not log:
        done = 0
    for seq in range(max(done, log.base.seq) + 1, log.commit + 1):
        entry = log.entry(seq)
        other = memory.committed.setdefault((shard, seq), entry)
        if entry != other:
            text = f"{shard}: in place {seq} {name} has {_spelled(entry)}, and {_spelled(other)} was committed there"
            yield Violation("prefixes", shard, text)
    memory.seen[shard, name] = log, log.commit


def reversals(memory: Memory) -> int:
    """How many writes were undone, of those that `prefixes` has seen: whose abort is committed."""
    return sum(entry.kind == "abort" for entry in memory.committed.values())


def lost_writes(nodes: Iterable[Node], acknowledged: Mapping[str, Iterable[str]], covers: Covers) -> list[Violation]:
    """Every acknowledged value is held, or something is that superseded it (see `held_values`)."""
    held = held_values(nodes)
    return [
        Violation("no lost writes", key, f"{key}={value} was acknowledged and is held no more")
        for key, values in sorted(acknowledged.items())
        for value in sorted(values)
        if not covers(key, held.get(key, ()), value)
    ]


def held_values(nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """Key -> its value at the master that serves its shard; if none does, all that is in the logs on any disk."""
    nodes = list(nodes)
    services = {node.name: service for node in nodes if (service := _running(node)) is not None}
    held: dict[str, tuple[str, ...]] = {}
    settled = {}
    for shard in _shards(services):
        master = roles.leader(services, shard)
        if master is not None and master.leading is not None and master.leading.serving:
            settled[shard] = master
            held.update({key: (value,) for key, value in master.log.state.data.items()})
    for node in nodes:
        running = services.get(node.name)
        for shard, log in _logs(node, running):
            if shard not in settled:
                for key, value in _values(log):
                    held[key] = (*held.get(key, ()), value)
    return held


def copies(services: Services) -> dict[str, int]:
    """Shard -> how many of its members that run hold on disk all that is committed (0 without a master).

    What was written this very moment may be under way.
    """
    found = {}
    for shard in _shards(services):
        master = roles.leader(services, shard)
        leading = master.leading if master is not None else None
        if master is None or leading is None:
            found[shard] = 0
            continue
        found[shard] = sum(
            replica.identity == identity and leading.age_us(_common(replica, master)) < leading.quiet_us
            for name, identity in leading.assignment.members
            if name in services and (replica := services[name].replicas.get(shard)) is not None
        )
    return found


def under_replicated(services: Services) -> list[Violation]:
    """Every shard lies whole on as many nodes as the settings ask for."""
    for service in services.values():
        wanted = service.settings.copies
        return [
            Violation("copies", shard, f"{shard} has {count} of {wanted} copies")
            for shard, count in copies(services).items()
            if count < wanted
        ]
    return []


def whole(services: Services) -> bool:
    """Every shard has a master that serves, and on disks all the copies that it should have."""
    masters = [roles.leader(services, shard) for shard in _shards(services)]
    serving = [master is not None and master.leading is not None and master.leading.serving for master in masters]
    return bool(serving) and all(serving) and not under_replicated(services)


def reversed_everywhere(services: Services, failed: Mapping[str, Iterable[str]]) -> list[Violation]:
    """No copy shows a value whose write has failed for certain. ``failed``: key -> such values."""
    found = []
    for key, values in sorted(failed.items()):
        doomed = tuple(values)
        for name, replica in roles.copies(services, roles.shard(services, key)).items():
            shown = replica.log.state.data.get(key)
            if shown is not None and shown in doomed:
                text = f"{name} shows {key}={shown}, whose writer was told that it was not written"
                found.append(Violation("reversed everywhere", key, text))
    return found


def converged(services: Services) -> list[Violation]:
    """Every shard has a master that serves, and its slaves show what it shows, but for what is quite new."""
    found = []
    for shard in _shards(services):
        master = roles.leader(services, shard)
        if master is None or master.leading is None or not master.leading.serving:
            found.append(Violation("converged", shard, f"{shard} has no master that serves"))
            continue
        for name, identity in master.leading.assignment.members:
            replica = services[name].replicas.get(shard) if name in services else None
            if replica is None or replica.identity != identity or not _same(replica, master):
                found.append(Violation("converged", shard, f"{shard}: {name} does not show what its master shows"))
    return found


def _same(slave: Replica, master: Replica) -> bool:
    """Whether the slave shows what the master shows, or did a moment ago."""
    leading = master.leading
    if slave.applied == master.applied:
        return slave.log.state.data == master.log.state.data
    young = leading is not None and leading.age_us(slave.log.commit) < 2 * leading.quiet_us
    return young and slave.log.common(master.log.runs(master.log.last.seq)) >= slave.log.commit


def _common(replica: Replica, master: Replica) -> int:
    """How far a copy has the master's log on its disk."""
    return master.log.common(replica.log.runs(replica.durable))


def _shards(services: Services) -> tuple[str, ...]:
    for service in services.values():
        return service.settings.names
    return ()


def _running(node: Node) -> ShardsService | None:
    process = node.process
    if process is not None and node.life in (Life.UP, Life.FROZEN):
        for service in process.services:
            if isinstance(service, ShardsService):
                return service
    return None


def _logs(node: Node, running: ShardsService | None) -> Iterator[tuple[str, ReplicatedLog]]:
    """What can still be read of each shard on a node."""
    if running is not None:
        yield from ((shard, replica.log) for shard, replica in running.replicas.items())
        return
    for shard in _file_names(node):
        yield shard, Content.read(node.disk.safe_bytes(file_name(shard))).log


def _file_names(node: Node) -> Iterator[str]:
    """The shards of which a node that is down may have a file."""
    number = 1
    while number <= 64:
        shard = f"shard-{number}"
        if node.disk.size_bytes(file_name(shard)):
            yield shard
        number += 1


def _values(log: ReplicatedLog) -> Iterator[tuple[str, str]]:
    yield from log.base_state().data.items()
    yield from ((entry.key, entry.value) for entry in log.entries if entry.kind == "write")


def _spelled(entry: Entry) -> str:
    return f"{entry.kind} {entry.position} {entry.key}={entry.value}" if entry.key else f"{entry.kind} {entry.position}"
