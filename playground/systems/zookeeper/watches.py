"""The watches that are set at one server.

* A watch fires once, and is gone then. Whoever wants to know more sets it again, with the read that follows.
* It belongs to a connection, and to a path: on its data (and being there), or on its children. Two of
  the same kind on the same path are one.
* When a znode is deleted, watches on its data and on its children are told, a connection once.
* The server fires them when it applies a change, before it answers anything from the new state.
"""

from __future__ import annotations

from collections.abc import Iterator

from playground.kernel.connections import Id
from playground.systems.zookeeper.messages import Event, SetWatches
from playground.systems.zookeeper.tree import Tree

Table = dict[str, dict[Id, None]]


class Watches:
    """Who waits for what. Connections are told in the order in which they asked."""

    def __init__(self) -> None:
        self.data: Table = {}
        self.children: Table = {}

    def __len__(self) -> int:
        return sum(len(ids) for table in (self.data, self.children) for ids in table.values())

    def count(self, path: str) -> int:
        """How many wait for the znode ``path``, or for its children."""
        return len(self.data.get(path, ())) + len(self.children.get(path, ()))

    def on_data(self, path: str, connection: Id) -> None:
        self.data.setdefault(path, {})[connection] = None

    def on_children(self, path: str, connection: Id) -> None:
        self.children.setdefault(path, {})[connection] = None

    def trigger(self, event: Event) -> tuple[Id, ...]:
        """The connections to tell; they don't wait any more."""
        told: dict[Id, None] = {}
        if event.kind != "children":
            told |= self.data.pop(event.path, {})
        if event.kind in ("children", "deleted"):
            told |= self.children.pop(event.path, {})
        return tuple(told)

    def carry_over(self, connection: Id, wanted: SetWatches, tree: Tree) -> Iterator[Event]:
        """Set what was set at another server; gives the events that were missed since ``wanted.zxid``."""
        for path in wanted.data:
            node = tree.nodes.get(path)
            if node is None:
                yield Event("deleted", path)
            elif node.mzxid > wanted.zxid:
                yield Event("changed", path)
            else:
                self.on_data(path, connection)
        for path in wanted.absent:
            if path in tree.nodes:
                yield Event("created", path)
            else:
                self.on_data(path, connection)
        for path in wanted.children:
            node = tree.nodes.get(path)
            if node is None:
                if path not in wanted.data:  # else it was told already
                    yield Event("deleted", path)
            elif node.pzxid > wanted.zxid:
                yield Event("children", path)
            else:
                self.on_children(path, connection)

    def forget(self, connection: Id) -> None:
        """The connection is gone."""
        for table in (self.data, self.children):
            for path in [path for path, ids in table.items() if connection in ids]:
                del table[path][connection]
                if not table[path]:
                    del table[path]
