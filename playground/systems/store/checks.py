"""What must hold of the store, always or once it is quiet.

Plain functions that see with god's eye, between any two events of a live world or after a run.
``stores`` are the services of the nodes that are up.

========================  ==========================================================
always                    `lost_writes` (while fewer than W disks were lost)
once quiet                `replicas_converged`, `every_key_on_n_nodes`
figures                   `copies`, `strays`, `held_values`
========================  ==========================================================

Quiet: everybody is up, nothing is broken, and anti-entropy has had the time to meet everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from playground.kernel.node import Life
from playground.kernel.wal import parse
from playground.systems.ring.client import Membership, Placement, placement
from playground.systems.store.log import FILE
from playground.systems.store.records import replay
from playground.systems.store.service import StoreService
from playground.systems.store.versions import Siblings, merge
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.kernel.node import Node

Stores = Mapping[str, StoreService]
Covers = Callable[[str, tuple[str, ...], str], bool]
"""``covers(key, present, value)``: whether ``value`` is among ``present``, or superseded by something that is."""

TOLD = 10
"""Violations told one by one; what is beyond is counted in one more."""


def membership(stores: Stores) -> Membership:
    """What the nodes that are up know together."""
    known = Membership()
    seen: set[int] = set()
    for store in stores.values():
        own = store.members.membership
        if own.version not in seen:  # most know the same, and comparing a thousand with a thousand takes its time
            seen.add(own.version)
            known = known.merge(own)
    return known


def replicas_converged(stores: Stores) -> list[Violation]:
    """All replicas of a key that are up hold the same siblings."""
    known = membership(stores)
    for name, store in stores.items():
        if store.members.membership != known:
            return [Violation("replicas converge", name, f"{name} does not know yet who is on the ring")]
    where = placing(stores)
    if where is None:
        return []
    found = []
    for key, newest in sorted(_newest(stores).items()):
        behind = [
            name
            for name in where.place(key).owners
            if name in stores and stores[name].replica.data.get(key, ()) != newest
        ]
        if behind:
            found.append(Violation("replicas converge", key, f"{key}: {', '.join(behind)} lack what others hold"))
    return _shortened(found, "replicas converge", "more keys differ between their replicas")


def every_key_on_n_nodes(stores: Stores) -> list[Violation]:
    """Every key that is held at all is held by N nodes, or by all there are (claim R7)."""
    where = placing(stores)
    if where is None:
        return []
    wanted = min(where.n, len(where.circles[0].nodes))
    found = [
        Violation("N copies", key, f"{key} has {count} of {wanted} copies")
        for key, count in sorted(copies(stores).items())
        if count < wanted
    ]
    return _shortened(found, "N copies", "more keys are under-replicated")


def copies(stores: Stores) -> dict[str, int]:
    """Key -> on how many nodes that are up it lies, in whatever state."""
    count: dict[str, int] = {}
    for store in stores.values():
        for key in store.replica.data:
            count[key] = count.get(key, 0) + 1
    return count


def strays(stores: Stores) -> int:
    """Copies on nodes that are no replica of the key (any more): hints, and what is left after a change."""
    return sum(len(store.handoff.strays) for store in stores.values())


def lost_writes(nodes: Iterable[Node], acknowledged: Mapping[str, Iterable[str]], covers: Covers) -> list[Violation]:
    """Every acknowledged value is on some disk, or something is that superseded it.

    The disks of nodes that are down count. It may be expected as long as fewer than W disks were lost.
    """
    held = held_values(nodes)
    found = [
        Violation("no lost writes", key, f"{key}={value} was acknowledged and is on no disk any more")
        for key, values in sorted(acknowledged.items())
        for value in sorted(values)
        if not covers(key, held.get(key, ()), value)
    ]
    return found


def held_values(nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """Key -> the values that are safe on some disk (superseded ones may be missing)."""
    held: dict[str, Siblings] = {}
    for node in nodes:
        for key, siblings in _on_disk(node):
            held[key] = merge(held.get(key, ()), siblings)
    return {key: tuple(one.value for one in siblings) for key, siblings in held.items()}


def _on_disk(node: Node) -> Iterator[tuple[str, Siblings]]:
    process = node.process
    if process is not None and node.life in (Life.UP, Life.FROZEN):
        for service in process.services:
            if isinstance(service, StoreService):
                # Exactly what is safe on its disk, or what its disk says is safe: what it can still give is not lost.
                yield from service.replica.data.items()
        return
    yield from replay(parse(node.disk.safe_bytes(FILE)).records).data.items()


def _newest(stores: Stores) -> dict[str, Siblings]:
    newest: dict[str, Siblings] = {}
    for store in stores.values():
        for key, siblings in store.replica.data.items():
            newest[key] = merge(newest.get(key, ()), siblings)
    return newest


def placing(stores: Stores) -> Placement | None:
    known = membership(stores)
    for store in stores.values():
        if known.current:
            return placement(known, store.settings.n, store.members.points)
    return None


def _shortened(found: list[Violation], check: str, rest: str) -> list[Violation]:
    if len(found) > TOLD:
        return [*found[:TOLD], Violation(check, "", f"{len(found) - TOLD} {rest}")]
    return found
