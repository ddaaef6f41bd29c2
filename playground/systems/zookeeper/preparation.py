"""From requests to transactions: the leader's first step, before anything is agreed upon.

Requests come faster than transactions are committed. So each is judged by the state that will be there when all that
was proposed before it has been applied: the tree, and over it what is outstanding (ZooKeeper's ChangeRecords). If a
leader fails, what it had outstanding is forgotten with it.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.systems.zookeeper.errors import (
    BadArguments,
    BadVersion,
    NoChildrenForEphemerals,
    NodeExists,
    NoNode,
    NotEmpty,
)
from playground.systems.zookeeper.messages import Op
from playground.systems.zookeeper.tree import Tree, parent_of, require_path
from playground.systems.zookeeper.txns import Change, Changed, Checked, Ended, Made, Removed


class Record(NamedTuple):
    """What a request has to know of a znode."""

    version: int
    owner: int
    children: int
    created: int


Records = dict[str, Record | None]
"""Path -> what it will be; None: it will not be there."""


class Preparation:
    """What is outstanding over ``tree``."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._outstanding: dict[str, tuple[int, Record | None]] = {}
        """Path -> ``(zxid, what it will be then)``."""

    def clear(self) -> None:
        self._outstanding.clear()

    def prepare(self, session: int, ops: tuple[Op, ...]) -> tuple[tuple[Change, ...], Records]:
        """What comes of ``ops``, all or nothing. Raises KeeperError: the error of the first that fails."""
        records: Records = {}
        return tuple([self._prepare(session, op, records) for op in ops]), records

    def end(self, session: int, *, expired: bool) -> tuple[Ended, Records]:
        """The end of a session, with all the ephemerals that it will have by then."""
        records: Records = {}
        paths = dict(self._tree.ephemerals.get(session, {}))
        for path, (_, record) in self._outstanding.items():
            if record is None or record.owner != session:
                paths.pop(path, None)
            else:
                paths[path] = None
        for path in sorted(paths):
            self._remove(path, records)
        return Ended(session, tuple(sorted(paths)), expired), records

    def proposed(self, zxid: int, records: Records) -> None:
        """What was prepared was proposed as ``zxid``."""
        if zxid > self._tree.zxid:
            self._outstanding.update((path, (zxid, record)) for path, record in records.items())

    def applied(self, zxid: int) -> None:
        """The tree knows all up to ``zxid`` itself."""
        done = [path for path, (at, _) in self._outstanding.items() if at <= zxid]
        for path in done:
            del self._outstanding[path]

    def _prepare(self, session: int, op: Op, records: Records) -> Change:
        require_path(op.path)
        if op.do == "create":
            return self._create(session, op, records)
        record = self._look(op.path, records)
        if record is None:
            raise NoNode(f"there is no {op.path}")
        if op.version not in (-1, record.version):
            raise BadVersion(f"{op.path} has version {record.version}, not {op.version}")
        if op.do == "check":
            return Checked(op.path)
        if op.do == "set":
            records[op.path] = record._replace(version=record.version + 1)
            return Changed(op.path, op.data, record.version + 1)
        if op.path == "/":
            raise BadArguments("the root cannot be deleted")
        if record.children:
            raise NotEmpty(f"{op.path} has children")
        self._remove(op.path, records)
        return Removed(op.path)

    def _create(self, session: int, op: Op, records: Records) -> Made:
        if op.path == "/":
            raise NodeExists("the root is always there")
        above = parent_of(op.path)
        parent = self._look(above, records)
        if parent is None:
            raise NoNode(f"there is no {above}")
        if parent.owner:
            raise NoChildrenForEphemerals(f"{above} is ephemeral")
        path = f"{op.path}{parent.created:010d}" if op.sequential else op.path
        if self._look(path, records) is not None:
            raise NodeExists(f"there is a {path} already")
        records[above] = parent._replace(children=parent.children + 1, created=parent.created + 1)
        owner = session if op.ephemeral else 0
        records[path] = Record(0, owner, 0, 0)
        return Made(path, op.data, owner, parent.created + 1)

    def _remove(self, path: str, records: Records) -> None:
        above = parent_of(path)
        parent = self._look(above, records)
        assert parent is not None, f"{path} is there without its parent"
        records[path] = None
        records[above] = parent._replace(children=parent.children - 1)

    def _look(self, path: str, records: Records) -> Record | None:
        if path in records:
            return records[path]
        if path in self._outstanding:
            return self._outstanding[path][1]
        node = self._tree.nodes.get(path)
        return None if node is None else Record(node.version, node.owner, len(node.children), node.created)
