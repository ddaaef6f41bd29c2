"""The smallest timeline that still fails in the same way.

*In the same way*: by the very same names (:mod:`.failures`); another failure does not count. A
command that is refused does nothing, so being refused is no failure here (unless it was all that failed).

1. Fewer commands: delta debugging (:mod:`.ddmin`).
2. A shorter scenario, earlier and rounder instants.
3. Fewer nodes named, smaller numbers, defaults (:mod:`.simpler`).

Over and over, until nothing more can be left out or the number of runs is used up. Candidates are looked at in one
order, and the first that fails is taken. An engine may play several at once, but those after the first count as not
played: the result, and the number of runs, do not depend on how many processors there are.

A word that stands for nodes (``2 random``) is drawn anew when a command before it is left out: a timeline of names,
such as a recorded session or one that was drawn, gets smaller than one of words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from playground.scenario.model import Scenario
from playground.sweeps import simpler
from playground.sweeps.ddmin import ddmin
from playground.sweeps.engine import Engine
from playground.sweeps.failures import REFUSED, failures
from playground.sweeps.trial import play_within

Told = Callable[[int, int], None]
"""Told how many runs were made, and how many commands are left."""


class OutOfRuns(Exception):
    """The number of runs is used up; never leaves this module."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was left. It fails by ``names``, as the scenario did that it came from."""

    scenario: Scenario
    names: tuple[str, ...]
    runs: int
    """Different scenarios that were played on the way."""
    minimal: bool
    """Nothing more can be left out; otherwise the runs were used up."""


def comparable(names: Iterable[str]) -> tuple[str, ...]:
    """Of the names by which something failed, those that a smaller timeline must fail by, too."""
    names = tuple(names)
    without = tuple(name for name in names if not name.startswith(REFUSED))
    return without or names


def shrink(
    scenario: Scenario, names: tuple[str, ...], engine: Engine, *, runs: int, limit_s: float, told: Told
) -> Shrunk:
    """The smallest scenario found that fails by just ``names``, as ``scenario`` itself must.

    KeyboardInterrupt if somebody stops the engine.
    """
    search = _Search(scenario, names, engine, runs, limit_s, told)
    try:
        while search.pass_over():
            pass
    except OutOfRuns:
        return Shrunk(search.best, names, search.runs, minimal=False)
    return Shrunk(search.best, names, search.runs, minimal=True)


class _Search:
    """What is known so far: the smallest that fails, and the verdict on every scenario that was played."""

    def __init__(
        self, scenario: Scenario, names: tuple[str, ...], engine: Engine, most: int, limit_s: float, told: Told
    ) -> None:
        self.best = scenario
        self.runs = 0
        self._names = names
        self._engine = engine
        self._most = most
        self._limit_s = limit_s
        self._told = told
        self._fails: dict[str, bool] = {_key(scenario): True}
        self._counted: dict[str, None] = {_key(scenario): None}

    def pass_over(self) -> bool:
        """Try to simplify everything once. False: it is as simple as can be."""
        before = _key(self.best)
        ddmin(self.best.method, lambda parts: self._first(simpler.with_method(self.best, part) for part in parts))
        ddmin(self.best.undoing, lambda parts: self._first(simpler.with_rollbacks(self.best, part) for part in parts))
        self._repeat(simpler.shorter)
        for change in (simpler.earlier, simpler.plainer):
            for number in range(len(self.best.method)):
                self._repeat(partial(change, number=number))
        self._repeat(simpler.shorter)
        return _key(self.best) != before

    def _repeat(self, simplify: simpler.Simplify) -> None:
        while self._first(simplify(self.best)) is not None:
            pass

    def _first(self, candidates: Iterable[Scenario]) -> int | None:
        """The number of the first that fails in the same way: it is the best from now on. OutOfRuns: none are left."""
        waiting = iter(candidates)
        number = 0
        while batch := list(islice(waiting, self._engine.width)):
            self._play(batch)
            for candidate in batch:
                self._count(candidate)
                if self._fails[_key(candidate)]:
                    self.best = candidate
                    self._told(self.runs, len(candidate.method))
                    return number
                number += 1
        return None

    def _play(self, batch: list[Scenario]) -> None:
        """Find out about those of which nothing is known."""
        unknown = {_key(each): each for each in batch if _key(each) not in self._fails}
        tasks = list(islice(unknown.items(), max(0, self._most - self.runs)))
        for (key, _), answer in self._engine.run(partial(_fails, self._names, self._limit_s), tasks):
            self._fails[key] = answer is True
        if any(key not in self._fails for key, _ in tasks):
            raise KeyboardInterrupt

    def _count(self, candidate: Scenario) -> None:
        """Count it as one that was played, if it is the first time that somebody asks for it."""
        key = _key(candidate)
        if key in self._counted:
            return
        if self.runs >= self._most:
            raise OutOfRuns
        self._counted[key] = None
        self.runs += 1
        self._told(self.runs, len(self.best.method))


def _fails(names: tuple[str, ...], limit_s: float, task: tuple[str, Scenario]) -> bool:
    """Whether the scenario fails by just ``names``."""
    refusals = any(name.startswith(REFUSED) for name in names)
    try:
        outcome = play_within(task[1], limit_s)
    except TimeoutError:
        return False
    return tuple(failures(outcome, refusals=refusals)) == names


def _key(scenario: Scenario) -> str:
    """What tells candidates of one search apart."""
    method = [f"{at_us} {command.line()}" for at_us, command in scenario.timeline]
    return f"{scenario.until_us} {scenario.rollbacks} {method}"
