"""What the servers keep of the clients' data (the znodes under /kv), for checks: plain functions with god's eye."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from playground.kernel.node import Life
from playground.kernel.wal import parse
from playground.systems.violations import Violation
from playground.systems.zookeeper import txns
from playground.systems.zookeeper.application import Role, spelled
from playground.systems.zookeeper.database import ROOT
from playground.systems.zookeeper.history import Entry, replay
from playground.systems.zookeeper.log import FILE
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.tree import Znode
from playground.systems.zookeeper.txns import Changed, Made

if TYPE_CHECKING:
    from playground.kernel.node import Node

_UNDER = f"{ROOT}/"


def values(nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """Key -> the values that some server has: in its tree, or else in its log, from which they may still come.

    Of a server that is down, what its disk would show it. Values that a newer one has replaced may be missing.
    """
    found: dict[str, dict[str, None]] = {}
    for node in nodes:
        for key, value in _held(node):
            found.setdefault(key, {})[value] = None
    return {key: tuple(each) for key, each in found.items()}


def copies(services: Mapping[str, ZooKeeperService]) -> dict[str, int]:
    """Key -> how many servers that run have its newest value in their trees."""
    newest: dict[str, int] = {}
    count: dict[str, int] = {}
    for service in services.values():
        for path, node in service.tree.nodes.items():
            if path.startswith(_UNDER):
                key = path.removeprefix(_UNDER)
                if node.mzxid > newest.get(key, -1):
                    newest[key], count[key] = node.mzxid, 0
                count[key] += node.mzxid == newest[key]
    return count


def same(services: Mapping[str, ZooKeeperService], names: Iterable[str]) -> list[Violation]:
    """Once quiet: all of ``names`` serve, and have the same tree."""
    found = []
    newest = max((service.tree for service in services.values()), key=lambda tree: tree.zxid, default=None)
    for name in names:
        service = services.get(name)
        if service is None or newest is None or service.peer.role is Role.LOOKING:
            found.append(Violation("servers agree", name, f"{name} does not serve"))
        elif (service.tree.zxid, service.tree.digest) != (newest.zxid, newest.digest):
            text = f"{name} is at {spelled(service.tree.zxid)}, others are at {spelled(newest.zxid)}"
            found.append(Violation("servers agree", name, text))
    return found


def _held(node: Node) -> Iterator[tuple[str, str]]:
    process = node.process
    if process is not None and node.life in (Life.UP, Life.FROZEN):
        service = process.find(ZooKeeperService)
        yield from ((path.removeprefix(_UNDER), each.data) for path, each in _under(service))
        log = service.peer.log.history
        yield from _written(log.between(service.tree.zxid, log.last.zxid))
        return
    history = replay(parse(node.disk.safe_bytes(FILE)).records)
    znodes, _ = json.loads(history.snapshot) if history.snapshot else ((), ())
    yield from ((path.removeprefix(_UNDER), data) for path, data, *_ in znodes if path.startswith(_UNDER))
    yield from _written(history.entries)


def _under(service: ZooKeeperService) -> Iterator[tuple[str, Znode]]:
    yield from ((path, node) for path, node in service.tree.nodes.items() if path.startswith(_UNDER))


def _written(entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        for change in txns.decode(entry.data).changes:
            if isinstance(change, Made | Changed) and change.path.startswith(_UNDER):
                yield change.path.removeprefix(_UNDER), change.data
