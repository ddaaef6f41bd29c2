"""HashRing: which server owns which key.

Theory of operation. `circle.py` says where names and keys lie, `points.py` keeps the servers'
points as one sorted array and finds the one before a key. Here servers get slots, the small
numbers that stand for their names in that array, and the questions are answered:

- whose is a key: the first server met going anticlockwise;
- where are its copies: on the next distinct servers going on anticlockwise. So when a server
  dies, each of its keys falls to the server that holds its first copy already;
- what belongs to whom (`arcs`, `shares`), and how much of it changes hands between two rings (`moved`).

The answers depend on {name: weight} and k alone, never on the order of joins and departures.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from playground.systems.ring.circle import CIRCLE, key_position, key_positions, node_positions
from playground.systems.ring.points import (
    CELL_BITS,
    SLOT_BITS,
    SLOT_MASK,
    find,
    owner_slots,
    with_points,
    without_points,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_NODES = SLOT_MASK + 1
_BATCH = 1 << 15  # look-ups at a time: their digests, positions and answers stay in the L2 cache


class EmptyRing(LookupError):
    """Asked for the owner of a key while no server stands on the circle."""

    def __init__(self) -> None:
        super().__init__("no server stands on the circle")


class HashRing:
    """Servers on the circle, each with `points_per_node * weight` points, rounded, at least one.

    `nodes` gives the first servers, as names of weight 1 or as {name: weight}; one sort places
    them all, so this is much faster than adding many one by one.
    """

    def __init__(self, nodes: Iterable[str] | Mapping[str, float] = (), *, points_per_node: int = 100) -> None:
        if points_per_node < 1:
            raise ValueError(f"points_per_node must be at least 1, not {points_per_node}")
        self._points_per_node = points_per_node
        self._weights = dict(nodes) if isinstance(nodes, Mapping) else dict.fromkeys(nodes, 1.0)
        if len(self._weights) > MAX_NODES:
            raise ValueError(f"a circle takes at most {MAX_NODES} servers, not {len(self._weights)}")
        # Slots in order of name, so that a plain sort leaves shared cells in order of name.
        self._names = sorted(self._weights)
        self._slots = {name: slot for slot, name in enumerate(self._names)}
        self._free_slots: list[int] = []
        self._points = array(
            "Q",
            sorted(
                cell << SLOT_BITS | slot
                for slot, name in enumerate(self._names)
                for cell in self._cells(name, self._weights[name])
            ),
        )

    @property
    def nodes(self) -> tuple[str, ...]:
        """The servers' names, sorted."""
        return tuple(sorted(self._slots))

    @property
    def points_per_node(self) -> int:
        """k: the points of a server of weight 1."""
        return self._points_per_node

    @property
    def size_bytes(self) -> int:
        """Bytes of the sorted array, owners included: 8 a point. (Names are kept once per server, beside it.)"""
        return len(self._points) * self._points.itemsize

    def __contains__(self, name: object) -> bool:
        return name in self._slots

    def weight(self, name: str) -> float:
        """Return a server's weight; KeyError if it is not on the circle."""
        return self._weights[name]

    def copy(self) -> HashRing:
        """Return an independent ring; they share the array until one of them changes."""
        twin = HashRing(points_per_node=self._points_per_node)
        twin._weights, twin._names, twin._slots = self._weights.copy(), self._names.copy(), self._slots.copy()
        twin._free_slots, twin._points = self._free_slots.copy(), self._points
        return twin

    def add(self, name: str, weight: float = 1.0) -> None:
        """Put a server on the circle: it takes keys from others, who exchange none.

        ValueError if it stands there already, if `weight` is no positive number, if all slots are taken.
        """
        if name in self._slots:
            raise ValueError(f"server {name!r} is on the circle already")
        if len(self._slots) == MAX_NODES:
            raise ValueError(f"a circle takes at most {MAX_NODES} servers")
        cells = sorted(self._cells(name, weight))
        if self._free_slots:
            slot = self._free_slots.pop()
            self._names[slot] = name
        else:
            slot = len(self._names)
            self._names.append(name)
        self._slots[name], self._weights[name] = slot, weight
        self._points = with_points(self._points, cells, slot, self._names)

    def remove(self, name: str) -> None:
        """Take a server off the circle: only its keys move. KeyError if it is not there."""
        cells = sorted(self._cells(name, self._weights.pop(name)))
        slot = self._slots.pop(name)
        self._points = without_points(self._points, cells, slot)
        self._names[slot] = ""
        self._free_slots.append(slot)

    def owner(self, key: str) -> str:
        """Return the server that a key belongs to; EmptyRing if there is none."""
        return self._names[self._points[self._find(key_position(key))] & SLOT_MASK]

    def owner_at(self, position: int) -> str:
        """Return the server met first going anticlockwise from a position, which counts itself."""
        return self._names[self._points[self._find(position)] & SLOT_MASK]

    def owners(self, keys: Sequence[str]) -> list[str]:
        """Return `owner(key)` for every key, several times as fast where there are thousands."""
        return self._owners(len(keys), lambda batch: key_positions(keys[batch]))

    def owners_at(self, positions: Sequence[int] | NDArray[np.uint64]) -> list[str]:
        """Return `owner_at(position)` for every position."""
        return self._owners(len(positions), lambda batch: _checked_positions(positions[batch]))

    def replicas(self, key: str, n: int) -> tuple[str, ...]:
        """Return the servers that hold a key's n copies, its owner first; see `replicas_at`."""
        return self.replicas_at(key_position(key), n)

    def replicas_at(self, position: int, n: int) -> tuple[str, ...]:
        """Return the owner of a position, then the next distinct servers going on anticlockwise.

        Fewer than n if fewer stand on the circle; EmptyRing if none does.
        """
        start = self._find(position)
        wanted = min(n, len(self._slots))
        met: dict[int, None] = {}  # in order of meeting
        for index in range(start, start - len(self._points), -1):  # indices below 0 wrap by themselves
            if len(met) >= wanted:
                break
            met[self._points[index] & SLOT_MASK] = None
        return tuple(self._names[slot] for slot in met)

    def points(self) -> Iterator[tuple[int, str]]:
        """Yield (position, server) for every point, clockwise from 0; positions are those of cells."""
        for point in self._points:
            yield point >> SLOT_BITS << CELL_BITS, self._names[point & SLOT_MASK]

    def arcs(self) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, server): it owns start <= position < end.

        They cover 0..CIRCLE without gap; neighbours of one owner are merged, except that the arc
        which runs through 0 comes as two, the first and the last. Nothing if the ring is empty.
        """
        if not self._points:
            return
        start, owner = 0, self._points[-1] & SLOT_MASK
        beyond = CIRCLE >> CELL_BITS << SLOT_BITS
        for point, following in pairwise(chain(self._points, (beyond,))):
            slot = point & SLOT_MASK
            if slot == owner or point >> SLOT_BITS == following >> SLOT_BITS:
                continue  # of the points in one cell only the last owns anything
            position = point >> SLOT_BITS << CELL_BITS
            if position > start:
                yield start, position, self._names[owner]
            start, owner = position, slot
        yield start, CIRCLE, self._names[owner]

    def shares(self) -> dict[str, float]:
        """Return the fraction of the circle that each server owns, by name in sorted order."""
        owned = dict.fromkeys(self.nodes, 0)
        for start, end, name in self.arcs():
            owned[name] += end - start
        return {name: length / CIRCLE for name, length in owned.items()}

    def moved(self, other: HashRing) -> float:
        """Return the fraction of the circle whose owner differs between two rings: exact, not sampled."""
        if not (self._points and other._points):
            return float(bool(self._points or other._points))
        moved = start = 0
        mine, theirs = self.arcs(), other.arcs()
        my_end = their_end = 0
        my_name = their_name = ""
        while start < CIRCLE:
            if my_end == start:
                _, my_end, my_name = next(mine)
            if their_end == start:
                _, their_end, their_name = next(theirs)
            end = min(my_end, their_end)
            if my_name != their_name:
                moved += end - start
            start = end
        return moved / CIRCLE

    def _cells(self, name: str, weight: float) -> list[int]:
        """Return the cells of a server's points, in no order."""
        if not 0 < weight < math.inf:
            raise ValueError(f"weight of server {name!r} must be a positive number, not {weight}")
        count = max(1, round(self._points_per_node * weight))
        return [position >> CELL_BITS for position in node_positions(name, count)]

    def _find(self, position: int) -> int:
        if not self._points:
            raise EmptyRing
        return find(self._points, position)

    def _owners(self, count: int, positions_of: Callable[[slice], NDArray[np.uint64]]) -> list[str]:
        import numpy as np

        if count and not self._points:
            raise EmptyRing
        names = np.array(self._names, dtype=object)
        owners: list[str] = []
        for start in range(0, count, _BATCH):
            slots = owner_slots(self._points, positions_of(slice(start, start + _BATCH)))
            owners += names[slots].tolist()
        return owners


def _checked_positions(positions: Sequence[int] | NDArray[np.uint64]) -> NDArray[np.uint64]:
    import numpy as np

    found = np.asarray(positions)
    if found.min() < 0 or found.max() >= CIRCLE:
        raise ValueError(f"a position is not on the circle of {CIRCLE}")
    return found.astype(np.uint64)
