"""The offset index of a segment: where, roughly, a batch stands in the file.

It is sparse: after every ``index.interval.bytes`` of the file there is one entry, the offset of the batch that begins
there and its place. A reader takes the last entry that is not above the offset that it wants, and from there
looks at one batch after the other. So the index is small, and what must be looked through has a bound.

The entries are appended to ``<base offset>.index`` as they come. Nobody relies on that file: a machine here only ever
stops because its power fails, and after that a broker builds its indexes from the logs (as Kafka does after a
shutdown that was not clean).
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct
from typing import NamedTuple

_ENTRY = Struct(">QQ")


class Entry(NamedTuple):
    """A batch that can be found at once."""

    offset: int
    position: int
    """Bytes before it in the file."""
    number: int
    """Batches before it in the file: in memory that is its place."""

    def encode(self) -> bytes:
        """As it stands in the file."""
        return _ENTRY.pack(self.offset, self.position)


class OffsetIndex:
    """Of one segment. The beginning of the segment needs no entry."""

    __slots__ = ("_interval_bytes", "_offsets", "entries")

    def __init__(self, interval_bytes: int) -> None:
        self._interval_bytes = interval_bytes
        self._offsets: list[int] = []
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def encode(self) -> bytes:
        """As it stands in the file."""
        return b"".join(entry.encode() for entry in self.entries)

    def due(self, position: int) -> bool:
        """A batch that begins at ``position`` gets an entry."""
        return position - (self.entries[-1].position if self.entries else 0) >= self._interval_bytes

    def add(self, entry: Entry) -> None:
        """Batches come in order."""
        self.entries.append(entry)
        self._offsets.append(entry.offset)

    def find(self, offset: int) -> int:
        """The batch, by number, from which on to look for the one that holds ``offset``."""
        place = bisect_right(self._offsets, offset)
        return self.entries[place - 1].number if place else 0

    def cut(self, batches: int) -> None:
        """Only the first ``batches`` of the segment are left."""
        while self.entries and self.entries[-1].number >= batches:
            self.entries.pop()
            self._offsets.pop()
