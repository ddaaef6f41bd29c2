"""Reads whole topics, outside any group: for those who read back what they wrote.

Most brokers have to agree who leads: somebody who was replaced and does not know it would have less than there is. Each
partition's leader is first asked for an offset that is in no log: it refuses, and tells where its log begins and how
much is committed, as far as it knows (one that was elected a moment ago may know of a little less). From there to there
it is then read, wherever the lead goes meanwhile.
"""

from __future__ import annotations

from playground.kernel.errors import CallError
from playground.kernel.service import Service
from playground.systems.kafka.confirming import confirm
from playground.systems.kafka.errors import OUT_OF_RANGE
from playground.systems.kafka.fetching import GRACE_US, NOWHERE, PAUSE_US
from playground.systems.kafka.messages import Fetch, Fetched, FetchedOf, FetchFrom
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import Record, TopicPartition

FETCH_BYTES = 65_536
"""Of one partition at a time."""


class _Progress:
    """How far one partition was read."""

    def __init__(self) -> None:
        self.offset = NOWHERE
        self.end = NOWHERE
        """Of what was committed when it was first asked for; ``NOWHERE``: not known yet."""
        self.records: list[tuple[int, Record]] = []

    @property
    def done(self) -> bool:
        return self.end != NOWHERE and self.offset >= self.end

    def take(self, found: FetchedOf) -> bool:
        """Returns whether that was of any use."""
        if found.error == OUT_OF_RANGE and found.start_offset >= 0:
            if self.end == NOWHERE:
                self.offset, self.end = found.start_offset, found.high_watermark
            elif self.offset < found.start_offset:
                self.offset = found.start_offset  # deleted meanwhile (retention)
            else:
                self.offset = self.end  # lost meanwhile (unclean election)
            return True
        if found.error or self.end == NOWHERE:
            return False
        before = self.offset
        for batch in found.batches:
            for record in batch.records:
                if self.offset <= batch.base_offset + record.delta < self.end:
                    self.records.append((batch.base_offset + record.delta, record))
            self.offset = max(self.offset, batch.next_offset)
        return self.offset > before


class Reader:
    """Calls ``brokers`` through ``service``."""

    def __init__(self, service: Service, brokers: tuple[str, ...]) -> None:
        self._service = service
        self._metadata = Metadata(service, brokers)

    async def read_all(self, topic: str, *, timeout_us: int = 10_000_000) -> list[tuple[TopicPartition, int, Record]]:
        """What is committed in all partitions now, as ``(partition, offset, record)``; partitions one after another.

        Raises TimedOut if some partition could not be read in time.
        """
        with self._service.timeout(timeout_us):
            progress = await self._read(topic)
        return [(partition, *found) for partition, read in progress.items() for found in read.records]

    async def _read(self, topic: str) -> dict[TopicPartition, _Progress]:
        await self._metadata.wait()
        while not await confirm(self._service, self._metadata) or not self._metadata.partitions(topic):
            await self._service.sleep(PAUSE_US)
            await self._metadata.refresh()
        count = self._metadata.partitions(topic)
        progress = {TopicPartition(topic, number): _Progress() for number in range(count)}
        while not all(read.done for read in progress.values()):
            if not await self._round(progress):
                await self._service.sleep(PAUSE_US)
                await self._metadata.refresh()
        return progress

    async def _round(self, progress: dict[TopicPartition, _Progress]) -> bool:
        """Ask every leader once. Returns whether every partition that is not done has come further."""
        wanted: dict[str, list[FetchFrom]] = {}
        useful = True
        for partition, read in progress.items():
            if read.done:
                continue
            known = self._metadata.leader(partition)
            if known is None:
                useful = False
            else:
                leader, epoch = known
                wanted.setdefault(leader, []).append(FetchFrom(partition, read.offset, epoch))
        for leader, asked in wanted.items():
            request = Fetch(None, 0, 0, FETCH_BYTES, tuple(asked))
            try:
                found = await self._service.call(leader, request, timeout_us=GRACE_US)
            except CallError:
                useful = False
                continue
            assert isinstance(found, Fetched)
            taken = {each.partition for each in found.partitions if progress[each.partition].take(each)}
            useful = useful and len(taken) == len(asked)
        return useful
