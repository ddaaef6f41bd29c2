"""The scenarios about masters and slaves show what their captions say, and only because of what is done in them."""

from __future__ import annotations

import pytest

from playground.scenario.outcome import Outcome
from tests.scenario.test_shipped_scenarios import between, played, told, without


def missed(outcome: Outcome) -> list[str]:
    """The figures that are not as expected."""
    return [each.expectation.figure.name for each in outcome.verdicts if not each.passed]


def kinds(outcome: Outcome, since_s: float, until_s: float) -> list[str]:
    """What became of masters in that time, in order."""
    story = ("crash", "freeze", "expired", "elected", "first-write", "deposed", "fenced", "truncated")
    return [each.kind for each in between(outcome, since_s, until_s) if each.kind in story]


@pytest.mark.parametrize(
    ("name", "causes", "figures"),
    [
        ("zombie-master", "freeze partition", ["failovers", "fenced"]),
        ("master-failover", "crash start", ["failovers", "first_write_after"]),
        ("semi-sync-loses-a-slave", "partition heal", ["lost_writes", "reversed_writes"]),
        ("semi-sync-loses-a-slave", "crash start", ["failovers", "masterless_max"]),
    ],
)
def test_without_its_cause_a_figure_is_not_what_it_was(name: str, causes: str, figures: list[str]) -> None:
    assert not missed(played(name))
    outcome = without(name, "", causes.split())
    assert not outcome.stopped
    assert set(missed(outcome)) >= set(figures)
    assert outcome.figures["checks"] == "pass"


def test_a_short_pause_goes_unnoticed_and_a_long_one_ends_in_another_master_and_a_refusal() -> None:
    outcome = played("zombie-master")
    assert kinds(outcome, 5, 8.9) == ["freeze"]
    assert kinds(outcome, 8.9, 17.9) == ["freeze", "expired", "elected", "first-write"]
    assert kinds(outcome, 17.9, 19)[0] == "deposed"
    assert "fenced" in kinds(outcome, 17.9, 19)


def test_a_master_that_is_cut_off_is_succeeded_while_it_runs_and_loses_what_it_could_not_commit() -> None:
    outcome = played("zombie-master")
    assert kinds(outcome, 25, 31.9) == ["expired", "elected", "first-write"]
    assert kinds(outcome, 31.9, 34)[0] == "deposed"
    assert told(outcome, "records off shard-1 that the new master does not have", 31.9, 34)


def test_a_failover_is_told_from_the_crash_to_the_first_write_and_its_place_is_given_to_another() -> None:
    outcome = played("master-failover")
    assert kinds(outcome, 5.9, 12) == ["crash", "expired", "elected", "first-write"]
    assert told(outcome, "instead of n1 as a member of shard-1: it has everything", 12, 18)
    assert told(outcome, "clients see no errors any more", 9, 12)


def test_who_lost_its_disk_is_a_member_again_only_when_it_has_everything() -> None:
    outcome = played("master-failover")
    assert kinds(outcome, 29.9, 30.1) == ["crash"]
    assert not told(outcome, "n2 again as a member", 30, 40)
    assert told(outcome, "n2 again as a member of shard-1: it has everything", 40, 47)


def test_one_lost_machine_at_a_time_loses_nothing_two_at_once_leave_a_shard_without_a_master() -> None:
    outcome = played("semi-sync-loses-a-slave")
    assert told(outcome, "n4 instead of n2 as a member of shard-1", 11, 12.5)
    assert not kinds(outcome, 6.1, 20)[1:], "a slave is no master: its death is its session's end, and nothing else"
    assert "elected" in kinds(outcome, 21, 25)
    assert told(outcome, "2 disks are lost at once", 37, 37.1)
    assert "elected" not in kinds(outcome, 37, 48)
