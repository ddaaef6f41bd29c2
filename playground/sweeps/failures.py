"""By what names a run failed: two runs fail in the same way if they fail by the same names.

===========================  ==================================================================
``stale_reads``              the expectation of this figure was not met
``converged: not measured``  the figure could not be measured, so that no tolerance is met
``checks: fresh reads``      this invariant was found broken, live or at the end
``refused: start``           a command of this kind could not be carried out
``stopped: KeyError``        such an error in the playground itself stopped the world
===========================  ==================================================================
"""

from __future__ import annotations

import re

from playground.scenario.figures import spell
from playground.scenario.outcome import Outcome, Verdict

CHECKS, REFUSED, STOPPED, NOT_MEASURED = "checks: ", "refused: ", "stopped: ", ": not measured"
_CAUSE = re.compile(r"\): (\w+)")
"""What :class:`playground.kernel.errors.WorldStopped` says after the seed."""


def failures(outcome: Outcome, *, refusals: bool = True) -> tuple[str, ...]:
    """The names by which ``outcome`` failed, in alphabetical order; empty if it passed.

    ``refusals``: whether a command that could not be carried out is a failure.
    """
    names: dict[str, None] = {}
    for verdict in outcome.verdicts:
        if not verdict.passed:
            names.update(dict.fromkeys(_names(outcome, verdict)))
    for _, line, _ in outcome.refused if refusals else ():
        names[REFUSED + line.split()[0]] = None
    if outcome.stopped:
        cause = _CAUSE.search(outcome.stopped)
        names[STOPPED + (cause[1] if cause else "unknown")] = None
    return tuple(sorted(names))


def describe(outcome: Outcome) -> str:
    """One failure as a sentence, the most telling one first; empty if it passed."""
    if outcome.stopped:
        return outcome.stopped
    missed = [verdict for verdict in outcome.verdicts if not verdict.passed]
    if outcome.findings and any(verdict.expectation.figure.name == "checks" for verdict in missed):
        _, check, _, text = outcome.findings[0]
        return f"{check}: {text}"
    for verdict in missed:
        figure = verdict.expectation.figure
        return f"{figure.name}: {spell(figure.kind, verdict.measured)} (expected {verdict.expectation.text})"
    for at_us, line, why in outcome.refused:
        return f"at {at_us / 1e6:.3f} s {line}: {why}"
    return ""


def _names(outcome: Outcome, verdict: Verdict) -> list[str]:
    name = verdict.expectation.figure.name
    if name == "checks":
        found = [CHECKS + check for _, check, _, _ in outcome.findings]
        # Without findings either the world stopped, which has a name of its own, or a violation was expected.
        return found or ([] if outcome.stopped else [CHECKS + "none broken"])
    if verdict.measured is None:
        return [name + NOT_MEASURED]
    return [name]
