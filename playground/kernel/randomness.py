"""Named random streams, all drawn from the one seed of the world.

Each purpose has a stream of its own, found by name: ``stream(seed, "n3",
"gossip")``. A draw added in one place therefore moves no other. The names are
hashed with BLAKE2, never with ``hash()``, so a stream is the same in every process.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right

Stream = random.Random
"""One stream. Deterministic across processes for the same seed and names."""


def stream(seed: int, *names: str) -> Stream:
    """The stream called ``names`` of the world with this ``seed``."""
    label = "\x1f".join((str(seed), *names)).encode()
    return random.Random(int.from_bytes(hashlib.blake2b(label, digest_size=16).digest(), "big"))


class Zipf:
    """Ranks 0 .. n-1, drawn with probability proportional to ``1 / (rank + 1) ** skew``.

    ``skew`` 0 is uniform; 0.99 is YCSB's default (Cooper et al., 2010). Drawn by
    inversion over the cumulated weights: one uniform number a draw.
    """

    def __init__(self, n: int, skew: float) -> None:
        total = 0.0
        self._cumulated: list[float] = []
        for rank in range(n):
            total += 1.0 / (rank + 1) ** skew
            self._cumulated.append(total)
        self._total = total

    def draw(self, source: Stream) -> int:
        at = bisect_right(self._cumulated, source.random() * self._total)
        return min(at, len(self._cumulated) - 1)
