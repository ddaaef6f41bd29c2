"""Time without a leader, counted from what machines write into the journal."""

from __future__ import annotations

from typing import Any

from playground.inspection.leadership import LeadershipPart
from playground.kernel.journal import Journal
from playground.systems.violations import Violation

S = 1_000_000


class Told:
    """A journal, and the part that reads it."""

    def __init__(self) -> None:
        self.now_us = 0
        self.journal = Journal()
        self.found: list[Violation] = []
        self.part = LeadershipPart(self, self.found.append)  # type: ignore[arg-type]
        self.journal.watch(self.part.happened)

    def tell(self, at_s: float, kind: str, subject: str, **data: Any) -> None:
        self.journal.record(int(at_s * S), kind, subject, f"{subject} {kind}", **data)

    def elect(self, at_s: float, who: str, term: int, group: str = "ensemble") -> None:
        self.tell(at_s, "elected", who, group=group, term=term)

    def figures(self, at_s: float) -> dict[str, float | int | bool]:
        self.now_us = int(at_s * S)
        return dict(self.part.figures())


def test_before_the_first_leader_nothing_is_measured() -> None:
    assert Told().figures(9) == {}


def test_the_time_from_a_crash_to_the_next_leader_counts() -> None:
    told = Told()
    told.elect(1, "z1", 1)
    told.tell(5, "crash", "z1")
    told.elect(7.5, "z2", 2)
    found = told.figures(20)
    assert (found["leaderless_s"], found["leaderless_max_s"], found["elections"]) == (2.5, 2.5, 2)
    assert "masterless_s" not in found, "the ensemble is no shard"


def test_it_goes_on_counting_while_there_is_none() -> None:
    told = Told()
    told.elect(1, "z1", 1)
    told.tell(5, "crash", "z1")
    assert told.figures(9)["leaderless_s"] == 4


def test_a_frozen_leader_that_goes_on_led_nobody_while_it_stood_still() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.tell(3, "freeze", "n1")
    told.tell(4, "thaw", "n1")
    found = told.figures(9)
    assert found["failovers"] == 0
    told.tell(10, "crash", "n1")
    told.elect(12, "n2", 2, "shard-1")
    assert found["masterless_s"] == 1
    assert told.figures(20)["masterless_s"] == 3


def test_one_that_is_thawed_after_its_successor_was_elected_leads_nothing() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.tell(3, "freeze", "n1")
    told.elect(6, "n2", 2, "shard-1")
    told.tell(7, "thaw", "n1")
    told.tell(7, "deposed", "n1", group="shard-1", term=1)
    told.tell(8, "crash", "n1")
    assert told.figures(20)["masterless_s"] == 3


def test_the_first_write_of_the_next_master_is_awaited_from_the_loss_on() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.tell(1.1, "first-write", "n1", group="shard-1", term=1)
    assert "first_write_after_s" not in told.figures(2), "nobody was lost"
    told.tell(5, "crash", "n1")
    told.elect(8, "n2", 2, "shard-1")
    told.tell(8.5, "first-write", "n2", group="shard-1", term=2)
    told.tell(20, "deposed", "n2", group="shard-1", term=2)
    told.elect(21, "n3", 3, "shard-1")
    told.tell(21.5, "first-write", "n3", group="shard-1", term=3)
    assert told.figures(30)["first_write_after_s"] == 3.5


def test_two_leaders_of_one_term_are_a_violation_told_once_and_of_two_terms_are_not() -> None:
    told = Told()
    told.elect(1, "z1", 1)
    told.elect(2, "z2", 2)
    assert not told.found
    told.elect(3, "z3", 2)
    told.elect(4, "z1", 3)
    assert [violation.subject for violation in told.found] == ["ensemble 2"]
    assert "two leaders" in told.found[0].text


def test_shards_are_groups_of_their_own() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.elect(1, "n1", 1, "shard-2")
    told.tell(5, "crash", "n1")
    told.elect(6, "n2", 2, "shard-1")
    told.elect(9, "n3", 2, "shard-2")
    found = told.figures(20)
    assert (found["masterless_max_s"], found["failovers"]) == (4, 2)


def test_who_acts_again_in_the_same_term_was_not_elected_anew() -> None:
    told = Told()
    told.elect(1, "n1", 1, "masters")
    told.tell(4, "deposed", "n1", group="masters", term=1)
    told.elect(6, "n1", 1, "masters")
    found = told.figures(9)
    assert (found["masterless_s"], found["failovers"]) == (2, 0)


def test_the_time_without_an_active_balancer_is_a_figure_of_its_own() -> None:
    told = Told()
    told.elect(1, "b1", 3, "balancers")
    told.tell(5, "crash", "b1")
    told.elect(7.5, "b2", 4, "balancers")
    assert told.figures(20) == {"balancerless_max_s": 2.5}


def test_a_leader_that_thaws_only_to_learn_that_it_is_none_led_nobody_in_between() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.tell(3, "freeze", "n1")
    told.tell(6, "thaw", "n1")
    told.tell(6.2, "deposed", "n1", group="shard-1", term=1)
    told.elect(7, "n2", 2, "shard-1")
    told.tell(7.5, "first-write", "n2", group="shard-1", term=2)
    found = told.figures(20)
    assert (found["masterless_s"], found["masterless_max_s"], found["first_write_after_s"]) == (4, 4, 4.5)


def test_a_leader_that_is_deposed_long_after_a_pause_led_in_between() -> None:
    told = Told()
    told.elect(1, "n1", 1, "shard-1")
    told.tell(3, "freeze", "n1")
    told.tell(4, "thaw", "n1")
    told.tell(9, "deposed", "n1", group="shard-1", term=1)
    told.elect(10, "n2", 2, "shard-1")
    found = told.figures(20)
    assert (found["masterless_s"], found["masterless_max_s"]) == (2, 1)
