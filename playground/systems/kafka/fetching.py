"""What a consumer holds of its partitions: where it stands, and the messages that it keeps ahead.

Rules.

* A consumer pulls. It asks a leader only for partitions of which it has less than ``fetch_messages`` buffered: who is
  slow does not ask, and is not overrun. All partitions of one leader go in one request at a time, which waits there
  until there is something (Kafka's long poll).
* The position is the offset of the message that is handed over next. It moves by handing over, never by fetching; a
  gap that compaction has left is stepped over.
* An answer counts only if the partition is still held, in the same holding, and stands where it was asked for: answers
  may be late, and a partition may have been given up and got back meanwhile.
* A partition without a committed offset, or whose offset is not in the log any more, begins where ``reset`` says. The
  leader is asked for offset -1: it refuses, and tells where its log begins and ends (Kafka's ListOffsets).
* A partition that the leader refuses rests until the next image, or for a moment.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from playground.systems.kafka.records import Record, TopicPartition

NOWHERE = -1
"""An offset that is in no log."""
GRACE_US = 1_000_000
"""How much longer than it may wait there a fetch may take."""
PAUSE_US = 100_000
"""Before a leader that did not answer, or refused, is asked again."""
_GUESS_BYTES = 100
"""What a message takes, as long as none was seen."""


class Polled(NamedTuple):
    """A message that was handed over."""

    partition: TopicPartition
    offset: int
    record: Record


class _Held:
    """One partition that the consumer reads, from when it got it until it gives it up."""

    __slots__ = ("asked", "buffer", "epoch_rest", "next_offset", "partition", "rest_until_us")

    def __init__(self, partition: TopicPartition, offset: int) -> None:
        self.partition = partition
        self.next_offset = offset
        """From where to fetch; ``NOWHERE``: it has to be found out."""
        self.buffer: deque[tuple[int, Record]] = deque()
        self.asked = ""
        """The broker that is being asked."""
        self.rest_until_us = 0

    @property
    def position(self) -> int:
        return self.buffer[0][0] if self.buffer else self.next_offset
