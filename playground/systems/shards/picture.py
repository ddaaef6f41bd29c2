"""What the screen shows of the sharded database: a line per copy, the circle, all about a node, a shard or a key.

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
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

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
_DASH = Cell("–", Tone.MUTED)
_FULL_LAG_US = 5_000_000
"""A lag whose bar is full."""
_FULL_LAG_RECORDS = 200
_SILENT_US = 1_000_000
"""Who has not been up to date for so long may lack what it has not heard of."""
_KEYS_SHOWN = 200


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
    return shapes.Ring(nodes, tuple(arcs), sparks, chords, mark, caption=_caption(services))


def table(world: World, members: Sequence[str], services: Services, hues: Mapping[str, int]) -> Table:
    """A line per copy of each shard, the master first; copies that are no members (any more) last."""
    index = {name: i for i, name in enumerate(members)}
    rows = tuple(
        Row(
            (Cell(shard), Cell(name, hue=hues.get(name, index.get(name, 0))), *_cells(services, shard, name)),
            name=name,
            hue=hues.get(name, index.get(name, 0)),
            state=_state(world, name),
        )
        for shard in _shards(services)
        for name in _holders(services, shard, members)
    )
    shards = Column("shard", max((len(name) for name in _shards(services)), default=5))
    return Table((shards, *_COLUMNS), rows, caption=_caption(services), empty="no node of the database runs")


def detail(world: World, name: str, services: Services) -> Detail:
    """All about one node."""
    service = services.get(name)
    if service is None:
        disk = world.nodes[name].disk
        return Detail(f"{name}: no process runs", (Fact("on its disk", _bytes(disk.used_bytes), Tone.MUTED),))
    zk = service.keeper.zk
    safe = service.keeper.safe
    facts = (
        Fact("session", zk.state.value if zk is not None else "none", Tone.GOOD if safe else Tone.WARN),
        Fact("lease", "it may lead" if safe else "it may not lead: its session may be over", _tone(safe)),
        Fact("holds", f"{len(service.replicas)} shards, {_bytes(service.size_bytes)}"),
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
                _role(services, replica),
                Cell(str(replica.promised)),
                Cell(str(replica.log.commit)),
                Cell(str(replica.log.last)),
                Cell(str(replica.durable)) if replica.durable >= 0 else _DASH,
                Cell(str(replica.identity)),
                Cell(_bytes(replica.file.size_bytes)),
            )
        )
        for shard, replica in service.replicas.items()
    )
    return Detail(name, facts, (("its copies", Table(columns, rows, empty="it holds none")), ("keys", _keys(service))))


def shard_detail(world: World, members: Sequence[str], services: Services, shard: str) -> Detail:
    """All about one shard: who holds it, and how its master knows its slaves."""
    known = roles.assignment(services, shard)
    master = roles.leader(services, shard)
    leading = master.leading if master is not None else None
    facts = [
        Fact("master", *((master.service.name, Tone.GOOD) if master is not None else ("nobody", Tone.BAD))),
        Fact("epoch", str(known.epoch) if known is not None else "not known"),
        Fact("members", ", ".join(known.names) if known is not None else "not known"),
    ]
    if leading is not None:
        facts += [
            Fact("serves", _standing(leading), _tone(leading.serving)),
            Fact("answering", f"{leading.answering} of {len(leading.assignment.members)} copies"),
            Fact("writes", f"{leading.acknowledged} acknowledged in this epoch"),
        ]
    whole = table(world, members, services, {})
    copies = Table(
        whole.columns, tuple(row for row in whole.rows if row.cells[0].text == shard), empty="nobody holds it"
    )
    tables = [("copies", copies)]
    if leading is not None:
        tables.append(("slaves as the master knows them", _slaves(leading)))
    return Detail(shard, tuple(facts), tuple(tables))


def key_detail(members: Sequence[str], services: Services, key: str) -> Detail:
    """All about one key: which copy shows what."""
    shard = roles.shard(services, key)
    columns = (Column("node", 6), Column("shows", 30, weight=2), Column("log", 12))
    rows = []
    for name in _holders(services, shard, members):
        replica = services[name].replicas.get(shard) if name in services else None
        if replica is None:
            rows.append(Row((Cell(name), Cell("no answer: it does not run", Tone.MUTED), _DASH), name=name))
            continue
        value = replica.log.state.data.get(key)
        shown = Cell("nothing", Tone.MUTED) if value is None else Cell(value)
        rows.append(Row((Cell(name), shown, Cell(str(replica.applied), Tone.MUTED)), name=name))
    facts = (
        Fact("lies at", f"{key_position(key) / CIRCLE:.3f} of the circle"),
        Fact("shard", shard or "not known"),
        Fact("copies", ", ".join(roles.replica(services, key))),
    )
    return Detail(key, facts, (("copies", Table(columns, tuple(rows), empty="nobody holds it")),))


@lru_cache(maxsize=16)
def _arcs(shards: tuple[str, ...], points: int) -> tuple[tuple[float, float, str], ...]:
    if not shards:
        return ()
    return tuple((start / CIRCLE, end / CIRCLE, shard) for start, end, shard in circle(shards, points).arcs())


def _cells(services: Services, shard: str, name: str) -> tuple[Cell, ...]:
    replica = services[name].replicas.get(shard) if name in services else None
    if replica is None:
        return (Cell("no copy" if name in services else "not up", Tone.MUTED), _DASH, _DASH, _DASH, _DASH)
    role = _role(services, replica)
    epoch, last = Cell(str(replica.promised)), Cell(str(replica.log.last))
    if replica.leading is not None:
        return (role, epoch, last, _DASH, _DASH)
    lag_us = replica.lag_us
    tone = Tone.WARN if replica.lag or lag_us > _SILENT_US else Tone.MUTED
    return (
        role,
        epoch,
        last,
        Cell(str(replica.lag), tone, bar=min(1.0, replica.lag / _FULL_LAG_RECORDS)),
        _DASH if lag_us < 0 else Cell(f"{lag_us / 1e6:.1f} s", tone, bar=min(1.0, lag_us / _FULL_LAG_US)),
    )


def _role(services: Services, replica: Replica) -> Cell:
    """What a copy takes itself for; and, seen from outside, whether it is a member at all."""
    name, shard = replica.service.name, replica.shard
    if replica.leading is not None:
        if replica.leading.serving:
            return Cell("master", Tone.GOOD)
        return Cell(f"master, {_standing(replica.leading)}", Tone.WARN)
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


def _standing(leading: Leading) -> str:
    if not leading.leased:
        return "no lease"
    if leading.closed:
        return "hands over"
    if leading.frozen:
        return "changes members"
    return "serves" if leading.serving else "recovers"


def _slaves(leading: Leading) -> Table:
    columns = (
        Column("node", 6),
        Column("has", 9, right=True),
        Column("lacks", 7, right=True),
        Column("for", 8, right=True),
        Column("state", 16, weight=1),
    )
    rows = []
    for follower in leading.followers.values():
        records, lag_us = leading.lag(follower)
        member = leading.assignment.has(follower.name, follower.identity)
        state = "slave" if member else "newcomer"
        if follower.stranger:
            state = "lost its disk"
        elif not follower.known:
            state = "not heard of"
        tone = Tone.GOOD if member and follower.known and not follower.stranger else Tone.WARN
        rows.append(
            Row(
                (
                    Cell(follower.name),
                    Cell(str(max(follower.match, 0))),
                    Cell(str(records), bar=min(1.0, records / _FULL_LAG_RECORDS)),
                    Cell(f"{lag_us / 1e6:.1f} s", bar=min(1.0, lag_us / _FULL_LAG_US)),
                    Cell(state, tone),
                ),
                name=follower.name,
            )
        )
    return Table(columns, tuple(rows), empty="it has none")


def _keys(service: ShardsService) -> Table:
    columns = (Column("key", 10), Column("value", 20, weight=1), Column("shard", 9))
    held = [
        (key, value, shard)
        for shard, replica in service.replicas.items()
        for key, value in replica.log.state.data.items()
    ]
    rows = tuple(Row((Cell(key), Cell(value), Cell(shard))) for key, value, shard in sorted(held)[:_KEYS_SHOWN])
    caption = f"the first {_KEYS_SHOWN} of {len(held)}" if len(held) > _KEYS_SHOWN else ""
    return Table(columns, rows, caption=caption, empty="holds nothing")


def _holders(services: Services, shard: str, members: Sequence[str]) -> tuple[str, ...]:
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


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.WARN


def _bytes(size: int) -> str:
    """Bytes for people, decimal: 1.5 MB."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.3g} kB" if size < 1_000_000 else f"{size / 1_000_000:.3g} MB"
