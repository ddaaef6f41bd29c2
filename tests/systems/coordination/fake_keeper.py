"""An ensemble that is one object outside the world, with failures on demand: for units that have to meet a given error.

It has the methods of ZooKeeper and answers after a millisecond. What depends on a real ensemble is tested with one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from playground.kernel.service import Service
from playground.systems.zookeeper.client import (
    BadVersion,
    ConnectionLoss,
    Event,
    NodeExists,
    NoNode,
    SessionExpired,
    Stat,
    State,
    Watch,
)

ANSWER_US = 1_000


class Znode:
    def __init__(self, data: str, zxid: int, owner: int) -> None:
        self.data, self.czxid, self.mzxid, self.owner = data, zxid, zxid, owner
        self.version = self.made = 0

    def stat(self, children: int) -> Stat:
        return Stat(self.czxid, self.mzxid, 0, 0, 0, self.version, 0, self.owner, len(self.data), children)


class Ensemble:
    """``trouble``: kind of request -> what befalls the next ones of it.

    The connection breaks: "unsent" (the request never left), "before" it is done, "after" it. "expired": refused,
    the session is over. "silence": done, but no answer ever comes.
    """

    def __init__(self) -> None:
        self.nodes = {"/": Znode("", 0, 0)}
        self.watches: dict[str, list[tuple[FakeKeeper, bool, Watch]]] = {}
        self.zxid = 0
        self.sessions: dict[int, FakeKeeper] = {}
        self.trouble: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.opened = 0
        self.connects = True

    def children(self, path: str) -> list[str]:
        prefix = path.rstrip("/") + "/"
        return sorted(
            name[len(prefix) :]
            for name in self.nodes
            if name != "/" and name.startswith(prefix) and "/" not in name[len(prefix) :]
        )

    def fire(self, path: str, kind: Any) -> None:
        waiting = self.watches.pop(path, [])
        for keeper, of_children, watch in waiting:
            if of_children == (kind == "children") or kind == "deleted":
                keeper.later(partial(watch, Event(kind, path)))
            else:
                self.watches.setdefault(path, []).append((keeper, of_children, watch))

    def create(self, path: str, data: str, owner: int, sequential: bool) -> str:
        parent = path.rsplit("/", 1)[0] or "/"
        if parent not in self.nodes:
            raise NoNode(parent)
        if sequential:
            path += f"{self.nodes[parent].made:010}"
        if path in self.nodes:
            raise NodeExists(path)
        self.nodes[parent].made += 1
        self.zxid += 1
        self.nodes[path] = Znode(data, self.zxid, owner)
        self.fire(path, "created")
        self.fire(parent, "children")
        return path

    def delete(self, path: str) -> None:
        if path not in self.nodes:
            raise NoNode(path)
        self.zxid += 1
        del self.nodes[path]
        self.fire(path, "deleted")
        self.fire(path.rsplit("/", 1)[0] or "/", "children")

    def expire(self, session: int) -> None:
        """The session ends; its client learns of it at once."""
        keeper = self.sessions.pop(session)
        for path in [path for path, node in self.nodes.items() if node.owner == session]:
            self.delete(path)
        for path, waiting in list(self.watches.items()):
            self.watches[path] = [each for each in waiting if each[0] is not keeper]
        keeper.become(State.EXPIRED)


class FakeKeeper:
    """A session with `Ensemble`; make the class of one ensemble by :func:`keeper_of`."""

    ensemble: Ensemble

    def __init__(
        self, service: Service, servers: tuple[str, ...], *, timeout_us: int, on_state: Callable[[State], object]
    ) -> None:
        self.service, self.timeout_us, self.on_state = service, timeout_us, on_state
        self.state, self.session, self.server = State.CONNECTING, 0, ""
        self.safe_until_us = -1

    def later(self, act: Callable[[], object]) -> None:
        self.service.after(ANSWER_US, act)

    def start(self) -> None:
        self.later(self.connect)

    def connect(self) -> None:
        if not self.ensemble.connects:
            self.start()
        elif self.state in (State.CONNECTING, State.DISCONNECTED):
            if not self.session:
                self.ensemble.opened += 1
                self.session, self.server = self.ensemble.opened, "z1"
                self.ensemble.sessions[self.session] = self
            self.safe_until_us = self.service.clock.monotonic_us + self.timeout_us // 2
            self.become(State.CONNECTED)

    def become(self, state: State) -> None:
        self.state = state
        self.on_state(state)

    async def ask(self, kind: str, path: str, act: Callable[[], Any]) -> Any:
        self.require_session(path)
        if self.state is not State.CONNECTED:
            raise ConnectionLoss(path)
        self.ensemble.asked.append((kind, path))
        waiting = self.ensemble.trouble.get(kind, [])
        trouble = waiting.pop(0) if waiting else ""
        await self.service.sleep(ANSWER_US)
        if trouble == "expired":
            self.ensemble.expire(self.session)
        self.require_session(path)
        if trouble in ("unsent", "before"):
            self.lose()
            raise ConnectionLoss(path, definite=trouble == "unsent")
        result = act()
        if trouble == "after":
            self.lose()
            raise ConnectionLoss(path)
        if trouble == "silence":
            await trio.sleep_forever()
        return result

    def require_session(self, path: str) -> None:
        if self.state is State.EXPIRED:
            raise SessionExpired(path)

    def lose(self) -> None:
        self.become(State.DISCONNECTED)
        self.start()

    def node(self, path: str) -> Znode:
        if path not in self.ensemble.nodes:
            raise NoNode(path)
        return self.ensemble.nodes[path]

    def watch(self, path: str, watch: Watch | None, *, children: bool = False) -> None:
        if watch is not None:
            self.ensemble.watches.setdefault(path, []).append((self, children, watch))

    async def create(self, path: str, data: str = "", *, ephemeral: bool = False, sequential: bool = False) -> str:
        owner = self.session if ephemeral else 0
        return str(await self.ask("create", path, lambda: self.ensemble.create(path, data, owner, sequential)))

    async def get(self, path: str, watch: Watch | None = None) -> tuple[str, Stat]:
        def act() -> tuple[str, Stat]:
            node = self.node(path)
            self.watch(path, watch)
            return node.data, node.stat(0)

        result: tuple[str, Stat] = await self.ask("get", path, act)
        return result

    async def set(self, path: str, data: str, version: int = -1) -> Stat:
        def act() -> Stat:
            node = self.node(path)
            if version not in (-1, node.version):
                raise BadVersion(path)
            self.ensemble.zxid += 1
            node.data, node.version, node.mzxid = data, node.version + 1, self.ensemble.zxid
            self.ensemble.fire(path, "changed")
            return node.stat(0)

        result: Stat = await self.ask("set", path, act)
        return result

    async def delete(self, path: str, version: int = -1) -> None:
        await self.ask("delete", path, lambda: self.ensemble.delete(path))

    async def exists(self, path: str, watch: Watch | None = None) -> Stat | None:
        def act() -> Stat | None:
            self.watch(path, watch)
            return self.ensemble.nodes[path].stat(0) if path in self.ensemble.nodes else None

        result: Stat | None = await self.ask("exists", path, act)
        return result

    async def children(self, path: str, watch: Watch | None = None) -> tuple[str, ...]:
        def act() -> tuple[str, ...]:
            self.node(path)
            self.watch(path, watch, children=True)
            return tuple(self.ensemble.children(path))

        result: tuple[str, ...] = await self.ask("children", path, act)
        return result

    async def sync(self) -> None:
        await self.ask("sync", "/", lambda: None)


def keeper_of(ensemble: Ensemble) -> type[FakeKeeper]:
    """The class of sessions with ``ensemble``."""
    return type("Keeper", (FakeKeeper,), {"ensemble": ensemble})
