"""All about one shard, or one key: what is true of it, and beside it who believes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.ring.client import CIRCLE, key_position
from playground.systems.shards import roles
from playground.systems.shards.client import ShardsClient
from playground.systems.shards.leading import Leading
from playground.systems.shards.picture.overview import DASH, FULL_LAG_RECORDS, FULL_LAG_US, Services, holders, standing
from playground.systems.shards.picture.overview import table as overview
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

Sessions = Mapping[str, ShardsClient]
"""Machine -> its session with the database."""


def shard_detail(
    world: World, members: Sequence[str], services: Services, shard: str, sessions: Sessions | None = None
) -> Detail:
    """All about one shard: who holds it, how its master knows its slaves, and whom ``sessions`` take for the master."""
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
            Fact("state", standing(leading), Tone.GOOD if leading.serving else Tone.WARN),
            Fact("answering", f"{leading.answering} of {len(leading.assignment.members)} copies"),
            Fact("writes", f"{leading.acknowledged} acknowledged in this epoch"),
        ]
    whole = overview(world, members, services, {})
    copies = Table(
        whole.columns, tuple(row for row in whole.rows if row.cells[0].text == shard), empty="nobody holds it"
    )
    tables = [("copies", copies)]
    if leading is not None:
        tables.append(("slaves as the master knows them", _slaves(leading)))
    if sessions is not None:
        tables.append(("whom others take for its master", _believers(shard, services, sessions)))
    return Detail(shard, tuple(facts), tuple(tables))


def key_detail(members: Sequence[str], services: Services, key: str) -> Detail:
    """All about one key: which copy shows what."""
    shard = roles.shard(services, key)
    columns = (Column("node", 6), Column("shows", 30, weight=2), Column("log", 12))
    rows = []
    master = roles.leader(services, shard)
    true = master.log.state.data.get(key) if master is not None else None
    for name in holders(services, shard, members):
        replica = services[name].replicas.get(shard) if name in services else None
        if replica is None:
            rows.append(Row((Cell(name), Cell("no answer: it does not run", Tone.MUTED), DASH), name=name))
            continue
        value = replica.log.state.data.get(key)
        tone = Tone.WARN if master is not None and value != true else Tone.PLAIN
        shown = Cell("nothing" if value is None else value, Tone.MUTED if value is None and true is None else tone)
        rows.append(Row((Cell(name), shown, Cell(str(replica.applied), Tone.MUTED)), name=name))
    facts = (
        Fact("lies at", f"{key_position(key) / CIRCLE:.3f} of the circle"),
        Fact("shard", shard or "not known"),
        Fact("copies", ", ".join(roles.replica(services, key))),
    )
    return Detail(key, facts, (("copies", Table(columns, tuple(rows), empty="nobody holds it")),))


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
                    Cell(str(records), bar=min(1.0, records / FULL_LAG_RECORDS)),
                    Cell(f"{lag_us / 1e6:.1f} s", bar=min(1.0, lag_us / FULL_LAG_US)),
                    Cell(state, tone),
                ),
                name=follower.name,
            )
        )
    return Table(columns, tuple(rows), empty="it has none")


def _believers(shard: str, services: Services, sessions: Sessions) -> Table:
    """The sessions that take somebody else for the master than who leads in the highest epoch."""
    true = "".join(roles.master(services, shard))
    rows = [
        Row((Cell(name), _believed(session, shard, true)), name=name)
        for name, session in sessions.items()
        if session.masters.get(shard, ("", 0))[0] != true
    ]
    agree = len(sessions) - len(rows)
    columns = (Column("who", 6), Column("believes", 30, weight=1))
    caption = f"the other {agree} believe in {true or 'nobody'}" if rows else ""
    empty = f"all {agree} sessions that there are believe in {true or 'nobody'}" if agree else "nobody has a session"
    return Table(columns, tuple(rows), caption=caption, empty=empty)


def masters_told(session: ShardsClient, services: Services) -> Table:
    """Whom one session takes for the master of each shard, and who is."""
    columns = (Column("shard", 8), Column("believes", 24, weight=1))
    rows = tuple(
        Row(
            (Cell(shard), _believed(session, shard, "".join(roles.master(services, shard)))),
            name=session.masters.get(shard, ("", 0))[0],
            item=Item("shard", shard),
        )
        for shard in session.settings.names
    )
    return Table(columns, rows)


def _believed(session: ShardsClient, shard: str, true: str) -> Cell:
    name, epoch = session.masters.get(shard, ("", 0))
    said = f"{name} in epoch {epoch}" if name else "nobody"
    return (
        Cell(said, Tone.GOOD if name else Tone.WARN)
        if name == true
        else Cell(f"{said}; it is {true or 'nobody'}", Tone.WARN)
    )
