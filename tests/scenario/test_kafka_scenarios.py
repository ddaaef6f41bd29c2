"""The scenarios about Kafka show what their captions say, only because of what is done in them, and notice bugs."""

from __future__ import annotations

from typing import Any

import pytest
from noticing import Bug, noticed

from playground.kernel.calls import Answer
from playground.scenario.outcome import Outcome
from playground.systems.kafka import electing
from playground.systems.kafka.consumer import Consumer
from playground.systems.kafka.group import Group
from playground.systems.kafka.membership import Membership
from playground.systems.kafka.messages import OffsetCommit
from tests.scenario.test_shipped_scenarios import between, played, told, without


def missed(outcome: Outcome) -> list[str]:
    """The figures that are not as expected."""
    return [each.expectation.figure.name for each in outcome.verdicts if not each.passed]


def kinds(outcome: Outcome, since_s: float, until_s: float, about: str = "") -> list[str]:
    """What became of leaders and groups in that time, in order; with ``about``, where the text speaks of it."""
    story = ("crash", "unclean", "elected", "deposed", "truncated", "rebalance", "zombie", "max-poll", "reset")
    return [each.kind for each in between(outcome, since_s, until_s) if each.kind in story and about in f"{each.text} "]


@pytest.mark.parametrize(
    ("name", "variant", "causes", "figures"),
    [
        ("broker-crash", "", "crash", ["partition_elections", "isr_shrinks", "publish_p99"]),
        ("unclean-election", "unclean", "disk", ["outcome", "lost_messages", "unclean_elections"]),
        ("zombie-consumer", "process-first", "freeze", ["zombie_commits", "processed_again", "partition_moves"]),
        ("poison-message", "impatient", "publish", ["poll_timeouts", "lag", "converged"]),
        ("rebalance-storm", "range", "consume freeze crash", ["unowned"]),
    ],
)
def test_without_its_cause_a_figure_is_not_what_it_was(
    name: str, variant: str, causes: str, figures: list[str]
) -> None:
    assert not missed(played(name, variant))
    outcome = without(name, variant, causes.split())
    assert not outcome.stopped
    assert set(missed(outcome)) >= set(figures)
    assert outcome.figures["checks"] == "pass"
    assert outcome.figures["lost_messages"] == 0


# --- what the captions say is what is seen ------------------------------------------------------


def test_leaders_move_when_a_session_is_over_and_move_back_when_they_have_been_in_sync_for_a_while() -> None:
    outcome = played("broker-crash")
    assert told(outcome, "br2 is out of sync: behind", 8, 9)
    assert told(outcome, "br3 leads changes-1 in epoch 2", 8, 9)
    assert told(outcome, "br2 is in sync again", 13, 14)
    assert not kinds(outcome, 9, 18, "changes-1 ")
    assert kinds(outcome, 18, 20, "br2 leads changes-1 ") == ["elected"]
    assert told(outcome, "br2 is the controller", 22, 23.5)
    assert told(outcome, "br2 leads __consumer_offsets-0", 22, 23.5)


def test_one_broker_that_is_left_acknowledges_nothing_until_another_is_back() -> None:
    outcome = played("broker-crash")
    assert told(outcome, "acks=all is refused", 33, 35.5)
    assert not [each for each in between(outcome, 31, 36) if each.kind == "first-write" and "br" in each.subject]
    assert told(outcome, "every partition has a leader and enough replicas in sync again", 36, 37)
    assert told(outcome, "br2 leads changes-1", 41, 44)
    assert told(outcome, "br3 leads changes-2", 41, 44)


def test_who_lacks_messages_leads_at_once_or_never_or_lacks_none() -> None:
    unclean, patient, safe = (played("unclean-election", name) for name in ("unclean", "patient", "safe"))
    for outcome in (unclean, patient, safe):
        assert told(outcome, "changes-0: br3 is out of sync", 8, 9)
    assert kinds(unclean, 14, 15.5, "changes-0") == ["unclean", "elected", "reset"]
    assert not kinds(patient, 12.1, 24, "changes-0")
    assert kinds(safe, 14, 15.5, "changes-0") == ["elected"]
    assert told(unclean, "br1 drops", 24, 25)
    assert told(patient, "br1 leads changes-0", 24, 25)
    assert not told(patient, "br1 drops", 24, 36), "what it had alone is what counts"


def test_a_short_pause_goes_unnoticed_and_a_long_one_ends_in_a_refused_commit() -> None:
    outcome = played("zombie-consumer", "process-first")
    assert not kinds(outcome, 2, 16)
    assert kinds(outcome, 16, 22) == ["rebalance"]
    assert kinds(outcome, 22, 26) == ["zombie", "rebalance", "rebalance"]
    assert told(outcome, "co1 gets changes-2 changes-3", 24, 26), "its partitions are given back"


def test_who_is_slow_is_put_out_by_impatience_and_poison_by_it_goes_from_one_to_the_next() -> None:
    impatient, patient = played("poison-message", "impatient"), played("poison-message", "patient")
    assert kinds(impatient, 2, 20)[:3] == ["max-poll", "rebalance", "zombie"]
    assert told(impatient, "co3 gets changes-2", 18, 20), "it has its partition back"
    assert told(impatient, "co1 has not polled", 29, 31)
    assert told(impatient, "co2 has not polled", 35, 37)
    assert told(impatient, "co1 (generation", 35.9, 37), "twelve seconds are over, and nobody wants to hear of it"
    assert told(impatient, "co1 has not polled", 41, 43)
    assert not kinds(patient, 2, 46)


def test_an_eager_rebalance_takes_as_long_as_its_slowest_member_and_what_is_sticky_stays() -> None:
    eager, sticky = played("rebalance-storm", "range"), played("rebalance-storm", "cooperative")
    assert not kinds(eager, 7.5, 8.5), "all wait for co1"
    assert told(eager, "after co5 joined", 8.5, 10)
    for outcome in (eager, sticky):
        assert told(outcome, "co2 (generation", 21, 21.5)
        assert kinds(outcome, 25.1, 29) == ["rebalance"]
        assert told(outcome, "after co4 left: ", 35, 37), "it said so: no session had to end for that"
    assert told(sticky, "co1 gave up changes-4: co1 gets changes-0, co2 gets changes-1 changes-5", 8, 11)


# --- bugs that they notice ----------------------------------------------------------------------


def leadership_never_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(electing, "prefer", lambda *_args: None)


def anybody_may_lead(patch: pytest.MonkeyPatch) -> None:
    elect = electing.elect
    patch.setattr(electing, "elect", lambda *args, **more: elect(*args, **{**more, "unclean": True}))


def nobody_is_eligible_but_who_is_in_sync(patch: pytest.MonkeyPatch) -> None:
    elect = electing.elect

    def elect_in_sync(state: Any, *rest: Any, **more: Any) -> Any:
        return elect(state._replace(elr=()), *rest, **{**more, "min_insync": 1})

    patch.setattr(electing, "elect", elect_in_sync)


def any_commit_is_taken(patch: pytest.MonkeyPatch) -> None:
    def take(group: Group, request: OffsetCommit, answer: Answer) -> None:
        group.commits.accept(request, answer)

    patch.setattr(Group, "commit", take)


def heartbeats_stop_while_somebody_works(patch: pytest.MonkeyPatch) -> None:
    beat = Membership._beat
    patch.setattr(Membership, "_beat", lambda membership: beat(membership) if membership.polling else None)


def nobody_looks_how_long_the_work_takes(patch: pytest.MonkeyPatch) -> None:
    make = Membership.__init__

    def make_patient(membership: Membership, service: Any, settings: Any, *rest: Any, **more: Any) -> None:
        make(membership, service, settings.model_copy(update={"max_poll_ms": 3_600_000}), *rest, **more)

    patch.setattr(Membership, "__init__", make_patient)


def everybody_gives_up_everything(patch: pytest.MonkeyPatch) -> None:
    make = Consumer.__init__

    def make_eager(consumer: Consumer, *args: Any, **more: Any) -> None:
        make(consumer, *args, **more)
        consumer._eager = True

    patch.setattr(Consumer, "__init__", make_eager)


@pytest.mark.parametrize(
    ("name", "variant", "bug", "notices"),
    [
        ("broker-crash", "", leadership_never_goes_back, "partition_leaders_min"),
        ("unclean-election", "patient", anybody_may_lead, "lost_messages"),
        ("unclean-election", "safe", nobody_is_eligible_but_who_is_in_sync, "partition_leaderless_max"),
        ("zombie-consumer", "process-first", any_commit_is_taken, "zombie_commits"),
        ("poison-message", "patient", heartbeats_stop_while_somebody_works, "partition_moves"),
        ("poison-message", "impatient", nobody_looks_how_long_the_work_takes, "poll_timeouts"),
        ("rebalance-storm", "cooperative", everybody_gives_up_everything, "unowned"),
    ],
)
def test_a_scenario_about_kafka_notices_a_bug(
    monkeypatch: pytest.MonkeyPatch, name: str, variant: str, bug: Bug, notices: str
) -> None:
    assert notices in noticed(monkeypatch, name, variant, bug)
