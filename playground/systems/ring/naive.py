"""The circle once more, as naively as it can be written: what the ring is judged against.

A plain list of (cell, server), sorted, searched by ``bisect`` and walked step by step. It has nothing in common with
:mod:`.hashring` and :mod:`.points` but where names and keys lie (:mod:`.circle`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from playground.systems.ring.circle import key_position, node_positions

_CELL = 1 << 10
"""Positions that the ring does not tell apart; see :mod:`playground.systems.ring.points`, rule 1."""


class NaiveCircle:
    """The servers of ``weights`` (name -> weight), each with ``points * weight`` points, rounded, at least one."""

    def __init__(self, weights: Mapping[str, float], points: int) -> None:
        pairs = [
            (position // _CELL, name)
            for name, weight in weights.items()
            for position in node_positions(name, max(1, round(points * weight)))
        ]
        self._servers = len(weights)
        self._cells, self._owners = zip(*sorted(pairs), strict=True)

    def replicas(self, key: str, n: int) -> tuple[str, ...]:
        """The first ``n`` different servers met going anticlockwise from ``key``; all there are, if they are fewer."""
        at = bisect_right(self._cells, key_position(key) // _CELL) - 1
        met: list[str] = []
        while len(met) < min(n, self._servers):
            name = self._owners[at % len(self._owners)]
            if name not in met:
                met.append(name)
            at -= 1
        return tuple(met)

    def owner(self, key: str) -> str:
        """The first of them."""
        return self.replicas(key, 1)[0]
