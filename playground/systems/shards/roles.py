"""Who plays which part, so that a command can be aimed at it: ``crash master of shard-1``, ``freeze slave of k0``.

Whoever aims stands outside and sees all; no node of the database asks here. ``thing``: a shard's name or a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.shards.placing import Assignment, shard_of
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService

Services = Mapping[str, ShardsService]


def shard(services: Services, thing: str) -> str:
    """The shard that is meant; "" if nothing is, or nobody is up to tell."""
    for service in services.values():
        return thing if thing in service.settings.names else shard_of(thing, service.settings, service.points)
    return ""


def copies(services: Services, name: str) -> dict[str, Replica]:
    """The replicas of a shard on the nodes that run, former members' included."""
    return {node: service.replicas[name] for node, service in services.items() if name in service.replicas}


def assignment(services: Services, name: str) -> Assignment | None:
    """The newest that anybody who runs has read of a shard; what a master has set counts from when it knows."""
    found = [
        (election.assignment.epoch, election.version, election.assignment)
        for service in services.values()
        if (election := service.elections.get(name)) is not None and election.assignment is not None
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def leader(services: Services, name: str) -> Replica | None:
    """The replica that leads a shard in the highest epoch, whether it may serve or not."""
    leading = [replica for replica in copies(services, name).values() if replica.leading is not None]
    return max(leading, key=lambda replica: replica.promised, default=None)


def master(services: Services, thing: str) -> tuple[str, ...]:
    """The node that leads the shard in the highest epoch; () if none does."""
    found = leader(services, shard(services, thing)) if thing else None
    return (found.service.name,) if found is not None else ()


def slave(services: Services, thing: str) -> tuple[str, ...]:
    """The other members of the shard, up or not."""
    first = master(services, thing)
    return tuple(name for name in replica(services, thing) if name not in first)


def replica(services: Services, thing: str) -> tuple[str, ...]:
    """All members of the shard, the master first."""
    known = assignment(services, shard(services, thing)) if thing else None
    if known is None:
        return ()
    first = master(services, thing)
    return (*first, *(name for name in known.names if name not in first))


owner = master
