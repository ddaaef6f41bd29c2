"""Reading the segments of a log back: what is whole is kept, in one piece, from the beginning on.

A power failure takes an end of the log. So where a segment ends before the next one begins, that end was not
synced, and neither were the segments that follow, whatever reached the platter of them: they are dropped. A torn record
at the end of what is left is no damage either. Anything else that cannot be read had been safe
once: the log is *damaged*, and ends before it.

A segment that begins before the one before it ends is what a compaction has replaced and had no time to remove.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playground.kernel.recovering import is_torn
from playground.kernel.wal import frame, parse
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.segment import Segment, file_name
from playground.systems.kafka.sequences import Producers, Sequences

_HEADER_BYTES = len(frame(b""))


class Content(NamedTuple):
    """What a partition's files say."""

    segments: tuple[Segment, ...]
    """Whole and contiguous."""
    dropped: tuple[str, ...]
    """Files that are none of the log any more."""
    cut: int | None
    """Where the last segment's file is to be cut; None: nowhere."""
    damaged: bool


def read(
    partition: TopicPartition, files: Sequence[tuple[int, bytes]], interval_bytes: int, first: Producers
) -> Content:
    """``files``: base offsets and contents, in order. ``first``: the producers where the first segment begins."""
    segments: list[Segment] = []
    dropped: list[str] = []
    states = Sequences(first)
    cut: int | None = None
    damaged = False
    for base_offset, data in files:
        if segments and base_offset < segments[-1].end_offset and not dropped:
            dropped.append(file_name(partition, base_offset))
            continue
        if cut is not None or damaged or (segments and base_offset > segments[-1].end_offset):
            dropped.append(file_name(partition, base_offset))
            continue
        segment = Segment(partition, base_offset, states.states(), interval_bytes)
        whole, torn = _whole(data)
        for payload in whole:
            segment.add(Batch.decode(payload), _HEADER_BYTES + len(payload))
        states.note_all(segment.batches)
        segments.append(segment)
        if segment.size_bytes < len(data):
            cut, damaged = segment.size_bytes, not torn
    return Content(tuple(segments), tuple(dropped), cut, damaged)


def _whole(data: bytes) -> tuple[list[bytes], bool]:
    """The whole records before anything that is not; and whether what follows is nothing but a torn tail."""
    found = parse(data)
    if not found.damaged:
        return list(found.records), is_torn(data, len(data) - found.dropped_bytes)
    whole: list[bytes] = []
    at = 0
    for payload in found.records:
        framed = frame(payload, at)
        if data[at : at + len(framed)] != framed:
            break
        whole.append(payload)
        at += len(framed)
    return whole, False
