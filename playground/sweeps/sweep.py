"""Plays a plan with many seeds, and counts. What comes out does not depend on which seed was finished first."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

from playground.sweeps.engine import Engine, Lost
from playground.sweeps.seeds import Seeds
from playground.sweeps.trial import Plan, Trial, lost, play_seed

EXAMPLES = 5


@dataclass(slots=True)
class Failure:
    """All seeds that failed by one name: how many, and the lowest of them with what they said."""

    name: str
    count: int = 0
    _highest_first: list[tuple[int, str]] = field(default_factory=list)
    """``(-seed, why)``: a heap whose first is the one to go."""

    def add(self, seed: int, why: str) -> None:
        self.count += 1
        change = heapq.heappush if len(self._highest_first) < EXAMPLES else heapq.heappushpop
        change(self._highest_first, (-seed, why))

    @property
    def examples(self) -> list[tuple[int, str]]:
        """``(seed, why)``, the lowest seeds first."""
        return sorted((-negated, why) for negated, why in self._highest_first)


class Tally:
    """What is known of some seeds: counts, and a fingerprint; of each failing seed only its number is kept."""

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = seeds
        self.passed = 0
        self.played = 0
        """Of :attr:`done`, those that were not known from before."""
        self._failures: dict[str, Failure] = {}
        self._failing = array("q")
        self._fingerprint = 0
        self._known = bytearray(len(seeds))

    def add(self, trial: Trial, *, played: bool = True) -> None:
        """Count ``trial``; each seed once. Seeds that nobody asked for, and those known already, are passed over."""
        position = self.seeds.position(trial.seed)
        if position is None or self._known[position]:
            return
        self._known[position] = 1
        self.played += played
        said = f"{trial.seed} {trial.digest} {' '.join(trial.failures)}"
        self._fingerprint += int.from_bytes(blake2b(said.encode(), digest_size=16).digest(), "big")
        if trial.passed:
            self.passed += 1
            return
        self._failing.append(trial.seed)
        for name, why in trial.failures.items():
            self._failures.setdefault(name, Failure(name)).add(trial.seed, why)

    def knows(self, seed: int) -> bool:
        position = self.seeds.position(seed)
        return position is not None and bool(self._known[position])

    def unknown(self) -> Iterator[int]:
        """The seeds of which nothing is known so far."""
        return (seed for position, seed in enumerate(self.seeds) if not self._known[position])

    @property
    def done(self) -> int:
        return self.passed + len(self._failing)

    @property
    def complete(self) -> bool:
        return self.done == len(self.seeds)

    @property
    def failed(self) -> int:
        return len(self._failing)

    @property
    def failing(self) -> Seeds:
        """The seeds that did not pass."""
        return Seeds(range(seed, seed + 1) for seed in self._failing)

    @property
    def failures(self) -> list[Failure]:
        """Most frequent first; equally frequent ones by name."""
        return sorted(self._failures.values(), key=lambda each: (-each.count, each.name))

    @property
    def digest(self) -> str:
        """One number for all outcomes and their digests, in whatever order they came."""
        return f"{self._fingerprint % 2**128:032x}"


def sweep(plan: Plan, tally: Tally, engine: Engine, finished: Callable[[Trial], None]) -> None:
    """Play every seed that ``tally`` does not know, add what comes of it, and call ``finished`` with it.

    Returns early, with ``tally`` incomplete, if somebody stops the engine.
    """
    for seed, answer in engine.run(partial(play_seed, plan), tally.unknown()):
        trial = lost(seed, answer.why) if isinstance(answer, Lost) else answer
        tally.add(trial)
        finished(trial)


def recall(tally: Tally, known: Iterable[Trial]) -> None:
    """Add what an earlier sweep found out. Seeds that it lost stay unknown."""
    for trial in known:
        if not trial.lost:
            tally.add(trial, played=False)
