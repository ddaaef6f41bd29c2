"""Which services run in a world: for checks, which see with god's eye. No service may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from playground.kernel.node import Life
from playground.kernel.service import Service

if TYPE_CHECKING:
    from playground.kernel.world import World

S = TypeVar("S", bound=Service)


def running(world: World, kind: type[S]) -> dict[str, S]:
    """The services of this class whose processes have begun to serve (frozen ones too), in the order of the world."""
    found: dict[str, S] = {}
    for name, node in world.nodes.items():
        if node.process is not None and node.life in (Life.UP, Life.FROZEN):
            for service in node.process.services:
                if isinstance(service, kind):
                    found[name] = service
    return found
