"""What came of playing a scenario: plain values, for the report and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.kernel.journal import Entry
from playground.scenario.chronicle import Chronicle
from playground.scenario.figures import Expectation, Value, spell
from playground.scenario.hypothesis import Findings
from playground.scenario.model import Scenario


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

    def shown(self, unsettled_because: str = "") -> str:
        """What was measured, in words; of agreement that could not be judged, why."""
        figure = self.expectation.figure
        if self.measured is None and figure.name.startswith("converged") and unsettled_because:
            return f"could not be judged ({unsettled_because})"
        return spell(figure.kind, self.measured)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "figure": self.expectation.figure.name,
            "expected": self.expectation.text,
            "measured": self.measured,
            "shown": self.shown(),
            "passed": self.passed,
        }


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
    probed: Findings | None = None
    """What came of the steady-state hypothesis, if there is one."""
    examples: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What judges of the history found: ``(title, lines)``."""
    chronicle: Chronicle | None = None
    """Its course, if somebody wanted it."""

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
            **({"variant": self.scenario.variant} if self.scenario.variant else {}),
            "seed": self.seed,
            "passed": self.passed,
            "operations": {name: _traffic(each) for name, each in self._by_kind()},
            "latency_us": {name: _ranks(each.latency_us) for name, each in self._by_kind()}
            | {"all": _ranks(self.latency_us)},
            "errors": dict(self.errors),
            "stale_reads": self.stale_reads,
            "stale_example": self.stale_example or None,
            "examples": {name: list(lines) for name, lines in self.examples},
            "checks": {
                "passed": not self.findings,
                "violations": [
                    {"when": when, "check": check, "subject": subject, "text": text}
                    for when, check, subject, text in self.findings
                ],
            },
            "converged": self.figures["converged"],
            "converged_after_us": self.settled_us,
            "hypothesis": self.probed and probed_as_json(self.probed),
            "expectations": [each.as_json() for each in self.verdicts],
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


def probed_as_json(probed: Findings) -> dict[str, Any]:
    """The hypothesis, each reading, and the stretches of time in which a probe did not hold."""
    return {
        "title": probed.hypothesis.title or None,
        "held": probed.holds,
        "probes": [
            {
                "name": each.name,
                "figure": each.expectation.figure.name,
                "tolerance": each.expectation.text,
                "over_us": each.over_us or None,
                "looks": probed.looks[each.number],
            }
            for each in probed.hypothesis.probes
        ],
        "readings": [
            {
                "probe": each.probe.number,
                "when": each.strategy.value,
                "at_us": each.at_us,
                "measured": each.measured,
                "held": each.holds,
            }
            for each in probed.readings
        ],
        "deviations": [
            {
                "probe": each.probe.number,
                "from_us": each.from_us,
                "until_us": each.until_us,
                "measured": each.measured,
                "worst": each.worst,
                "looks": each.looks,
            }
            for each in probed.deviations
        ],
    }
