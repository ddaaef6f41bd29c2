"""Plays a whole file: each variant with a digest of its own, and how they compare; or a lab.

The digest of several variants is a hash of theirs, with their names, in the order of the file.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.figure import Figure, Value, spell
from playground.labs.lab import Results
from playground.scenario import runner
from playground.scenario.comparison import Comparison
from playground.scenario.model import Experiment, Scenario, Script
from playground.scenario.outcome import Outcome, Verdict

Started = Callable[[Scenario], runner.Progress]
"""Told which variant begins; returns whom to tell how far it is."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and what each variant measured."""

    comparison: Comparison
    measured: dict[str, Value]

    @property
    def passed(self) -> bool:
        return self.comparison.holds(self.measured)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "figure": self.comparison.figure.name,
            "expected": self.comparison.text,
            "measured": {name: self.measured[name] for _, name in self.comparison.operands},
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a script; ``outcomes`` in the order of its variants."""

    script: Script
    outcomes: tuple[Outcome, ...]
    compared: tuple[Compared, ...]

    @property
    def passed(self) -> bool:
        return all(each.passed for each in self.outcomes) and all(each.passed for each in self.compared)

    @property
    def digest(self) -> str:
        """Of the only scenario, or of all variants together."""
        if len(self.outcomes) == 1:
            return self.outcomes[0].digest
        total = hashlib.blake2b(digest_size=16)
        for each in self.outcomes:
            total.update(f"{each.scenario.variant} {each.digest}\n".encode())
        return total.hexdigest()

    def as_json(self) -> dict[str, Any]:
        """One scenario as it always was; several under ``variants``, by name."""
        if len(self.outcomes) == 1:
            return self.outcomes[0].as_json()
        return {
            "digest": self.digest,
            "title": self.script.title,
            "passed": self.passed,
            "variants": {each.scenario.variant: each.as_json() for each in self.outcomes},
            "comparisons": [each.as_json() for each in self.compared],
        }


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of a lab."""

    experiment: Experiment
    seed: int
    results: Results
    digest: str
    """Over what is the same each time."""
    wall_s: float
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        return all(each.passed for each in self.verdicts)

    @property
    def figures(self) -> tuple[tuple[Figure, Value], ...]:
        """Every figure of the lab, with its value."""
        return tuple((each, self.results.figures[each.name]) for each in self.experiment.lab.figures)

    def as_json(self) -> dict[str, Any]:
        """For programs. The figures under ``machine``, and ``wall_s``, differ from machine to machine."""
        return {
            "digest": self.digest,
            "title": self.experiment.title,
            "seed": self.seed,
            "passed": self.passed,
            "lab": {"name": self.experiment.lab.name, **self.experiment.lab.model_dump()},
            "expectations": [each.as_json() for each in self.verdicts],
            "figures": {each.name: value for each, value in self.figures if not each.varies},
            "machine": {each.name: value for each, value in self.figures if each.varies},
            "shown": {each.name: spell(each.kind, value) for each, value in self.figures},
            "wall_s": round(self.wall_s, 3),
        }


def play_script(
    script: Script,
    *,
    seed: int | None = None,
    started: Started | None = None,
    begun: runner.Begun | None = None,
    chronicled: bool = False,
) -> Played:
    """Run every variant (all with another ``seed``, if given) and compare them; ``chronicled``: keep their courses."""
    outcomes = tuple(
        runner.play(each, seed=seed, progress=started(each) if started else None, begun=begun, chronicled=chronicled)
        for each in script.variants
    )
    compared = tuple(
        Compared(each, {one.scenario.variant: one.figures.get(each.figure.name) for one in outcomes})
        for each in script.comparisons
    )
    return Played(script, outcomes, compared)


def examine(
    experiment: Experiment, *, seed: int | None = None, progress: Callable[[float], None] | None = None
) -> Examined:
    """Run a lab (with another ``seed``, if given) and judge it."""
    chosen = experiment.seed if seed is None else seed
    began = time.perf_counter()
    results = experiment.lab.run(chosen, progress or _nobody)
    wall_s = time.perf_counter() - began
    verdicts = tuple(Verdict(each, results.figures.get(each.figure.name)) for each in experiment.expectations)
    return Examined(experiment, chosen, results, experiment.lab.digest(chosen, results), wall_s, verdicts)


def _nobody(_share: float) -> None:
    pass
