"""All about one node of the sharded database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.systems.shards.picture.overview import DASH, Services, role
from playground.systems.shards.service import ShardsService
from widgets import units
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

_KEYS_SHOWN = 200


def detail(world: World, name: str, services: Services) -> Detail:
    """All about one node."""
    service = services.get(name)
    if service is None:
        disk = world.nodes[name].disk
        return Detail(f"{name}: no process runs", (Fact("on its disk", units.size(disk.used_bytes), Tone.MUTED),))
    zk = service.keeper.zk
    safe = service.keeper.safe
    held = len(service.replicas)
    facts = (
        Fact("session", zk.state.value if zk is not None else "none", Tone.GOOD if safe else Tone.WARN),
        Fact("lease", "it may lead" if safe else "it may not lead: its session may be over", _tone(safe)),
        Fact("holds", f"{held} shard{'' if held == 1 else 's'}, {units.size(service.size_bytes)}"),
        Fact("asked", f"{service.reads} reads, {service.writes} writes"),
        *([Fact("leaving", "its shards go to others", Tone.WARN)] if name in service.leaving else []),
    )
    columns = (
        Column("shard", 8),
        Column("role", 16, weight=1),
        Column("epoch", 5, right=True),
        Column("committed", 9, right=True),
        Column("log", 9, right=True),
        Column("on disk", 9, right=True, drop=1),
        Column("identity", 8, right=True, drop=3),
        Column("file", 9, right=True, drop=2),
    )
    rows = tuple(
        Row(
            (
                Cell(shard),
                role(services, replica),
                Cell(str(replica.promised)),
                Cell(str(replica.log.commit)),
                Cell(str(replica.log.last)),
                Cell(str(replica.durable)) if replica.durable >= 0 else DASH,
                Cell(str(replica.identity)),
                Cell(units.size(replica.file.size_bytes)),
            ),
            item=Item("shard", shard),
        )
        for shard, replica in service.replicas.items()
    )
    return Detail(name, facts, (("its copies", Table(columns, rows, empty="it holds none")), ("keys", _keys(service))))


def _keys(service: ShardsService) -> Table:
    columns = (Column("key", 10), Column("value", 20, weight=1), Column("shard", 9))
    held = [
        (key, value, shard)
        for shard, replica in service.replicas.items()
        for key, value in replica.log.state.data.items()
    ]
    rows = tuple(
        Row((Cell(key), Cell(value), Cell(shard)), item=Item("key", key))
        for key, value, shard in sorted(held)[:_KEYS_SHOWN]
    )
    caption = f"the first {_KEYS_SHOWN} of {len(held)}" if len(held) > _KEYS_SHOWN else ""
    return Table(columns, rows, caption=caption, empty="holds nothing")


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.WARN
