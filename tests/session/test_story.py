"""The event log of the screen: many who say the same are one line."""

from __future__ import annotations

from playground.kernel.journal import Journal
from playground.pictures.story import NAMED, Story

HUES = {"n1": 0, "n2": 1}


def told(*entries: tuple[int, str, str, str, str]) -> list[tuple[int, str, str]]:
    """``(at_us, kind, subject, text, about)`` -> what stands in the log: instant, subject, text."""
    journal = Journal()
    story = Story(journal, HUES)
    for at_us, kind, subject, text, about in entries:
        journal.record(at_us, kind, subject, text, **({"about": about} if about else {}))
    return [(line.at_us, line.subject, line.text) for line in story.log().lines]


def believes(at_us: int, who: str, of: str, kind: str = "dead") -> tuple[int, str, str, str, str]:
    return at_us, kind, who, f"{who} believes {of} {kind}: no heartbeat for 8.0 s", of


def test_one_who_believes_something_says_why() -> None:
    assert told(believes(5, "n1", "n3")) == [(5, "n1", "believes n3 dead: no heartbeat for 8.0 s")]


def test_those_who_believe_the_same_one_after_the_other_share_a_line_with_the_first_ones_instant() -> None:
    lines = told(believes(5, "n1", "n3"), believes(7, "n2", "n3"), believes(9, "n4", "n3"))
    assert lines == [(5, "", "n1 n2 n4 believe n3 dead")]


def test_another_subject_another_belief_or_something_in_between_begins_a_new_line() -> None:
    lines = told(
        believes(1, "n1", "n3", "suspect"),
        believes(2, "n1", "n3"),
        believes(3, "n1", "n4"),
        (4, "crash", "n5", "n5 crashed", ""),
        believes(5, "n2", "n4"),
    )
    assert [text.split(":")[0] for _, _, text in lines][2:] == ["believes n4 dead", "crashed", "believes n4 dead"]
    assert len(lines) == 5


def test_who_says_it_twice_says_it_again() -> None:
    assert len(told(believes(1, "n1", "n3"), believes(9, "n1", "n3"))) == 2


def test_a_crowd_is_not_named_one_by_one() -> None:
    [(_, _, text)] = told(*(believes(at, f"n{at}", "n99") for at in range(20)))
    assert text == f"{' '.join(f'n{at}' for at in range(NAMED))} and {20 - NAMED} more believe n99 dead"


def test_machines_that_boot_at_once_share_a_line_and_those_that_boot_later_do_not() -> None:
    lines = told(*((0, "up", f"n{each}", f"n{each} is up", "") for each in range(3)), (9, "up", "n7", "n7 is up", ""))
    assert lines == [(0, "", "3 machines are up"), (9, "n7", "is up")]
