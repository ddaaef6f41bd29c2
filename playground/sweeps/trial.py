"""One seed of a sweep, played: what travels to a worker, and what comes back. Workers import this module first."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.scenario.figures import Expectation, expectation
from playground.scenario.hypothesis import Hypothesis, Strategy
from playground.scenario.model import Scenario
from playground.scenario.outcome import Outcome
from playground.scenario.runner import play
from playground.sweeps.drawing import draw
from playground.sweeps.failures import failures

SAFETY = (
    "checks", "converged", "hypothesis", "linearizable", "lost_writes", "min_copies", "monotonic_reads",
    "read_your_writes", "stale_reads", "under_replicated", "violations",
)  # fmt: skip
"""What is expected of a cluster whatever happens to it. Other figures (latencies, errors, counts) depend on the
timeline that they were written for: under random faults they are not judged."""
LOST = "lost"
"""The name of a failure that says nothing about the scenario: the worker died or hung."""
_ONE_AT_A_TIME = threading.Lock()
"""A world needs a core, and threads share one: a Dask worker with several would only be slower by switching."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep plays: the scenario with each seed, or its cluster under faults drawn from each seed."""

    scenario: Scenario
    budget: int | None = None
    """How many faults are drawn for each seed; None: the scenario's own timeline."""
    limit_s: float = 600
    """A world that takes longer is given up: wall-clock seconds."""

    def scenario_of(self, seed: int) -> Scenario:
        """What is played with ``seed``: a scenario that fails alone as it fails in the sweep."""
        if self.budget is None:
            return replace(self.scenario, seed=seed)
        scenario = self.scenario
        timeline = draw(scenario.spec, scenario.until_us, seed, self.budget)
        return replace(
            scenario,
            seed=seed,
            timeline=(*timeline, *scenario.undoing),
            captions=(),
            hypothesis=_in_the_end(scenario.hypothesis),
            expectations=_of_safety(scenario),
        )


def _of_safety(scenario: Scenario) -> tuple[Expectation, ...]:
    """What the scenario expects of :data:`SAFETY`; in any case that no check finds anything."""
    kept = [each for each in scenario.expectations if each.figure.name in SAFETY and each.figure.name != "checks"]
    if _in_the_end(scenario.hypothesis) is None:
        kept = [each for each in kept if each.figure.name != "hypothesis"]
    return (*kept, expectation("checks", "pass"))


def _in_the_end(hypothesis: Hypothesis | None) -> Hypothesis | None:
    """The hypothesis before the faults and after them: that it holds while they last is not to be expected."""
    if hypothesis is None:
        return None
    strategies = tuple(each for each in hypothesis.strategies if each is not Strategy.CONTINUOUSLY)
    return replace(hypothesis, strategies=strategies) if strategies else None


@dataclass(frozen=True, slots=True)
class Trial:
    """What one seed came to. ``failures``: name -> phrase, as in :mod:`.failures`; none: it passed."""

    seed: int
    failures: dict[str, str]
    digest: str

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def lost(self) -> bool:
        """Nothing is known about this seed: it is worth another try."""
        return LOST in self.failures


def play_seed(plan: Plan, seed: int) -> Trial:
    """Play ``plan`` with ``seed``. Never raises: what goes wrong is the outcome of this seed."""
    try:
        outcome = play_within(plan.scenario_of(seed), plan.limit_s)
    except Exception as error:
        return lost(seed, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    # A fault that was drawn and that the cluster refused simply did not happen.
    return Trial(seed, failures(outcome, refusals=plan.budget is None), outcome.digest)


def lost(seed: int, why: str) -> Trial:
    """The outcome of a seed that could not be played to its end."""
    return Trial(seed, {LOST: " ".join(why.split())}, "")


def play_within(scenario: Scenario, limit_s: float, interrupted: Sequence[int] = ()) -> Outcome:
    """The outcome of ``scenario``. TimeoutError if that takes longer than ``limit_s`` of the wall clock.

    KeyboardInterrupt as soon as there is something in ``interrupted``, where Ctrl-C is collected. A world that
    hangs between two slices of virtual time is beyond both: there the engine's own limit holds.
    """
    with _ONE_AT_A_TIME:
        deadline = time.monotonic() + limit_s

        def watch(now_us: int) -> None:
            # Here no task of the world is under way: nothing can be left half done.
            if interrupted:
                raise KeyboardInterrupt
            if time.monotonic() > deadline:
                raise TimeoutError(f"at {now_us / 1e6:.1f} virtual seconds after {limit_s:g} s")

        return play(scenario, progress=watch)
