"""The lab of the ring: right figures, and a judge that sees wrong answers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from playground.labs.ring_memory import RingMemory
from playground.systems.ring.client import HashRing


def nobody(_done: float) -> None:
    pass


SMALL = RingMemory(servers=50, points=20, lookups=2_000, sample=2_000)


def test_every_declared_figure_is_measured() -> None:
    results = SMALL.run(1, nobody)
    assert list(results.figures) == [each.name for each in SMALL.figures]
    assert all(value is not None for value in results.figures.values())
    assert results.tables


def test_a_point_takes_eight_bytes_with_its_owner() -> None:
    figures = SMALL.run(1, nobody).figures
    assert (figures["points"], figures["bytes"], figures["bytes_per_point"]) == (1_000, 8_000, 8.0)
    resident_bytes = figures["resident_bytes"]
    assert isinstance(resident_bytes, int)
    assert resident_bytes > 8_000


def test_wrong_answers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SMALL.run(1, nobody).figures["wrong"] == 0
    right = HashRing.owner
    monkeypatch.setattr(HashRing, "owner", lambda ring, key: right(ring, f"{key}!"))
    wrong = SMALL.run(1, nobody).figures["wrong"]
    assert isinstance(wrong, int)
    assert wrong > 1_500, "nearly every key has another owner"


def test_the_digest_is_about_what_is_the_same_each_time() -> None:
    first, second = (SMALL.run(1, nobody) for _ in range(2))
    assert SMALL.digest(1, first) == SMALL.digest(1, second)
    assert first.figures["lookups_per_s"] != second.figures["lookups_per_s"] or first.figures == second.figures
    assert SMALL.digest(2, first) != SMALL.digest(1, first)
    other = RingMemory(servers=51, points=20, lookups=2_000, sample=2_000)
    assert other.digest(1, other.run(1, nobody)) != SMALL.digest(1, first)


def test_the_digest_is_the_same_in_every_process() -> None:
    script = (
        "from playground.labs.ring_memory import RingMemory\n"
        "lab = RingMemory(servers=50, points=20, lookups=2000, sample=2000)\n"
        "print(lab.digest(1, lab.run(1, lambda done: None)))"
    )
    found = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


def test_progress_rises_to_the_end() -> None:
    seen: list[float] = []
    SMALL.run(1, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
