"""Anti-entropy: two nodes compare what they share, and give each other what is missing.

Every interval a node compares itself with one other (all of them in turn, in an order shuffled
for each round), so replicas converge without anybody reading (Demers et al. 1987; Dynamo 4.7):

1. `SyncRoot`: one hash over all that is shared. Equal: done, and that is the usual case.
2. The bucket hashes; of the buckets that differ the keys with their fingerprints (`SyncBuckets`).
3. `Exchange`: the siblings that one side lacks go to it, a batch at a time, both ways at once.

Taking over a part of the circle and rebuilding a lost disk are the same conversation, only that the
differences are larger; then it goes at `transfer_bytes_per_s`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import trio

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.store.members import Members
from playground.systems.store.messages import Exchange, SyncBuckets, SyncRoot
from playground.systems.store.replica import Replica
from playground.systems.store.settings import StoreSettings
from playground.systems.store.trees import BUCKETS, Trees
from playground.systems.store.versions import Siblings

if TYPE_CHECKING:
    from playground.kernel.node import Process

Items = tuple[tuple[str, Siblings], ...]


class Repair(Service):
    """Compares this node's data with those of others."""

    def __init__(self, process: Process, settings: StoreSettings, members: Members, replica: Replica) -> None:
        super().__init__(process)
        self.settings = settings
        self.members = members
        self.replica = replica
        self.trees = Trees(self.name, replica.data)
        self.visits = 0
        self.received = 0
        """Keys that anti-entropy brought to this node."""
        self._chance = self.random("anti-entropy")
        self._round: list[str] = []
        self._visiting = False
        replica.on_change(self._changed)

    def start(self) -> None:
        interval_us = self.settings.anti_entropy_interval_ms * 1_000
        if interval_us:
            self.every(interval_us, self._tick, first_us=int(self._chance.random() * interval_us))

    # --- asking -----------------------------------------------------------------------

    async def synchronise(self, peer: str, bytes_per_s: int = 0) -> int:
        """Give and take until this node and ``peer`` hold the same of what they share.

        At most ``bytes_per_s`` if that is not 0. Returns how many keys came. CallError: not done, or not all.
        """
        members = self.members
        ring = members.digest
        timeout_us = self.settings.replica_timeout_us
        self.trees.refresh(members.placement)
        theirs = await self.call(peer, SyncRoot(ring, self.trees.root(peer)), timeout_us=timeout_us)
        if theirs is None:
            return 0
        self._trees_of(ring)
        ours = self.trees.buckets(peer)
        different = [bucket for bucket in range(BUCKETS) if ours[bucket] != theirs[bucket]]
        received = 0
        keys = sum(len(self.trees.items(peer, bucket)) for bucket in different) if len(different) > 1 else 0
        # As many buckets a message as make about one batch of keys; an empty node can't tell, and asks for each.
        together = max(1, self.settings.batch_keys * len(different) // keys) if keys else 1
        for first in range(0, len(different), together):
            buckets = tuple(different[first : first + together])
            reply = await self.call(peer, SyncBuckets(ring, buckets), timeout_us=timeout_us)
            self._trees_of(ring)
            received += await self._level(peer, ring, buckets, dict(reply), bytes_per_s)
        return received

    async def _level(
        self, peer: str, ring: int, buckets: tuple[int, ...], theirs: dict[str, int], bytes_per_s: int
    ) -> int:
        ours = dict(item for bucket in buckets for item in self.trees.items(peer, bucket))
        keys = sorted(key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key))
        batch = self.settings.batch_keys
        received = 0
        for first in range(0, len(keys), batch):
            some = keys[first : first + batch]
            offered = self.held(key for key in some if key in ours)
            wanted = tuple(key for key in some if key in theirs)
            reply = await self.call(peer, Exchange(ring, offered, wanted), timeout_us=self.settings.replica_timeout_us)
            await self.store(reply)
            received += len(reply)
            if bytes_per_s:
                await self.sleep(items_bytes((*offered, *reply)) * 1_000_000 // bytes_per_s)
        self.received += received
        return received

    async def store(self, items: Items) -> None:
        """Merge ``items``, and wait until they are safe. Raises Rejected if the disk has no room."""
        if items:
            safe = trio.Event()
            self.replica.write_all(items, safe.set)
            await safe.wait()

    def held(self, keys: Iterable[str]) -> Items:
        """What is held of ``keys``."""
        data = self.replica.data
        return tuple((key, data[key]) for key in keys if key in data)

    def _trees_of(self, ring: int) -> None:
        if ring != self.members.digest:
            raise Rejected("ring", "the ring has changed")
        self.trees.refresh(self.members.placement)

    def _tick(self) -> None:
        if not self._visiting:
            self._visiting = True
            self.spawn(self._visit)

    async def _visit(self) -> None:
        peer = self._next_peer()
        if peer is not None:
            self.visits += 1
            try:
                await self.synchronise(peer)
            except CallError as error:
                if isinstance(error, Rejected) and error.code == "ring":
                    await self.members.agree((peer,), self.settings.replica_timeout_us)
        self._visiting = False

    def _next_peer(self) -> str | None:
        others = self.members.others()
        while self._round:
            peer = self._round.pop()
            if peer in others:
                return peer
        self._round = list(others)
        self._chance.shuffle(self._round)
        return self._round.pop() if self._round else None

    def _changed(self, key: str) -> None:
        self.trees.changed[key] = None

    # --- being asked --------------------------------------------------------------------

    @handles(SyncRoot)
    def on_root(self, source: str, message: SyncRoot) -> tuple[int, ...] | None:
        self.replica.check(message.ring)
        self.trees.refresh(self.members.placement)
        return None if self.trees.root(source) == message.root else self.trees.buckets(source)

    @handles(SyncBuckets)
    def on_buckets(self, source: str, message: SyncBuckets) -> tuple[tuple[str, int], ...]:
        self.replica.check(message.ring)
        self.trees.refresh(self.members.placement)
        return tuple(item for bucket in message.buckets for item in self.trees.items(source, bucket))

    @handles(Exchange)
    def on_exchange(self, _source: str, message: Exchange) -> None:
        self.replica.check(message.ring)
        answer = self.answer_later()
        try:
            self.replica.write_all(message.offered, lambda: answer.reply(self.held(message.wanted)))
        except Rejected as error:
            answer.reject(error)


def items_bytes(items: Items) -> int:
    """About how long ``items`` are on the wire."""
    return sum(
        40 + len(key) + sum(len(value) + 12 * len(version) for value, version in siblings) for key, siblings in items
    )
