"""The books: what they find in what machines say, and what they do not complain of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.systems.kafka.books import Books, Stretches, machine_of
from playground.systems.kafka.ledger import Acknowledged, Committed, Processed
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.violations import Violation

P0, P1 = TopicPartition("changes", 0), TopicPartition("changes", 1)


class Desk:
    """Books, and what they report. ``gone``: offsets that hold no message any more."""

    def __init__(self, delivery: str = "at-least-once", *, reset: str = "earliest", retention_ms: int = 0) -> None:
        self.found: list[Violation] = []
        self.gone: list[int] = []
        group = {"delivery": delivery, "reset": reset}
        settings = KafkaSettings.model_validate({"groups": [group], "topics": [{"retention_ms": retention_ms}]})
        self.books = Books(
            settings, self.found.append, lambda _p, first, end: all(each in self.gone for each in range(first, end))
        )

    def process(self, *offsets: int, partition: TopicPartition = P0, member: str = "co1") -> None:
        for offset in offsets:
            record = Record(0, "k", "v", 0, f"pr1:{offset}")
            self.books.processed(Processed("view", member, 1, partition, offset, record, 0))

    def commit(self, offset: int) -> None:
        self.books.committed(Committed("view", "co1", 1, P0, offset, 0))

    @property
    def checks(self) -> list[str]:
        return [violation.check for violation in self.found]


@given(st.lists(st.integers(0, 30)), st.integers(0, 30), st.integers(0, 30))
def test_stretches_are_a_set_of_offsets(offsets: list[int], first: int, end: int) -> None:
    stretches, model = Stretches(), set[int]()
    for offset in offsets:
        assert stretches.add(offset) is (offset not in model)
        model.add(offset)
    missing = [each for low, high in stretches.missing(first, end) for each in range(low, high)]
    assert missing == [each for each in range(first, end) if each not in model]
    assert all(low < high for low, high in stretches.found)
    assert all(one[1] < other[0] for one, other in zip(stretches.found, stretches.found[1:], strict=False))


def test_what_was_processed_may_be_committed() -> None:
    desk = Desk()
    desk.process(0, 1, 2)
    desk.commit(2)
    desk.commit(3)
    assert desk.found == []


def test_a_commit_of_what_nobody_has_processed_is_found() -> None:
    desk = Desk()
    desk.process(0, 1)
    desk.commit(2)
    desk.process(3)
    desk.commit(4)
    assert desk.checks == ["commit after processing"]
    assert "nobody has processed 2" in desk.found[0].text


def test_a_first_commit_must_not_pass_over_the_beginning() -> None:
    desk = Desk()
    desk.process(2, 3)
    desk.commit(4)
    assert desk.checks == ["commit after processing"]
    assert "nobody has processed 0 to 1" in desk.found[0].text


@pytest.mark.parametrize(("retention_ms", "found"), [(0, ["commit after processing"]), (5_000, [])])
def test_a_group_may_go_on_at_the_end_where_it_finds_nothing_else(retention_ms: int, found: list[str]) -> None:
    desk = Desk(reset="latest", retention_ms=retention_ms)
    desk.process(0, 7)
    desk.commit(8)
    assert desk.found == [], "nothing was committed before"
    desk.process(20)
    desk.commit(21)
    assert desk.checks == found


def test_offsets_without_a_message_need_not_be_processed() -> None:
    desk = Desk()
    desk.gone = [2, 3]
    desk.process(0, 1, 4)
    desk.commit(5)
    assert desk.found == []


def test_with_at_least_once_a_message_may_be_processed_again_and_is_counted() -> None:
    desk = Desk()
    desk.process(0, 1, 1, 2)
    assert desk.found == []
    assert desk.books.repeated == 1


def test_with_at_most_once_a_message_that_is_processed_again_is_found() -> None:
    desk = Desk("at-most-once")
    desk.commit(3)
    desk.process(1, 1)
    assert desk.checks == ["at most once"]


def test_with_at_most_once_what_is_committed_and_not_processed_is_skipped() -> None:
    desk = Desk("at-most-once")
    desk.commit(5)
    desk.process(0, 1)
    assert desk.found == []
    assert desk.books.skipped() == 3


def test_two_owners_in_one_generation_are_found_and_in_two_they_are_a_move() -> None:
    desk = Desk()
    desk.books.assigned("view", 1, "co1", (P0, P1), 0)
    desk.books.assigned("view", 2, "co1", (P0,), 1_000_000)
    desk.books.assigned("view", 2, "co2", (P1,), 3_000_000)
    assert desk.found == []
    assert (desk.books.moves, desk.books.unowned_s(3_000_000)) == (1, 2.0)
    desk.books.assigned("view", 2, "co3", (P1,), 3_000_000)
    assert desk.checks == ["one owner per generation"]


def test_what_a_dead_machine_owned_belongs_to_nobody() -> None:
    desk = Desk()
    desk.books.assigned("view", 1, "co1#2", (P0,), 0)
    desk.books.gone("co1", 1_000_000)
    assert desk.books.unowned_s(5_000_000) == 4.0


def test_a_message_that_was_said_to_be_nowhere_must_not_turn_up() -> None:
    desk = Desk()
    desk.books.sent("changes", "pr1:7", 0)
    desk.books.failed("pr1:7", "not-enough-replicas", definite=True, at_us=5)
    desk.process(7)
    assert desk.checks == ["definite errors"]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, ["order within a partition"]),
        ({"delivery": "at-most-once"}, []),
        ({"reset": "latest"}, []),
        ({"retention_ms": 5_000}, []),
    ],
)
def test_what_was_passed_over_must_not_be_processed_later(settings: dict[str, Any], found: list[str]) -> None:
    desk = Desk(**settings)
    desk.process(0, 1, 5)
    assert desk.found == []
    desk.process(2)
    assert desk.checks == found


def test_what_comes_again_is_the_same_message_or_that_is_found() -> None:
    desk = Desk()
    desk.process(0, 1, 0, 1)
    assert desk.found == []
    other = Record(0, "k", "v", 0, "pr2:0")
    desk.books.processed(Processed("audit", "co2", 1, P0, 1, other, 0))
    assert desk.checks == ["one message per offset"]
    assert "co2 processed pr2:0 at offset 1, where pr1:1 stood before" in desk.found[0].text


def test_order_is_counted_within_a_partition_and_across() -> None:
    desk = Desk()
    desk.process(0, 2)
    desk.process(1, partition=P1)
    assert (desk.books.out_of_order, desk.books.out_of_order_across) == (0, 1)
    desk.process(1)
    assert desk.books.out_of_order == 1


def test_the_time_of_an_acknowledgement_counts_from_the_sending() -> None:
    desk = Desk()
    desk.books.sent("changes", "pr1:0", 1_000)
    desk.books.acknowledged(Acknowledged(P0, 0, "pr1:0", "k", "all", 4_500))
    assert list(desk.books.latencies_us) == [3_500]
    assert desk.books.sent_us == {}


def test_machines_are_told_from_lives() -> None:
    assert [machine_of(name) for name in ("co1", "co1#2", "pr1#3:17", "n2/feed:4")] == ["co1", "co1", "pr1", "n2"]
