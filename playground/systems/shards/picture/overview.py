"""The circle by shards, and a line per copy of each.

What stands in a row is what that node believes: its role, its epoch, its lag. A frozen master still believes that it
leads; that another one does is seen in that one's row, and the epoch tells which of the two is right. A slave that
follows the newest master is just a slave; one that follows another one says whom. Only the marks of the rows, and who
is a member, say what is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from playground.systems.ring.client import CIRCLE, key_position
from playground.systems.shards import roles
from playground.systems.shards.leading import Leading
from playground.systems.shards.placing import circle
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService
from widgets import shapes
from widgets.shapes import Cell, Column, Item, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, ShardsService]

_COLUMNS = (
    Column("node", 4),
    Column("role", 9, weight=1),
    Column("epoch", 5, right=True),
    Column("log", 6, right=True, drop=3),
    Column("lacks", 6, right=True, weight=1, drop=1),
    Column("lag", 6, right=True, drop=2),
)
"""Beside the shard's name. A role is one word as long as all is well: it must be readable on a small terminal."""
DASH = Cell("–", Tone.MUTED)
FULL_LAG_US = 5_000_000
"""A lag whose bar is full."""
FULL_LAG_RECORDS = 200
_SILENT_US = 1_000_000
"""Who has not been up to date for so long may lack what it has not heard of."""


def ring(
    world: World,
    members: Sequence[str],
    services: Services,
    hues: Mapping[str, int],
    sides: Mapping[str, int],
    *,
    key: str = "",
) -> shapes.Ring:
    """The circle by shards, each in the colour of its master; without one, of its first member."""
    owners = {shard: roles.replica(services, shard)[:1] for shard in _shards(services)}
    index = {name: i for i, name in enumerate(members)}
    arcs, share = [], dict.fromkeys(members, 0.0)
    for start, end, shard in _arcs(_shards(services), _points(services)):
        for name in owners[shard]:
            if name in index:
                arcs.append(shapes.Arc(start, end, index[name]))
                share[name] += end - start
    nodes = tuple(
        shapes.RingNode(name, hues.get(name, i), _state(world, name), share[name], sides.get(name, 0))
        for i, name in enumerate(members)
    )
    mark = None
    if key:
        mark = shapes.KeyMark(key, key_position(key) / CIRCLE, roles.replica(services, key))
    return shapes.Ring(nodes, tuple(arcs), key=mark, caption=_caption(services))


def table(world: World, members: Sequence[str], services: Services, hues: Mapping[str, int]) -> Table:
    """A line per copy of each shard, the master first; copies that are no members (any more) last."""
    index = {name: i for i, name in enumerate(members)}
    rows = tuple(
        Row(
            (Cell(shard), Cell(name, hue=hues.get(name, index.get(name, 0))), *_cells(services, shard, name)),
            name=name,
            hue=hues.get(name, index.get(name, 0)),
            state=_state(world, name),
            item=Item("shard", shard),
        )
        for shard in _shards(services)
        for name in holders(services, shard, members)
    )
    shards = Column("shard", max((len(name) for name in _shards(services)), default=5))
    return Table((shards, *_COLUMNS), rows, caption=_caption(services), empty="no node of the database runs")


@lru_cache(maxsize=16)
def _arcs(shards: tuple[str, ...], points: int) -> tuple[tuple[float, float, str], ...]:
    if not shards:
        return ()
    return tuple((start / CIRCLE, end / CIRCLE, shard) for start, end, shard in circle(shards, points).arcs())


def _cells(services: Services, shard: str, name: str) -> tuple[Cell, ...]:
    replica = services[name].replicas.get(shard) if name in services else None
    if replica is None:
        return (Cell("no copy" if name in services else "not up", Tone.MUTED), DASH, DASH, DASH, DASH)
    part = role(services, replica)
    epoch, last = Cell(str(replica.promised)), Cell(str(replica.log.last))
    if replica.leading is not None:
        return (part, epoch, last, DASH, DASH)
    lag_us = replica.lag_us
    tone = Tone.WARN if replica.lag or lag_us > _SILENT_US else Tone.MUTED
    return (
        part,
        epoch,
        last,
        Cell(str(replica.lag), tone, bar=min(1.0, replica.lag / FULL_LAG_RECORDS)),
        DASH if lag_us < 0 else Cell(f"{lag_us / 1e6:.1f} s", tone, bar=min(1.0, lag_us / FULL_LAG_US)),
    )


def role(services: Services, replica: Replica) -> Cell:
    """What a copy takes itself for; and, seen from outside, whether it is a member at all."""
    name, shard = replica.service.name, replica.shard
    if replica.leading is not None:
        if replica.leading.serving:
            return Cell("master", Tone.GOOD)
        return Cell(f"master, {standing(replica.leading)}", Tone.WARN)
    known = roles.assignment(services, shard)
    if known is not None and not known.has(name, replica.identity):
        return Cell("no member", Tone.MUTED)
    election = services[name].elections.get(shard) if name in services else None
    if election is not None and election.standing:
        return Cell("candidate", Tone.ACCENT)
    if replica.refused and not replica.leader:
        return Cell(f"fenced off epoch {replica.refused}", Tone.WARN)
    if roles.master(services, shard) == (replica.leader,):
        return Cell("slave")
    return Cell(f"slave of {replica.leader or 'nobody'}", Tone.WARN)


def standing(leading: Leading) -> str:
    if not leading.leased:
        return "no lease"
    if leading.closed:
        return "hands over"
    if leading.frozen:
        return "changes members"
    return "serves" if leading.serving else "recovers"


def holders(services: Services, shard: str, members: Sequence[str]) -> tuple[str, ...]:
    """The members of a shard, the master first, and then who else has a copy of it."""
    first = roles.replica(services, shard)
    return (*first, *(name for name in members if name not in first and name in roles.copies(services, shard)))


def _caption(services: Services) -> str:
    for service in services.values():
        settings = service.settings
        return f"mode {settings.mode}, {settings.shipping}, {settings.copies} copies each"
    return "nobody is up"


def _shards(services: Services) -> tuple[str, ...]:
    return next((service.settings.names for service in services.values()), ())


def _points(services: Services) -> int:
    return next((service.points for service in services.values()), 1)


def _state(world: World, name: str) -> shapes.State:
    return shapes.State(world.nodes[name].life.value)
