"""A scenario, read and checked: what to build, what to do when, what to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from playground.quantities import DurationUs
from playground.scenario.figures import Expectation
from playground.spec import ClusterSpec

HIGHEST_SEED = 2**63 - 1


class ScenarioFile(BaseModel):
    """The top level of a file, as it is written. What stands below is checked by the loader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="", max_length=100)
    description: str = ""
    seed: int = Field(default=1, ge=0, le=HIGHEST_SEED)
    cluster: dict[str, Any] = {}
    load: dict[str, Any] = {}
    method: list[dict[str, Any]] = []
    until: DurationUs
    expect: dict[str, Any] = {}


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
    """``(at_us, command)``; those of one instant in the order of the file."""
    captions: tuple[tuple[int, str], ...]
    """``(at_us, text)``: what to say from then on."""
    until_us: int
    expectations: tuple[Expectation, ...]
