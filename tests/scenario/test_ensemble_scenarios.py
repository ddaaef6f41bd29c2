"""What the captions of the ensemble's scenarios say is what is seen, and without the cause there is nothing to see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache

import pytest

from playground.kernel.journal import Entry
from playground.scenario.loader import load
from playground.scenario.outcome import Outcome
from playground.scenario.runner import play
from playground.scenario.shelf import shipped
from tests.scenario.ensemble_recovery import distribution

CAUSES = {
    "ensemble-majority": "crash",
    "expired-session": "partition",
    "leader-pause": "freeze",
}
"""Scenario -> the command without which it must not pass."""


@cache
def played(name: str) -> Outcome:
    return play(load(shipped()[name]))


def without(name: str, causes: Collection[str]) -> Outcome:
    scenario = load(shipped()[name])
    method = tuple((at_us, command) for at_us, command in scenario.method if command.do not in causes)
    assert len(method) < len(scenario.method)
    return play(replace(scenario, timeline=method + scenario.undoing))


def told(outcome: Outcome, text: str, since_s: float, until_s: float) -> list[Entry]:
    entries = (each for each in outcome.entries if since_s * 1e6 <= each.at_us <= until_s * 1e6)
    return [each for each in entries if text in each.text]


@pytest.mark.parametrize("name", list(CAUSES))
def test_without_its_cause_it_does_not_pass(name: str) -> None:
    outcome = without(name, CAUSES[name].split())
    assert not outcome.passed
    assert not outcome.stopped
    assert outcome.figures["lost_writes"] == 0


def test_two_of_five_down_are_forgotten_and_three_stop_everything() -> None:
    outcome = played("ensemble-majority")
    assert not told(outcome, "leads no more", 0, 14)
    assert not told(outcome, "leads the ensemble", 1, 22)
    assert told(outcome, "leads the ensemble", 22, 23)
    assert told(outcome, "is not the master any more", 14, 18)
    assert told(outcome, "is the master", 22, 27)


def test_a_short_pause_is_forgiven_and_after_a_long_one_the_leader_steps_down_first() -> None:
    outcome = played("leader-pause")
    assert not told(outcome, "leads", 1, 11)
    assert told(outcome, "leads the ensemble in epoch 2", 11, 12.5)
    (thawed,) = told(outcome, "thawed", 15, 17)
    (deposed,) = told(outcome, "leads no more", 11, 30)
    assert (deposed.subject, deposed.at_us) == (thawed.subject, thawed.at_us)


def test_a_session_survives_a_short_cut_and_who_lost_it_learns_of_it_when_the_cable_is_back() -> None:
    outcome = played("expired-session")
    (first, *_, last) = told(outcome, "is not the master any more", 0, 14.5)
    (again,) = told(outcome, "is the master", 5, 9)
    assert first.subject == again.subject == last.subject
    assert not told(outcome, "its session expires", 0, 12)
    (expired,) = told(outcome, "its session expires", 12, 36)
    (successor,) = told(outcome, "is the master", 12, 36)
    assert last.at_us < expired.at_us < successor.at_us < 15_500_000
    (session,) = told(outcome, "has a session", 1, 36)
    assert session.subject == first.subject
    assert session.at_us > 21_000_000
    assert told(outcome, f"{first.subject} goes by configuration v2", 21, 23)


def test_after_its_leader_has_crashed_an_ensemble_of_five_writes_again_within_two_seconds() -> None:
    spans_us = distribution(range(8))
    assert spans_us[-1] < 2_000_000  # 0.8 s until it is noticed, an election, and a client that finds a server
    assert spans_us[0] > 500_000, "no follower may give up its leader sooner"
