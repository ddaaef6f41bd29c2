"""How a shard gets its master, through ZooKeeper.

* The master holds an ephemeral znode. When it vanishes, everybody who watches it is told.
* Each member then promises, on its disk, to take nothing of the old epoch any more. It announces that, and how far
  its log goes.
* When so many have announced that one of them must have every acknowledged write, who has the longest log claims:
  in one transaction the epoch is raised and the master's znode is made. The epoch's znode has a version; if
  anything has changed since it was read, the claim fails. So there is one master in an epoch.
* Who finds the master's znode to be its own, made in this session, leads: also when it never heard
  that its claim had succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import trio

from playground.kernel.errors import DiskError
from playground.systems.shards.keeper import candidates_path, master_path, state_path
from playground.systems.shards.leading import Leading
from playground.systems.shards.messages import Position
from playground.systems.shards.placing import Assignment, electing
from playground.systems.zookeeper.client import BadVersion, NodeExists, NoNode, Op, ZooKeeper, announce, ensure, look

if TYPE_CHECKING:
    from playground.systems.shards.replica import Replica

_POLL_US = 200_000
"""How often candidates look again although nothing was told."""
_FULL_US = 500_000
"""How often a node whose disk is full tries to stand again."""


class Candidate(NamedTuple):
    """What a member announces: it takes nothing below epoch ``target``, and its log ends at ``last``."""

    target: int
    last: Position
    identity: int

    def __str__(self) -> str:
        return f"{self.target} {self.last.epoch} {self.last.seq} {self.identity}"

    @classmethod
    def parse(cls, text: str) -> Candidate:
        target, epoch, seq, identity = map(int, text.split())
        return cls(target, Position(epoch, seq), identity)


class Election:
    """A node's part in the elections of one shard. ``first``: what the state is in the beginning, if it may say so."""

    def __init__(
        self,
        replica: Replica,
        lease: Callable[[], bool],
        leaving: Callable[[], tuple[str, ...]],
        first: Assignment | None,
    ) -> None:
        self.replica = replica
        self.assignment: Assignment | None = None
        """As it was last read."""
        self.version = -1
        self.standing = False
        self._lease = lease
        self._leaving = leaving
        self._first = first
        self._service = replica.service
        self._given_up = 0
        """The newest epoch that this node led and does not lead any more."""
        self._changed = trio.Event()

    async def run(self, zk: ZooKeeper) -> None:
        """Take part for as long as the session lasts."""
        shard = self.replica.shard
        await ensure(zk, candidates_path(shard))
        if self._first is not None:
            await ensure(zk, state_path(shard), str(self._first))
        while True:
            self._changed = changed = trio.Event()
            await self._look(zk, changed)
            await changed.wait()

    def wake(self) -> None:
        """Something has changed: look again."""
        self._changed.set()

    async def _look(self, zk: ZooKeeper, changed: trio.Event) -> None:
        replica, name = self.replica, self._service.name
        # First the state, then the master: a claim makes both at once, so whoever is not there now was never there
        # in this epoch, or has gone.
        if not await self._read_state(zk, changed):
            return
        found = await look(zk, master_path(replica.shard), changed)
        if zk.over:
            return  # the news that the session has expired came together with this answer, which is worth nothing now
        if found is None:
            replica.leader = ""
            if self.assignment is not None and self.assignment.has(name, replica.identity):
                await self._stand(zk, self.assignment, changed)
            return
        data, owner = found
        master, _, epoch = data.partition(" ")
        if owner == zk.session:
            if replica.leading is None or replica.leading.epoch != int(epoch):
                await self._begin(zk, int(epoch))
        else:
            replica.hear_of(int(epoch))
            replica.leader = master

    async def _read_state(self, zk: ZooKeeper, changed: trio.Event) -> bool:
        path = state_path(self.replica.shard)
        try:
            text, stat = await zk.get(path, lambda _event: changed.set())
        except NoNode:
            if await zk.exists(path, lambda _event: changed.set()) is not None:
                changed.set()
            return False
        self.assignment, self.version = Assignment.parse(text), stat.version
        self.replica.hear_of(self.assignment.epoch)
        return True

    async def _begin(self, zk: ZooKeeper, epoch: int) -> None:
        """The master's znode is this session's own: lead, or give it back."""
        replica, name, shard = self.replica, self._service.name, self.replica.shard
        assignment = self.assignment
        fit = assignment is not None and assignment.epoch == epoch and assignment.has(name, replica.identity)
        if assignment is not None and fit and replica.promised == epoch > self._given_up and replica.leading is None:
            self._given_up = epoch
            try:
                Leading(replica, epoch, assignment, self._lease, self.wake)
            except DiskError:
                pass
            else:
                text = f"{name} is elected master of {shard} in epoch {epoch}"
                self._service.note("elected", text, group=shard, term=epoch)
                return
        await zk.delete(master_path(shard))

    # --- candidates -------------------------------------------------------------------------

    async def _stand(self, zk: ZooKeeper, assignment: Assignment, changed: trio.Event) -> None:
        replica, service = self.replica, self._service
        if replica.leading is not None:
            replica.leading.end("its session has lost the master's place")
        target = max(assignment.epoch + 1, replica.promised)
        self.standing = True
        try:
            await replica.promise(target)
            mine = str(Candidate(target, replica.log.last, replica.identity))
            await announce(zk, f"{candidates_path(replica.shard)}/{service.name}", mine)
            await self._decide(zk, assignment, target, changed)
        except DiskError:
            service.after(_FULL_US, changed.set)
        finally:
            self.standing = False

    async def _decide(self, zk: ZooKeeper, assignment: Assignment, target: int, changed: trio.Event) -> None:
        """Watch the candidates until somebody can claim, and claim if it is this node's turn."""
        service, settings = self._service, self.replica.settings
        need = electing(settings, len(assignment.members))
        enough_us = -1
        while not changed.is_set():
            moved = trio.Event()
            candidates = await self._candidates(zk, moved)
            votes = {
                name: candidates[name].last
                for name, identity in assignment.members
                if name in candidates and candidates[name].identity == identity and candidates[name].target == target
            }
            now_us = service.clock.monotonic_us
            if len(votes) >= need:
                enough_us = now_us if enough_us < 0 else enough_us
                waited = now_us - enough_us >= settings.election_wait_ms * 1_000
                if (waited or len(votes) == len(assignment.members)) and self._first_of(votes) == service.name:
                    await self._claim(zk, assignment, target, changed)
                    return
            else:
                enough_us = -1
            higher = max((candidate.target for candidate in candidates.values()), default=0)
            if higher > target:  # the ensemble has lost an epoch that was promised: go on from there
                await self.replica.promise(higher)
                changed.set()
            wait_us = settings.election_wait_ms * 1_000 if enough_us == now_us else _POLL_US
            await self._either(changed, moved, max(wait_us, 1_000))

    async def _candidates(self, zk: ZooKeeper, moved: trio.Event) -> dict[str, Candidate]:
        path = candidates_path(self.replica.shard)
        found = {}
        for name in await zk.children(path, lambda _event: moved.set()):
            try:
                found[name] = Candidate.parse((await zk.get(f"{path}/{name}", lambda _event: moved.set()))[0])
            except NoNode:
                continue
        return found

    def _first_of(self, votes: dict[str, Position]) -> str:
        """Whose log goes furthest; of several whoever is not about to leave, and stands first among the members."""
        leaving = self._leaving()
        return max(votes, key=lambda name: (votes[name], name not in leaving))

    async def _claim(self, zk: ZooKeeper, assignment: Assignment, target: int, changed: trio.Event) -> None:
        shard, name = self.replica.shard, self._service.name
        claimed = str(assignment._replace(epoch=target))
        with suppress(BadVersion, NodeExists):  # somebody else was first
            await zk.multi(
                Op("set", state_path(shard), claimed, self.version),
                Op("create", master_path(shard), f"{name} {target}", ephemeral=True),
            )
        changed.set()

    async def _either(self, one: trio.Event, other: trio.Event, limit_us: int) -> None:
        """Wait for one of two events, but no longer than ``limit_us``."""
        timer = self._service.after(limit_us, other.set)
        async with trio.open_nursery() as nursery:
            for event in (one, other):
                nursery.start_soon(_then_cancel, event, nursery.cancel_scope)
        timer.cancel()


async def _then_cancel(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
