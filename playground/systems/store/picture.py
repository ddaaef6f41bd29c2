"""What the screen shows of the store: the circle, a line per node, all about one node or one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from playground.systems.ring.client import CIRCLE, HashRing, Membership, Status, key_position
from playground.systems.store import checks
from playground.systems.store.service import StoreService
from playground.systems.store.versions import Siblings
from widgets import shapes, units
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

Stores = Mapping[str, StoreService]

COLUMNS = (
    Column("node", 6),
    Column("keys", 6, right=True),
    Column("share", 6, right=True, drop=2),
    Column("log", 9, right=True, drop=3),
    Column("strays", 6, right=True, drop=1),
    Column("state", 12, weight=1),
)
_DASH = Cell("–", Tone.MUTED)
_KEYS_SHOWN = 200
_LIFE = {
    shapes.State.UP: Tone.GOOD,
    shapes.State.BOOTING: Tone.ACCENT,
    shapes.State.FROZEN: Tone.WARN,
    shapes.State.DOWN: Tone.BAD,
}


def turn(key: str) -> float:
    """Where ``key`` lies on the circle, in turns 0..1."""
    return key_position(key) / CIRCLE


def ring(
    world: World,
    members: Sequence[str],
    stores: Stores,
    hues: Mapping[str, int],
    sides: Mapping[str, int],
    *,
    key: str = "",
) -> shapes.Ring:
    """The circle by owner, as those who are up know it together."""
    known = checks.membership(stores)
    points = next((store.members.points for store in stores.values()), 1)
    arcs, shares = _circle(known, points, tuple(members))
    nodes = tuple(
        shapes.RingNode(name, hues.get(name, i), _state(world, name), shares.get(name, 0.0), sides.get(name, 0))
        for i, name in enumerate(members)
    )
    mark = None
    if key:
        placing = checks.placing(stores)
        owners = placing.place(key).owners if placing is not None else ()
        mark = shapes.KeyMark(key, turn(key), owners)
    return shapes.Ring(nodes, arcs, key=mark, caption=_caption(known, stores))


def table(world: World, members: Sequence[str], stores: Stores, hues: Mapping[str, int]) -> Table:
    """A line per node: what it holds, and what it is doing."""
    known = checks.membership(stores)
    points = next((store.members.points for store in stores.values()), 1)
    _, shares = _circle(known, points, tuple(members))
    rows = tuple(
        Row(
            (Cell(name), *_cells(stores.get(name), shares.get(name, 0.0), known, name, _state(world, name))),
            name=name,
            hue=hues.get(name, i),
            state=_state(world, name),
        )
        for i, name in enumerate(members)
    )
    return Table(COLUMNS, rows, caption=_quorums(stores))


def detail(world: World, name: str, store: StoreService | None) -> Detail:
    """All about one node. ``store``: its service, if it runs."""
    node = world.nodes[name]
    if store is None:
        on_disk = units.size(node.disk.size_bytes("wal"))
        return Detail(f"{name}: no process runs", (Fact("on its disk", on_disk, Tone.MUTED),))
    log, replica, members = store.log, store.replica, store.members
    facts = (
        Fact("ring", _standing(store), _tone(store)),
        Fact(
            "holds",
            f"{len(replica.data)} keys, {units.size(replica.size_bytes)}, {len(store.handoff.strays)} for others",
        ),
        Fact("log", f"{log.records} records, {units.size(log.size_bytes)}, rewritten {units.times(log.rewrites)}"),
        Fact("not yet safe", f"{log.unsafe} records", Tone.WARN if log.unsafe else Tone.PLAIN),
        Fact("replica", f"{replica.reads} reads, {replica.writes} writes"),
        Fact("coordinated", f"{store.coordinated} requests"),
        Fact("repaired", f"{store.repair.received} keys received in {store.repair.visits} comparisons"),
    )
    return Detail(name, facts, (("its keys", _keys(store)), ("the ring as it knows it", _members(members.membership))))


def key_detail(members: Sequence[str], stores: Stores, key: str) -> Detail:
    """All about one key: which replica holds what."""
    placing = checks.placing(stores)
    owners = placing.place(key).owners if placing is not None else ()
    holders = [name for name in members if name in stores and key in stores[name].replica.data]
    columns = (Column("node", 6), Column("holds", 30, weight=2), Column("version", 30, weight=1, drop=1))
    rows = []
    for name in dict.fromkeys((*owners, *holders)):
        if name not in stores:
            rows.append(Row((Cell(name), Cell("no answer: it does not run", Tone.MUTED), _DASH), name=name))
            continue
        siblings = stores[name].replica.data.get(key, ())
        rows.append(Row((Cell(name), _values(siblings), Cell(_versions(siblings), Tone.MUTED)), name=name))
    differ = len({stores[name].replica.data.get(key, ()) for name in owners if name in stores}) > 1
    facts = (
        Fact("lies at", f"{turn(key):.3f} of the circle"),
        Fact("replicas", ", ".join(owners)),
        Fact("they", "differ" if differ else "agree", Tone.WARN if differ else Tone.GOOD),
    )
    return Detail(key, facts, (("copies", Table(columns, tuple(rows), empty="nobody holds it")),))


@lru_cache(maxsize=16)
def _circle(known: Membership, points: int, names: tuple[str, ...]) -> tuple[tuple[shapes.Arc, ...], dict[str, float]]:
    on_it = [name for name in known.current if name in names]
    if not on_it:
        return (), {}
    circle = HashRing({name: known.table[name].weight for name in on_it}, points_per_node=points)
    index = {name: i for i, name in enumerate(names)}
    arcs = tuple(shapes.Arc(start / CIRCLE, end / CIRCLE, index[owner]) for start, end, owner in circle.arcs())
    return arcs, circle.shares()


def _caption(known: Membership, stores: Stores) -> str:
    parts = [f"{len(known.current)} nodes, {_quorums(stores)}"]
    for status, word in ((Status.JOINING, "joining"), (Status.LEAVING, "leaving")):
        names = known.names(status)
        if names:
            parts.append(f"{', '.join(names)} {word}")
    return "; ".join(parts)


def _quorums(stores: Stores) -> str:
    for store in stores.values():
        s = store.settings
        return f"N={s.n} R={s.r} W={s.w}" + (" hints" if s.hinted_handoff else "")
    return "nobody is up"


def _cells(
    store: StoreService | None, share: float, known: Membership, name: str, state: shapes.State
) -> tuple[Cell, ...]:
    part = Cell(f"{share:.0%}")
    if store is None:
        entry = known.get(name)
        told = "" if entry is None or entry.status is Status.NORMAL else f", {entry.status.name.lower()}"
        return (_DASH, part, _DASH, _DASH, Cell(state.value + told, _LIFE[state]))
    strays = len(store.handoff.strays)
    return (
        Cell(str(len(store.replica.data))),
        part,
        Cell(units.size(store.log.size_bytes)),
        Cell(str(strays), Tone.WARN if strays else Tone.MUTED),
        Cell(_standing(store), _tone(store)) if state is shapes.State.UP else Cell(state.value, _LIFE[state]),
    )


def _standing(store: StoreService) -> str:
    status = store.members.status
    if status is None:
        return "not on the ring"
    if status is Status.JOINING:
        return f"joining: {store.takeover.progress}"
    if status is Status.LEFT:
        return "has left"
    if not store.members.whole:
        return f"rebuilding: {store.takeover.progress}"
    if status is Status.LEAVING:
        return "leaving"
    return store.takeover.progress or "serving"


def _tone(store: StoreService) -> Tone:
    if store.members.status is not Status.NORMAL or not store.members.whole:
        return Tone.WARN
    return Tone.ACCENT if store.takeover.progress else Tone.GOOD


def _keys(store: StoreService) -> Table:
    data = store.replica.data
    place = store.members.placement.place
    columns = (Column("key", 10), Column("value", 20, weight=1), Column("as", 8), Column("version", 20, drop=1))
    rows = []
    for key in sorted(data)[:_KEYS_SHOWN]:
        owners = place(key).owners
        role = f"copy {owners.index(store.name) + 1}" if store.name in owners else "stray"
        rows.append(Row((Cell(key), _values(data[key]), Cell(role), Cell(_versions(data[key]), Tone.MUTED))))
    caption = f"the first {_KEYS_SHOWN} of {len(data)}" if len(data) > _KEYS_SHOWN else ""
    return Table(columns, tuple(rows), caption=caption, empty="holds nothing")


def _members(membership: Membership) -> Table:
    columns = (
        Column("node", 6),
        Column("status", 8),
        Column("version", 7, right=True),
        Column("weight", 6, right=True),
    )
    return Table(
        columns,
        tuple(
            Row(
                (Cell(name), Cell(entry.status.name.lower()), Cell(str(entry.version)), Cell(f"{entry.weight:g}")), name
            )
            for name, entry in membership.entries
        ),
    )


def _values(siblings: Siblings) -> Cell:
    if not siblings:
        return Cell("nothing", Tone.MUTED)
    return Cell(" | ".join(one.value for one in siblings), Tone.WARN if len(siblings) > 1 else Tone.PLAIN)


def _versions(siblings: Siblings) -> str:
    return " | ".join(" ".join(_entry(*entry) for entry in one.version) for one in siblings)


def _entry(session: str, counter: int) -> str:
    return f"{session}:{counter}" if session else f"{counter / 1e6:.6f} s"  # a timestamp has no session


def _state(world: World, name: str) -> shapes.State:
    return shapes.State(world.nodes[name].life.value)
