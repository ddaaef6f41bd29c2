"""The watches of a session, as its client keeps them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from playground.systems.zookeeper.messages import Event, Exists, GetChildren, Result, Watch

Kind = Literal["data", "absent", "children"]


class Registered(NamedTuple):
    """A watch that was set by a read of the state of ``zxid``. ``number`` counts the session's watches."""

    number: int
    kind: Kind
    path: str
    zxid: int
    callback: Watch


_WAKES: dict[str, tuple[Kind, ...]] = {
    "created": ("absent", "data"),
    "changed": ("data", "absent"),
    "deleted": ("data", "absent", "children"),
    "children": ("children",),
}
"""Kind of event -> the watches that it wakes."""


class WatchBook:
    """Who waits for what, in the order of asking."""

    def __init__(self) -> None:
        self._tables: dict[Kind, dict[str, list[Registered]]] = {"data": {}, "absent": {}, "children": {}}
        self._number = 0

    def __bool__(self) -> bool:
        return any(self._tables.values())

    def waiting(self) -> tuple[Registered, ...]:
        """All that have not fired."""
        return tuple(watch for table in self._tables.values() for watches in table.values() for watch in watches)

    def register(self, body: Any, callback: Watch, result: Result) -> Registered | None:
        """The read ``body`` was answered. None: what it was to watch is not there, so nothing was set."""
        if isinstance(body, Exists):
            kind: Kind = "absent" if result.value is None else "data"
        else:
            kind = "children" if isinstance(body, GetChildren) else "data"
        if result.error is not None:
            return None
        self._number += 1
        watch = Registered(self._number, kind, body.path, result.zxid, callback)
        self._tables[kind].setdefault(body.path, []).append(watch)
        return watch

    def fire(self, event: Event) -> tuple[Registered, ...]:
        """Those that waited for it; they don't wait any more."""
        found: list[Registered] = []
        for kind in _WAKES[event.kind]:
            found += self._tables[kind].pop(event.path, ())
        return tuple(found)

    def paths(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """What is watched: data, that something comes to be, children."""
        data, absent, children = (tuple(table) for table in self._tables.values())
        return data, absent, children
