"""What the screen shows of the sharded database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.shards.service import ShardsService
from widgets import shapes
from widgets.shapes import Detail, Table

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, ShardsService]


def ring(
    world: World,
    members: Sequence[str],
    services: Services,
    hues: Mapping[str, int],
    sides: Mapping[str, int],
    *,
    sparks: tuple[shapes.Spark, ...] = (),
    chords: tuple[shapes.Chord, ...] = (),
    key: str = "",
) -> shapes.Ring:
    raise NotImplementedError


def table(world: World, members: Sequence[str], services: Services, hues: Mapping[str, int]) -> Table:
    """A line per replica of each shard."""
    raise NotImplementedError


def detail(world: World, name: str, service: ShardsService | None) -> Detail:
    """All about one node. ``service``: its service, if it runs."""
    raise NotImplementedError


def shard_detail(world: World, members: Sequence[str], services: Services, shard: str) -> Detail:
    """All about one shard."""
    raise NotImplementedError


def key_detail(members: Sequence[str], services: Services, key: str) -> Detail:
    """All about one key: which replica holds what."""
    raise NotImplementedError
