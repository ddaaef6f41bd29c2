"""Random faults: any of them, fair, and the same from the same seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.commands import COMMANDS, check_nodes
from playground.kernel.errors import UserError
from playground.scenario.loader import loads
from playground.scenario.runner import play
from playground.spec import PRESETS, ClusterSpec
from playground.sweeps.drawing import CALM, DRAWS, SHORTEST_US, draw
from playground.sweeps.trial import Plan

SCRIPT = """
import sys
from playground.spec import ClusterSpec
from playground.sweeps.drawing import draw

assert "hypothesis" not in sys.modules
for seed in range(20):
    for at_us, command in draw(ClusterSpec(), 60_000_000, seed, 12):
        print(at_us, command.line())
"""
MINUTE_US = 60_000_000


def drawn(seed: int, budget: int = 12, until_us: int = MINUTE_US, **spec: Any) -> tuple[tuple[int, Any], ...]:
    return draw(ClusterSpec.model_validate(spec), until_us, seed, budget)


def over_us(at_us: int, command: Any) -> int:
    """When a fault has ended."""
    return at_us + (getattr(command, "lasting", None) or getattr(command, "down", None) or 0)


def test_everything_that_breaks_something_can_be_drawn() -> None:
    assert {word for word, kind in COMMANDS.items() if kind.undo} == set(DRAWS)


def test_every_kind_of_fault_comes_up() -> None:
    everywhere = {word for word, each in DRAWS.items() if not each.kafka}
    assert {command.do for seed in range(60) for _, command in drawn(seed)} == everywhere


def test_where_there_are_brokers_their_faults_come_up_as_well() -> None:
    spec = {**PRESETS["kafka"], "load": {"rate": 0, "clients": 1}}
    found = {command.do for seed in range(80) for _, command in drawn(seed, **spec)}
    assert {word for word, each in DRAWS.items() if each.kafka} <= found
    assert found.isdisjoint({"add", "remove", "burst"})


def test_fresh_processes_with_other_hash_seeds_draw_the_same() -> None:
    told = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        told.add(done.stdout)
    [text] = told
    assert text.splitlines() == [f"{at} {command.line()}" for seed in range(20) for at, command in drawn(seed)]


def test_another_seed_draws_something_else_and_the_budget_is_kept() -> None:
    assert len({str(drawn(seed)) for seed in range(30)}) == 30
    assert [len(drawn(1, budget)) for budget in (0, 1, 30)] == [0, 1, 30]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**63 - 1),
    budget=st.integers(1, 40),
    until_us=st.integers(SHORTEST_US, 10 * MINUTE_US),
    nodes=st.integers(1, 12),
    w=st.integers(1, 3),
    clients=st.integers(1, 3),
)
def test_what_is_drawn_is_fair(seed: int, budget: int, until_us: int, nodes: int, w: int, clients: int) -> None:
    spec = ClusterSpec.model_validate({"nodes": nodes, "store": {"w": w}, "load": {"clients": clients}})
    timeline = draw(spec, until_us, seed, budget)
    assert [at_us for at_us, _ in timeline] == sorted(at_us for at_us, _ in timeline)
    known = [*spec.node_names, *spec.client_names]
    disks = gone = 0
    for at_us, command in timeline:
        assert over_us(at_us, command) <= until_us * (1 - CALM), f"{command.line()} must end in time"
        check_nodes(command, known)
        if command.do == "add":
            known += command.nodes
        gone += command.do == "remove"
        disks += getattr(command, "lose_disk", False) or getattr(command, "fault", "") == "rot"
    assert disks < w
    assert gone <= 1
    assert gone == 0 or nodes > spec.store.n or "add" in {command.do for _, command in timeline}


def test_no_machine_is_taken_down_twice_at_once_or_once_its_disk_has_lied() -> None:
    for seed in range(60):
        until_us: Counter[str] = Counter()
        for at_us, command in drawn(seed, 25):
            if command.do in ("crash", "restart", "freeze") or getattr(command, "fault", "") == "lie":
                for name in command.nodes:
                    assert at_us > until_us[name], f"seed {seed}: {name} is down already at {at_us}"
                    lies = command.do == "disk"  # what it left in the cache may stay there for long
                    until_us[name] = 1 << 60 if lies else over_us(at_us, command)


@pytest.mark.parametrize("seed", range(6))
def test_the_cluster_carries_out_what_was_drawn_and_recovers(seed: int) -> None:
    text = "cluster: {nodes: 5}\nload: {rate: 20, clients: 2, keys: 20}\nuntil: 40s\nexpect: {converged: true}"
    outcome = play(Plan(loads(text), budget=12).scenario_of(seed))
    assert not outcome.refused
    assert outcome.passed, outcome.findings


def test_no_clock_is_wrong_where_the_newest_write_wins() -> None:
    words = [
        {command.do for seed in range(40) for _, command in drawn(seed, store={"conflicts": conflicts})}
        for conflicts in ("siblings", "newest")
    ]
    assert words[0] - words[1] == {"clock"}


def test_a_scenario_that_is_too_short_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"^--faults random: until \(9s\) is too short; it takes at least 10s$"):
        drawn(1, until_us=9_000_000)


def test_only_what_holds_whatever_happens_is_expected_under_random_faults() -> None:
    text = """
until: 20s
method: [{at: 1s, do: crash, nodes: [n1], say: see}]
rollbacks: [{do: heal}]
steady-state-hypothesis: {strategy: [after, continuously], probes: [{probe: error_share, tolerance: '< 5%'}]}
expect: {checks: fail, p99: '< 5ms', error_share: 0%, stale_reads: 0, converged: true}
"""
    scenario = Plan(loads(text), budget=3).scenario_of(17)
    assert scenario.seed == 17
    assert {each.figure.name: each.text for each in scenario.expectations} == {
        "stale_reads": "0",
        "converged": "true",
        "hypothesis": "pass",
        "checks": "pass",
    }
    assert scenario.hypothesis is not None
    assert [each.value for each in scenario.hypothesis.strategies] == ["after"]
    assert scenario.captions == ()
    assert [command.do for _, command in scenario.undoing] == ["heal"], "the rollbacks stay"
    assert len(scenario.method) == 3
