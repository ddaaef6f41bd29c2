"""THE registration of systems: one line each in :data:`SYSTEMS`.

The order is the order in which a node boots them; a system may use, through its
``client.py``, those that stand before it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playground.kernel.node import Factory, Process
from playground.kernel.service import Service
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.store import roles as store_roles
from playground.systems.store.service import StoreService
from playground.systems.store.settings import StoreSettings


@dataclass(frozen=True, slots=True)
class Site:
    """What a node is told about the cluster when it is set up."""

    name: str
    members: tuple[str, ...]
    """The nodes that it knows from its configuration."""
    settings: dict[str, Any]
    """System -> its settings."""
    points: int
    """Points of each node on the circle."""
    joining: bool
    """It is not a member yet, and has to ask."""


Role = Callable[[Mapping[str, Any], str], tuple[str, ...]]
"""``role(services by node, thing)``: the nodes that have this role (for the thing, if it is one for things)."""


@dataclass(frozen=True, slots=True)
class System:
    """A simulated system: its folder's name, what a person calls it, and how a node gets its part of it."""

    name: str
    title: str
    settings: type[Any]
    service: Callable[[Process, Site], Service]
    kind: type[Service] = Service
    """The class of its services."""
    roles: Mapping[str, Role] = field(default_factory=dict)

    @property
    def help(self) -> str:
        """What it is, what is simplified, what to try: the docstring of its package."""
        return importlib.import_module(f"playground.systems.{self.name}").__doc__ or ""


def _gossip(process: Process, site: Site) -> Service:
    return GossipService(process, site.settings["gossip"], site.members, lambda: process.find(StoreService).vitals())


def _store(process: Process, site: Site) -> Service:
    return StoreService(process, site.settings["store"], site.members, points=site.points, joining=site.joining)


SYSTEMS = (
    System("gossip", "gossip", GossipSettings, _gossip, GossipService),
    System(
        "store",
        "quorum store",
        StoreSettings,
        _store,
        StoreService,
        {"owner": store_roles.owner, "replica": store_roles.replicas},
    ),
)


def roles() -> dict[str, tuple[System, Role]]:
    """Every role that a command may name, in the singular."""
    return {word: (system, role) for system in SYSTEMS for word, role in system.roles.items()}


def services(site: Site) -> tuple[Factory, ...]:
    """What a node boots, in order."""
    return tuple(partial(_boot, system, site) for system in SYSTEMS)


def _boot(system: System, site: Site, process: Process) -> Service:
    return system.service(process, site)
