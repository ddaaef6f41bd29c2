"""A session that is followed by another one when it expires, and small things that are done in a session.

For services that want the ensemble for as long as they run: what they do there is written as tasks. A task runs again
whenever the connection was lost over it, and begins anew in each session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

from playground.kernel.service import Service
from playground.systems.zookeeper.errors import KeeperError, NodeExists, NoNode, SessionExpired
from playground.systems.zookeeper.handle import State, ZooKeeper

RETRY_US = 100_000
"""After a lost connection."""

Task = Callable[[ZooKeeper], Awaitable[object]]
Told = Callable[[str | None], object]


class Keeper:
    """One session after another. ``tasks()``: what is to run as long as a session lasts; ``on_over()``: it is over."""

    def __init__(
        self,
        service: Service,
        servers: tuple[str, ...],
        timeout_us: int,
        tasks: Callable[[], tuple[Task, ...]],
        on_over: Callable[[], object],
    ) -> None:
        self._service = service
        self._servers = servers
        self._timeout_us = timeout_us
        self._tasks = tasks
        self._on_over = on_over
        self._nursery: trio.Nursery | None = None
        self.zk: ZooKeeper | None = None

    @property
    def safe(self) -> bool:
        """Whether the session has certainly not expired yet."""
        zk = self.zk
        return zk is not None and self._service.clock.monotonic_us < zk.safe_until_us

    def start(self) -> None:
        self._service.spawn(self._live)

    def run(self, task: Task) -> None:
        """Have one more task run in this session (`tasks` names it for the next ones)."""
        if self._nursery is not None and self.zk is not None:
            self._nursery.start_soon(self._guarded, task, self.zk)

    async def _live(self) -> None:
        while True:
            over = trio.Event()

            def on_state(state: State, over: trio.Event = over) -> None:
                if state in (State.EXPIRED, State.CLOSED) and not over.is_set():
                    over.set()
                    self.zk = None
                    self._on_over()

            zk = ZooKeeper(self._service, self._servers, timeout_us=self._timeout_us, on_state=on_state)
            self.zk = zk
            zk.start()
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                for task in self._tasks():
                    nursery.start_soon(self._guarded, task, zk)
                await over.wait()
                self._nursery = None
                nursery.cancel_scope.cancel()

    async def _guarded(self, task: Task, zk: ZooKeeper) -> None:
        """Run a task again whenever the connection is lost, to its end or that of the session."""
        while True:
            try:
                await task(zk)
            except SessionExpired:
                return
            except KeeperError:
                await self._service.sleep(RETRY_US)
            else:
                return


async def read(zk: ZooKeeper, path: str) -> str | None:
    """A znode's data; None if there is none."""
    try:
        return (await zk.get(path))[0]
    except NoNode:
        return None


async def ensure(zk: ZooKeeper, path: str, data: str = "") -> None:
    """Create a persistent znode, and its parents, if it is not there."""
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts) + 1):
        part = "/" + "/".join(parts[:depth])
        if await zk.exists(part) is None:
            with suppress(NodeExists):
                await zk.create(part, data if depth == len(parts) else "")


async def announce(zk: ZooKeeper, path: str, data: str) -> None:
    """Have an ephemeral znode of this session there, with this data. One of an earlier session is removed."""
    while True:
        stat = await zk.exists(path)
        try:
            if stat is None:
                await zk.create(path, data, ephemeral=True)
            elif stat.ephemeral_owner == zk.session:
                await zk.set(path, data)
            else:
                await zk.delete(path)
                continue
        except (NoNode, NodeExists):
            continue
        return


async def watch_data(zk: ZooKeeper, path: str, told: Told) -> None:
    """Call ``told(data)`` now and whenever the znode has changed, come (data) or gone (None), for ever."""
    while True:
        changed = trio.Event()
        found = await look(zk, path, changed)
        told(found[0] if found is not None else None)
        await changed.wait()


async def look(zk: ZooKeeper, path: str, changed: trio.Event) -> tuple[str, int] | None:
    """Data and owner of a znode, None if there is none; ``changed`` is set when that is so no more."""
    while True:
        try:
            data, stat = await zk.get(path, lambda _event: changed.set())
        except NoNode:
            if await zk.exists(path, lambda _event: changed.set()) is None:
                return None
        else:
            return data, stat.ephemeral_owner


async def watch_children(zk: ZooKeeper, path: str, told: Callable[[tuple[str, ...]], object]) -> None:
    """Call ``told(names)`` now and whenever a child of the znode comes or goes, for ever. NoNode if it is not there."""
    while True:
        changed = trio.Event()
        told(await zk.children(path, lambda _event, changed=changed: changed.set()))  # type: ignore[misc]
        await changed.wait()
