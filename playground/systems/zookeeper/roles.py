"""Who plays which part in the ensemble, so that a command can be aimed at it: ``crash leader``, ``freeze follower``.

Whoever aims stands outside and sees all; no server asks here. ``thing``: "" or "ensemble".
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.zookeeper.application import Role
from playground.systems.zookeeper.service import ZooKeeperService

Services = Mapping[str, ZooKeeperService]


def things(_services: Services) -> tuple[str, ...]:
    """What anybody may lead."""
    return ("ensemble",)


def leader(services: Services, thing: str) -> tuple[str, ...]:
    """The server that leads with a quorum behind it; () if none does."""
    if thing not in ("", "ensemble"):
        return ()
    leading = [
        (service.peer.epoch, name)
        for name, service in services.items()
        if service.peer.role is Role.LEADING and service.peer.leads is not None and service.peer.leads.in_time()
    ]
    return (max(leading)[1],) if leading else ()


def follower(services: Services, thing: str) -> tuple[str, ...]:
    """The servers that follow this leader."""
    led = leader(services, thing)
    return tuple(
        name for name, service in services.items() if service.peer.role is Role.FOLLOWING and service.peer.leader in led
    )
