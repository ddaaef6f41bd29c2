"""What the screen shows of the ensemble: the tree of znodes, and all about one server.

The tree is that of the server which has applied most, whether it serves or not. A frozen server shows what it had.
How long a session has left only the leader knows; watches are counted at all the servers that run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.zookeeper.application import Role, spelled
from playground.systems.zookeeper.log import FILE
from playground.systems.zookeeper.roles import leader
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.tree import Tree, Znode, name_of
from playground.systems.zookeeper.txns import Changed, Ended, Made, Opened, Removed, Txn
from widgets import shapes
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone, TreeNode

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, ZooKeeperService]

FRESH_US = 1_500_000
"""A znode is fresh for so long after it was made or changed."""
_NODES_SHOWN = 500
_ROWS_SHOWN = 100
_RECENT_SHOWN = 20
_ROLES = {
    Role.LEADING: ("leads", Tone.GOOD),
    Role.FOLLOWING: ("follows", Tone.PLAIN),
    Role.LOOKING: ("looks for a leader", Tone.WARN),
}


def tree(world: World, servers: Sequence[str], services: Services, hues: Mapping[str, int]) -> shapes.Tree:
    """All znodes; an ephemeral one belongs to the machine whose session it goes with."""
    if not services:
        return shapes.Tree((), empty="no server of the ensemble runs")
    service = max(services.values(), key=lambda each: each.tree.zxid)
    known = service.tree
    left = _time_left(services)
    lines: list[TreeNode] = []
    pending = ["/"]
    while pending and len(lines) < _NODES_SHOWN:
        path = pending.pop()
        node = known.nodes[path]
        lines.append(_line(world, service, path, node, hues, notes=(_left(left, node), _watched(services, path))))
        above = "" if path == "/" else path
        pending += (f"{above}/{child}" for child in sorted(node.children, reverse=True))
    more = f", the first {_NODES_SHOWN} of {len(known.nodes)}" if len(known.nodes) > _NODES_SHOWN else ""
    caption = f"{_standing(servers, services)}, zxid {spelled(known.zxid)}{more}"
    return shapes.Tree(tuple(lines), caption=caption)


def table(world: World, servers: Sequence[str], services: Services, hues: Mapping[str, int]) -> Table:
    """A line per server."""
    columns = (
        Column("server", 6),
        Column("role", 20, weight=1),
        Column("epoch", 6, right=True, drop=1),
        Column("applied", 9, right=True),
        Column("clients", 7, right=True),
        Column("watches", 7, right=True, drop=2),
    )
    dash = Cell("–", Tone.MUTED)
    rows = []
    for i, name in enumerate(servers):
        service = services.get(name)
        state = shapes.State(world.nodes[name].life.value)
        cells: tuple[Cell, ...] = (dash, dash, dash, dash, dash)
        if service is not None:
            cells = (
                _role(service),
                Cell(str(service.peer.epoch)),
                Cell(spelled(service.tree.zxid)),
                Cell(str(len(service.desks))),
                Cell(str(len(service.watches))),
            )
        rows.append(Row((Cell(name), *cells), name=name, hue=hues.get(name, i), state=state))
    return Table(columns, tuple(rows), caption=_standing(servers, services))


def detail(world: World, name: str, service: ZooKeeperService | None) -> Detail:
    """All about one server. ``service``: it, if it runs."""
    if service is None:
        on_disk = world.nodes[name].disk.size_bytes(FILE)
        return Detail(f"{name}: no process runs", (Fact("on its disk", f"{on_disk} bytes", Tone.MUTED),))
    peer, known = service.peer, service.tree
    role = _role(service)
    facts = (
        Fact("it", role.text, role.tone),
        Fact("phase", f"{peer.phase}, epoch {peer.epoch}" if peer.epoch else peer.phase),
        Fact("applied", spelled(known.zxid)),
        Fact("holds", f"{len(known.nodes)} znodes, {len(known.sessions)} sessions"),
        Fact("watches", str(len(service.watches))),
        Fact("clients", ", ".join(sorted(desk.connection.peer for desk in service.desks.values())) or "none"),
    )
    tables = (
        ("sessions", _sessions(service)),
        ("watches set here", _watches(service)),
        ("newest transactions", _recent(service)),
    )
    return Detail(name, facts, tables)


def _time_left(services: Services) -> dict[int, int]:
    """Session -> the whole seconds that it has left, by the leader's clock."""
    led = leader(services, "")
    if not led:
        return {}
    service = services[led[0]]
    now_us = service.clock.monotonic_us
    left_us = {number: service.processor.sessions.left_us(number, now_us) for number in service.tree.sessions}
    return {number: max(0, us) // 1_000_000 for number, us in left_us.items() if us is not None}


def _left(left: Mapping[int, int], node: Znode) -> str:
    return f"{left[node.owner]} s left" if node.owner in left else ""


def _watched(services: Services, path: str) -> str:
    """How many watches are set on a znode, of both kinds."""
    count = sum(service.watches.count(path) for service in services.values())
    return "" if not count else "1 watch" if count == 1 else f"{count} watches"


def _line(
    world: World,
    service: ZooKeeperService,
    path: str,
    node: Znode,
    hues: Mapping[str, int],
    notes: tuple[str, ...],
) -> TreeNode:
    session = service.tree.sessions.get(node.owner)
    owner = "" if session is None else session.client
    fresh = node.mzxid > 0 and 0 <= world.now_us - node.mtime_us < FRESH_US
    data = f"{node.data}  v{node.version}" if node.version else node.data
    text = "  ".join(each for each in (data, *notes) if each)
    return TreeNode(
        path,
        "/" if path == "/" else name_of(path),
        0 if path == "/" else path.count("/"),
        text,
        "ephemeral" if node.owner else "",
        hue=hues.get(owner) if owner else None,
        subject=owner,
        fresh=fresh,
    )


def _standing(servers: Sequence[str], services: Services) -> str:
    led = leader(services, "")
    if not led:
        return "nobody leads the ensemble"
    following = sum(service.peer.leader == led[0] for service in services.values()) - 1
    return f"{led[0]} leads epoch {services[led[0]].peer.epoch}, {following} of {len(servers) - 1} follow"


def _role(service: ZooKeeperService) -> Cell:
    text, tone = _ROLES[service.peer.role]
    if service.peer.role is Role.FOLLOWING:
        text += f" {service.peer.leader}"
    return Cell(text, tone)


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
        rows.append(Row(cells, name=session.client))
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
        Row((Cell(spelled(zxid)), Cell(_client(service.tree, txn)), _told(txn)))
        for zxid, txn, _ in reversed(list(service.recent)[-_RECENT_SHOWN:])
    ]
    return Table(columns, tuple(rows), empty="none since it started")


def _client(known: Tree, txn: Txn) -> str:
    session = known.sessions.get(txn.session)
    return session.client if session is not None else "–"


def _told(txn: Txn) -> Cell:
    if txn.error is not None:
        return Cell(f"refused: {txn.error[1]}", Tone.MUTED)
    parts = []
    for change in txn.changes:
        match change:
            case Made():
                parts.append(f"make {change.path}" + (" (ephemeral)" if change.owner else ""))
            case Changed():
                parts.append(f"set {change.path} to {change.data}, v{change.version}")
            case Removed():
                parts.append(f"delete {change.path}")
            case Opened():
                parts.append(f"open a session for {change.connection[0]}")
            case Ended():
                parts.append(f"{'expire' if change.expired else 'close'} session {spelled(change.session)}")
            case _:
                parts.append(f"check {change.path}")
    return Cell(", ".join(parts) or "sync")
