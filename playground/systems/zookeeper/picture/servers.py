"""All about one server of the ensemble: what it takes itself for, what the others do, sessions, transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.zookeeper.application import Role, spelled
from playground.systems.zookeeper.log import FILE
from playground.systems.zookeeper.picture.overview import Services, role, table
from playground.systems.zookeeper.picture.words import told
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.tree import Tree
from playground.systems.zookeeper.txns import Txn
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

_ROWS_SHOWN = 100
_RECENT_SHOWN = 20


def detail(world: World, name: str, servers: Sequence[str], services: Services, hues: Mapping[str, int]) -> Detail:
    """All about one server. ``services``: those that run."""
    service = services.get(name)
    if service is None:
        on_disk = world.nodes[name].disk.size_bytes(FILE)
        return Detail(f"{name}: no process runs", (Fact("on its disk", f"{on_disk} bytes", Tone.MUTED),))
    peer, known = service.peer, service.tree
    takes_itself_for = role(service)
    facts = (
        Fact("it", takes_itself_for.text, takes_itself_for.tone),
        Fact("phase", f"{peer.phase}, epoch {peer.epoch}" if peer.epoch else peer.phase),
        Fact("applied", spelled(known.zxid)),
        Fact("holds", f"{len(known.nodes)} znodes, {len(known.sessions)} sessions"),
        Fact("watches", str(len(service.watches))),
        Fact("clients", ", ".join(sorted(desk.connection.peer for desk in service.desks.values())) or "none"),
    )
    tables = (
        ("the ensemble, each server by its own account", table(world, servers, services, hues)),
        ("sessions", _sessions(service)),
        ("watches set here", _watches(service)),
        ("newest transactions", _recent(service)),
    )
    return Detail(name, facts, tables)


def _sessions(service: ZooKeeperService) -> Table:
    columns = (
        Column("session", 9),
        Column("of", 6),
        Column("is here", 7, drop=1),
        Column("ephemerals", 10, right=True),
        Column("expires in", 10, right=True),
    )
    leads = service.peer.role is Role.LEADING
    now_us = service.clock.monotonic_us
    rows = []
    for number, session in sorted(service.tree.sessions.items())[:_ROWS_SHOWN]:
        left_us = service.processor.sessions.left_us(number, now_us) if leads else None
        left = Cell("the leader knows", Tone.MUTED)
        if left_us is not None:
            left = Cell(f"{left_us / 1e6:.1f} s", Tone.WARN if left_us < session.timeout_us // 2 else Tone.PLAIN)
        cells = (
            Cell(spelled(number)),
            Cell(session.client),
            Cell("yes" if service.desk_of(number) is not None else "", Tone.GOOD),
            Cell(str(len(service.tree.ephemerals[number]))),
            left,
        )
        rows.append(Row(cells, name=session.client, item=Item("session", spelled(number))))
    return Table(columns, tuple(rows), empty="there are no sessions")


def _watches(service: ZooKeeperService) -> Table:
    columns = (Column("of", 6), Column("on", 9), Column("path", 24, weight=1))
    rows = [
        Row((Cell(client), Cell(kind), Cell(path)), name=client)
        for kind, waiting in (("data", service.watches.data), ("children", service.watches.children))
        for path, ids in waiting.items()
        for client, _ in ids
    ]
    return Table(columns, tuple(rows[:_ROWS_SHOWN]), empty="none")


def _recent(service: ZooKeeperService) -> Table:
    columns = (Column("zxid", 9), Column("of", 6, drop=1), Column("what", 40, weight=1))
    rows = [
        Row((Cell(spelled(zxid)), Cell(_client(service.tree, txn)), told(txn)))
        for zxid, txn, _ in reversed(list(service.recent)[-_RECENT_SHOWN:])
    ]
    return Table(columns, tuple(rows), empty="none since it started")


def _client(known: Tree, txn: Txn) -> str:
    session = known.sessions.get(txn.session)
    return session.client if session is not None else "–"
