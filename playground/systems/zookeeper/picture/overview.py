"""The tree of znodes, and a line per server.

The tree is that of the server which has applied most, whether it serves or not. A frozen server shows what it had.
How long a session has left only the leader knows; watches are counted at all the servers that run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.zookeeper.application import Role, spelled
from playground.systems.zookeeper.roles import leader
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.tree import Znode, name_of
from widgets import shapes
from widgets.shapes import Cell, Column, Row, Table, Tone, TreeNode

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, ZooKeeperService]

FRESH_US = 1_500_000
"""A znode is fresh for so long after it was made or changed."""
_NODES_SHOWN = 500
_DEEP = 3
"""What is kept so far below the root is of interest to few."""
_ROLES = {
    Role.LEADING: ("leads", Tone.GOOD),
    Role.FOLLOWING: ("follows", Tone.PLAIN),
    Role.LOOKING: ("looks for a leader", Tone.WARN),
}


def newest(services: Services) -> ZooKeeperService | None:
    """The server that has applied most; None if none runs."""
    return max(services.values(), key=lambda each: each.tree.zxid, default=None)


def tree(world: World, servers: Sequence[str], services: Services, hues: Mapping[str, int]) -> shapes.Tree:
    """All znodes; an ephemeral one belongs to the machine whose session it goes with."""
    service = newest(services)
    if service is None:
        return shapes.Tree((), empty="no server of the ensemble runs")
    known = service.tree
    left = time_left(services)
    lines: list[TreeNode] = []
    pending = ["/"]
    while pending and len(lines) < _NODES_SHOWN:
        path = pending.pop()
        node = known.nodes[path]
        lines.append(_line(world, service, path, node, hues, notes=(_left(left, node), watched(services, path))))
        above = "" if path == "/" else path
        pending += (f"{above}/{child}" for child in sorted(node.children, reverse=True))
    more = f", the first {_NODES_SHOWN} of {len(known.nodes)}" if len(known.nodes) > _NODES_SHOWN else ""
    caption = f"{standing(servers, services)}, zxid {spelled(known.zxid)}{more}"
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
                role(service),
                Cell(str(service.peer.epoch)),
                Cell(spelled(service.tree.zxid)),
                Cell(str(len(service.desks))),
                Cell(str(len(service.watches))),
            )
        rows.append(Row((Cell(name), *cells), name=name, hue=hues.get(name, i), state=state))
    return Table(columns, tuple(rows), caption=standing(servers, services))


def time_left(services: Services) -> dict[int, int]:
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


def watched(services: Services, path: str) -> str:
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
        rank=_rank(path, node, owner),
    )


def _rank(path: str, node: Znode, owner: str) -> int:
    """What matters first: an ephemeral that is not called as its owner is a part that somebody plays (a master)."""
    if node.owner:
        return 1 if owner and name_of(path).startswith(owner) else 0
    return 2 if path.count("/") < _DEEP and path != "/" else 3


def standing(servers: Sequence[str], services: Services) -> str:
    """Who leads the ensemble, and how many follow."""
    led = leader(services, "")
    if not led:
        return "nobody leads the ensemble"
    following = sum(service.peer.leader == led[0] for service in services.values()) - 1
    return f"{led[0]} leads epoch {services[led[0]].peer.epoch}, {following} of {len(servers) - 1} follow"


def role(service: ZooKeeperService) -> Cell:
    """What a server takes itself for."""
    text, tone = _ROLES[service.peer.role]
    if service.peer.role is Role.FOLLOWING:
        text += f" {service.peer.leader}"
    return Cell(text, tone)
