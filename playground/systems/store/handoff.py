"""Copies that lie on the wrong node, and how they get to the right ones.

A *stray* is a key that a node holds without being one of its replicas. It comes about in two ways:

* as a *hint* (Dynamo 4.6): a replica was believed dead, so the next node of the circle took the write
  in its place and counted for W;
* as what is left when the circle has changed and the key now belongs to others.

There is no list of hints to be kept: a stray is known by where the key lies on the circle, so it
survives a crash as any other copy does. Every interval a node offers its strays to the replicas of their
keys that it does not believe dead, fingerprints first; a key that all of them hold is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.store.members import Members
from playground.systems.store.messages import Exchange, Offer
from playground.systems.store.records import fingerprint
from playground.systems.store.repair import Repair
from playground.systems.store.replica import Replica
from playground.systems.store.settings import StoreSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process


class Handoff(Service):
    """``strays``: key -> the replicas that hold all that is held here."""

    def __init__(
        self, process: Process, settings: StoreSettings, members: Members, replica: Replica, repair: Repair
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.members = members
        self.replica = replica
        self.repair = repair
        self.strays: dict[str, dict[str, None]] = {}
        self._changed: dict[str, None] = {}
        self._ring = -1
        self._busy = False
        replica.on_change(self._note)

    def start(self) -> None:
        interval_us = self.settings.handoff_interval_ms * 1_000
        self.every(interval_us, self._tick, first_us=int(self.random("handoff").random() * interval_us))

    def _note(self, key: str) -> None:
        self._changed[key] = None

    def _tick(self) -> None:
        self._sort()
        if self.strays and not self._busy:
            self._busy = True
            self.spawn(self._work)

    def _sort(self) -> None:
        """Find out which keys are strays now. Looks only at those that changed, unless the ring did."""
        members = self.members
        data = self.replica.data
        if self._ring != members.digest:
            self._ring = members.digest
            self.strays.clear()
            self._changed = dict.fromkeys(data)
        place = members.placement.place
        for key in self._changed:
            owners = place(key).owners
            if key in data and owners and self.name not in owners:
                self.strays[key] = {}
            else:
                self.strays.pop(key, None)
        self._changed.clear()

    async def _work(self) -> None:
        for peer in self.members.others():
            if not self.members.believed_dead(peer):
                try:
                    await self._hand_over(peer)
                except CallError as error:  # another time
                    if isinstance(error, Rejected) and error.code == "ring":
                        await self.members.agree((peer,), self.settings.replica_timeout_us)
        for key in list(self.strays):
            self._drop_if_safe(key)
        self._busy = False

    async def _hand_over(self, peer: str) -> None:
        members, data = self.members, self.replica.data
        keys = [key for key, having in self.strays.items() if peer not in having]
        keys = [key for key in keys if key in data and peer in members.placement.place(key).owners]
        timeout_us = self.settings.replica_timeout_us
        for first in range(0, len(keys), self.settings.batch_keys):
            some = [(key, data[key]) for key in keys[first : first + self.settings.batch_keys] if key in data]
            ring = members.digest
            offer = Offer(ring, tuple((key, fingerprint(key, siblings)) for key, siblings in some))
            lacking = dict.fromkeys(await self.call(peer, offer, timeout_us=timeout_us))
            given = tuple((key, siblings) for key, siblings in some if key in lacking)
            if given:
                await self.call(peer, Exchange(ring, given), timeout_us=timeout_us)
            for key, siblings in some:
                if key in self.strays and data.get(key) == siblings:
                    self.strays[key][peer] = None

    def _drop_if_safe(self, key: str) -> None:
        # Never before the ring by which it is a stray is on this disk: after a crash it would
        # otherwise be a replica again, without the key.
        members = self.members
        siblings = self.replica.data.get(key)
        if siblings is None or key in self._changed or self._ring != members.digest or not members.agreed:
            return
        owners = members.placement.place(key).owners
        if all(owner in self.strays[key] for owner in owners):
            try:
                self.replica.drop(key, fingerprint(key, siblings), _nothing)
            except CallError:
                return

    @handles(Offer)
    def on_offer(self, _source: str, message: Offer) -> tuple[str, ...]:
        self.replica.check(message.ring)
        data = self.replica.data
        return tuple(key for key, print_ in message.items if fingerprint(key, data.get(key, ())) != print_)


def _nothing() -> None:
    pass
