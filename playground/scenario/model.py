"""A scenario, read and checked: what to build, what to do when, what to expect.

A file holds either a cluster with a method, or a lab: an experiment without a cluster. The models of
files say which fields there are; :class:`Script` and :class:`Experiment` are what the loader makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from playground.labs.lab import Lab
from playground.quantities import DurationUs
from playground.scenario.comparison import Comparison
from playground.scenario.figures import Expectation
from playground.scenario.hypothesis import OVER_US, Hypothesis
from playground.spec import ClusterSpec

HIGHEST_SEED = 2**63 - 1
HYPOTHESIS = "steady-state-hypothesis"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioFile(_File):
    """The top level of a file, as it is written. What stands below is checked by the loader."""

    title: str = Field(default="", max_length=100, description="what it shows, in one line")
    description: str = Field(default="", description="what to know before watching")
    seed: int = Field(default=1, ge=0, le=HIGHEST_SEED, description="same seed, same run")
    cluster: dict[str, Any] = Field(default={}, description="what to build: a preset, and what differs from it")
    load: dict[str, Any] = Field(default={}, description="what the clients do")
    hypothesis: dict[str, Any] = Field(
        default={}, alias="steady-state-hypothesis", description="what is normal: probes with tolerances"
    )
    method: list[dict[str, Any]] = Field(default=[], description="what happens when, in virtual time")
    rollbacks: list[dict[str, Any]] = Field(default=[], description="commands at the very end, as far as they apply")
    until: DurationUs = Field(description="how long it lasts")
    expect: Any = Field(default={}, description="figures with tolerances, or: violation")
    variants: dict[str, dict[str, Any]] = Field(default={}, description="the same method on other clusters, by name")
    compare: dict[str, Any] = Field(default={}, description="figures, with their order over the variants")


class VariantFile(_File):
    """What a variant changes."""

    title: str = Field(default="", max_length=100, description="what is different")
    seed: int | None = Field(default=None, ge=0, le=HIGHEST_SEED, description="another seed")
    cluster: dict[str, Any] = Field(default={}, description="merged over the cluster of all")
    load: dict[str, Any] = Field(default={}, description="merged over the load of all")
    expect: Any = Field(default={}, description="expectations added, or replaced")


class HypothesisFile(_File):
    """The steady-state hypothesis."""

    title: str = Field(default="", max_length=200, description="what is normal, in one line")
    strategy: Any = Field(
        default=["before", "after"], description="when the probes are asked: before, after, continuously, or several"
    )
    probes: list[dict[str, Any]] = Field(
        min_length=1, max_length=100, description="what is measured, and what it should be"
    )


class ProbeFile(_File):
    """One probe of the hypothesis."""

    probe: str = Field(description="a figure")
    tolerance: Any = Field(description="what it should be")
    over: DurationUs = Field(default=OVER_US, gt=0, description="the window that it is taken over, up to the instant")
    name: str = Field(default="", max_length=100, description="what to call it")


class LabFile(_File):
    """The top level of a file with an experiment that needs no cluster."""

    title: str = Field(default="", max_length=100, description="what it shows, in one line")
    description: str = Field(default="", description="what to know before running it")
    seed: int = Field(default=1, ge=0, le=HIGHEST_SEED, description="same seed, same experiment")
    lab: dict[str, Any] = Field(description="which experiment, and its settings")
    method: list[dict[str, Any]] = Field(default=[], description="what to say about it, line by line (say: …)")
    expect: Any = Field(default={}, description="figures with tolerances")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Ready to be played. Times in microseconds of virtual time, in ascending order."""

    source: str
    """The file, for people."""
    title: str
    description: str
    seed: int
    spec: ClusterSpec
    timeline: tuple[tuple[int, Any], ...]
    """``(at_us, command)``; those of one instant in the order of the file, the rollbacks last."""
    captions: tuple[tuple[int, str], ...]
    """``(at_us, text)``: what to say from then on."""
    until_us: int
    expectations: tuple[Expectation, ...]
    hypothesis: Hypothesis | None = None
    rollbacks: int = 0
    """How many of the last commands undo what is left: they may be refused."""
    variant: str = ""
    """Its name, if the file holds several."""
    compared: tuple[str, ...] = ()
    """Figures that are compared with other variants."""

    @property
    def wanted(self) -> frozenset[str]:
        """The figures that somebody asks for."""
        return frozenset((*self.compared, *(each.figure.name for each in self.expectations)))

    @property
    def method(self) -> tuple[tuple[int, Any], ...]:
        """The timeline without the rollbacks."""
        return self.timeline[: len(self.timeline) - self.rollbacks]

    @property
    def undoing(self) -> tuple[tuple[int, Any], ...]:
        """The rollbacks, all of them at the end."""
        return self.timeline[len(self.timeline) - self.rollbacks :]

    def alone(self) -> Script:
        """A script that holds nothing else."""
        return Script(self.source, self.title, self.description, (self,))


@dataclass(frozen=True, slots=True)
class Script:
    """A file with a cluster: one scenario, or the same method in several variants, and how they compare."""

    source: str
    title: str
    description: str
    variants: tuple[Scenario, ...]
    """In the order of the file; at least one. A file without variants has one, whose ``variant`` is ""."""
    comparisons: tuple[Comparison, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variants; none if the file has none."""
        return tuple(each.variant for each in self.variants if each.variant)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A file with a lab."""

    source: str
    title: str
    description: str
    seed: int
    lab: Lab
    captions: tuple[str, ...]
    expectations: tuple[Expectation, ...]
