"""Copying from a leader: one task for all partitions that one broker leads (Kafka's ReplicaFetcherThread).

* A fetch asks for what follows the end of the own log. It also says that everything before is safe here, so it
  waits for the disk first (``flush: each``).
* It names the epoch of the own last batch. A leader whose log parts from this one before that says where; everything
  from there on is cut off: it was never committed. Then it asks again, until the logs agree (KIP-595).
* An answer is used only if nothing has changed since it was asked for.
* Who is refused (the leader does not know yet that it leads, or not any more) asks again a little later, or at once
  when a newer image tells of another epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from playground.kernel.calls import Calls
from playground.kernel.errors import DiskError
from playground.systems.kafka import errors
from playground.systems.kafka.messages import Fetch, Fetched, FetchedOf, FetchFrom
from playground.systems.kafka.partition import Partition
from playground.systems.kafka.records import Batch, TopicPartition

if TYPE_CHECKING:
    from playground.systems.kafka.service import BrokerService

MAX_BYTES = 64 << 10
"""Per partition and fetch (replica.fetch.max.bytes is 1 MiB; the logs here are smaller)."""
RETRY_US = 50_000
"""After a refusal."""
FULL_US = 500_000
"""After the disk has refused."""
_MARGIN_US = 250_000
_LEAST_WAIT_MS = 250


class Fetcher:
    """Follows one leader, from the first partition that it leads to the last."""

    def __init__(self, service: BrokerService, leader: str) -> None:
        self._service = service
        self.leader = leader
        self.partitions: dict[TopicPartition, Partition] = {}
        self._asked: dict[TopicPartition, int] = {}
        """What was asked for last, and the leader epoch of each."""
        self._calls: Calls | None = None
        self._runs = False
        settings = service.settings
        self._wait_ms = min(settings.fetch_wait_ms, max(settings.lag_ms // 2, _LEAST_WAIT_MS))
        """Not so long that a follower whose answer is lost falls out of sync."""

    def follow(self, partitions: Iterable[Partition]) -> None:
        """These are the partitions from now on; what is asked now may be asked otherwise."""
        followed = {partition.partition: partition for partition in partitions}
        changed = {tp: each.leader_epoch for tp, each in followed.items()} != self._asked
        self.partitions = followed
        if changed and self._calls is not None:
            self._calls.abandon()
        if followed and not self._runs:
            self._runs = True
            self._service.spawn(self._run)

    async def _run(self) -> None:
        service = self._service
        while self.partitions:
            for partition in list(self.partitions.values()):
                if not partition.settled:
                    await partition.settle()
            now_us = service.clock.monotonic_us
            wait_ms = self._wait_ms
            asked: dict[TopicPartition, FetchFrom] = {}
            for tp, partition in self.partitions.items():
                if partition.retry_us > now_us:
                    wait_ms = min(wait_ms, 1 + (partition.retry_us - now_us) // 1_000)
                elif partition.settled:
                    asked[tp] = self._from(partition)
            if asked:
                await self._fetch(asked, wait_ms)
            else:
                await service.sleep(wait_ms * 1_000)
        self._runs = False

    def _from(self, partition: Partition) -> FetchFrom:
        log = partition.log
        return FetchFrom(partition.partition, log.end_offset, partition.leader_epoch, log.last_epoch)

    async def _fetch(self, asked: dict[TopicPartition, FetchFrom], wait_ms: int) -> None:
        service = self._service
        own = service.own
        assert own is not None, "a broker that has not recovered follows nobody"
        self._asked = {tp: each.leader_epoch for tp, each in asked.items()}
        fetch = Fetch(own.member, own.incarnation, wait_ms, MAX_BYTES, tuple(asked.values()))
        limit_us = wait_ms * 1_500 + _MARGIN_US  # its clock may be slower than ours
        calls = self._calls = service.calls((self.leader,), fetch, timeout_us=limit_us)
        try:
            await calls.rest()
        finally:
            self._calls = None
            calls.abandon()
        answer = calls.replies.get(self.leader)
        if isinstance(answer, Fetched):
            for each in answer.partitions:
                partition = self.partitions.get(each.partition)
                if partition is not None and self._from(partition) == asked.get(each.partition):
                    self._take(partition, each)
        elif calls.errors:
            await service.sleep(RETRY_US)

    def _take(self, partition: Partition, fetched: FetchedOf) -> None:
        log, service = partition.log, self._service
        now_us = service.clock.monotonic_us
        if fetched.error == errors.OUT_OF_RANGE:
            self._restart(partition, fetched.start_offset)
        elif fetched.error or fetched.leader_epoch != partition.leader_epoch:
            partition.retry_us = now_us + RETRY_US
        elif fetched.diverging is not None:
            epoch, end_offset = fetched.diverging
            if epoch < 0:
                self._restart(partition, end_offset)
            else:
                self._truncate(partition, min(end_offset, log.end_of_epoch(epoch)[1]))
        elif fetched.batches and fetched.batches[0].base_offset < log.end_offset:
            self._restart(partition, fetched.start_offset)  # an empty log that begins within a batch of the leader's
        else:
            if fetched.batches:
                self._copy(partition, fetched.batches)
            log.advance(fetched.high_watermark)

    def _copy(self, partition: Partition, batches: tuple[Batch, ...]) -> None:
        log, service = partition.log, self._service
        before = log.end_offset
        try:
            log.copy(batches, partition.on_synced)
        except DiskError:
            partition.retry_us = service.clock.monotonic_us + FULL_US
            if log.end_offset > before:
                log.copy((), partition.on_synced)  # some had room
        service.work += log.end_offset - before

    def _truncate(self, partition: Partition, offset: int) -> None:
        cut = partition.log.truncate(offset)
        partition.on_synced()
        if cut:
            self._tell(partition, cut, f"from offset {partition.log.end_offset} on")

    def _restart(self, partition: Partition, offset: int) -> None:
        """Begin anew. What was committed the leader has, or has deleted: that is nothing to tell of."""
        mark = partition.log.high_watermark
        cut = sum(1 for at, _ in partition.log.records() if at >= mark)
        partition.log.restart(offset)
        partition.on_synced()
        if cut:
            self._tell(partition, cut, f"and begins anew at offset {offset}")

    def _tell(self, partition: Partition, cut: int, what: str) -> None:
        name, tp = self._service.name, partition.partition
        messages = "1 message" if cut == 1 else f"{cut} messages"
        text = f"{name} drops {messages} of {tp} that {self.leader} has not, {what}"
        self._service.note("truncated", text, partition=str(tp), records=cut)
