"""Which records of a compacted topic are needed no more, and what is left of a segment without them.

Of each key the newest record is kept, and tombstones for a while: who reads on, less than that behind, sees that
the key is gone. Offsets never change, and a batch keeps its range of offsets, its producer and its epoch, even
when all its records are gone. Such an empty batch is left out, except where it says something:

* the first one of each leader epoch says where the epoch began;
* the last one of each producer says which number comes next (as in Kafka);
* the last one of a segment says where it ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from playground.systems.kafka.records import NO_PRODUCER, Batch
from playground.systems.kafka.segment import Segment


class Survey:
    """What stands in a stretch of segments that are to be compacted together."""

    def __init__(self, segments: Iterable[Segment], epoch_starts: Collection[int], tombstones_until_us: int) -> None:
        self._epoch_starts = epoch_starts
        self._tombstones_until_us = tombstones_until_us
        self._newest: dict[str, int] = {}
        """Key -> offset of its newest record."""
        self._last: dict[int, int] = {}
        """Producer -> offset of its last batch."""
        for segment in segments:
            for batch in segment.batches:
                self._last[batch.producer_id] = batch.base_offset
                for record in batch.records:
                    if record.key is not None:
                        self._newest[record.key] = batch.base_offset + record.delta
        self._last.pop(NO_PRODUCER, None)

    def remains(self, batches: Sequence[Batch]) -> list[Batch]:
        """What is left of the batches of whole segments that follow each other."""
        found = [self._compacted(batch) for batch in batches]
        return [each for each in found if each.records or each is found[-1] or self._says_something(each)]

    def _compacted(self, batch: Batch) -> Batch:
        kept = tuple(
            record
            for record in batch.records
            if record.key is None
            or (
                self._newest[record.key] == batch.base_offset + record.delta
                and (record.value is not None or record.at_us > self._tombstones_until_us)
            )
        )
        return batch if len(kept) == len(batch.records) else batch._replace(records=kept)

    def _says_something(self, batch: Batch) -> bool:
        return batch.base_offset in self._epoch_starts or self._last.get(batch.producer_id) == batch.base_offset


class Plan(NamedTuple):
    """One segment that takes the place of some that follow each other."""

    old: list[Segment]
    remains: list[tuple[Batch, bytes]]
    """Batches, and how they are encoded."""

    @property
    def unchanged(self) -> bool:
        """It is the same as the one old segment."""
        return len(self.old) == 1 and [each for each, _ in self.remains] == self.old[0].batches


def plan(segments: Iterable[Segment], survey: Survey, segment_bytes: int) -> list[Plan]:
    """How segments that follow each other are replaced: what is left of them fills new ones of about this size."""
    encoded: dict[int, bytes] = {}
    groups: list[list[Segment]] = []
    room = 0
    for segment in segments:
        payloads = {batch.base_offset: batch.encode() for batch in survey.remains(segment.batches)}
        size_bytes = sum(len(payload) for payload in payloads.values())
        if not groups or size_bytes > room:
            groups.append([])
            room = segment_bytes
        groups[-1].append(segment)
        room -= size_bytes
        encoded.update(payloads)
    plans = []
    for group in groups:
        remains = survey.remains([batch for segment in group for batch in segment.batches])
        plans.append(Plan(group, [(batch, encoded[batch.base_offset]) for batch in remains]))
    return plans
