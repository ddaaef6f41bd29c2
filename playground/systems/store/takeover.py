"""Coming, going, and getting lost data back, while the store serves.

A node has something to take over if it is JOINING, if somebody is LEAVING, or if its own disk was lost
or damaged. In all three cases it does the same (`_attempt`):

1. **Agree.** It exchanges memberships with everybody. It goes on once a majority of the circle has agreed to
   exactly what it holds itself, because two majorities share a node: of two changes under way
   at the same time one always knows of the other. Only those count that still know all they ever agreed to.
2. **Copy.** From each range that is to become its own it fetches what is missing, by hash trees,
   from at least N - min(R, W) + 1 replicas that have agreed (`_enough`): every write that was acknowledged under an
   earlier membership is on one of them, and too few replicas are left to answer a read or a write
   under an earlier one.
3. **Declare.** If the membership is still the same it says so: NORMAL, or what it has `copied`.

Why a read that needs R and a write that needs W, R + W > N, always meet then. If there is a circle that
both the write's and the read's membership hold possible, both had a quorum of the key's replicas on it, and these
share a node. If there is none, then a change was completed between the two. Was the write placed by the earlier
membership, then whoever took the key over copied it from a replica that had acknowledged it.
Was the read placed by the earlier one, then it finds fewer than R replicas that still hold that.

The price: with R = 1 or W = 1 step 2 means all N replicas, so a dead node cannot leave before it is back. It
may be alive behind a cut, after all, and would go on answering reads all by itself.

A lost disk is a change, too: the node raises its version, so everybody has another
membership from then on, and no write can count its acknowledgement from before the loss together with new ones.

And it may be the very node that two majorities share. It has forgotten what it agreed to, so its own vote says
nothing of that, and no vote of its counts elsewhere (it is not *trusted*), until it has been told (`_told`): until
of the *others* a majority, of trusted ones and on every possible circle, holds what it holds itself, its new version
included. Why that is enough: on a circle of n, a majority that it belonged to has n // 2 others at least, more than
half of the n - 1 others have now told it, and that is more than n - 1 together: one of these was among those. If this
one had agreed to the change already, it has told of it now. If it agrees only later, it answers with the new
version, and then the old vote is for another membership and is not counted. On every possible circle, because a
change ends where nobody else need know of it, and the next majority is one of the circle that it left behind.

If fewer than W disks are lost at a time, enough trusted nodes are left for that, given time. If more are (all,
say) nothing can be promised, but the cluster shall come back: when all others have answered, there
is nobody left who could know more. A node on its very first boot has nothing to forget.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.ring.client import Entry, Status
from playground.systems.store.members import Members
from playground.systems.store.messages import Agreed, Join, Leave
from playground.systems.store.repair import Repair
from playground.systems.store.replica import Replica
from playground.systems.store.settings import StoreSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process

RETRY_US = (20_000, 1_000_000)
"""Pauses between attempts begin with the first, double, and end with the second."""
PATIENCE_US = 1_000_000
"""Who has waited that long says what for."""
MAX_CHANGES = 3
"""Changes under way at once. Each doubles the circles that are possible."""


class Takeover(Service):
    """Makes this node hold what it has to hold. ``joining``: it wants to be taken into the ring."""

    def __init__(
        self,
        process: Process,
        settings: StoreSettings,
        members: Members,
        replica: Replica,
        repair: Repair,
        *,
        joining: bool,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.members = members
        self.replica = replica
        self.repair = repair
        self.joining = joining
        self.progress = ""
        """What it is doing, in a few words; "" if there is nothing to do."""
        self._weight = 1.0
        self._learnt = False
        self._running = False
        self._said = ""
        self._since_us = 0
        self._chance = self.random("takeover")
        self._received: dict[str, int] = {}
        members.on_change(self._wake)

    def start(self) -> None:
        self._wake()

    # --- administration -----------------------------------------------------------------

    @handles(Join)
    def on_join(self, _source: str, message: Join) -> None:
        members = self.members
        if members.status is Status.LEFT:
            raise Rejected("busy", f"{self.name} has left for good; a new node needs a new name")
        self._weight = message.weight
        self.joining = True
        self._wake()

    @handles(Leave)
    def on_leave(self, _source: str, message: Leave) -> None:
        members = self.members
        entry = members.membership.get(message.node)
        if entry is None:
            raise Rejected("not-a-member", f"{message.node} is not on the ring")
        if entry.status in (Status.LEAVING, Status.LEFT):
            return
        if entry.status is Status.JOINING:
            raise Rejected("busy", f"{message.node} is still joining: it has to finish first")
        if len(members.membership.changing) >= MAX_CHANGES:
            raise Rejected("busy", "other nodes are joining or leaving: wait until they are done")
        staying = len(members.membership.names(Status.NORMAL)) - 1
        if staying < max(self.settings.r, self.settings.w):
            raise Rejected("busy", f"only {staying} nodes would stay, too few for a quorum")
        self.note("member", f"{message.node} is leaving the ring", about=message.node)
        members.adopt(members.membership.having(message.node, entry.becoming(Status.LEAVING)))

    # --- the work -----------------------------------------------------------------------

    def _to_do(self) -> bool:
        members = self.members
        status = members.status
        if status is None:
            return self.joining
        if status is Status.LEFT:
            return False
        if not members.whole:
            return True
        departures = members.membership.departures
        return (
            status is Status.NORMAL
            and not set(departures) <= set(members.membership.table[self.name].copied)
            and self.name in members.placement.takers(members.membership)
        )

    def _wake(self) -> None:
        if not self._running and self.process.running and self._to_do():
            self._running = True
            self.spawn(self._work)

    async def _work(self) -> None:
        pause_us, longest_us = RETRY_US
        self._since_us = self.clock.monotonic_us
        while self._to_do():
            if await self._attempt():
                pause_us = RETRY_US[0]
            else:
                await self.sleep(int((0.5 + self._chance.random()) * pause_us))
                pause_us = min(2 * pause_us, longest_us)
        self.progress = ""
        self._received.clear()
        self._running = False

    async def _attempt(self) -> bool:
        """One try; False: wait before the next one."""
        members = self.members
        timeout_us = self.settings.replica_timeout_us
        self.progress = "agreeing"
        if members.status is None or not (self._learnt or members.trusted):
            return await self._learn()
        agreed = await members.agree(members.others(), timeout_us)
        if not members.agreed or not self._enough_agree(agreed):
            return self._wait("waits for a majority to agree who is on the ring")
        digest = members.digest
        members.trust()
        self.progress = "copying"
        synced: dict[str, bool] = {}
        peers = self._sources(agreed)
        for peer in peers:
            try:
                received = await self.repair.synchronise(peer, self.settings.transfer_bytes_per_s)
            except CallError as error:
                if isinstance(error, Rejected) and error.code == "ring":
                    return True  # begin again, at once
                continue
            self._received[peer] = self._received.get(peer, 0) + received
            synced[peer] = agreed[peer].whole
        if members.digest != digest or not members.agreed:
            return True
        missing = self._missing(synced)
        if missing:
            return self._wait(f"cannot take over yet: needs more of {', '.join(missing)}")
        self._declare()
        return True

    async def _learn(self) -> bool:
        """Find out what is known of me; then begin anew, under a version of my own that nobody has seen."""
        members = self.members
        agreed = await members.agree(members.others(), self.settings.replica_timeout_us)
        if not self._enough_agree(agreed):
            return self._wait("waits for a majority that tells who is on the ring")
        mine = members.membership.get(self.name)
        if mine is None and len(members.membership.changing) >= MAX_CHANGES:
            return self._wait("waits until other nodes have joined or left")
        if mine is None:
            self.note("member", f"{self.name} is joining the ring", about=self.name)
            mine = Entry(Status.JOINING, 1, self._weight)
        elif mine.status is not Status.LEFT:
            mine = mine.becoming(mine.status)
        self._learnt = True
        members.adopt(members.membership.having(self.name, mine))
        return True

    def _enough_agree(self, agreed: dict[str, Agreed]) -> bool:
        return self._majority(agreed) if self.members.trusted else self._told(agreed)

    def _majority(self, agreed: dict[str, Agreed]) -> bool:
        current = self.members.membership.current
        votes = sum(name == self.name or (name in agreed and agreed[name].trusted) for name in current)
        return 2 * votes > len(current)

    def _told(self, agreed: dict[str, Agreed]) -> bool:
        """Whether one of those who agree must know of whatever this node has agreed to and forgotten."""
        members = self.members
        if all(name in agreed for name in members.others()):
            return True  # there is nobody else who could know
        for circle in members.placement.circles:
            others = [name for name in circle.nodes if name != self.name]
            votes = sum(name in agreed and agreed[name].trusted for name in others)
            if 2 * votes <= len(others):
                return False
        return True

    def _sources(self, agreed: dict[str, Agreed]) -> list[str]:
        """Those who agreed and share a key with me, in an order of my own."""
        shared: dict[str, None] = {}
        for place in self.members.placement.places:
            if self.name in place.owners:
                shared.update(dict.fromkeys(place.owners))
        peers = [name for name in shared if name in agreed]
        self._chance.shuffle(peers)
        return peers

    def _missing(self, synced: dict[str, bool]) -> list[str]:
        """The nodes of which one more would help; [] if everything that is to be mine was copied from enough."""
        members = self.members
        rebuilding = not members.whole and members.status is not Status.JOINING
        for place in members.placement.places:
            if self.name in place.owners:
                for names in place.sets:
                    if (rebuilding or self.name not in names) and not self._enough(names, synced):
                        return sorted(name for name in names if name != self.name and name not in synced)
        return []

    def _enough(self, names: tuple[str, ...], synced: dict[str, bool]) -> bool:
        settings = self.settings
        others = [name for name in names if name != self.name]
        if all(name in synced for name in others):
            return True  # there is nobody else who could have it
        fresh = settings.r + settings.w > settings.n
        need = len(names) - min(settings.r, settings.w) + 1 if fresh else 1
        return sum(synced.get(name, False) for name in others) >= need

    def _declare(self) -> None:
        members = self.members
        membership = members.membership
        mine = membership.table[self.name]
        got = {peer: count for peer, count in sorted(self._received.items()) if count}
        keys, sources = sum(got.values()), ", ".join(got) or "nobody"
        about = {"keys": keys, "sources": tuple(got)}
        if mine.status is Status.JOINING:
            self.note("member", f"{self.name} has joined the ring: takes over {keys} keys from {sources}", **about)
            mine = mine.becoming(Status.NORMAL, membership.departures)
        else:
            departures = tuple(name for name, _ in membership.departures if name != self.name)
            if not members.whole:
                self.note("rebuilt", f"{self.name} has its data back: {keys} keys from {sources}", **about)
            elif keys:
                text = f"{self.name} takes over {keys} keys of {', '.join(departures)} from {sources}"
                self.note("takeover", text, **about)
            mine = replace(mine, copied=membership.departures)
        self._received.clear()
        self._said = ""
        members.adopt(membership.having(self.name, mine), whole=True)

    def _wait(self, text: str) -> bool:
        self.progress = text
        if text != self._said and self.clock.monotonic_us - self._since_us >= PATIENCE_US:
            self._said = text
            self.note("waiting", f"{self.name} {text}")
        return False
