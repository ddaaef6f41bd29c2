"""The store on one node: its parts, and the coordinator that answers clients.

Any node coordinates. It asks all replicas of the key at once and answers as soon as R (or W) of them
have, on every possible circle: while nodes come and go a key may lie in more than one way, and a
quorum of each is needed (see :mod:`playground.systems.ring.membership`).

What the coordinator says of a write that it could not complete is indefinite, but for one that nobody could:
if it was sent to a replica at all, then a replica that refused it (its disk was full, it was starting, it knew
of another ring) takes it after all if the network delivers it a second time, later. Remembering what was refused
would not do, as a crash forgets it. Since a client's write carries its version, trying again is harmless.

That is so with timestamps (`conflicts: newest`), too: a client first asks the coordinator for one (`Stamp`), by the
coordinator's clock, and then sends the write with it. Were it minted when the write comes, as in Cassandra, a
write that the network delivers twice, or that the client sends to a second coordinator, would be two writes, and
the later one could undo what others have written in between. The price is a round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from playground.kernel.calls import Calls
from playground.kernel.errors import Rejected
from playground.kernel.service import Service, handles
from playground.systems.gossip.client import Vitals
from playground.systems.ring.client import Place
from playground.systems.store.handoff import Handoff
from playground.systems.store.log import Log
from playground.systems.store.members import Members
from playground.systems.store.messages import Found, Get, Mend, Put, ReplicaGet, ReplicaPut, Stamp, Stored
from playground.systems.store.repair import Repair
from playground.systems.store.replica import Replica
from playground.systems.store.settings import StoreSettings
from playground.systems.store.takeover import Takeover
from playground.systems.store.versions import Siblings, Versioned, merge

if TYPE_CHECKING:
    from playground.kernel.node import Process

ATTEMPTS = 4
"""How often a request is placed anew because a replica knew of another ring."""
PAUSE_US = 5_000
MEND_US = 100_000
"""How often replies that came after the answer are looked at: cheaper than a task that waits for each."""
MEMORY_BYTES = 256 << 20


class StoreService(Service):
    """One node of the store. ``members``: the nodes it knows from its configuration.

    A node with ``joining`` is none of the founding members: it asks to be taken in. Founding members
    begin with an empty disk, which nobody can tell from a lost one; a machine's very first boot
    stands for the operator who says that this is a new cluster (etcd's ``--initial-cluster-state new``).
    """

    def __init__(
        self,
        process: Process,
        settings: StoreSettings,
        members: tuple[str, ...],
        *,
        points: int = 100,
        joining: bool = False,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        founding = process.node.boots == 1 and not joining and self.name in members
        founders = () if joining else members
        self.log = Log(process, settings.compact_at_bytes, settings.compact_ratio)
        self.members = Members(process, settings, founders, members, points, self.log)
        self.replica = Replica(process, settings, self.members, self.log, founding=founding)
        self.repair = Repair(process, settings, self.members, self.replica)
        self.handoff = Handoff(process, settings, self.members, self.replica, self.repair)
        self.takeover = Takeover(process, settings, self.members, self.replica, self.repair, joining=joining)
        self.parts: tuple[Service, ...] = (self.members, self.replica, self.repair, self.handoff, self.takeover)
        self.coordinated = 0
        self._answered: list[tuple[Calls, str, Place]] = []
        self._stamped_us = self.clock.wall_us
        self._load = 0.0
        self._work = 0

    # --- a service of several parts ---------------------------------------------------

    async def recover(self) -> None:
        for part in self.parts:
            await part.recover()

    def start(self) -> None:
        for part in self.parts:
            part.start()

    def handlers(self) -> Iterator[tuple[type, Callable[[str, Any], Any]]]:
        yield from super().handlers()
        for part in self.parts:
            yield from part.handlers()

    def vitals(self) -> Vitals:
        """What gossip tells of this machine: tasks at work (smoothed over its rounds) and free memory."""
        self._load += 0.2 * (self.process.tasks() - self._load)
        return Vitals(round(self._load, 2), MEMORY_BYTES - self.replica.size_bytes)

    def take_work(self) -> int:
        """How many reads and writes the replica has done since this was last asked."""
        work = self.replica.reads + self.replica.writes
        since, self._work = work - self._work, work
        return since

    # --- clients ------------------------------------------------------------------------

    @handles(Get)
    async def on_get(self, _source: str, message: Get) -> Found:
        key = message.key
        try:
            calls, place = await self._ask(key, message.r or self.settings.r, ReplicaGet)
            siblings = _merged(calls)
            if self.settings.write_back and any(reply != siblings for reply in calls.replies.values()):
                await self._store(key, siblings, self.settings.w)
        except Rejected as error:
            raise Rejected(error.code, error.text) from error  # definite: a read changes nothing
        if self.settings.read_repair:
            if not self._answered:
                self.after(MEND_US, self._mend)
            self._answered.append((calls, key, place))
        return Found(siblings)

    @handles(Put)
    async def on_put(self, _source: str, message: Put) -> Stored:
        await self._store(message.key, (Versioned(message.value, message.version),), message.w or self.settings.w)
        return Stored()

    @handles(Stamp)
    def on_stamp(self, _source: str, _message: Stamp) -> int:
        """The time of day, but never the same twice nor an earlier one: as Cassandra's ``ClientState`` has it."""
        if self.settings.conflicts != "newest":
            raise Rejected("bad-request", "this store keeps siblings and mints no timestamps")
        self._stamped_us = max(self.clock.wall_us, self._stamped_us + 1)
        return self._stamped_us

    def _mend(self) -> None:
        """Read repair: look at the reads of late whose replies are all in, and tell the replicas that lag."""
        answered, self._answered = self._answered, []
        for calls, key, place in answered:
            if not calls.done:
                self._answered.append((calls, key, place))
                continue
            siblings = _merged(calls)
            for peer, reply in calls.replies.items():
                if reply != siblings and peer in place.owners:
                    self.send(peer, Mend(self.members.digest, key, siblings))
        if self._answered:
            self.after(MEND_US, self._mend)

    async def _store(self, key: str, siblings: Siblings, w: int) -> None:
        await self._ask(key, w, partial(_replica_put, siblings), writes=True)

    async def _ask(
        self, key: str, need: int, request: Callable[[int, str], Any], *, writes: bool = False
    ) -> tuple[Calls, Place]:
        """Ask the replicas of ``key`` until ``need`` on each possible circle have answered. Raises Rejected."""
        if not 1 <= need <= self.settings.n:
            raise Rejected("bad-request", f"{need} of {self.settings.n} replicas cannot answer")
        self.coordinated += 1
        members = self.members
        for attempt in range(ATTEMPTS):
            place = members.placement.place(key)
            if not place.sets:
                raise Rejected("unavailable", f"{self.name} knows of nobody on the ring", definite=not writes)
            targets = self._targets(key, place) if writes and self.settings.hinted_handoff else place.owners
            calls = self.calls(targets, request(members.digest, key), timeout_us=self.settings.replica_timeout_us)
            if len(place.sets) == 1:
                enough = await calls.first(need)
            else:
                enough = await calls.until(partial(_decided, place, need)) and _met(calls, place, need)
            behind = [peer for peer, error in calls.errors.items() if _is_about_the_ring(error)]
            if enough:
                if behind:
                    self.spawn(members.agree, behind, self.settings.replica_timeout_us)
                return calls, place
            if not behind:
                break
            if attempt:
                await self.sleep(PAUSE_US)
            await members.agree(behind, self.settings.replica_timeout_us)
        text = f"{len(calls.replies)} of {len(targets)} replicas answered, {need} are needed"
        raise Rejected("unavailable", text, definite=not writes)

    def _targets(self, key: str, place: Place) -> tuple[str, ...]:
        """The replicas, those believed dead replaced by the next nodes of the circle that are not."""
        members = self.members
        if len(place.sets) != 1:
            return place.owners
        alive = tuple(name for name in place.owners if not members.believed_dead(name))
        missing = len(place.owners) - len(alive)
        if not missing:
            return place.owners
        beyond = members.placement.next_after(key, len(members.membership.current))
        stand_ins = tuple(name for name in beyond if not members.believed_dead(name))[:missing]
        return alive + stand_ins


def _replica_put(siblings: Siblings, ring: int, key: str) -> ReplicaPut:
    return ReplicaPut(ring, key, siblings)


def _merged(calls: Calls) -> Siblings:
    siblings: Siblings = ()
    for reply in calls.replies.values():
        siblings = merge(siblings, reply)
    return siblings


def _met(calls: Calls, place: Place, need: int) -> bool:
    return all(sum(name in calls.replies for name in names) >= need for names in place.sets)


def _decided(place: Place, need: int, calls: Calls) -> bool:
    """There is a quorum on every possible circle, or there can't be one any more."""
    met = True
    for names in place.sets:
        have = can = 0
        for name in names:
            if name in calls.replies:
                have += 1
            elif name in calls.waiting:
                can += 1
        if have + can < need:
            return True
        met = met and have >= need
    return met


def _is_about_the_ring(error: Exception) -> bool:
    return isinstance(error, Rejected) and error.code == "ring"
