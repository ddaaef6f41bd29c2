"""ZooKeeper as a database: a key is a znode under /kv.

* A write sets the znode's data, or creates it if there is none. Two clients may create at once: who comes second
  sets. Each of these is sent once. If its answer is lost nobody knows what became of it (ConnectionLoss, indefinite):
  sent again it might take effect twice, the second time over what somebody else wrote in between.
* A read is answered by whichever server the session is connected to, and that one may lag: a session sees what it
  wrote itself and never goes back in time, but may miss what others have just written. With ``fresh`` it asks for a
  sync before each read. Then reads and writes are linearizable.
* A session that expires is followed by another. Its first read is preceded by a sync, or it could see less than the
  session before it did.
* Without a connection an operation waits for one, until its time is over. What was never sent certainly did not happen.
"""

from __future__ import annotations

from contextlib import suppress

import trio

from playground.kernel.errors import Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.zookeeper.errors import ConnectionLoss, NodeExists, NoNode, SessionExpired
from playground.systems.zookeeper.handle import State, ZooKeeper

ROOT = "/kv"


class KeeperDatabase:
    """A session with the ensemble, as a `Database`. It speaks through ``service``.

    An operation fails after ``timeout_us`` at the latest. ``fresh``: reads see every write that was acknowledged
    before they began, for one more round trip to the leader.
    """

    def __init__(
        self,
        service: Service,
        ensemble: tuple[str, ...],
        *,
        timeout_us: int,
        session_timeout_us: int,
        fresh: bool = False,
    ) -> None:
        self.timeout_us = timeout_us
        self.fresh = fresh
        self._service = service
        self._ensemble = ensemble
        self._session_timeout_us = session_timeout_us
        self._behind = False
        """The present session may see less than an earlier one did, until it has synced."""
        self._changed = trio.Event()
        self._keeper: ZooKeeper | None = None

    def start(self) -> None:
        """Open a session."""
        self._keeper = ZooKeeper(
            self._service, self._ensemble, timeout_us=self._session_timeout_us, on_state=self._on_state
        )
        self._keeper.start()

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        """The value of ``key``, or none. Raises CallError; a read that fails has changed nothing."""
        path = _path(key, r)
        with self._service.timeout(self.timeout_us):
            while True:
                keeper = await self._connected()
                with suppress(ConnectionLoss, SessionExpired):  # a read may be asked again, here or elsewhere
                    return await self._read(keeper, path)
        raise AssertionError("unreachable")

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        """Write. Raises CallError: ``definite`` if it certainly did not happen, else it may have, or may still."""
        path = _path(key, w)
        sending = False
        try:
            with self._service.timeout(self.timeout_us):
                while True:
                    keeper = await self._connected()
                    sending = True
                    try:
                        return await self._write(keeper, path, value)
                    except (ConnectionLoss, SessionExpired) as error:
                        if not error.definite:
                            raise
                    sending = False
        except TimedOut as error:
            if not sending:
                raise Rejected("disconnected", "no server of the ensemble answers") from error
            raise

    def observed(self, key: str) -> frozenset[str]:
        """None: there is one value of a key, and a write replaces it."""
        return frozenset()

    def whom(self, members: tuple[str, ...]) -> None:
        """The ensemble's servers are its own affair."""

    async def leave(self, node: str) -> None:
        """Not possible: who is in the ensemble is fixed."""
        raise Rejected("bad-request", f"{node} cannot leave: the servers of an ensemble are fixed")

    async def _read(self, keeper: ZooKeeper, path: str) -> tuple[str, ...]:
        if self.fresh or self._behind:
            await keeper.sync()
            if keeper is self._keeper:
                self._behind = False
        try:
            value, _ = await keeper.get(path)
        except NoNode:
            return ()
        return (value,)

    async def _write(self, keeper: ZooKeeper, path: str, value: str) -> None:
        # Nothing is ever deleted, so this ends: once the znode is there, it can be set.
        while True:
            try:
                await keeper.set(path, value)
                return
            except NoNode:
                pass
            try:
                await keeper.create(path, value)
                return
            except NodeExists:
                continue
            except NoNode:
                pass
            with suppress(NodeExists, ConnectionLoss):  # whether it is there now, the next turn finds out
                await keeper.create(ROOT)

    async def _connected(self) -> ZooKeeper:
        """The session, once it has a server."""
        while True:
            keeper = self._keeper
            if keeper is None:
                raise Rejected("not-started", "the session was not opened yet")
            if keeper.state is State.CONNECTED:
                return keeper
            await self._changed.wait()

    def _on_state(self, state: State) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()
        if state is State.EXPIRED:
            self._behind = True
            self.start()


def _path(key: str, quorum: int | None) -> str:
    """The znode of ``key``. Raises Rejected."""
    if quorum is not None:
        raise Rejected("bad-request", "an ensemble has no quorums to choose: its leader asks a majority")
    if not key or "/" in key or key in (".", ".."):
        raise Rejected("bad-request", f"{key!r} cannot be the name of a znode")
    return f"{ROOT}/{key}"
