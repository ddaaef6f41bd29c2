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


def failures(outcome: Outcome, *, refusals: bool = True) -> dict[str, str]:
    """Name -> what was seen (a phrase), in alphabetical order of the names; empty if ``outcome`` passed.

    ``refusals``: whether a command that could not be carried out is a failure.
    """
    found: dict[str, str] = {}
    for verdict in outcome.verdicts:
        if not verdict.passed:
            _add_missed(found, outcome, verdict)
    for at_us, line, why in outcome.refused if refusals else ():
        found.setdefault(REFUSED + line.split()[0], f"at {at_us / 1e6:.3f} s, {line}: {why}")
    if outcome.stopped:
        cause = _CAUSE.search(outcome.stopped)
        found[STOPPED + (cause[1] if cause else "unknown")] = outcome.stopped
    return {name: " ".join(found[name].split()) for name in sorted(found)}


def _add_missed(found: dict[str, str], outcome: Outcome, verdict: Verdict) -> None:
    figure = verdict.expectation.figure
    seen = f"{spell(figure.kind, verdict.measured)} (expected {verdict.expectation.text})"
    if figure.name != "checks":
        found[figure.name + (NOT_MEASURED if verdict.measured is None else "")] = seen
        return
    for _, check, _, text in outcome.findings:
        found.setdefault(CHECKS + check, text)
    if not outcome.findings and not outcome.stopped:  # a world that stopped has a name of its own
        found[figure.name] = seen
