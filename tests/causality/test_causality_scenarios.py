"""What the shipped scenarios show is explained by what their captions speak of."""

from __future__ import annotations

from pathlib import Path

import pytest
from causality_lab import Lab, ask, sound, story

from playground.scenario.loader import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize(
    ("name", "kind", "text", "told"),
    [
        ("clock-skew", "alert", "stale read", ("the clock of n2 is off", "whose clock says how new it is")),
        ("lying-disk", "alert", "stale read", ("the disk of n3 lies", "before it crashed")),
        ("unclean-election", "truncated", "changes-0", ("hangs", "out of sync", "nobody in sync is left")),
        ("split-brain", "alert", "stale read", ("the command “partition", "loses ReplicaPut")),
        ("zombie-consumer", "zombie", "refused", ("co1 froze", "session timeout", "generation 2")),
    ],
)
def test_a_shipped_scenario_is_explained(name: str, kind: str, text: str, told: tuple[str, ...]) -> None:
    scenario = load(SCENARIOS / f"{name}.yaml")

    def question(lab: Lab) -> None:
        found = lab.entries(kind, text=text)
        assert found
        for entry in found:
            chain = lab.why(entry)
            sound(lab, chain)
            if all(each in story(chain) for each in told):
                return
        pytest.fail("\n\n".join(story(lab.why(entry)) for entry in found))

    acts = [(at_us / 1e6, command.line()) for at_us, command in scenario.method]
    ask(scenario.spec, acts, scenario.until_us / 1e6, question, scenario.seed, lenient=True)
