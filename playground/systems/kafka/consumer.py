"""A member of a consumer group: it is given partitions, reads them, and commits how far the group has come.

The application polls, again and again, in one task. Within a poll, and only there, its partitions change: so what it
does between two polls it does with the partitions it had when the first one ended, whatever others know by then. A
process that was frozen, or that takes too long, goes on with messages that are others' by now (a zombie). Nobody can
stop it from processing them; but its commits are refused.

Rebalances, as an application's poll sees them:

* eager (range, round-robin): as soon as the group rebalances everything is given up, and what the group then says is
  taken. What was processed can be committed first.
* cooperative (KIP-429): everything is kept, and read on. When the group has said who gets what, only what goes to
  others is given up; if that is something, the group is joined once more at once, so that they can have it.
* lost: the group has gone on without this member. What was not committed is not, and others do it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

import trio

from playground.kernel.errors import TimedOut
from playground.kernel.service import Service
from playground.systems.kafka.fetching import NOWHERE, Fetcher, Polled
from playground.systems.kafka.ledger import ledger
from playground.systems.kafka.membership import Membership, Result
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import GroupSettings

__all__ = ["Consumer", "Listener", "Polled"]


class Listener(Protocol):
    """What an application may want to do about its partitions (Kafka's ConsumerRebalanceListener). Within a poll."""

    async def revoked(self, partitions: tuple[TopicPartition, ...]) -> None:
        """These are about to be given up; they can still be committed."""

    async def lost(self, partitions: tuple[TopicPartition, ...]) -> None:
        """These are gone: others may own them already, and nothing can be committed."""


class Consumer:
    """One membership after another, under the name ``member``, which nobody else ever has.

    It calls ``brokers`` through ``service``. ``listener`` is told, and waited for, before partitions are given up.
    """

    def __init__(
        self,
        service: Service,
        settings: GroupSettings,
        topics: tuple[str, ...],
        brokers: tuple[str, ...],
        *,
        member: str,
        listener: Listener | None = None,
        fetch_wait_ms: int = 500,
    ) -> None:
        self.metadata = Metadata(service, brokers)
        self.group = settings.name
        self.member = member
        self._service = service
        self._eager = settings.assignor != "cooperative-sticky"
        self._listener = listener
        self._event = trio.Event()
        self._committed: dict[TopicPartition, int] = {}
        """Where the group stood when this consumer last heard or said so; ``NOWHERE``: at no offset yet."""
        self._membership = Membership(
            service, settings, topics, self.metadata, brokers, member=member, on_event=self._wake
        )
        self._fetcher = Fetcher(service, settings, self.metadata, wait_ms=fetch_wait_ms, on_messages=self._wake)

    # --- for pictures ---------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """ "joining", "syncing", "stable"; "left": until the next poll, or for good."""
        return self._membership.state

    @property
    def generation(self) -> int:
        """0: of none."""
        return self._membership.generation

    @property
    def assignment(self) -> tuple[TopicPartition, ...]:
        """What it owns, as far as it knows."""
        return self._fetcher.partitions

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """Of each partition that it owns, the offset of the message that is handed over next; -1: not known yet."""
        return self._fetcher.positions

    @property
    def buffered(self) -> int:
        """Messages that were fetched and not yet handed over."""
        return self._fetcher.buffered

    @property
    def coordinator(self) -> str:
        """The broker that it believes to coordinate the group; "": it does not know."""
        return self._membership.line.coordinator

    # --- for the application --------------------------------------------------------------------

    def start(self) -> None:
        """The machine serves. The group is joined at the first poll."""
        self._membership.start()

    async def poll(self, max_messages: int, timeout_us: int) -> tuple[Polled, ...]:
        """The next messages of its partitions, each in order; () if there were none for ``timeout_us``."""
        membership, clock = self._membership, self._service.clock
        assert not membership.polling, "one task at a time polls"
        deadline_us = clock.monotonic_us + timeout_us
        membership.polling = True
        try:
            while True:
                self._event = trio.Event()
                await self._settle()
                messages = self._fetcher.hand_over(max_messages)
                left_us = deadline_us - clock.monotonic_us
                if messages or left_us <= 0:
                    return messages
                with suppress(TimedOut), self._service.timeout(left_us):
                    await self._event.wait()
        finally:
            membership.polling = False
            membership.polled_us = clock.monotonic_us

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """The group has done what stands before these offsets.

        Raises Rejected if the group says no for good ("illegal-generation", "unknown-member"), or cannot say yes now
        ("rebalance-in-progress": try again after the next poll), TimedOut if nobody knows.
        """
        await self._membership.commit(offsets)
        held = self.assignment
        self._committed.update({partition: offset for partition, offset in offsets.items() if partition in held})

    def position(self, partition: TopicPartition) -> int | None:
        """The offset of the message that is handed over next. None: not its partition, or not known yet."""
        return self._fetcher.position(partition)

    async def close(self) -> None:
        """Give up everything and leave the group. Not while a poll is under way."""
        if self._membership.lost:
            await self._lose(self.assignment)
        else:
            await self._revoke(self.assignment)
        self._fetcher.closed = True
        await self._membership.close()

    # --- within a poll --------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Do all that has come up about the membership."""
        membership = self._membership
        while True:
            if membership.lost:
                await self._lose(self.assignment)
                membership.lost = False
            elif membership.result is not None:
                result, membership.result = membership.result, None
                await self._take(result)
            elif membership.rejoin and not membership.joining:
                if self._eager and self.assignment:
                    await self._revoke(self.assignment)
                else:
                    membership.begin(self.assignment)
            else:
                return

    async def _take(self, result: Result) -> None:
        """The group has said what this member owns from now on."""
        kept = tuple(partition for partition in self.assignment if partition in result.partitions)
        going = tuple(partition for partition in self.assignment if partition not in result.partitions)
        if result.missed and kept:
            # Others may have had them meanwhile. Only where nobody has committed anything nobody has gone on.
            committed = await self._membership.committed(kept)
            await self._lose(tuple(each for each in kept if committed.get(each, NOWHERE) != self._committed.get(each)))
        if going:
            if result.missed:
                await self._lose(going)
            else:
                await self._revoke(going)
            self._membership.rejoin = True
        if self._membership.lost:
            return
        coming = tuple(partition for partition in result.partitions if partition not in self.assignment)
        witness = ledger(self._service)
        if witness is not None:
            now_us = self._service.process.world.now_us
            witness.assigned(self.group, result.generation, self.member, result.partitions, now_us)
        if coming:
            self._service.spawn(self._locate, {partition: self._fetcher.hold(partition) for partition in coming})

    async def _locate(self, locate: dict[TopicPartition, Callable[[int], bool]]) -> None:
        """Find out where the group stands in these, and go on from there."""
        committed = await self._membership.committed(tuple(locate))
        for partition, begin in locate.items():
            offset = committed.get(partition, NOWHERE)
            if begin(offset):
                self._committed[partition] = offset
        self._fetcher.ask()

    async def _revoke(self, partitions: tuple[TopicPartition, ...]) -> None:
        if self._listener is not None and partitions:
            await self._listener.revoked(partitions)
        self._drop(partitions)

    async def _lose(self, partitions: tuple[TopicPartition, ...]) -> None:
        if self._listener is not None and partitions:
            await self._listener.lost(partitions)
        self._drop(partitions)

    def _drop(self, partitions: tuple[TopicPartition, ...]) -> None:
        for partition in partitions:
            self._fetcher.drop(partition)
            self._committed.pop(partition, None)
        witness = ledger(self._service)
        if witness is not None and partitions:
            witness.revoked(self.group, self.member, partitions, self._service.process.world.now_us)

    def _wake(self) -> None:
        self._event.set()
