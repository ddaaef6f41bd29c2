"""Where on the circle: hashing names and keys to positions.

Theory of operation. Positions are integers 0 <= position < 10^18. A 64-bit MurmurHash3 value h
is brought there by scaling, `h * 10^18 // 2^64`, never by a remainder: 2^64 is 18.4 times 10^18,
so `h % 10^18` would meet the first 44.7 % of the circle 19 times and the rest 18 times, and the
servers there would hold 5.6 % more keys than their arcs are worth.

The k hash functions that put a server on k spots are MurmurHash3 with the seeds 1..k. Keys use
seed 0, so a key that is spelled like a server does not stand on one of that server's spots.
MurmurHash3 gives 128 bits; we keep the upper 64 (the second 8 bytes of its digest).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mmh3

if TYPE_CHECKING:  # numpy takes 0.1 s to import: only those who look up in batches pay for it
    import numpy as np
    from numpy.typing import NDArray

CIRCLE = 10**18
"""Positions on the circle; they run clockwise from 0 to CIRCLE - 1, and CIRCLE is 0 again."""

_KEY_SEED = 0


def key_position(key: str) -> int:
    """Return the position of a key, spread uniformly over the circle."""
    return (mmh3.hash128(key) >> 64) * CIRCLE >> 64


def key_positions(keys: Sequence[str]) -> NDArray[np.uint64]:
    """Return `key_position` of every key: the loop over the keys runs in C."""
    import numpy as np

    digests = np.frombuffer(b"".join(map(mmh3.hash_bytes, keys)), dtype="<u8")
    return _scale(digests[1::2])


def node_positions(name: str, count: int) -> list[int]:
    """Return the `count` positions of a server, one for each hash function, in no order."""
    return [(mmh3.hash128(name, seed) >> 64) * CIRCLE >> 64 for seed in range(_KEY_SEED + 1, _KEY_SEED + 1 + count)]


def _scale(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return `hashes * CIRCLE >> 64`, although numpy has no 128-bit product.

    Both factors are cut into 32-bit halves and multiplied as on paper. No term overflows: the
    largest, upper * low_half + lower * high_half + carry, stays below 1.31e19 < 2^64.
    """
    high_half, low_half = divmod(CIRCLE, 1 << 32)
    upper, lower = hashes >> 32, hashes & 0xFFFFFFFF
    carry = (lower * low_half) >> 32
    scaled: NDArray[np.uint64] = upper * high_half + ((upper * low_half + lower * high_half + carry) >> 32)
    return scaled
