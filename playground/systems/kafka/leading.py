"""A leader's epoch: it gives offsets, counts who has what, and says what is committed.

* Nobody else appends in this leader epoch: it belongs to this life of this broker. So epoch and offset name a record.
* A copy counts as far as its broker can't lose it by a power failure (``flush: each``): the leader's up to what is
  synced, a follower's up to the offset from which it fetches, as it fetches on only when the rest is synced.
* A fetch counts only if the follower's log is a beginning of this one, if it comes from the disk that is meant, and
  from the newest life of its broker that is known: an older one may have had what this one has not.
* The high watermark is the least of what counts over the maximal in-sync set (:mod:`.insync`). It never falls, and it
  stands still while fewer than ``min_insync`` are in sync: so nothing is committed that somebody lacks who was in sync
  when there were still enough, and who may therefore lead when nobody else is left (KIP-966).
* ``acks=all`` is answered when the high watermark has passed; if too few are in sync, it is refused before it is
  appended, or told that it was appended and is not committed.
* A broker whose disk is full, or hangs, for ``lag_ms`` resigns, if others are in sync.

After KIP-101, KIP-279, KIP-497, KIP-595 (how logs are compared), KIP-903 (lives of brokers) and KIP-966.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.kernel.errors import DiskError
from playground.systems.kafka import errors
from playground.systems.kafka.image import Member, PartitionState
from playground.systems.kafka.insync import InSync
from playground.systems.kafka.messages import FetchedOf, FetchFrom
from playground.systems.kafka.records import Batch
from playground.systems.kafka.waiting import Marks

if TYPE_CHECKING:
    from playground.systems.kafka.partition import Partition

NEVER_US = -(1 << 62)

Produced = Callable[[str, int], object]
"""Told, once, "" and the base offset, or a code of :mod:`.errors` and -1."""


@dataclass(slots=True)
class Progress:
    """How far a follower has come, by what it has fetched in this leader epoch. Microseconds of the leader's clock."""

    member: Member
    incarnation: int
    """The life that fetches; 0: it has not fetched yet."""
    end_offset: int = -1
    """It has everything before; -1: not known."""
    caught_up_us: int = NEVER_US
    """When it last had everything."""
    fetched_us: int = NEVER_US
    """When it last asked."""
    end_then: int = 0
    """The leader's end when it last asked."""


class Leading:
    """From the election until :meth:`end`."""

    def __init__(self, replica: Partition, state: PartitionState) -> None:
        self.replica = replica
        self.service = service = replica.service
        self.partition = replica.partition
        self.log = log = replica.log
        self.epoch = state.leader_epoch
        self.replicas = state.replicas
        self.over = False
        self.first = log.end_offset
        """Where this epoch begins."""
        now_us = service.clock.monotonic_us
        self.followers = {
            member.name: Progress(member, 0, caught_up_us=now_us) for member in state.isr if member.name != service.name
        }
        self.insync = InSync(self, state)
        self._each = service.settings.flush == "each"
        self._lag_us = service.settings.lag_ms * 1_000
        self._limit_us = service.settings.producer.request_timeout_ms * 1_000
        self._least = replica.settings.min_insync
        self._compacted = replica.settings.cleanup == "compact"
        self._committed = Marks()
        self._synced = Marks()
        self._refusing_since_us: int | None = None
        self._hanging_since_us = None if replica.settled else now_us
        self._told_first_write = False

    # --- standing -----------------------------------------------------------------------------

    @property
    def isr(self) -> tuple[Member, ...]:
        """Who is in sync, as the controller has confirmed."""
        return self.insync.isr

    @property
    def high_watermark(self) -> int:
        return self.log.high_watermark

    @property
    def counted(self) -> int:
        """How far this broker's own copy counts."""
        return self.log.synced_offset if self._each else self.log.end_offset

    @property
    def under_replicated(self) -> bool:
        return len(self.isr) < len(self.replicas)

    @property
    def waiting(self) -> int:
        """Produces that are not answered yet."""
        return len(self._committed) + len(self._synced)

    def end(self, why: str) -> None:
        """This broker does not lead any more, and knows it. What was appended may still come to be committed."""
        if self.over:
            return
        self.over = True
        replica, name = self.replica, self.service.name
        replica.leading = None
        if replica.leader == name:
            replica.leader = ""
        why = "its disk takes nothing" if self.insync.resigning else why
        text = f"{name} does not lead {self.partition} any more: {why}"
        self.service.note("deposed", text, group=str(self.partition), term=self.epoch)
        for marks in (self._committed, self._synced):
            marks.end(errors.REQUEST_TIMED_OUT)
        self.service.on_ceased(self)

    # --- producing ----------------------------------------------------------------------------

    def produce(self, batch: Batch, acks: str, done: Produced) -> None:
        """Append a batch, unless it is there already, and tell when as many have it as ``acks`` says."""
        log = self.log
        if not batch.records or (
            self.replica.settings.cleanup == "compact" and any(r.key is None for r in batch.records)
        ):
            done(errors.BAD_REQUEST, -1)
            return
        placed = log.check_sequence(batch)
        if isinstance(placed, str):
            done(placed, -1)
            return
        starved = acks == "all" and len(self.isr) < self._least
        if placed is None:
            if starved:
                done(errors.NOT_ENOUGH_REPLICAS, -1)
                return
            stored = self._append(batch)
            if stored is None:
                done(errors.STORAGE, -1)
                return
            base_offset, end_offset = stored.base_offset, stored.next_offset
        else:
            base_offset, end_offset = placed
            if starved and end_offset > log.high_watermark:
                done(errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND, base_offset)
                return
        self._answer(acks, base_offset, end_offset, done)
        if placed is None:
            self.service.fetches.on_appended(self.partition)
            self.advance()

    def _append(self, batch: Batch) -> Batch | None:
        now_us = self.service.clock.monotonic_us
        try:
            stored = self.log.append(batch, self.epoch, self.replica.on_synced)
        except DiskError:
            if self._refusing_since_us is None:
                self._refusing_since_us = now_us
            return None
        self._refusing_since_us = None
        if self._hanging_since_us is None and self._each:
            self._hanging_since_us = now_us
        self.service.work += len(batch.records)
        return stored

    def _answer(self, acks: str, base_offset: int, end_offset: int, done: Produced) -> None:
        """Tell at once, or when the mark that counts has come to ``end_offset``."""
        mark = {"0": end_offset, "1": self.counted}.get(acks, self.log.high_watermark)
        if mark >= end_offset:
            done("", base_offset)
            return
        marks = self._synced if acks == "1" else self._committed
        deadline_us = self.service.clock.monotonic_us + self._limit_us
        marks.wait(end_offset, deadline_us, lambda error: done(error, base_offset))

    # --- what is committed ------------------------------------------------------------------------

    def on_synced(self) -> None:
        """More of the own log is safe."""
        safe = self.log.synced_offset
        self._hanging_since_us = None if safe >= self.log.end_offset else self.service.clock.monotonic_us
        self._synced.reach(safe)
        self.advance()

    def advance(self) -> None:
        """Commit what everybody has who may be in sync."""
        if self.over or len(self.isr) < self._least:
            return
        mark, own = self.counted, self.service.name
        for member in self.insync.maximal:
            if member.name != own:
                progress = self.followers.get(member.name)
                mark = min(mark, progress.end_offset if progress is not None and progress.member == member else -1)
        log = self.log
        if mark <= log.high_watermark:
            return
        log.advance(mark)
        if mark > self.first and not self._told_first_write:
            self._told_first_write = True
            text = f"{own} has committed its first write to {self.partition} in epoch {self.epoch}"
            self.service.note("first-write", text, group=str(self.partition), term=self.epoch)
        self._committed.reach(mark)
        self.service.fetches.on_committed(self.partition)

    def on_state(self, state: PartitionState) -> None:
        """A newer image, in which it still leads in this epoch."""
        for name, progress in self.followers.items():
            registered = self.service.image.broker(name)
            if registered is not None and 0 < progress.incarnation < registered.incarnation:
                progress.end_offset = -1  # it runs anew: it will say itself what it still has
        self.insync.take(state.isr, state.version)

    def on_set_changed(self) -> None:
        """The controller has confirmed another in-sync set."""
        if all(member.name != self.service.name for member in self.isr):
            self.end("it has resigned")
            return
        now_us = self.service.clock.monotonic_us
        for member in self.isr:
            if member.name != self.service.name:
                self.followers.setdefault(member.name, Progress(member, 0, caught_up_us=now_us))
        self.advance()
        if len(self.isr) < self._least:
            self._committed.end(errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND)

    def tick(self) -> None:
        """Some time has passed."""
        now_us = self.service.clock.monotonic_us
        self._committed.expire(now_us, errors.REQUEST_TIMED_OUT)
        self._synced.expire(now_us, errors.REQUEST_TIMED_OUT)
        self.insync.consider()

    # --- followers --------------------------------------------------------------------------------

    def fetched(self, member: Member, incarnation: int, wanted: FetchFrom) -> FetchedOf | None:
        """A follower asks from ``wanted.offset`` on, and thereby says what it has. None: it may read from there."""
        registered = self.service.image.broker(member.name)
        progress = self.followers.get(member.name)
        known = max(registered.incarnation if registered else 0, progress.incarnation if progress else 0)
        if member.name not in self.replicas or incarnation < known:
            return FetchedOf(self.partition, errors.BAD_REQUEST, self.epoch)
        if progress is None or progress.member != member or progress.incarnation != incarnation:
            since_us = progress.caught_up_us if progress is not None and progress.member == member else NEVER_US
            progress = self.followers[member.name] = Progress(member, incarnation, caught_up_us=since_us)
        log = self.log
        if wanted.offset < log.start_offset or (wanted.offset > log.end_offset and wanted.last_epoch < 0):
            return self.refused(errors.OUT_OF_RANGE)
        if wanted.last_epoch >= 0:
            epoch, end_offset = log.end_of_epoch(wanted.last_epoch)
            if epoch != wanted.last_epoch or end_offset < wanted.offset:
                # (If all of that epoch is deleted here, nobody can tell any more: it has to begin where this log does.)
                return self.told(diverging=(epoch, end_offset))
        self._count(progress, wanted.offset)
        return None

    def _count(self, progress: Progress, offset: int) -> None:
        """A follower has everything before ``offset``."""
        now_us, end_offset = self.service.clock.monotonic_us, self.log.end_offset
        if offset >= end_offset:
            progress.caught_up_us = now_us
        elif offset >= progress.end_then:
            progress.caught_up_us = max(progress.caught_up_us, progress.fetched_us)
        progress.fetched_us, progress.end_then = now_us, end_offset
        if offset > progress.end_offset:
            progress.end_offset = offset
            self.advance()
        if progress.member not in self.isr and not self.over:
            self.insync.consider()

    def waited(self, name: str) -> None:
        """A follower had everything until now: its fetch has waited here."""
        progress = self.followers.get(name)
        if progress is not None:
            progress.caught_up_us = max(progress.caught_up_us, self.service.clock.monotonic_us)

    def refused(self, error: str) -> FetchedOf:
        return FetchedOf(self.partition, error, self.epoch, self.log.high_watermark, self.log.start_offset)

    def told(self, batches: tuple[Batch, ...] = (), diverging: tuple[int, int] | None = None) -> FetchedOf:
        log = self.log
        return FetchedOf(self.partition, "", self.epoch, log.high_watermark, log.start_offset, batches, diverging)

    def lags(self, progress: Progress, now_us: int) -> bool:
        """A follower lacks something, and has lacked something or other for too long."""
        return progress.end_offset < self.log.end_offset and now_us - progress.caught_up_us > self._lag_us

    def may_enter(self, progress: Progress, now_us: int) -> bool:
        """A follower that is not in sync has everything that it takes."""
        registered = self.service.image.broker(progress.member.name)
        return (
            progress.end_offset >= max(self.log.high_watermark, self.first)
            and now_us - progress.fetched_us <= self._lag_us
            and registered is not None
            and registered.member == progress.member
            and registered.incarnation == progress.incarnation
        )

    def unfit(self, now_us: int) -> bool:
        """The own disk has taken nothing for too long."""
        return any(
            since_us is not None and now_us - since_us > self._lag_us
            for since_us in (self._refusing_since_us, self._hanging_since_us)
        )
