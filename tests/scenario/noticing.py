"""What a claim complains of when it is played on a system with a bug."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playground.scenario.loader import load
from playground.scenario.runner import play
from playground.scenario.shelf import find

Bug = Callable[[pytest.MonkeyPatch], None]


def noticed(patch: pytest.MonkeyPatch, claim: str, variant: str, bug: Bug) -> list[str]:
    """The figures, among those expected, that are no longer met once ``bug`` is planted."""
    scenario = load(find(claim), variant)
    bug(patch)
    outcome = play(scenario)
    assert not outcome.stopped, "it is the claim that has to notice"
    return [each.expectation.figure.name for each in outcome.verdicts if not each.passed]
