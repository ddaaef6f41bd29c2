"""The session guarantees against stories whose verdict is known beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.checkers.history import History, Operation
from playground.checkers.sessions import KEEP, Sessions


class Story:
    """A history told line by line; time passes by one with every line."""

    def __init__(self, *, register: bool = False) -> None:
        self.history = History()
        self.judge = Sessions(self.history, register=register)
        self.now_us = 0

    def begin(self, client: str, value: str | None = None, *seen: str, key: str = "k") -> Operation:
        self.now_us += 1
        return self.history.invoke(client, key, self.now_us, value=value, supersedes=frozenset(seen))

    def end(self, operation: Operation, *seen: str, outcome: str = "ok") -> None:
        self.now_us += 1
        self.history.complete(operation, outcome, self.now_us, seen=seen)

    def write(self, client: str, value: str, *seen: str, outcome: str = "ok") -> None:
        self.end(self.begin(client, value, *seen), outcome=outcome)

    def read(self, client: str, *seen: str) -> tuple[int, int]:
        """How often each guarantee has been broken once ``client`` has read ``seen``."""
        self.end(self.begin(client), *seen)
        return self.judge.read_your_writes, self.judge.monotonic_reads


@pytest.mark.parametrize("register", [False, True])
def test_a_client_that_does_not_find_its_own_write_is_found(register: bool) -> None:
    story = Story(register=register)
    story.write("c1", "a")
    assert story.read("c2") == (0, 0), "others need not see it"
    assert story.read("c1") == (1, 0)
    assert str(story.judge.examples[0]) == "c1 had written k=a, then read no value"
    assert story.read("c1", "a") == (1, 0)


@pytest.mark.parametrize("register", [False, True])
def test_a_client_that_goes_back_in_time_is_found(register: bool) -> None:
    story = Story(register=register)
    story.write("c1", "a")
    story.write("c1", "b", "a")
    assert story.read("c2", "b") == (0, 0)
    assert story.read("c3", "a") == (0, 0), "stale, but it has seen nothing newer"
    assert story.read("c2", "a") == (0, 1)
    assert str(story.judge.examples[0]) == "c2 had read k=b, then read a"
    assert story.read("c2", "b") == (0, 1)


@pytest.mark.parametrize("register", [False, True])
def test_what_replaced_the_own_write_will_do(register: bool) -> None:
    story = Story(register=register)
    story.write("c1", "a")
    story.write("c2", "b", "a")
    assert story.read("c1", "b") == (0, 0)
    story.write("c2", "c", "b")
    assert story.read("c1", "c") == (0, 0)


def test_a_sibling_does_not_replace_what_it_did_not_know() -> None:
    story = Story()
    story.write("c1", "a")
    story.write("c2", "b")
    assert story.read("c1", "a", "b") == (0, 0)
    assert story.read("c1", "b") == (1, 1)


def test_in_a_register_a_write_at_the_same_time_may_have_come_later() -> None:
    story = Story(register=True)
    other = story.begin("c2", "b")
    story.write("c1", "a")
    story.end(other)
    assert story.read("c1", "b") == (0, 0)


def test_operations_that_overlap_expect_nothing_of_each_other() -> None:
    story = Story()
    early = story.begin("c1")
    story.write("c1", "a")
    story.end(early)
    assert (story.judge.read_your_writes, story.judge.monotonic_reads) == (0, 0)
    first, second = story.begin("c1"), story.begin("c1")
    story.end(first, "a")
    story.end(second, "a")
    assert story.read("c1", "a") == (0, 0)


def test_a_write_that_was_not_acknowledged_need_not_be_found() -> None:
    story = Story()
    story.write("c1", "a", outcome="unknown")
    assert story.read("c1") == (0, 0)
    assert story.read("c1", "a") == (0, 0)
    assert story.read("c1") == (0, 1), "but once read it may not vanish"


def test_a_read_that_failed_is_not_judged() -> None:
    story = Story()
    story.write("c1", "a")
    story.end(story.begin("c1"), outcome="fail")
    assert story.judge.read_your_writes == 0


def test_of_many_only_the_first_are_kept_as_examples() -> None:
    story = Story()
    story.write("c1", "a")
    for _ in range(3 * KEEP):
        story.read("c1")
    assert story.judge.read_your_writes == 3 * KEEP
    assert len(story.judge.examples) == KEEP


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 4)), max_size=60), st.booleans())
def test_one_copy_never_breaks_a_session(steps: list[tuple[str, int]], register: bool) -> None:
    story = Story(register=register)
    now: tuple[str, ...] = ()
    for number, (client, what) in enumerate(steps):
        if what < 2:
            story.write(client, f"v{number}", *now)
            now = (f"v{number}",)
        else:
            assert story.read(client, *now) == (0, 0)
