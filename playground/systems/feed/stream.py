"""What is to be published next: the committed log of a shard behind some position, or a snapshot of it.

The rules:

* Only what is committed goes out, and no write that an abort undoes. What is committed ends never between the two, so
  a write that goes out is never reversed.
* Each change has the position of its write. So the order of a key's changes can be told, however they arrive.
* If the log does not hold the position to go on from, it was compacted beyond, or is another log than the one that
  was published. Then all keys go out, with the values that they have at the end of what is committed, and with that
  position: it is above that of every change that made them, and below all that follow.

This module decides; it sends nothing. It holds no changes but those of a snapshot that is going out, so whoever
cannot publish need not queue anything: the log is still there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from playground.systems.feed.changes import Change
from playground.systems.shards.client import Position, ReplicatedLog


class Next(NamedTuple):
    """A change to publish."""

    change: Change
    reached: Position | None
    """How far the shard is published once this and all before it are safe; None: amid a snapshot, no further."""


class Stream:
    """Follows ``log``, whose node leads ``shard`` and serves, from behind ``position``; None: from a snapshot on.

    ``on_snapshot(keys)`` is called when a snapshot begins.
    """

    def __init__(
        self, shard: str, log: ReplicatedLog, position: Position | None, on_snapshot: Callable[[int], object]
    ) -> None:
        self.shard = shard
        self._log = log
        self._position = position
        self._on_snapshot = on_snapshot
        self._rest: deque[tuple[str, str]] = deque()
        """Of a snapshot."""

    @property
    def position(self) -> Position | None:
        """All up to here was taken; None: the newest snapshot was not, or not to its end."""
        return None if self._rest else self._position

    @property
    def keys_left(self) -> int:
        """How many keys of a snapshot are still to go out."""
        return len(self._rest)

    def take(self, limit: int) -> list[Next]:
        """Up to ``limit`` changes that were not taken yet, in the order of the log."""
        taken: list[Next] = []
        while len(taken) < limit:
            if self._rest:
                taken += self._keys(limit - len(taken))
            elif self._position is None or not self._log.holds(self._position):
                self._begin_snapshot()
            elif self._position.seq < self._log.commit:
                taken += self._writes(self._position.seq, limit - len(taken))
            else:
                break
        return taken

    def _writes(self, seq: int, limit: int) -> Iterator[Next]:
        for entry in self._log.after(seq, min(limit, self._log.commit - seq)):
            self._position = position = entry.position
            if entry.kind == "write" and not self._log.aborted(entry.seq):
                yield Next(Change(self.shard, *position, entry.key, entry.value), position)

    def _begin_snapshot(self) -> None:
        log = self._log
        self._position = log.position(log.commit)
        self._rest.extend(log.state.data.items())
        self._on_snapshot(len(self._rest))

    def _keys(self, limit: int) -> Iterator[Next]:
        assert self._position is not None
        for _ in range(min(limit, len(self._rest))):
            key, value = self._rest.popleft()
            yield Next(Change(self.shard, *self._position, key, value), None if self._rest else self._position)
