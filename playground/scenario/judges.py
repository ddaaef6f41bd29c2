"""The judges of a history, and what counts as something found.

What costs time is judged only where somebody asks for it. Sessions are watched from the first operation on (some
6 % of a run). Linearizability is NP-complete in general (Gibbons & Korach 1997): it is judged
at the end, within a budget of steps, and may come to "unknown".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.checkers.bounded import Bounded
from playground.checkers.sessions import Sessions
from playground.cluster import Cluster
from playground.scenario.figures import Value
from playground.scenario.hypothesis import Findings

if TYPE_CHECKING:
    from playground.checkers.linearizability import Verdict

_COUNTS = ("stale_reads", "lost_writes", "lost_messages", "read_your_writes", "monotonic_reads")
"""More than none of these is something found."""
_VERDICTS = {"checks": "fail", "linearizable": "violation"}
_WORDS = {"linearizable": "pass", "violation": "violation", "unknown": "unknown"}
"""What the checker says -> the value of the figure."""
EXAMPLES = 3
"""Broken sessions that are told."""
_ABOUT_SESSIONS = frozenset({"read_your_writes", "monotonic_reads", "outcome"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Figures, and in words what some of them were found from: ``(title, lines)``."""

    figures: dict[str, Value]
    examples: tuple[tuple[str, tuple[str, ...]], ...]


class Judges:
    """The judges of one cluster's history that the ``wanted`` figures need; make them before the first operation."""

    def __init__(self, cluster: Cluster, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._history = cluster.history
        self._register = cluster.spec.register
        watched = not self._wanted.isdisjoint(_ABOUT_SESSIONS)
        self._sessions = Sessions(cluster.history, register=self._register) if watched else None
        self._bounded = Bounded(cluster.history, cluster.staleness)

    def judge(self) -> Judgement:
        """Judge the history so far."""
        figures: dict[str, Value] = {"staleness_max": self._bounded.max_us}
        examples = []
        if self._sessions is not None:
            figures["read_your_writes"] = self._sessions.read_your_writes
            figures["monotonic_reads"] = self._sessions.monotonic_reads
            told = self._sessions.examples[:EXAMPLES]
            lines = [f"at {each.read.invoked_us / 1e6:.3f} s: {each} ({each.guarantee})" for each in told]
            examples += [("Broken sessions", tuple(lines))] if lines else []
        if "linearizable" in self._wanted:
            verdict = self._linearizability()
            figures["linearizable"] = _WORDS[verdict.outcome]
            examples += _told(verdict)
        return Judgement(figures, tuple(examples))

    def _linearizability(self) -> Verdict:
        from playground.checkers.calls import from_history
        from playground.checkers.linearizability import check
        from playground.checkers.models import MODELS

        model = MODELS["register" if self._register else "multi-value"]
        return check(from_history(self._history, register=self._register), model)


def found_something(figures: Mapping[str, Value], probed: Findings | None) -> bool:
    """Whether any judge found anything: an invariant, a judge of the history, or a probe beyond its tolerance."""
    return (
        any(figures.get(name) for name in _COUNTS)
        or any(figures.get(name) == bad for name, bad in _VERDICTS.items())
        or (probed is not None and probed.exceeded)
    )


def _told(verdict: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    """The few operations that no order explains, the odd one last; or the keys that were too hard."""
    if verdict.undecided:
        line = f"not decided within {verdict.steps:,} steps for {', '.join(verdict.undecided)}"
        return [("Linearizability", (line,))]
    if verdict.violation is None:
        return []
    last = verdict.violation.last
    calls = sorted(verdict.violation.calls, key=lambda call: (call is last, call.invoked))
    lines = (f"no order of these operations on {verdict.violation.key} explains the last:",)
    return [("Not linearizable", (*lines, *(f"{call.place} {call.process}: {call}" for call in calls)))]
