"""The in-sync set of a partition, as its leader sees it in one leader epoch (KIP-497, KIP-966).

* Known for certain is only the set that the controller has confirmed, by its answer or by an image.
* What was ever proposed against that set's version may still come to hold: answers get lost, and requests come twice,
  and late. So everybody who was proposed counts as well (the *maximal* set), until the version has changed: then older
  proposals can't be accepted any more. What is committed must be on the disks of the maximal set.
* Who was proposed to be left out counts until that is confirmed.
* A follower that has not had everything for ``lag_ms`` is left out. One that has what is committed, and all that the
  log held when this epoch began, is taken in again, if it is registered with this life and this disk.
* A leader whose own disk takes nothing leaves itself out, if others are in sync: it resigns. To those alone: whoever
  else has caught up is taken in by the next leader, so nobody comes to lead who was not in sync before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import CallError
from playground.systems.kafka.image import Member, PartitionState
from playground.systems.kafka.messages import AlterPartition

if TYPE_CHECKING:
    from playground.systems.kafka.leading import Leading

TIMEOUT_US = 500_000
BACKOFF_US = 200_000
"""Between two proposals, when the first was refused or not answered."""


class InSync:
    """From the election on, with the set of the ``state`` that was elected by."""

    def __init__(self, leading: Leading, state: PartitionState) -> None:
        self._leading = leading
        self._service = leading.service
        self.isr = state.isr
        """Confirmed."""
        self.version = state.version
        self.proposed: dict[Member, None] = {}
        """Who was proposed against this version and is not in the set."""
        self.resigning = False
        """It has proposed a set without itself."""
        self._altering = False

    @property
    def maximal(self) -> tuple[Member, ...]:
        """Everybody who may be in sync in the eyes of the controller."""
        return (*self.isr, *self.proposed) if self.proposed else self.isr

    def consider(self) -> None:
        """Propose another set, if another one is due."""
        if not self._altering and self._due():
            self._altering = True
            self._service.spawn(self._alter)

    def take(self, isr: tuple[Member, ...], version: int) -> None:
        """The controller has confirmed this set, as this version."""
        if version <= self.version:
            return
        before, self.isr, self.version = self.isr, isr, version
        self.proposed.clear()
        self._tell(before)
        self._leading.on_set_changed()

    def wanted(self) -> tuple[Member, ...]:
        """Who should be in sync, in the order of the replicas."""
        leading, service = self._leading, self._service
        now_us = service.clock.monotonic_us
        found: list[Member] = []
        for name in leading.replicas:
            if name == service.name:
                found += (member for member in self.isr if member.name == name)
                continue
            progress = leading.followers.get(name)
            if progress is None:
                continue
            member = progress.member
            fits = member in self.isr or leading.may_enter(progress, now_us)
            if fits and not leading.lags(progress, now_us):
                found.append(member)
        heirs = tuple(member for member in found if member.name != service.name and member in self.isr)
        return heirs if heirs and leading.unfit(now_us) else tuple(found)

    def _due(self) -> bool:
        return bool(self.proposed) or set(self.wanted()) != set(self.isr)

    async def _alter(self) -> None:
        try:
            while not self._leading.over and self._due():
                if not await self._propose():
                    await self._service.sleep(BACKOFF_US)
        finally:
            self._altering = False

    async def _propose(self) -> bool:
        service, leading = self._service, self._leading
        wanted = self.wanted()
        controller = service.image.controller
        if not controller:
            return False
        for member in wanted:
            if member not in self.isr:
                self.proposed[member] = None
        self.resigning = all(member.name != service.name for member in wanted)
        request = AlterPartition(
            leading.partition, service.name, service.process.node.boots, leading.epoch, self.version, wanted
        )
        try:
            altered = await service.call(controller, request, timeout_us=TIMEOUT_US)
        except CallError:
            return False
        before = self.version
        self.take(wanted, altered.version)
        return self.version > before

    def _tell(self, before: tuple[Member, ...]) -> None:
        leading, service = self._leading, self._service
        now_us = service.clock.monotonic_us
        data = {"partition": str(leading.partition), "isr": [member.name for member in self.isr]}
        for member in before:
            if member in self.isr or member.name == service.name:
                continue
            progress = leading.followers.get(member.name)
            why = "it is gone"
            if service.image.broker(member.name) is not None and progress is not None and progress.member == member:
                why = f"behind for {(now_us - progress.caught_up_us) / 1e6:.1f} s"
            service.note("isr", f"{leading.partition}: {member.name} is out of sync: {why}", **data, left=member.name)
        for member in self.isr:
            if member not in before:
                service.note("isr", f"{leading.partition}: {member.name} is in sync again", **data, joined=member.name)
