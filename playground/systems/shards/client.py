"""What others use of the sharded database: a session; and, on a node itself, its copies and their logs, to be read.

It learns from ZooKeeper who leads each shard, and is told by a watch when that changes (claim R6): nobody restarts it.
A request goes to the master; if that refuses or does not answer, it is tried again, there or with a new master, as long
as there is time. A write has a name (RIFL), so it takes effect once however often it is sent.

What a failed write means: *definite* if every copy that was sent was refused, or if the shard has recorded that it was
reversed; else nobody knows. If others send copies of the same request (``request`` is given), definite speaks of
this session's copies alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from playground.kernel.errors import CallError, Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.database import RequestId
from playground.systems.shards.keeper import LEAVING, NODES, master_path, state_path
from playground.systems.shards.leading import Leading
from playground.systems.shards.lines import Lines, Result
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.messages import START, Failed, Found, Position, Read, Write, Written
from playground.systems.shards.placing import Assignment, shard_of
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService
from playground.systems.shards.settings import ShardsSettings
from playground.systems.zookeeper.client import Keeper, Task, ZooKeeper, ensure, watch_data

__all__ = [
    "START",
    "Leading",
    "Position",
    "Replica",
    "ReplicatedLog",
    "ShardsClient",
    "ShardsService",
    "ShardsSettings",
]

PAUSE_US = 20_000
"""Before a request is tried again."""
_FINAL = ("bad-request", "stale-request", "reversed")
"""Asked again, the answer would be the same."""


class ShardsClient:
    """A session with the database: a `playground.systems.database.Database`.

    It calls through ``service``. ``session``: a name that nobody else ever has; ``members``: the data nodes;
    ``ensemble``: the servers of ZooKeeper. An operation fails after ``timeout_us`` at the latest.
    """

    def __init__(
        self,
        service: Service,
        session: str,
        members: tuple[str, ...],
        ensemble: tuple[str, ...],
        settings: ShardsSettings,
        *,
        points: int = 100,
        session_timeout_us: int = 3_000_000,
        timeout_us: int = 1_000_000,
    ) -> None:
        self.session = session
        self.settings = settings
        self.timeout_us = timeout_us
        self.masters: dict[str, tuple[str, int]] = {}
        """Shard -> who leads it and in which epoch, as this session was told. Missing: nobody does."""
        self.epochs: dict[str, int] = {}
        """Shard -> the highest epoch of a master that this session has heard of."""
        self.holders: dict[str, tuple[str, ...]] = {}
        """Shard -> its members."""
        self._members = members
        self._points = points
        self._service = service
        self._chance = service.random(f"shards session {session}")
        self._lines = Lines(service)
        self._keeper = Keeper(service, ensemble, session_timeout_us, self._tasks, lambda: None)
        self._written: dict[str, Position] = {}
        self._numbers = 0
        self._open: dict[int, None] = {}

    # --- a database -----------------------------------------------------------------------

    def start(self) -> None:
        """The machine serves: begin to find out who leads."""
        self._keeper.start()

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        """The value of ``key``; () if it was never written. Raises CallError; a read that fails has changed nothing."""
        _refuse_quorum(r)
        shard = shard_of(key, self.settings, self._points)
        after = self._written.get(shard, START) if self.settings.read_your_writes else START
        from_slaves = self.settings.reads == "slaves"
        body = partial(Read, shard, key=key, after=after)
        found = await self._request(shard, lambda epoch, slave: body(epoch, slave=slave), from_slaves=from_slaves)
        assert isinstance(found, Found)
        return () if found.value is None else (found.value,)

    async def put(self, key: str, value: str, w: int | None = None, *, request: RequestId | None = None) -> None:
        """Write. ``request``: its name, if it has one already (another's write, passed on). Raises CallError."""
        _refuse_quorum(w)
        shard = shard_of(key, self.settings, self._points)
        own = 0
        if request is None:
            self._numbers += 1
            own = self._numbers
            self._open[own] = None
            request = RequestId(self.session, own, next(iter(self._open)))
        try:
            write = partial(Write, shard, key=key, value=value, request=request)
            written = await self._request(shard, lambda epoch, _slave: write(epoch), from_slaves=False)
        finally:
            self._open.pop(own, None)
        assert isinstance(written, Written)
        self._written[shard] = max(self._written.get(shard, START), written.position)

    def observed(self, key: str) -> frozenset[str]:
        """Nothing: a shard keeps one value of a key, the last one."""
        return frozenset()

    def whom(self, members: tuple[str, ...]) -> None:
        """The operator's list of nodes has changed. (Whom to ask this session learns from ZooKeeper.)"""
        self._members = members

    async def leave(self, node: str) -> None:
        """Have the shards of ``node`` given to others; returns when that is ordered. CallError if it cannot be."""
        zk = self._keeper.zk
        if zk is None:
            raise Rejected("unavailable", "this session has just expired; another one is being opened")
        with self._service.timeout(self.timeout_us):
            await ensure(zk, LEAVING)
            leaving = await zk.children(LEAVING)
            staying = [name for name in await zk.children(NODES) if name != node and name not in leaving]
            if len(staying) < self.settings.copies:
                text = f"without {node} there are {len(staying)} nodes left for {self.settings.copies} copies"
                raise Rejected("too-few-nodes", text)
            await ensure(zk, f"{LEAVING}/{node}")

    # --- requests -------------------------------------------------------------------------

    async def _request(self, shard: str, body: Any, *, from_slaves: bool) -> Found | Written:
        """Ask until somebody has done it, or time is up. ``body(epoch, slave)`` makes the message."""
        clock = self._service.clock
        deadline_us = clock.monotonic_us + self.timeout_us
        certain = True
        reason: CallError = Rejected("no-master", f"nobody leads {shard}")
        while (left_us := deadline_us - clock.monotonic_us) > 0:
            node, slave = self._whom(shard, from_slaves)
            if node:
                try:
                    message = body(self.epochs.get(shard, 0), slave)
                    result: Result = await self._lines.ask(node, message, min(left_us, max(self.timeout_us // 2, 1)))
                except TimedOut as error:
                    certain, reason = False, error
                else:
                    if not isinstance(result, Failed):
                        return result
                    if result.final or result.code in _FINAL:
                        raise Rejected(result.code, result.text, definite=result.final or (certain and result.definite))
                    certain = certain and result.definite
                    reason = Rejected(result.code, result.text)
                from_slaves = False  # what a slave cannot tell, the master can
            left_us = deadline_us - clock.monotonic_us
            await self._service.sleep(min(max(left_us, 1), PAUSE_US))
        text = reason.text if isinstance(reason, Rejected) else str(reason)
        code = reason.code if isinstance(reason, Rejected) else "timed-out"
        if isinstance(reason, TimedOut) and not certain:
            raise reason
        raise Rejected(code, text, definite=certain)

    def _whom(self, shard: str, from_slaves: bool) -> tuple[str, bool]:
        """Whom to ask, and whether as a slave; "": nobody leads."""
        master, _ = self.masters.get(shard, ("", 0))
        if from_slaves:
            slaves = [name for name in self.holders.get(shard, ()) if name != master]
            if slaves:
                return slaves[int(self._chance.random() * len(slaves))], True
        return master, False

    # --- ZooKeeper --------------------------------------------------------------------------

    def _tasks(self) -> tuple[Task, ...]:
        shards = self.settings.names
        return (
            *(partial(self._watch_master, shard) for shard in shards),
            *(partial(self._watch_state, shard) for shard in shards),
        )

    async def _watch_master(self, shard: str, zk: ZooKeeper) -> None:
        def told(data: str | None) -> None:
            if data is None:
                self.masters.pop(shard, None)
                return
            name, _, epoch = data.partition(" ")
            self.masters[shard] = name, int(epoch)
            self._know(shard, int(epoch))

        await watch_data(zk, master_path(shard), told)

    async def _watch_state(self, shard: str, zk: ZooKeeper) -> None:
        def told(data: str | None) -> None:
            if data is not None:
                assignment = Assignment.parse(data)
                self.holders[shard] = assignment.names
                self._know(shard, assignment.epoch)

        await watch_data(zk, state_path(shard), told)

    def _know(self, shard: str, epoch: int) -> None:
        self.epochs[shard] = max(self.epochs.get(shard, 0), epoch)


def _refuse_quorum(asked: int | None) -> None:
    if asked is not None:
        raise Rejected("bad-request", "the sharded database has masters and slaves, no quorums: leave out r and w")
