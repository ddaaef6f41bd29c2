"""The state that is replicated: the tree of znodes, and the sessions.

Two servers that have applied the same transactions have the same state, byte for byte. To show it cheaply the tree
keeps a digest that is the sum of the hashes of all its parts (AdHash: Bellare and Micciancio, 1997; so does
ZooKeeper 3.6), so that it changes with them at constant cost.

A path is "/" or names with a "/" before each. Names are not empty, nor "." nor "..".
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from playground.systems.zookeeper.errors import BadArguments
from playground.systems.zookeeper.messages import Event, Stat
from playground.systems.zookeeper.txns import Change, Changed, Ended, Made, Opened, Removed, Txn

_encode = json.JSONEncoder(separators=(",", ":")).encode
_DIGEST = (1 << 64) - 1


class Session(NamedTuple):
    """``client``: the machine that it was made for."""

    client: str
    timeout_us: int
    password: str


@dataclass(slots=True)
class Znode:
    """``created``: how many children it has had; counts sequential names as well."""

    data: str
    czxid: int
    ctime_us: int
    owner: int = 0
    mzxid: int = 0
    mtime_us: int = 0
    pzxid: int = 0
    version: int = 0
    created: int = 0
    children: dict[str, None] = field(default_factory=dict)

    def values(self) -> tuple[Any, ...]:
        """All of it but the children, as a snapshot has it."""
        return (
            self.data,
            self.czxid,
            self.ctime_us,
            self.owner,
            self.mzxid,
            self.mtime_us,
            self.pzxid,
            self.version,
            self.created,
        )

    @property
    def stat(self) -> Stat:
        children = len(self.children)
        return Stat(
            self.czxid,
            self.mzxid,
            self.pzxid,
            self.ctime_us,
            self.mtime_us,
            self.version,
            2 * self.created - children,  # what was created and what was deleted
            self.owner,
            len(self.data.encode()),
            children,
        )


def require_path(path: str) -> None:
    """Raises BadArguments unless ``path`` is one."""
    if path == "/":
        return
    if not path.startswith("/"):
        raise BadArguments(f"{path!r} must begin with /")
    for name in path[1:].split("/"):
        if name in ("", ".", ".."):
            raise BadArguments(f"{path!r} has {name!r} for a name")


def parent_of(path: str) -> str:
    return path[: path.rindex("/")] or "/"


def name_of(path: str) -> str:
    return path[path.rindex("/") + 1 :]


class Outcome(NamedTuple):
    """What a transaction gave: a value for each change (a path, a stat, None), and what watches may wait for."""

    values: tuple[str | Stat | None, ...]
    events: tuple[Event, ...]


class Tree:
    """Changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self.zxid = 0
        self.nodes: dict[str, Znode] = {"/": Znode("", 0, 0)}
        self.ephemerals: dict[int, dict[str, None]] = {}
        """Session -> the paths that go with it. Every session has an entry."""
        self.sessions: dict[int, Session] = {}
        self.digest = 0
        self._recount()

    def apply(self, zxid: int, txn: Txn) -> Outcome:
        """Be what ``txn`` says. Doing so twice is the same as once."""
        events: list[Event] = []
        values = [self._apply(zxid, txn.time_us, change, events) for change in txn.changes]
        self.zxid = max(self.zxid, zxid)
        return Outcome(tuple(values), tuple(events))

    def _apply(self, zxid: int, time_us: int, change: Change, events: list[Event]) -> str | Stat | None:
        if isinstance(change, Made):
            self._make(zxid, time_us, change, events)
            return change.path
        if isinstance(change, Changed):
            node = self.nodes.get(change.path)
            if node is None:
                return None  # applied a second time, and deleted later
            self._uncount(change.path, node)
            node.data, node.version = change.data, change.version
            node.mzxid, node.mtime_us = zxid, time_us
            self._count(change.path, node)
            events.append(Event("changed", change.path))
            return node.stat
        if isinstance(change, Removed):
            self._remove(zxid, change.path, events)
        elif isinstance(change, Opened):
            self._open(zxid, Session(change.connection[0], change.timeout_us, change.password))
        elif isinstance(change, Ended):
            for path in change.paths:
                self._remove(zxid, path, events)
            session = self.sessions.pop(change.session, None)
            if session is not None:
                self.digest = self.digest - _hash(change.session, session) & _DIGEST
                self.ephemerals.pop(change.session)
        return None

    def _make(self, zxid: int, time_us: int, change: Made, events: list[Event]) -> None:
        path = change.path
        before = self.nodes.get(path)
        if before is not None:
            if before.czxid == zxid:
                return
            self._remove(zxid, path, [])
        parent = self.nodes.get(parent_of(path))
        if parent is None or (change.owner and change.owner not in self.sessions):
            return  # applied a second time, and deleted later
        self._uncount(parent_of(path), parent)
        parent.children[name_of(path)] = None
        parent.created = max(parent.created, change.created)
        parent.pzxid = max(parent.pzxid, zxid)
        self._count(parent_of(path), parent)
        node = self.nodes[path] = Znode(change.data, zxid, time_us, change.owner, zxid, time_us, zxid)
        self._count(path, node)
        if change.owner:
            self.ephemerals[change.owner][path] = None
        events += (Event("created", path), Event("children", parent_of(path)))

    def _remove(self, zxid: int, path: str, events: list[Event]) -> None:
        node = self.nodes.pop(path, None)
        if node is None:
            return
        self._uncount(path, node)
        if node.owner in self.ephemerals:
            self.ephemerals[node.owner].pop(path, None)
        parent = self.nodes[parent_of(path)]
        self._uncount(parent_of(path), parent)
        parent.children.pop(name_of(path), None)
        parent.pzxid = max(parent.pzxid, zxid)
        self._count(parent_of(path), parent)
        events += (Event("deleted", path), Event("children", parent_of(path)))

    def _open(self, number: int, session: Session) -> None:
        if number not in self.sessions:
            self.sessions[number] = session
            self.ephemerals[number] = {}
            self.digest = self.digest + _hash(number, session) & _DIGEST

    # --- snapshots ----------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """All of it as compact JSON."""
        nodes = [(path, *node.values()) for path, node in sorted(self.nodes.items())]
        sessions = [(number, *session) for number, session in sorted(self.sessions.items())]
        return _encode((nodes, sessions)).encode()

    def restore(self, zxid: int, snapshot: bytes) -> None:
        """Be what ``snapshot`` says; b"" is the empty tree."""
        self.zxid = zxid
        self.nodes, self.sessions, self.ephemerals = {"/": Znode("", 0, 0)}, {}, {}
        nodes, sessions = json.loads(snapshot) if snapshot else ((), ())
        for number, client, timeout_us, password in sessions:
            self.sessions[number] = Session(client, timeout_us, password)
            self.ephemerals[number] = {}
        for path, *values in nodes:  # sorted, so parents come first
            node = self.nodes[path] = Znode(*values)
            if path != "/":
                self.nodes[parent_of(path)].children[name_of(path)] = None
            if node.owner:
                self.ephemerals[node.owner][path] = None
        self._recount()

    # --- the digest ---------------------------------------------------------------------

    def _recount(self) -> None:
        self.digest = 0
        for path, node in self.nodes.items():
            self._count(path, node)
        for number, session in self.sessions.items():
            self.digest = self.digest + _hash(number, session) & _DIGEST

    def _count(self, path: str, node: Znode) -> None:
        self.digest = self.digest + _hash(path, node.values()) & _DIGEST

    def _uncount(self, path: str, node: Znode) -> None:
        self.digest = self.digest - _hash(path, node.values()) & _DIGEST


def _hash(name: object, values: tuple[Any, ...]) -> int:
    """64 bits; enough to see by accident that two trees differ, no proof against malice."""
    text = repr((name, tuple(values))).encode()
    return zlib.crc32(text) << 32 | zlib.adler32(text)
