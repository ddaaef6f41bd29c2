"""How much memory the hash ring takes, how fast it answers, and whether its answers are right.

The ring is the one that the simulated store uses: one sorted array of 64-bit integers, searched by bisection
(see :mod:`playground.systems.ring.points`). Its bytes are counted twice: as it says itself, and as the
allocations that stay once it is built and nothing else is left (tracemalloc), names and all. Its answers are checked
against those of :mod:`playground.systems.ring.naive`, which is built independently.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from typing import ClassVar

from pydantic import Field

from playground.figure import Figure, Kind
from playground.kernel.randomness import Stream, stream
from playground.labs.lab import Lab, Progress, Results
from playground.systems.ring.client import HashRing
from playground.systems.ring.naive import NaiveCircle
from widgets.shapes import Cell, Column, Row, Table


class RingMemory(Lab):
    """The hash ring: memory, speed, and right answers."""

    name: ClassVar[str] = "ring-memory"
    figures: ClassVar[tuple[Figure, ...]] = (
        Figure("points", Kind.NUMBER, "points on the circle, of all servers"),
        Figure("bytes", Kind.NUMBER, "bytes of the sorted array, owners included"),
        Figure("bytes_per_point", Kind.NUMBER, "bytes of the sorted array for each point"),
        Figure("checked", Kind.NUMBER, "look-ups that were compared with the naive answer"),
        Figure("wrong", Kind.NUMBER, "look-ups that differed from the naive answer"),
        Figure(
            "resident_bytes", Kind.NUMBER, "all that stays allocated for the ring: array, names, slots", varies=True
        ),
        Figure("lookups_per_s", Kind.NUMBER, "look-ups per second, one call each, hashing included", varies=True),
        Figure("batched_lookups_per_s", Kind.NUMBER, "look-ups per second in one call for all", varies=True),
    )

    servers: int = Field(default=10_000, ge=1, le=16_384, description="how many servers")
    points: int = Field(default=100, ge=1, le=1_000, description="points of each server on the circle")
    lookups: int = Field(
        default=200_000, ge=1, le=5_000_000, description="how many keys are looked up against the clock"
    )
    sample: int = Field(
        default=20_000, ge=1, le=1_000_000, description="how many keys are compared with the naive answer"
    )

    def run(self, seed: int, progress: Progress) -> Results:
        ring, resident_bytes = _allocated(lambda: HashRing(self._names(), points_per_node=self.points))
        progress(0.4)
        count = sum(1 for _ in ring.points())
        keys = _keys(self.lookups, stream(seed, "labs", self.name, "keys"))
        single_s = _seconds(lambda: [ring.owner(key) for key in keys])
        progress(0.6)
        batched_s = _seconds(lambda: ring.owners(keys))
        progress(0.7)
        sample = _keys(self.sample, stream(seed, "labs", self.name, "sample"))
        naive = NaiveCircle(dict.fromkeys(self._names(), 1.0), self.points)
        wrong = sum(ring.owner(key) != naive.owner(key) for key in sample)
        progress(1.0)
        figures = {
            "points": count,
            "bytes": ring.size_bytes,
            "bytes_per_point": ring.size_bytes / count,
            "checked": len(sample),
            "wrong": wrong,
            "resident_bytes": resident_bytes,
            "lookups_per_s": round(len(keys) / single_s),
            "batched_lookups_per_s": round(len(keys) / batched_s),
        }
        return Results(dict(figures), (_table(figures),))

    def _names(self) -> list[str]:
        return [f"server-{number}" for number in range(self.servers)]


def _keys(count: int, chance: Stream) -> list[str]:
    return [f"user:{chance.getrandbits(48)}" for _ in range(count)]


def _allocated(make: Callable[[], HashRing]) -> tuple[HashRing, int]:
    """What ``make`` returns, and the bytes that stay allocated because of it."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made = make()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return made, after - before


def _seconds(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _table(figures: dict[str, int | float]) -> Table:
    rows = (
        ("the sorted array, owners included", figures["bytes"]),
        ("everything that stays allocated", figures["resident_bytes"]),
    )
    columns = (Column("", 40), Column("bytes", 12, right=True), Column("per point", 10, right=True))
    cells = (Row((Cell(text), Cell(f"{size:,}"), Cell(f"{size / figures['points']:.3g}"))) for text, size in rows)
    return Table(columns, tuple(cells), caption=f"Memory of {figures['points']:,} points")
