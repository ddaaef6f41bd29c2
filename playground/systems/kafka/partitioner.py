"""Which partition a message goes to.

With a key: the murmur2 hash of its UTF-8 bytes, modulo the number of partitions, as Kafka's own producers do it. So all
messages of a key stay in order in one partition, until the topic gets more partitions: then keys move.

Without one: the sticky partitioner (KIP-480): one partition until its batch is on its way, then another one by chance,
so that batches fill up instead of each message making a small one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playground.kernel.randomness import Stream

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_M = 0x5BD1E995
_R = 24


def murmur2(data: bytes) -> int:
    """MurmurHash2 (Appleby) as a signed number of 32 bits: Kafka's ``Utils.murmur2``."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _M & _MASK
        k = (k ^ k >> _R) * _M & _MASK
        h = h * _M & _MASK ^ k
    if length > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


def of_key(key: str, partitions: int) -> int:
    """The partition, 0 .. ``partitions`` - 1, to which messages with this key go."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


class Sticky:
    """Chooses for the messages of one topic that have no key.

    ``available()``: the partitions to choose among, at least one: those that somebody leads, or all if nobody does.
    """

    def __init__(self, chance: Stream, available: Callable[[], Sequence[int]]) -> None:
        self._chance = chance
        self._available = available
        self._current: int | None = None

    def choose(self) -> int:
        """The partition to go to, until :meth:`move_on`."""
        if self._current is None:
            self._current = self._draw(self._available())
        return self._current

    def move_on(self, batch_of: int) -> None:
        """A batch of this partition is full or on its way: if it is the current one, go to another one."""
        if batch_of == self._current:
            among = self._available()
            self._current = self._draw([each for each in among if each != batch_of] or among)

    def _draw(self, among: Sequence[int]) -> int:
        return among[int(self._chance.random() * len(among))]
