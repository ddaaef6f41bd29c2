"""How old stale reads were, against histories in which that is known."""

from __future__ import annotations

from playground.checkers.bounded import Bounded
from playground.checkers.history import History
from playground.checkers.staleness import Staleness


def judged() -> tuple[History, Bounded]:
    history = History()
    return history, Bounded(history, Staleness(history))


def write(history: History, value: str, at_us: int, *seen: str) -> None:
    history.complete(history.invoke("c1", "k", at_us, value=value, supersedes=frozenset(seen)), "ok", at_us + 10)


def read(history: History, at_us: int, *seen: str) -> None:
    history.complete(history.invoke("c2", "k", at_us), "ok", at_us + 5, seen=seen)


def test_fresh_reads_have_no_age() -> None:
    history, bounded = judged()
    write(history, "a", 100)
    read(history, 200, "a")
    assert (len(bounded), bounded.max_us, bounded.percentile_us(50), bounded.worst) == (0, 0, 0, None)


def test_the_age_counts_from_the_acknowledgement_of_what_was_missed_to_the_begin_of_the_read() -> None:
    history, bounded = judged()
    write(history, "a", 100)
    write(history, "b", 200, "a")
    read(history, 1_000, "a")
    assert bounded.max_us == 1_000 - 210
    assert bounded.worst is history.operations[-1]


def test_of_several_missed_values_the_one_acknowledged_first_counts() -> None:
    history, bounded = judged()
    write(history, "a", 100)
    write(history, "b", 500)
    read(history, 1_000)
    assert bounded.max_us == 1_000 - 110


def test_percentiles_are_of_the_nearest_rank() -> None:
    history, bounded = judged()
    write(history, "a", 0)
    for age_us in (400, 100, 300, 200):
        read(history, 10 + age_us)
    assert len(bounded) == 4
    assert [bounded.percentile_us(rank) for rank in (0, 25, 50, 75, 99, 100)] == [100, 100, 200, 300, 400, 400]
    read(history, 10 + 50)
    assert bounded.percentile_us(0) == 50
    assert bounded.max_us == 400
