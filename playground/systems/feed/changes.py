"""A change as it stands in the feed: ``green @shard-1:3:120`` under the key ``colour``.

The value, and behind it where the write stands in the log of its shard: epoch and place. A person can read it, and a
consumer can tell what it has applied already. Of one key the later position is the newer value: a later epoch is
further, whatever the place.
"""

from __future__ import annotations

from typing import NamedTuple

from playground.systems.shards.client import Position

_MARK = " @"


class Change(NamedTuple):
    """``key`` has had ``value`` since the write at ``seq`` of its shard's log, which a master of ``epoch`` logged.

    In a snapshot: it had this value at that place, since whenever.
    """

    shard: str
    epoch: int
    seq: int
    key: str
    value: str

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.seq)

    def __str__(self) -> str:
        """The value of its message; the key is the message's key."""
        return f"{self.value}{_MARK}{self.shard}:{self.position}"

    @classmethod
    def parse(cls, key: str | None, text: str | None) -> Change | None:
        """The inverse of ``str``, for a message with this key; None if no feed has made it."""
        if key is None or text is None:
            return None
        value, mark, place = text.rpartition(_MARK)
        shard, colon, position = place.partition(":")
        found = parse_position(position, ":")
        return cls(shard, *found, key, value) if mark and shard and colon and found is not None else None


def parse_position(text: str | None, between: str) -> Position | None:
    """``epoch``, ``between``, ``seq``; None if it is nothing of the kind."""
    epoch, _, seq = (text or "").partition(between)
    return Position(int(epoch), int(seq)) if _is_number(epoch) and _is_number(seq) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
