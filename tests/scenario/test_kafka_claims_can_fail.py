"""Claims about Kafka that cannot fail claim nothing: each is played with a bug that it should notice.

A bug is planted by replacing one method. ``notices``: the figure, among those expected, that is no longer met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from noticing import Bug, noticed

from playground.systems.kafka import assignors, electing, producer
from playground.systems.kafka.assignors import Assignment
from playground.systems.kafka.fetching import Fetcher
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.membership import Membership
from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.worker import ConsumerService
from playground.systems.running import running

# --- pulling ------------------------------------------------------------------------------------


def consumers_take_all_they_can_get(patch: pytest.MonkeyPatch) -> None:
    make = Fetcher.__init__

    def make_greedy(fetcher: Fetcher, service: Any, settings: Any, *rest: Any, **more: Any) -> None:
        make(fetcher, service, settings.model_copy(update={"fetch_messages": 100_000}), *rest, **more)

    patch.setattr(Fetcher, "__init__", make_greedy)


def who_is_slow_is_put_out(patch: pytest.MonkeyPatch) -> None:
    make = Membership.__init__

    def make_impatient(membership: Membership, service: Any, settings: Any, *rest: Any, **more: Any) -> None:
        make(membership, service, settings.model_copy(update={"max_poll_ms": 1_000}), *rest, **more)

    patch.setattr(Membership, "__init__", make_impatient)


def one_stuck_consumer_holds_up_all(patch: pytest.MonkeyPatch) -> None:
    stall = ConsumerService.stall

    def stall_all(consumer: ConsumerService, ms: int | None) -> None:
        stall(consumer, ms)
        for each in running(consumer.process.world, ConsumerService).values():
            each.settings = each.settings.model_copy(update={"process_ms": ms or 5})

    patch.setattr(ConsumerService, "stall", stall_all)


# --- leaders and followers -----------------------------------------------------------------------


def leaders_promise_alone(patch: pytest.MonkeyPatch) -> None:
    answer = Leading._answer
    patch.setattr(Leading, "_answer", lambda leading, _acks, *rest: answer(leading, "1", *rest))


def nobody_takes_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(electing, "elect", lambda *_args, **_more: None)


def leadership_never_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(electing, "prefer", lambda *_args: None)


# --- groups --------------------------------------------------------------------------------------


def the_commit_comes_before_the_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConsumerService, "_commits_first", True)


def offsets_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    async def nowhere(_membership: Membership, _partitions: Any) -> dict[TopicPartition, int]:
        return {}

    patch.setattr(Membership, "committed", nowhere)


def shared_out(patch: pytest.MonkeyPatch, share: Any) -> None:
    """``share(members, partitions)``: who gets what, of one topic."""

    def assign(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
        (topic,) = partitions
        found: Assignment = share(
            sorted(each.member for each in subscriptions),
            tuple(TopicPartition(topic, number) for number in range(partitions[topic])),
        )
        return found

    patch.setitem(assignors.ASSIGNORS, "cooperative-sticky", assign)


def everybody_gets_everything(patch: pytest.MonkeyPatch) -> None:
    shared_out(patch, lambda members, partitions: dict.fromkeys(members, partitions))


def the_first_member_gets_everything(patch: pytest.MonkeyPatch) -> None:
    shared_out(patch, lambda members, partitions: {**dict.fromkeys(members, ()), members[0]: partitions})


def nobody_is_without_work(patch: pytest.MonkeyPatch) -> None:
    def share(members: list[str], partitions: tuple[TopicPartition, ...]) -> Assignment:
        return {member: (partitions[number % len(partitions)],) for number, member in enumerate(members)}

    shared_out(patch, share)


# --- order ---------------------------------------------------------------------------------------


def leaders_do_not_look_at_numbers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PartitionLog, "check_sequence", lambda _log, _batch: None)


def all_keys_go_to_one_partition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(producer, "of_key", lambda _key, _partitions: 0)


@pytest.mark.parametrize(
    ("claim", "variant", "bug", "notices"),
    [
        ("Q1", "few", consumers_take_all_they_can_get, "buffered_max"),
        ("Q1", "few", who_is_slow_is_put_out, "partition_moves"),
        ("Q1", "many", one_stuck_consumer_holds_up_all, "lag_unstalled"),
        ("Q2", "all", leaders_promise_alone, "lost_messages"),
        ("Q2", "all", nobody_takes_over, "partition_leaderless_max"),
        ("Q2", "one", leadership_never_goes_back, "partition_leaders_max"),
        ("Q3", "half-second", the_commit_comes_before_the_work, "skipped_messages"),
        ("Q3", "half-second", offsets_are_forgotten, "processed_again"),
        ("Q3", "half-second", everybody_gets_everything, "checks"),
        ("Q4", "idempotent", leaders_do_not_look_at_numbers, "duplicated_messages"),
        ("Q4", "idempotent", all_keys_go_to_one_partition, "out_of_order_across"),
        ("Q5", "four", the_first_member_gets_everything, "processing_rate"),
        ("Q5", "eight", nobody_is_without_work, "processing_rate"),
    ],
)
def test_a_claim_about_kafka_does_not_hold_of_a_kafka_with_a_bug(
    monkeypatch: pytest.MonkeyPatch, claim: str, variant: str, bug: Bug, notices: str
) -> None:
    assert notices in noticed(monkeypatch, claim, variant, bug)
