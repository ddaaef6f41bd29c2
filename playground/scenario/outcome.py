"""What came of playing a scenario: plain values, for the report and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.kernel.journal import Entry
from playground.scenario.figures import Expectation, Value, spell
from playground.scenario.model import Scenario

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Reads, or writes, by how they ended; latencies (of those that ended well) in microseconds by percentile."""

    ok: int
    failed: int
    unknown: int
    latency_us: dict[int, int]

    @property
    def ended(self) -> int:
        return self.ok + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class Verdict:
    """An expectation, and what was measured."""

    expectation: Expectation
    measured: Value

    @property
    def passed(self) -> bool:
        return self.expectation.holds(self.measured)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a report tells. Times in microseconds of virtual time unless named otherwise."""

    scenario: Scenario
    seed: int
    digest: str
    """At ``until``, before the copies were given time to settle."""
    end_us: int
    settled_us: int | None
    """How long after the end all copies agreed; None: not within the time given."""
    unsettled_because: str
    """Why there was no judging whether the copies agree, or ""."""
    wall_s: float
    reads: Traffic
    writes: Traffic
    latency_us: dict[int, int]
    """Of reads and writes together."""
    errors: tuple[tuple[str, int], ...]
    """What clients were told and how often, most frequent first."""
    stale_reads: int
    stale_example: str
    findings: tuple[tuple[str, str, str, str], ...]
    """``(when, check, subject, text)``: when is "live" or "end"."""
    entries: tuple[Entry, ...]
    """The journal until the end (only the newest, if it is very long)."""
    refused: tuple[tuple[int, str, str], ...]
    """Commands that could not be carried out: ``(at_us, line, why)``."""
    stopped: str
    """Not empty: an error in the playground stopped the world; says which and when."""
    verdicts: tuple[Verdict, ...]
    figures: dict[str, Value]

    @property
    def passed(self) -> bool:
        """Every expectation met, every command carried out, and the world ran to its end."""
        return all(each.passed for each in self.verdicts) and not self.refused and not self.stopped

    @property
    def virtual_s(self) -> float:
        return self.end_us / 1e6

    @property
    def speed(self) -> float:
        """Virtual seconds per second."""
        return self.virtual_s / self.wall_s if self.wall_s else 0.0

    def as_json(self) -> dict[str, Any]:
        """For programs. Everything but ``wall_s`` and ``speed`` is the same each time."""
        return {
            "digest": self.digest,
            "title": self.scenario.title,
            "seed": self.seed,
            "passed": self.passed,
            "operations": {name: _traffic(each) for name, each in self._by_kind()},
            "latency_us": {name: _ranks(each.latency_us) for name, each in self._by_kind()}
            | {"all": _ranks(self.latency_us)},
            "errors": dict(self.errors),
            "stale_reads": self.stale_reads,
            "stale_example": self.stale_example or None,
            "checks": {
                "passed": not self.findings,
                "violations": [
                    {"when": when, "check": check, "subject": subject, "text": text}
                    for when, check, subject, text in self.findings
                ],
            },
            "converged": self.figures["converged"],
            "converged_after_us": self.settled_us,
            "expectations": [
                {
                    "figure": each.expectation.figure.name,
                    "expected": each.expectation.text,
                    "measured": each.measured,
                    "shown": spell(each.expectation.figure.kind, each.measured),
                    "passed": each.passed,
                }
                for each in self.verdicts
            ],
            "figures": self.figures,
            "refused": [{"at_us": at_us, "command": line, "why": why} for at_us, line, why in self.refused],
            "stopped": self.stopped or None,
            "events": [
                {"at_us": each.at_us, "kind": each.kind, "subject": each.subject, "text": each.text}
                for each in self.entries
            ],
            "virtual_s": self.virtual_s,
            "wall_s": round(self.wall_s, 3),
            "speed": round(self.speed, 1),
        }

    def _by_kind(self) -> tuple[tuple[str, Traffic], ...]:
        return (("reads", self.reads), ("writes", self.writes))


def _traffic(traffic: Traffic) -> dict[str, int]:
    return {"ok": traffic.ok, "failed": traffic.failed, "unknown": traffic.unknown}


def _ranks(latency_us: dict[int, int]) -> dict[str, int]:
    return {f"p{rank}": value for rank, value in latency_us.items()}
