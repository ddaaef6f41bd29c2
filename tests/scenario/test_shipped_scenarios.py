"""Every scenario on the shelf keeps its promises, is the same in any process, and shows what its captions say.

Played once each, the claims too, in two fresh processes with different hash seeds side by side: without Hypothesis, as
that changes how trio schedules.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from playground.kernel.journal import Entry
from playground.scenario.loader import load, load_file
from playground.scenario.model import Experiment
from playground.scenario.outcome import Outcome
from playground.scenario.runner import play
from playground.scenario.shelf import shipped

LONGEST = 110
"""Columns of a caption: it fits on one line of a terminal with 120."""
WORKER = """
import json, sys
from playground.scenario.loader import load_file
from playground.scenario.model import Experiment
from playground.scenario.playing import examine, play_script
from playground.scenario.shelf import shipped

assert "hypothesis" not in sys.modules
for name, path in shipped().items():
    file = load_file(path)
    if isinstance(file, Experiment):
        came = examine(file)
        variants, failed = {"": came.digest}, [str(each.as_json()) for each in came.verdicts if not each.passed]
    else:
        came = play_script(file)
        variants = {each.scenario.variant: each.digest for each in came.outcomes}
        failed = [f"{each.scenario.variant} {verdict.as_json()}" for each in came.outcomes
                  for verdict in each.verdicts if not verdict.passed]
        failed += [str(each.as_json()) for each in came.compared if not each.passed]
        failed += [f"{each.scenario.variant} {each.refused} {each.stopped}" for each in came.outcomes
                   if each.refused or each.stopped]
    print(json.dumps({"name": name, "variants": variants, "passed": came.passed, "failed": failed}), flush=True)
"""
NAMES = [name for name in shipped() if "/" not in name]

CAUSES = {
    ("balancer-failover", ""): "crash start freeze",
    ("bridge-partition", ""): "partition crash",
    ("clock-skew", "newest"): "clock",
    ("flapping-link", ""): "flap",
    ("full-disk", ""): "disk",
    ("gc-pause", ""): "freeze",
    ("lossy-network", ""): "link",
    ("lying-disk", ""): "disk",
    ("one-way", ""): "one-way",
    ("quorums", "one"): "partition link",
    ("retry-storm", "no-budget"): "crash",
    ("rolling-restart", ""): "rolling-restart",
    ("slow-node", "quorum"): "slow-cpu disk",
    ("split-brain", "half"): "partition",
    ("split-brain", "majority"): "partition",
    ("thundering-herd", ""): "herd",
}
"""Scenario and variant -> the commands without which it must not pass."""


@cache
def fresh() -> tuple[tuple[dict[str, dict[str, Any]], str], ...]:
    """What came of them in two processes of their own, by name, and what those had to complain about."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for hash_seed in (1, 2)
    ]
    results = []
    for process in running:
        out, complaints = process.communicate(timeout=600)
        results.append(({each["name"]: each for each in map(json.loads, out.splitlines())}, complaints))
    return tuple(results)


@cache
def played(name: str, variant: str = "") -> Outcome:
    return play(load(shipped()[name], variant))


def without(name: str, variant: str, causes: Collection[str]) -> Outcome:
    """What comes of it if these commands are not carried out."""
    scenario = load(shipped()[name], variant)
    method = tuple((at_us, command) for at_us, command in scenario.method if command.do not in causes)
    assert len(method) < len(scenario.method)
    return play(replace(scenario, timeline=method + scenario.undoing))


def beliefs(outcome: Outcome, word: str, until_s: float, since_s: float = 0) -> set[tuple[str, str]]:
    """Who said so of whom: ``suspects``, ``dead`` or ``alive``."""
    pattern = r"(\w+) suspects (\w+):" if word == "suspects" else rf"(\w+) believes (\w+) {word}\b"
    found = [re.match(pattern, each.text) for each in between(outcome, since_s, until_s)]
    return {(match[1], match[2]) for match in found if match}


def between(outcome: Outcome, since_s: float, until_s: float) -> list[Entry]:
    return [each for each in outcome.entries if since_s * 1e6 <= each.at_us <= until_s * 1e6]


def told(outcome: Outcome, text: str, since_s: float, until_s: float) -> bool:
    return any(text in each.text for each in between(outcome, since_s, until_s))


def pairs(observers: Collection[str], observed: Collection[str]) -> set[tuple[str, str]]:
    return {(one, other) for one in observers for other in observed if one != other}


# --- all of them -----------------------------------------------------------------------


@pytest.mark.parametrize("name", list(shipped()))
def test_captions_tell_the_story_from_the_start_and_fit_on_a_line(name: str) -> None:
    script = load_file(shipped()[name])
    if isinstance(script, Experiment):
        captions = list(script.captions)
    else:
        assert script.variants[0].captions[0][0] <= 2_000_000, "the first word comes at once"
        captions = [text for _, text in script.variants[0].captions]
    assert script.title
    assert script.description
    assert len(captions) >= 3
    assert not [text for text in captions if len(text) > LONGEST]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_says_in_its_first_lines_how_it_is_run(name: str) -> None:
    lines = shipped()[name].read_text(encoding="utf-8").splitlines()[:8]
    assert lines[0] == "# yaml-language-server: $schema=schema.json"
    assert any(f"playground replay {name}" in line for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_it_lasts_no_longer_than_a_minute(name: str) -> None:
    assert 20_000_000 <= load(shipped()[name]).until_us <= 60_000_000


@pytest.mark.parametrize("name", list(shipped()))
def test_it_passes_and_every_variant_is_the_same_in_processes_with_other_hash_seeds(name: str) -> None:
    (ones, complaint), (others, _) = fresh()
    assert name in ones, complaint
    one, other = ones[name], others[name]
    assert one["passed"], one["failed"]
    assert one["variants"] == other["variants"]
    assert all(len(digest) == 32 for digest in one["variants"].values())


@pytest.mark.parametrize(("name", "variant"), list(CAUSES))
def test_without_its_cause_it_does_not_pass(name: str, variant: str) -> None:
    outcome = without(name, variant, CAUSES[name, variant].split())
    assert not outcome.passed
    assert not outcome.stopped
    assert outcome.figures["lost_writes"] == 0


@pytest.mark.parametrize(("name", "variant"), [("clock-skew", "newest"), ("lying-disk", "")])
def test_where_a_violation_is_expected_the_same_store_is_right_without_its_cause(name: str, variant: str) -> None:
    assert played(name, variant).figures["outcome"] == "violation"
    outcome = without(name, variant, CAUSES[name, variant].split())
    assert outcome.figures["outcome"] == "pass"
    assert outcome.stale_reads == 0


# --- what the captions say is what is seen -------------------------------------------------


def test_the_bridge_hides_the_cut_from_gossip_until_it_dies() -> None:
    outcome = played("bridge-partition")
    left, right = ("n1", "n2", "n3"), ("n5", "n6", "n7")
    assert not beliefs(outcome, "suspects", 22)
    across = pairs(left, (*right, "n4")) | pairs(right, (*left, "n4"))
    assert beliefs(outcome, "dead", 33) == across
    assert beliefs(outcome, "alive", 43, since_s=38) >= across


def test_short_flaps_are_not_noticed_and_long_ones_end_in_death_twice() -> None:
    outcome = played("flapping-link")
    nodes = [f"n{number}" for number in range(1, 7)]
    across = pairs(nodes, ["n3"]) | pairs(["n3"], nodes)
    assert not beliefs(outcome, "suspects", 24)
    assert beliefs(outcome, "suspects", 29) == across
    assert beliefs(outcome, "dead", 34) == across
    assert beliefs(outcome, "alive", 36, since_s=34) == across
    assert beliefs(outcome, "dead", 47, since_s=36) == across


def test_of_three_pauses_one_is_not_noticed_one_suspected_and_one_taken_for_death() -> None:
    outcome = played("gc-pause")
    assert not beliefs(outcome, "suspects", 12)
    assert {observed for _, observed in beliefs(outcome, "suspects", 16.5)} == {"n3"}
    assert not beliefs(outcome, "dead", 24)
    assert beliefs(outcome, "dead", 33.5) == pairs([f"n{number}" for number in range(1, 7)], ["n4"])
    assert told(outcome, "n4 slept", 36, 36.2)
    assert not beliefs(outcome, "suspects", 48, since_s=36)


def test_a_mute_node_is_dead_to_all_and_to_a_deaf_one_all_are_dead() -> None:
    outcome = played("one-way")
    nodes = [f"n{number}" for number in range(1, 7)]
    assert not beliefs(outcome, "suspects", 17)
    assert beliefs(outcome, "dead", 27) == pairs(nodes, ["n3"])
    assert beliefs(outcome, "suspects", 43, since_s=31) == pairs(["n5"], nodes)
    assert beliefs(outcome, "dead", 48, since_s=31) == pairs(["n5"], nodes)


def test_a_rolling_restart_reaches_every_node_and_nobody_is_suspected() -> None:
    outcome = played("rolling-restart")
    assert [each.subject for each in outcome.entries if each.kind == "crash"] == [f"n{n}" for n in range(1, 9)]
    assert not beliefs(outcome, "suspects", 48)
    assert told(outcome, "is over", 36, 40)


def test_rot_is_found_when_the_log_is_read_and_what_is_missing_is_fetched() -> None:
    outcome = played("bit-rot")
    for node, since_s, until_s in (("n2", 14, 15), ("n4", 26, 27)):
        assert told(outcome, "damaged and skipped", since_s, until_s)
        assert told(outcome, f"{node} has its data back", since_s, until_s)
    clean = without("bit-rot", "", ["disk"])
    assert not told(clean, "damaged", 0, 40)
    assert not told(clean, "data back", 0, 40)


def test_a_lost_disk_is_found_empty_and_filled_before_it_is_read() -> None:
    outcome = played("lost-disk")
    assert told(outcome, "n3 finds its disk empty", 14, 15)
    assert not told(outcome, "n3 has its data back", 0, 19)
    assert told(outcome, "n3 has its data back", 19, 22.5)


def test_after_a_split_brain_a_read_shows_what_both_sides_wrote() -> None:
    assert told(played("split-brain", "half"), "written concurrently: siblings", 25, 26)


def test_a_small_herd_waits_and_a_large_one_waits_in_vain() -> None:
    outcome = played("thundering-herd")
    assert not told(outcome, "clients see errors", 0, 14)
    assert told(outcome, "clients see errors", 14, 16)
    assert told(outcome, "clients see no errors any more", 19, 25)


def test_a_standby_takes_over_when_the_session_of_the_active_one_has_expired_and_that_one_stays_passive() -> None:
    outcome = played("balancer-failover")
    for lost_s, thawed_s in ((6, 20), (20, 44)):
        elected = [each.at_us / 1e6 for each in between(outcome, lost_s, thawed_s) if "is the active" in each.text]
        assert len(elected) == 1
        assert lost_s + 2 < elected[0] < lost_s + 4
    assert told(outcome, "is not the active balancer any more", 28, 28.5)


def test_a_retry_storm_goes_on_when_its_cause_has_gone_and_with_a_budget_it_ends() -> None:
    storm, calm = played("retry-storm", "no-budget"), played("retry-storm", "budget")
    over = "clients see no errors any more"
    assert told(storm, over, 12.5, 16), "the two that come back are empty"
    assert told(storm, "clients see errors", 16, 18)
    assert not told(storm, over, 18, 36)
    assert told(calm, over, 12.5, 20)
    assert not told(calm, "clients see errors", 20, 36)
