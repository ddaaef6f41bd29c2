"""The staleness judge against histories whose verdict is known beforehand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground.checkers.history import History, Operation
from playground.checkers.staleness import Staleness
from tests.checkers.story import Story as Told


class Story(Told):
    """With the judge of staleness listening."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = Staleness(self.history)

    def read(self, *seen: str) -> bool:
        """Whether a read that begins now and returns ``seen`` is stale."""
        return self.end(self.begin_read(), *seen).stale


def test_reading_nothing_before_any_write_is_fresh() -> None:
    assert not Story().read()


def test_reading_nothing_after_an_acknowledged_write_is_stale() -> None:
    story = Story()
    story.write("a")
    assert story.read()


def test_reading_the_old_value_after_a_newer_was_acknowledged_is_stale() -> None:
    story = Story()
    story.write("a")
    story.write("b", "a")
    assert story.read("a")
    assert not story.read("b")
    assert story.judge.stale_reads == 1


def test_a_read_that_overlaps_the_write_may_return_either() -> None:
    story = Story()
    story.write("a")
    write = story.begin_write("b", "a")
    read = story.begin_read()
    story.end(write)
    assert not story.end(read, "a").stale
    assert story.read("a"), "a read that begins after the acknowledgement may not"


def test_concurrent_values_must_both_be_shown() -> None:
    story = Story()
    story.write("a")
    story.write("b")
    assert story.read("b")
    assert not story.read("a", "b")


def test_superseding_through_others_counts() -> None:
    story = Story()
    story.write("a")
    story.write("b", "a")
    story.end(story.begin_write("c", "b"), outcome="unknown")
    story.end(story.begin_write("d", "c"), outcome="unknown")
    assert not story.read("d"), "d was written by somebody who had seen c, who had seen b"


def test_a_write_of_unknown_outcome_need_not_be_seen() -> None:
    story = Story()
    story.end(story.begin_write("a"), outcome="unknown")
    assert not story.read()
    assert not story.read("a")


def test_a_write_acknowledged_after_its_successor_is_old_at_once() -> None:
    story = Story()
    first = story.begin_write("a")
    second = story.begin_write("b", "a")
    story.end(second)
    story.end(first)
    assert not story.read("b")
    assert story.judge.acknowledged() == {"k": frozenset({"b"})}


def test_a_failed_read_is_not_judged() -> None:
    story = Story()
    story.write("a")
    assert not story.end(story.begin_read(), outcome="fail").stale
    assert story.judge.judged_reads == 0


@given(st.lists(st.integers(min_value=0, max_value=3), max_size=40))
def test_a_register_that_is_read_and_written_in_turn_is_never_stale_and_always_caught_lagging(steps: list[int]) -> None:
    story = Story()
    values: list[str] = []
    for step in steps:
        if step == 0:
            values.append(f"v{len(values)}")
            story.write(values[-1], *values[-2:-1])
        elif not values or step == 1:
            assert not story.read(*values[-1:])
        else:
            lag = min(step - 1, len(values))
            assert story.read(*values[-1 - lag : len(values) - lag])


def test_a_value_whose_write_definitely_failed_must_never_be_read() -> None:
    story = Story()
    write = story.end(story.begin_write("a"), outcome="fail")
    assert not story.read()
    assert not story.judge.undead
    story.read("a")
    assert [(read.seen, failed) for read, failed in story.judge.undead] == [(("a",), write)]


def test_nor_may_a_write_definitely_fail_once_its_value_was_read() -> None:
    story = Story()
    first, second = story.begin_write("a"), story.begin_write("b")
    story.read("a", "b")
    story.end(second, outcome="unknown")
    assert not story.judge.undead
    story.end(first, outcome="fail")
    assert [(read.seen, failed) for read, failed in story.judge.undead] == [(("a", "b"), first)]


def test_a_stale_read_tells_what_it_missed() -> None:
    story = Story()
    story.write("a")
    story.write("b", "a")
    assert story.end(story.begin_read(), "a").missed == ("b",)


# --- a register: the newest value wins ------------------------------------------------


def register() -> Story:
    story = Story()
    story.history = History()
    story.judge = Staleness(story.history, register=True)
    return story


def test_a_register_replaces_what_its_writer_has_never_seen() -> None:
    story = register()
    story.write("a")
    story.write("b")
    assert not story.read("b")
    assert story.read("a")
    assert story.read()
    assert story.judge.acknowledged() == {"k": frozenset({"b"})}


def test_of_concurrent_writes_a_register_may_keep_either() -> None:
    story = register()
    story.write("old")
    first, second = story.begin_write("a"), story.begin_write("b")
    story.end(second)
    story.end(first)
    assert not story.read("a")
    assert not story.read("b")
    assert story.read("old")
    assert story.judge.acknowledged() == {"k": frozenset({"a", "b"})}
    assert story.judge.covers("k", ("b",), "a")
    assert not story.judge.covers("k", ("old",), "a")


def test_a_write_that_lasted_long_is_as_new_as_what_came_in_between() -> None:
    story = register()
    long = story.begin_write("long")
    story.write("short")
    story.end(long)
    assert not story.read("long")
    assert not story.read("short")
    story.write("last")
    assert story.read("short")
    assert story.read("long")


def test_seeing_a_value_does_not_make_up_for_real_time_in_a_register() -> None:
    story = register()
    story.write("a")
    story.write("b")
    late = story.begin_write("c", "a", "b")
    assert not story.read("c"), "it may have taken effect"
    story.end(late)
    story.write("d")
    assert story.read("c")


def test_a_write_of_unknown_outcome_may_take_effect_at_any_time_in_a_register() -> None:
    story = register()
    story.end(story.begin_write("a"), outcome="unknown")
    assert not story.read()
    for value in ("b", "c"):
        story.write(value)
    assert not story.read("a")
    assert story.read("b")


def test_a_register_judges_by_what_was_acknowledged_before_the_read_began() -> None:
    story = register()
    story.write("a")
    read = story.begin_read()
    story.write("b")
    assert not story.end(read, "a").stale
    assert story.end(story.begin_read(), "a").missed == ("b",)


def test_a_lost_write_of_a_register_is_not_covered_by_an_older_one() -> None:
    story = register()
    story.write("a")
    story.write("b")
    assert story.judge.acknowledged() == {"k": frozenset({"b"})}
    assert not story.judge.covers("k", ("a",), "b")
    assert not story.judge.covers("k", (), "b")
    assert not story.judge.covers("k", ("nobody wrote this",), "b")
    assert story.judge.covers("k", ("b",), "b")


@given(st.lists(st.tuples(st.sampled_from(("write", "ack", "lose", "read")), st.integers(0, 9)), max_size=40))
def test_a_register_is_judged_as_by_its_definition(acts: list[tuple[str, int]]) -> None:
    # The definition, over all writes; the judge keeps only those that nothing acknowledged is newer than.
    story = register()
    writes: list[Operation] = []
    open_: list[Operation] = []
    for act, number in acts:
        if act == "write":
            writes.append(story.begin_write(f"v{len(writes)}"))
            open_.append(writes[-1])
        elif act in ("ack", "lose") and open_:
            story.end(open_.pop(number % len(open_)), outcome="ok" if act == "ack" else "unknown")
        elif act == "read" and writes:
            value = writes[number % len(writes)]
            acknowledged = [write for write in writes if write.outcome == "ok"]
            stale = any(value.outcome == "ok" and value.completed_us < write.invoked_us for write in acknowledged)
            assert story.read(value.value) == stale
            assert story.read() == bool(acknowledged)
