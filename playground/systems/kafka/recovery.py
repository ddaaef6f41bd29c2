"""Reading the segments of a log back: what is whole is kept, in one piece, from the beginning on.

A power failure takes an end of the log. So where a segment ends before the next one begins, that end was not
synced, and neither were the segments that follow, whatever reached the platter of them: they are dropped. A torn record
at the end of what is left is no damage either. Anything else that cannot be read had been safe
once: the log is *damaged*, and ends before it.

A segment that begins before the one before it ends is what a compaction has replaced and had no time to remove.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from playground.kernel.recovering import is_torn
from playground.kernel.wal import frame, parse
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.segment import Segment
from playground.systems.kafka.segments import snapshot
from playground.systems.kafka.sequences import Producers, Sequences, decode

_HEADER_BYTES = len(frame(b""))


class Files(NamedTuple):
    """What the disk has of one segment."""

    base_offset: int
    log: bytes
    snapshot: bytes = b""


class Content(NamedTuple):
    """What a partition's files say."""

    segments: tuple[Segment, ...]
    """Whole, and one after the other without a gap. Other files are none of the log any more."""
    cut: int | None
    """The size to which the last one's file must be cut; None: it is that."""
    damaged: bool

    @property
    def batches(self) -> list[Batch]:
        return [batch for segment in self.segments for batch in segment.batches]


def read(partition: TopicPartition, files: Iterable[Files], interval_bytes: int = 1) -> Content:
    """Read the segments of a partition, in order."""
    segments: list[Segment] = []
    states = Sequences({})
    for each in files:
        if not segments:
            states = Sequences(_producers(each.snapshot))
        elif each.base_offset < segments[-1].end_offset:
            continue
        elif each.base_offset > segments[-1].end_offset:
            break
        segment = Segment(partition, each.base_offset, states.states(), interval_bytes)
        segment.snapshot = "safe" if each.snapshot == snapshot(segment.producers) else ""
        segments.append(segment)
        whole, torn = _whole(each.log)
        for payload in whole:
            segment.add(Batch.decode(payload), _HEADER_BYTES + len(payload))
        states.note_all(segment.batches)
        if segment.size_bytes < len(each.log):
            return Content(tuple(segments), segment.size_bytes, not torn)
    return Content(tuple(segments), None, False)


def _producers(data: bytes) -> Producers:
    """Of a snapshot; nothing is known of any if it is missing or cannot be read: they have to begin a new epoch."""
    found = parse(data)
    return decode(found.records[0]) if found.clean and found.records else {}


def _whole(data: bytes) -> tuple[Sequence[bytes], bool]:
    """The whole records before anything that is not; and whether what follows is nothing but a torn tail."""
    found = parse(data)
    if not found.damaged:
        return found.records, is_torn(data, len(data) - found.dropped_bytes)
    at = count = 0
    for payload in found.records:
        framed = frame(payload, at)
        if not data.startswith(framed, at):
            break
        at += len(framed)
        count += 1
    return found.records[:count], False
