"""The event log of the screen: many who say the same are one line."""

from __future__ import annotations

from playground.kernel.journal import Journal
from playground.pictures.story import LOG_LINES, Story
from playground.pictures.telling import NAMED
from widgets.shapes import Tone

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


def test_those_who_believe_the_same_share_the_line_of_the_first_of_them() -> None:
    lines = told(believes(5, "n1", "n3"), believes(7, "n2", "n3"), believes(9, "n4", "n3"))
    assert lines == [(5, "n3", "is believed dead by n1 n2 n4")]


def test_one_who_believes_the_same_of_several_says_it_in_one_line() -> None:
    lines = told(*(believes(at, "n5", f"n{at}", "suspect") for at in range(3)))
    assert lines == [(0, "n5", "suspects n0 n1 n2")]


def test_another_belief_begins_a_new_line_and_the_rest_finds_its_own_whatever_stands_between() -> None:
    lines = told(
        believes(1, "n1", "n3", "suspect"),
        believes(2, "n1", "n3"),
        (3, "crash", "n5", "n5 crashed", ""),
        believes(4, "n2", "n3"),
        believes(5, "n2", "n3", "suspect"),
        believes(6, "n4", "n9"),
    )
    assert [(at_us, subject, text.split(":")[0]) for at_us, subject, text in lines] == [
        (1, "n3", "is suspected by n1 n2"),
        (2, "n3", "is believed dead by n1 n2"),
        (3, "n5", "crashed"),
        (6, "n4", "believes n9 dead"),
    ]


def test_what_is_said_long_afterwards_is_another_story() -> None:
    lines = told(believes(1, "n1", "n3"), believes(60_000_000, "n2", "n3"))
    assert [text.split(":")[0] for _, _, text in lines] == ["believes n3 dead"] * 2


def test_a_line_grows_although_the_log_was_read_before() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    journal.record(1, "dead", "n1", "n1 believes n3 dead: no heartbeat", about="n3")
    assert len(story.log().lines) == 1
    journal.record(2, "dead", "n2", "n2 believes n3 dead: no heartbeat", about="n3")
    assert [line.text for line in story.log().lines] == ["is believed dead by n1 n2"]


def test_a_line_that_the_log_has_dropped_grows_no_more() -> None:
    others = [(2, "load", "", f"load {number}", "") for number in range(LOG_LINES)]
    lines = told(believes(1, "n1", "n3"), *others, believes(3, "n2", "n3"))
    assert [text for _, _, text in lines] == [text for _, _, _, text, _ in others]


def test_who_says_it_twice_says_it_again() -> None:
    assert len(told(believes(1, "n1", "n3"), believes(9, "n1", "n3"))) == 2


def test_a_crowd_is_not_named_one_by_one() -> None:
    [(_, _, text)] = told(*(believes(at, f"n{at}", "n99") for at in range(20)))
    assert text == f"is believed dead by {' '.join(f'n{at}' for at in range(NAMED))} and {20 - NAMED} more"


def test_machines_that_boot_at_once_share_a_line_and_those_that_boot_later_do_not() -> None:
    lines = told(
        *((0, "up", f"n{each}", f"n{each} is up", "") for each in range(3)), (99_000, "up", "n7", "n7 is up", "")
    )
    assert lines == [(0, "", "3 machines are up"), (99_000, "n7", "is up")]


def test_what_one_says_of_several_partitions_at_once_is_one_line() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    for at_us, who, thing, epoch in (
        (10, "br1", "changes-0", 1),
        (20, "br2", "changes-1", 1),
        (30, "br1", "changes-3", 4),
        (40, "br1", "orders-1", 1),
        (3_000_000, "br1", "changes-1", 2),
    ):
        journal.record(at_us, "elected", who, f"{who} leads {thing} in epoch {epoch}", group=thing, term=epoch)
    assert [(line.at_us, line.subject, line.text) for line in story.log().lines] == [
        (10, "br1", "leads changes-0, changes-3, orders-1"),
        (20, "br2", "leads changes-1 in epoch 1"),
        (3_000_000, "br1", "leads changes-1 in epoch 2"),
    ]


def test_another_thing_that_is_said_of_a_partition_is_another_line() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    for partition, text in (
        ("changes-0", "changes-0: br3 is out of sync: behind for 2.0 s"),
        ("changes-1", "changes-1: br3 is out of sync: behind for 2.1 s"),
        ("changes-2", "changes-2: br2 is out of sync: behind for 2.1 s"),
        ("changes-1", "changes-1: br3 is in sync again"),
    ):
        journal.record(5, "isr", "br1", text, partition=partition)
    lines = story.log().lines
    assert [line.text for line in lines] == [
        "changes-0, changes-1: br3 is out of sync: behind for 2.0 s",
        "changes-2: br2 is out of sync: behind for 2.1 s",
        "changes-1: br3 is in sync again",
    ]
    assert [line.tone for line in lines] == [Tone.WARN, Tone.WARN, Tone.GOOD]


def test_what_several_leaders_say_of_one_replica_is_one_line_about_it() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    for number in range(12):
        thing, leader = f"changes-{number}", f"br{number % 3 + 2}"
        text = f"{thing}: br1 is out of sync: behind for 2.{number} s"
        journal.record(5 + number, "isr", leader, text, partition=thing, isr=[leader], left="br1")
    for number in (3, 1):
        thing, leader = f"changes-{number}", f"br{number % 3 + 2}"
        journal.record(90, "isr", leader, f"{thing}: br1 is in sync again", partition=thing, isr=[], joined="br1")
    named = ", ".join(f"changes-{number}" for number in range(NAMED))
    assert [(line.subject, line.text) for line in story.log().lines] == [
        ("br1", f"is out of sync in {named} and {12 - NAMED} more: behind for 2.0 s"),
        ("br1", "is in sync again in changes-1, changes-3"),
    ]
    assert [line.tone for line in story.log().lines] == [Tone.WARN, Tone.GOOD]


def test_so_many_partitions_are_named_and_the_rest_is_counted() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    for number in range(NAMED + 3):
        journal.record(5, "elected", "br1", f"br1 leads changes-{number} in epoch 1", group=f"changes-{number}")
    assert story.log().lines[0].text.endswith(f"changes-{NAMED - 1} and 3 more in epoch 1")


def test_partitions_stand_in_their_order_and_epochs_where_they_are_the_same() -> None:
    journal = Journal()
    story = Story(journal, HUES)
    for thing in ("__consumer_offsets-0", "changes-10", "changes-2"):
        journal.record(5, "elected", "br1", f"br1 leads {thing} in epoch 3", group=thing)
    assert [line.text for line in story.log().lines] == ["leads changes-2, changes-10, __consumer_offsets-0 in epoch 3"]
