"""The steady-state hypothesis: what is normal, when it is probed, and where it did not hold.

The words are those of Chaos Toolkit (its "steady-state-hypothesis"; Basiri et al., "Chaos Engineering", IEEE Software
2016): probes with tolerances, asked *before* the first command of the method, *after* the last, or *continuously*.

1. ``before``: one microsecond before the first command; without a command, at the end.
2. ``after``: at the end, while the load still runs and before anything is rolled back.
3. ``continuously``: every virtual second from when the probe's first window is full.
4. A window is the time (now - over, now], shorter at the very beginning. What was not measured (no operation ended in
   it) meets no tolerance: silence is not health.
5. Looking draws no chance and schedules nothing: the digest is the same with and without a hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from playground.figure import Kind, spell
from playground.scenario.figures import Expectation, Value

EVERY_US = 1_000_000
"""How often ``continuously`` is."""
OVER_US = 5_000_000
"""The window of a probe that names none."""


class Strategy(StrEnum):
    """When the probes are asked."""

    BEFORE = "before"
    AFTER = "after"
    CONTINUOUSLY = "continuously"


@dataclass(frozen=True, slots=True)
class Probe:
    """A figure that must meet a tolerance, over a window of ``over_us`` (0: at the moment)."""

    number: int
    """Its place in the file, from 0."""
    name: str
    expectation: Expectation
    over_us: int

    @property
    def kind(self) -> Kind:
        """What its figure counts."""
        return self.expectation.figure.kind


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is normal."""

    title: str
    strategies: tuple[Strategy, ...]
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One probe, asked before or after."""

    probe: Probe
    strategy: Strategy
    at_us: int
    measured: Value

    @property
    def holds(self) -> bool:
        return self.probe.expectation.holds(self.measured)


@dataclass(frozen=True, slots=True)
class Deviation:
    """The instants ``from_us`` .. ``until_us`` (inclusive, a look every second) at which a probe did not hold."""

    probe: Probe
    from_us: int
    until_us: int
    measured: Value
    """At ``from_us``."""
    worst: Value
    """What was farthest from the tolerance."""
    looks: int

    @property
    def text(self) -> str:
        """``at 5 s: 12%, at worst 30%``."""
        kind = self.probe.kind
        when = f"at {self.from_us / 1e6:g} s"
        if self.until_us > self.from_us:
            when = f"from {self.from_us / 1e6:g} s to {self.until_us / 1e6:g} s"
        first, worst = spell(kind, self.measured), spell(kind, self.worst)
        return f"{when}: {first}" + (f", at worst {worst}" if worst != first else "")


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of probing a hypothesis."""

    hypothesis: Hypothesis
    readings: tuple[Reading, ...]
    deviations: tuple[Deviation, ...]
    looks: tuple[int, ...]
    """How often each probe was asked continuously."""
    complete: bool
    """False: the world stopped before every probe had been asked."""
    exceeded: bool
    """Some probe did measure something, and that was beyond its tolerance. Silence is not health, but no finding."""

    @property
    def holds(self) -> bool:
        return self.complete and not self.deviations and all(each.holds for each in self.readings)

    def held(self, probe: Probe) -> bool:
        """Whether it held whenever it was asked."""
        return not self.deviations_of(probe) and all(each.holds for each in self._readings_of(probe))

    def shown(self, probe: Probe) -> str:
        """What it came to: ``12% before, 30% after, held 9 of 10 times``."""
        parts = [f"{spell(probe.kind, each.measured)} {each.strategy}" for each in self._readings_of(probe)]
        if Strategy.CONTINUOUSLY in self.hypothesis.strategies:
            looks = self.looks[probe.number]
            parts.append(f"held {looks - sum(each.looks for each in self.deviations_of(probe))} of {looks} times")
        return ", ".join(parts) or "not asked"

    def deviations_of(self, probe: Probe) -> list[Deviation]:
        """When it did not hold, in order."""
        return [each for each in self.deviations if each.probe == probe]

    def _readings_of(self, probe: Probe) -> list[Reading]:
        return [each for each in self.readings if each.probe == probe]


Measure = Callable[[Probe], Value]
"""What a probe shows at this instant."""


class Watch:
    """Knows when to look, and keeps what was seen. ``measure`` must not disturb the world."""

    def __init__(self, hypothesis: Hypothesis, first_us: int, until_us: int, measure: Measure) -> None:
        self.hypothesis = hypothesis
        self._measure = measure
        self._before_us = max(0, first_us - 1) if first_us <= until_us else until_us
        self._until_us = until_us
        self._readings: list[Reading] = []
        self._deviations: list[Deviation] = []
        self._looks = [0] * len(hypothesis.probes)
        self._last_us = -1
        self._exceeded = False

    def next_us(self, now_us: int) -> int:
        """The next instant after ``now_us`` at which to look."""
        stops = [self._until_us]
        if Strategy.BEFORE in self.hypothesis.strategies and self._before_us > now_us:
            stops.append(self._before_us)
        if Strategy.CONTINUOUSLY in self.hypothesis.strategies:
            stops.append((now_us // EVERY_US + 1) * EVERY_US)
        return min(stops)

    def look(self, now_us: int) -> None:
        """Ask whatever is due now, after every event of this instant."""
        strategies = self.hypothesis.strategies
        if Strategy.BEFORE in strategies and now_us == self._before_us:
            self._read(Strategy.BEFORE, now_us)
        if Strategy.CONTINUOUSLY in strategies and now_us % EVERY_US == 0 and now_us > self._last_us:
            self._last_us = now_us
            for probe in self.hypothesis.probes:
                if now_us >= max(probe.over_us, EVERY_US):
                    self._looks[probe.number] += 1
                    self._note(probe, now_us, self._measure(probe))
        if Strategy.AFTER in strategies and now_us == self._until_us:
            self._read(Strategy.AFTER, now_us)

    def findings(self) -> Findings:
        """What was seen so far."""
        asked = [each.strategy for each in self._readings]
        wanted = [each for each in self.hypothesis.strategies if each is not Strategy.CONTINUOUSLY]
        complete = all(each in asked for each in wanted)
        if Strategy.CONTINUOUSLY in self.hypothesis.strategies:
            complete = complete and all(self._looks)
        deviations = tuple(sorted(self._deviations, key=lambda each: each.from_us))
        readings, looks = tuple(self._readings), tuple(self._looks)
        return Findings(self.hypothesis, readings, deviations, looks, complete, self._exceeded)

    def _read(self, strategy: Strategy, now_us: int) -> None:
        fresh = [Reading(probe, strategy, now_us, self._measure(probe)) for probe in self.hypothesis.probes]
        self._exceeded |= any(each.measured is not None and not each.holds for each in fresh)
        self._readings += fresh

    def _note(self, probe: Probe, now_us: int, measured: Value) -> None:
        expected = probe.expectation
        if expected.holds(measured):
            return
        self._exceeded |= measured is not None
        for number, each in enumerate(self._deviations):
            if each.probe == probe and each.until_us == now_us - EVERY_US:
                worst = max(each.worst, measured, key=expected.excess)
                looks = each.looks + 1
                self._deviations[number] = Deviation(probe, each.from_us, now_us, each.measured, worst, looks)
                return
        self._deviations.append(Deviation(probe, now_us, now_us, measured, measured, 1))
