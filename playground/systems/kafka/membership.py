"""A consumer's membership in its group: join, sync, heartbeat, leave (Kafka's classic group protocol).

A member joins; when all have, the coordinator names the generation and one of them as the group's leader, who shares
out the partitions; each syncs and is told its own. From then on it says regularly that it lives, and is told when
somebody comes or goes: then everybody joins again.

Rules.

* Only the application's polls begin a join and take its result (:meth:`begin`, :attr:`result`); a member that is busy
  keeps the group waiting, up to the group's patience. Heartbeats, and the join once begun, go on by themselves.
* Every answer may be lost: what was asked is asked again. The name is the member's for its life, so a second request
  is the same as the first.
* ``unknown-member`` and ``illegal-generation`` mean that the group has gone on without it: all it owned is lost, others
  may own it already. Until the application has taken note (:attr:`lost`) its commits are sent as of the generation that
  is over, and refused: a newer membership must not speak for what an older one has done.
* If there may have been a generation without it, others may have had what it kept over a (cooperative) rebalance:
  :class:`Result` says so.
* It leaves by itself when the application has not polled for ``max_poll_ms``: it lives, but does no work (KIP-62).
* Every member looks now and then who leads what: who reads from a broker that was replaced and does not know it
  hears of no error (Kafka's metadata.max.age.ms). The leader has the group join again when a topic has got more
  partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

import trio

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service
from playground.systems.kafka.assignors import assign
from playground.systems.kafka.errors import ILLEGAL_GENERATION, REBALANCE, UNKNOWN_MEMBER
from playground.systems.kafka.finding import PAUSE_US, CoordinatorLine
from playground.systems.kafka.messages import (
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    Offsets,
    Synced,
    SyncGroup,
)
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import GroupSettings

FENCED = frozenset({UNKNOWN_MEMBER, ILLEGAL_GENERATION})
"""The group has gone on without the member."""
JOIN_US = 1_000_000
"""How long the first request to join waits. Each further one waits twice as long, up to the group's patience."""
SYNC_US = 1_000_000
OFFSETS_US = 1_000_000
LEAVE_US = 2_000_000
"""How long it tries to say that it leaves."""
METADATA_US = 2_000_000
"""How often a member looks whether there is news of the topics."""


class Result(NamedTuple):
    """What a join has come to."""

    generation: int
    partitions: tuple[TopicPartition, ...]
    missed: bool
    """There may have been a generation without this member since it was given what it kept."""


class Membership:
    """``member`` in the group of ``settings``. ``on_event()``: the next poll has something to do."""

    def __init__(
        self,
        service: Service,
        settings: GroupSettings,
        topics: tuple[str, ...],
        metadata: Metadata,
        brokers: tuple[str, ...],
        *,
        member: str,
        on_event: Callable[[], object],
    ) -> None:
        self.member = member
        self.state = "joining"
        """"joining", "syncing", "stable"; "left": it is out, until the next poll."""
        self.generation = 0
        """As which it counts; 0: as none."""
        self.owned_generation = 0
        """In which it was given what it owns."""
        self.lost = False
        """All that it owned is lost, and the application does not know yet."""
        self.rejoin = True
        """The next poll has to begin a join."""
        self.result: Result | None = None
        """Of a join, for the next poll to take."""
        self.polling = False
        self.polled_us = 0
        """When the application's last poll was over, by the machine's clock."""
        self.leads = False
        """It shares out the partitions in this generation."""
        self.line = CoordinatorLine(service, settings.name, brokers)
        self._service = service
        self._settings = settings
        self._topics = topics
        self._metadata = metadata
        self._on_event = on_event
        self._join_scope: trio.CancelScope | None = None
        self._lost_generation = 0
        """Of the membership that is over, as long as it is ``lost``."""
        self._missed = False
        self._goodbye: trio.CancelScope | None = None
        self._shared: dict[str, int] = {}
        """How many partitions each topic had when this member shared them out."""
        self._commits = 0
        self._closed = False
        metadata.on_news(self._on_news)

    def start(self) -> None:
        self.polled_us = self._service.clock.monotonic_us
        self._service.every(self._settings.heartbeat_ms * 1_000, self._beat)
        self._service.every(METADATA_US, self._look)

    @property
    def joining(self) -> bool:
        """A join is under way."""
        return self._join_scope is not None

    # --- joining ------------------------------------------------------------------------------

    def begin(self, owned: tuple[TopicPartition, ...]) -> None:
        """Join (again), with what the member keeps meanwhile. The result comes in :attr:`result`."""
        assert not self.joining
        if self._goodbye is not None:
            self._goodbye.cancel()
        self.rejoin = False
        self.state = "joining"
        self._join_scope = trio.CancelScope()
        self._service.spawn(self._join, owned, self._join_scope)

    async def _join(self, owned: tuple[TopicPartition, ...], scope: trio.CancelScope) -> None:
        with scope:
            await self._metadata.wait()
            patience_us = JOIN_US
            while True:
                try:
                    joined = await self._ask_to_join(owned, patience_us)
                    synced = await self._sync(joined)
                except CallError as error:
                    code = error.code if isinstance(error, Rejected) else ""
                    if code in FENCED:
                        owned = ()
                        self._lose()
                    if code == REBALANCE:
                        patience_us = JOIN_US
                    else:
                        patience_us = min(2 * patience_us, self._settings.rebalance_ms * 1_000 + 2 * JOIN_US)
                        await self._service.sleep(PAUSE_US)
                else:
                    break
            self.owned_generation = joined.generation
            self.state = "stable"
            self.result = Result(joined.generation, synced.partitions, self._missed)
            self._missed = False
            self._join_scope = None
            self._on_event()
            self._on_news()  # what has come since it shared out was not looked at

    async def _ask_to_join(self, owned: tuple[TopicPartition, ...], timeout_us: int) -> Joined:
        settings = self._settings
        self.state = "joining"
        request = JoinGroup(
            settings.name,
            self.member,
            settings.assignor,
            self._topics,
            owned,
            self.owned_generation if owned else 0,
            settings.session_timeout_ms,
            settings.rebalance_ms,
        )
        joined = await self.line.ask(request, timeout_us)
        assert isinstance(joined, Joined)
        self._missed |= bool(self.generation) and joined.generation > self.generation + 1
        self.generation = joined.generation
        self.leads = joined.leader == self.member
        return joined

    async def _sync(self, joined: Joined) -> Synced:
        self.state = "syncing"
        assignments: tuple[tuple[str, tuple[TopicPartition, ...]], ...] = ()
        if self.leads:
            await self._metadata.refresh()
            topics = sorted({topic for each in joined.subscriptions for topic in each.topics})
            self._shared = {topic: self._metadata.partitions(topic) for topic in topics}
            shares = assign(self._settings.assignor, joined.subscriptions, self._shared)
            assignments = tuple(sorted(shares.items()))
        request = SyncGroup(self._settings.name, self.member, joined.generation, assignments)
        synced = await self.line.insist(request, self._settings.rebalance_ms * 1_000, attempt_us=SYNC_US)
        assert isinstance(synced, Synced)
        return synced

    # --- being a member -----------------------------------------------------------------------

    def _beat(self) -> None:
        """Say that it lives, if the application does, too."""
        settings = self._settings
        if self._closed or not self.generation:
            return
        idle_us = self._service.clock.monotonic_us - self.polled_us
        if not self.polling and idle_us > settings.max_poll_ms * 1_000:
            text = f"{settings.name}: {self.member} has not polled for {idle_us / 1e6:.1f} s: it leaves the group"
            self._service.note("max-poll", text, group=settings.name, member=self.member)
            self._leave()
        elif self.state != "joining":
            self._service.spawn(self._heartbeat, self.generation)

    async def _heartbeat(self, generation: int) -> None:
        request = Heartbeat(self._settings.name, self.member, generation)
        try:
            await self.line.ask(request, self._settings.session_timeout_ms * 1_000)
        except CallError as error:
            self._told(error, generation)

    def _told(self, error: CallError, generation: int) -> None:
        """What an answer to something said in a generation means for the membership."""
        if not isinstance(error, Rejected) or generation != self.generation:
            return
        if error.code in FENCED:
            self._stop_joining()
            self._lose()
            self.state = "left"
            self.rejoin = True
        elif error.code == REBALANCE and not self.joining:
            self.rejoin = True
            self._on_event()

    def _stop_joining(self) -> None:
        scope, self._join_scope = self._join_scope, None
        if scope is not None:
            scope.cancel()

    def _lose(self) -> None:
        """The group has gone on without it."""
        if not self.lost:
            self._lost_generation = self.owned_generation or self.generation
        self.lost = True
        self.generation = self.owned_generation = 0
        self.leads = False
        self.result = None
        self._on_event()

    def _look(self) -> None:
        if self.generation and not self._closed:
            self._metadata.ask()

    def _on_news(self) -> None:
        """The leader's: has a topic got more partitions than were shared out?"""
        if self.leads and self.state == "stable" and not self._closed:
            known = {topic: self._metadata.partitions(topic) for topic in self._shared}
            if known != self._shared:
                self.rejoin = True
                self._on_event()

    # --- leaving ------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Until the next poll."""
        self._stop_joining()
        self._lose()
        self.state = "left"
        self.rejoin = True
        self._goodbye = trio.CancelScope()
        self._service.spawn(self._say_goodbye, self._goodbye)

    async def _say_goodbye(self, scope: trio.CancelScope) -> None:
        """Others need not wait for the session to time out."""
        with scope, suppress(CallError):
            await self.line.insist(LeaveGroup(self._settings.name, self.member), LEAVE_US)

    async def close(self) -> None:
        """Leave for good; returns when the coordinator knows, or does not answer."""
        if self._closed:
            return
        self._closed = True
        member = self.joining or self.generation > 0
        self._stop_joining()
        self.generation, self.state = 0, "left"
        if member:
            await self._say_goodbye(trio.CancelScope())

    # --- offsets ------------------------------------------------------------------------------

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """As a member of the present generation. Raises CallError; see :meth:`Consumer.commit`."""
        generation = self._lost_generation if self.lost else self.generation
        if not generation:
            raise Rejected(UNKNOWN_MEMBER, f"{self.member} is not in {self._settings.name}")
        self._commits += 1
        request = OffsetCommit(
            self._settings.name, self.member, generation, tuple(sorted(offsets.items())), self._commits
        )
        try:
            # A rebalance waits for who commits what it gives up, and not for ever.
            await self.line.insist(request, self._settings.rebalance_ms * 1_000 // 3)
        except Rejected as error:
            self._told(error, generation)
            if error.code in FENCED and not self.lost:
                raise Rejected(REBALANCE, f"{self._settings.name} is in another generation by now") from error
            raise

    async def committed(self, partitions: tuple[TopicPartition, ...]) -> dict[TopicPartition, int]:
        """Where the group stands; partitions without a committed offset are left out. Asks until it is told."""
        request = OffsetFetch(self._settings.name, partitions)
        while True:
            try:
                found = await self.line.ask(request, OFFSETS_US)
            except CallError:
                await self._service.sleep(PAUSE_US)
            else:
                assert isinstance(found, Offsets)
                return dict(found.offsets)
