"""The judges of a history, and what counts as something found.

Cheap ones judge every run. Linearizability is NP-complete in general (Gibbons & Korach 1997): it is
judged only where it is expected, within a budget of steps, and may come to "unknown".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.cluster import Cluster
from playground.scenario.figures import Value

if TYPE_CHECKING:
    from playground.checkers.linearizability import Verdict

_COUNTS = ("stale_reads", "lost_writes", "read_your_writes", "monotonic_reads")
"""More than none of these is something found."""
_VERDICTS = {"checks": "fail", "hypothesis": "fail", "linearizable": "violation"}
_WORDS = {"linearizable": "pass", "violation": "violation", "unknown": "unknown"}
"""What the checker says -> the value of the figure."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Figures, and in words what some of them were found from."""

    figures: dict[str, Value]
    examples: tuple[str, ...] = ()


def judge(cluster: Cluster, wanted: Collection[str]) -> Judgement:
    """Judge the whole history; by a costly judge only if its figure is ``wanted``."""
    if "linearizable" not in wanted:
        return Judgement({})
    from playground.checkers.calls import from_history
    from playground.checkers.linearizability import check
    from playground.checkers.models import MODELS

    register = cluster.spec.store.conflicts == "newest"
    model = MODELS["register" if register else "multi-value"]
    verdict = check(from_history(cluster.history, register=register), model)
    return Judgement({"linearizable": _WORDS[verdict.outcome]}, _told(verdict))


def found_something(figures: Mapping[str, Value]) -> bool:
    """Whether any judge found anything: an invariant, a judge of the history, or the hypothesis."""
    return any(figures.get(name) for name in _COUNTS) or any(
        figures.get(name) == bad for name, bad in _VERDICTS.items()
    )


def _told(verdict: Verdict) -> tuple[str, ...]:
    """The few operations that no order explains, and the one that cannot have been told what it was."""
    if verdict.violation is None:
        undecided = ", ".join(verdict.undecided)
        return (f"not decided within {verdict.steps:,} steps for {undecided}",) if undecided else ()
    calls = sorted(verdict.violation.calls, key=lambda call: call.invoked)
    lines = [f"{call.place} {call.process}: {call}" for call in calls]
    return (f"no order of these operations on {verdict.violation.key} explains the end of the last:", *lines)
