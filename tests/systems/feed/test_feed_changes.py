"""How a change is spelled, and what a view makes of changes that come twice, late, or never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.systems.feed import checks
from playground.systems.feed.changes import Change, parse_position
from playground.systems.shards.client import Position

NUMBERS = st.integers(0, 10**9)
CHANGES = st.builds(Change, st.from_regex(r"shard-[0-9]{1,2}", fullmatch=True), NUMBERS, NUMBERS, st.text(), st.text())


def change(seq: int, key: str = "k", value: str = "", epoch: int = 1) -> Change:
    return Change("shard-1", epoch, seq, key, value or f"{epoch}:{seq}")


def test_a_change_is_spelled_for_people() -> None:
    assert str(Change("shard-1", 3, 120, "colour", "green")) == "green @shard-1:3:120"


@given(CHANGES)
def test_what_is_spelled_is_read_back_whatever_the_value_holds(made: Change) -> None:
    assert Change.parse(made.key, str(made)) == made


@given(st.text(), st.text())
def test_whatever_is_read_as_a_change_is_spelled_the_same(key: str, text: str) -> None:
    found = Change.parse(key, text)
    assert found is None or (found.key == key and Change.parse(key, str(found)) == found)


@pytest.mark.parametrize(
    "text",
    ["pr1-5", "", "a @", "a @shard-1", "a @shard-1:", "a @shard-1:3", "a @shard-1:3:", "a @shard-1:x:1",
     "a @:3:1", "a @shard-1:3:-1", "a @shard-1:3:١", "a@shard-1:3:1"],
)  # fmt: skip
def test_what_other_producers_write_is_no_change(text: str) -> None:
    assert Change.parse("k", text) is None
    assert Change.parse("k", None) is None
    assert Change.parse(None, "a @shard-1:3:1") is None


def test_a_position_is_read_or_refused() -> None:
    assert parse_position("3 120", " ") == Position(3, 120)
    assert parse_position("3 120 1", " ") is None
    assert parse_position(None, " ") is None


# --- a view ---------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), min_size=1, max_size=20), st.data())
def test_a_view_is_right_however_often_and_however_late_changes_come_again(
    writes: list[tuple[str, int]], data: st.DataObject
) -> None:
    epochs = sorted(epoch for _, epoch in writes)
    log = [change(seq, key, epoch=epochs[seq]) for seq, (key, _) in enumerate(writes)]
    again = data.draw(st.lists(st.sampled_from(log)))
    arrivals = data.draw(st.permutations([*log, *again]))
    assert checks.view(arrivals) == {each.key: each.value for each in log}


def test_a_later_epoch_is_newer_than_any_place_of_an_older_one() -> None:
    assert checks.view([change(9, value="cut off"), change(3, value="kept", epoch=2)]) == {"k": "kept"}


def test_a_view_that_differs_is_told_key_by_key() -> None:
    found = checks.agrees({"a": "1", "b": "2"}, {"b": "3", "c": "4"})
    assert [each.text for each in found] == [
        "the view has a=1, the database no a",
        "the view has b=2, the database b=3",
        "the view has no c, the database c=4",
    ]
    assert checks.agrees({"a": "1"}, {"a": "1"}) == []


def test_what_is_missing_and_what_should_not_be_there_is_told() -> None:
    feed = [change(1, value="one"), change(2, value="two")]
    assert checks.complete(feed, {"k": ["one", "two"]}) == []
    assert [each.subject for each in checks.complete(feed, {"k": ["three"], "other": ["one"]})] == ["k", "other"]
    assert checks.unreversed(feed, {"k": ["three"], "other": ["one"]}) == []
    assert [each.text for each in checks.unreversed(feed, {"k": ["two"]})] == [
        "k=two @shard-1:1:2 was reversed and is in the feed"
    ]


def test_only_what_was_seen_may_come_late() -> None:
    in_order = [change(1), change(2), change(3), change(2), change(3), change(4)]
    assert checks.in_order(in_order) == []
    assert checks.repeated(in_order) == 2
    assert checks.in_order([change(2), change(1, "other"), change(3)]) == []
    assert [each.text for each in checks.in_order([change(1), change(3), change(2)])] == [
        "k: 1:2 comes for the first time after 1:3"
    ]
