"""The circle's points as one sorted array of 64-bit integers.

Theory of operation.

1. A point is one integer: the cell of its position in the high 50 bits, the slot of its owner in
   the low 14. A cell is 2^10 neighbouring positions, so 10^18 < 2^60 positions fit 50 bits, and
   14 bits number 16,384 servers. 10,000 servers x 100 points take 8,000,000 bytes, owners included.
2. Going anticlockwise from a key one meets the largest point <= its position; before the first
   point the circle wraps to the last. That is one bisection, and Python's index -1 is the wrap.
3. Points that share a cell stand in order of their owners' names, and the last one owns. Slots
   depend on who came first, names do not: so the circle is a function of {name: weight} alone,
   by whatever joins and departures it came about. Bisection still works, as probes compare cells
   only (slot bits all 0 or all 1). By chance a circle of a million points has such a cell once in 2,000.
4. An array is never changed in place: a join or a departure writes a new one of the exact size,
   copying the stretches between the points concerned. (`array.insert` would move half the array
   for each point, and appending over-allocates by a sixteenth.)
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playground.systems.ring.circle import CIRCLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CELL_BITS = 10
SLOT_BITS = 14
SLOT_MASK = (1 << SLOT_BITS) - 1


def with_points(points: array[int], cells: list[int], slot: int, names: Sequence[str]) -> array[int]:
    """Return the points with one more server's, given its sorted cells; `names` is by slot."""
    merged = array("Q", [0]) * (len(points) + len(cells))
    source, target = memoryview(points), memoryview(merged)
    copied = 0
    for shift, cell in enumerate(cells):
        index = bisect_right(points, cell << SLOT_BITS | SLOT_MASK, copied)
        while index and _stands_behind(points[index - 1], cell, names, slot):
            index -= 1
        target[copied + shift : index + shift] = source[copied:index]
        target[index + shift] = cell << SLOT_BITS | slot
        copied = index
    target[copied + len(cells) :] = source[copied:]
    return merged


def _stands_behind(point: int, cell: int, names: Sequence[str], slot: int) -> bool:
    return point >> SLOT_BITS == cell and names[point & SLOT_MASK] > names[slot]


def without_points(points: array[int], cells: list[int], slot: int) -> array[int]:
    """Return the points without one server's, given its sorted cells."""
    rest = array("Q", [0]) * (len(points) - len(cells))
    source, target = memoryview(points), memoryview(rest)
    copied = 0
    for shift, cell in enumerate(cells):
        index = bisect_left(points, cell << SLOT_BITS, copied)
        while points[index] & SLOT_MASK != slot:
            index += 1
        target[copied - shift : index - shift] = source[copied:index]
        copied = index + 1
    target[copied - len(cells) :] = source[copied:]
    return rest


def find(points: array[int], position: int) -> int:
    """Return the index of the point met first going anticlockwise from a position; -1 wraps."""
    if not 0 <= position < CIRCLE:
        raise ValueError(f"position {position} is not on the circle of {CIRCLE}")
    return bisect_right(points, position >> CELL_BITS << SLOT_BITS | SLOT_MASK) - 1


def owner_slots(points: array[int], positions: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the slot of the owner of each position, all of them on the circle.

    The searches run in the order of the positions: one that ends next to the last one finds
    the array's memory in the cache, which is worth several times the price of sorting.
    """
    import numpy as np

    probes = positions >> CELL_BITS << SLOT_BITS | SLOT_MASK
    order = np.argsort(probes)
    packed = np.frombuffer(points, dtype=np.uint64)
    slots = np.empty(len(probes), dtype=np.intp)
    slots[order] = packed[np.searchsorted(packed, probes[order], side="right") - 1] & SLOT_MASK
    return slots
