"""Random faults that are aimed at whoever leads: where there are roles, and only while no disk has lied."""

from __future__ import annotations

from typing import Any

from playground.commands.targets import role_of
from playground.spec import PRESETS, ClusterSpec
from playground.sweeps.drawing import draw

SEEDS = range(160)


def drawn(preset: str, seed: int) -> tuple[tuple[int, Any], ...]:
    return draw(ClusterSpec.model_validate(PRESETS[preset]), 60_000_000, seed, 12)


def aimed(command: Any) -> list[str]:
    return [target for target in command.targeted() if role_of(target) is not None]


def test_everybody_who_leads_something_is_struck_by_every_kind_of_loss() -> None:
    struck = {(command.do, *aimed(command)) for seed in SEEDS for _, command in drawn("platform", seed)}
    roles = ["leader", "active", *(f"master of shard-{number}" for number in (1, 2, 3))]
    roles += ["controller", "coordinator of view", *(f"leader of changes-{number}" for number in range(4))]
    assert {("crash", role) for role in roles} <= struck
    assert {("partition", "leader"), ("freeze", "leader"), ("restart", "leader")} <= struck


def test_where_nobody_leads_nobody_is_aimed_at() -> None:
    assert not any(aimed(command) for seed in SEEDS for _, command in drawn("quorum", seed))


def test_nobody_is_aimed_at_once_a_disk_has_lied() -> None:
    lies = 0
    for seed in SEEDS:
        lied = False
        for _, command in drawn("ensemble", seed):
            assert not (lied and aimed(command))
            lied = lied or getattr(command, "fault", "") == "lie"
        lies += lied
    assert lies
