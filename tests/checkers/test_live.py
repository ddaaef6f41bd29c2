"""Linearizability of a history as it happens: the verdict of after the fact, told at the operation that breaks it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.checkers.calls import Call, by_key, from_history
from playground.checkers.history import History, Operation
from playground.checkers.linearizability import LINEARIZABLE, UNKNOWN, VIOLATION, check
from playground.checkers.live import Live
from playground.checkers.models import MultiValue, Register
from playground.cluster import Cluster
from playground.commands import COMMANDS
from playground.kernel.randomness import stream
from playground.kernel.world import run
from playground.spec import ClusterSpec
from tests.checkers.story import Story as Told


class Story(Told):
    """With the live judge listening."""

    def __init__(self, *, register: bool = False, patience_us: int = 1_000, bound: int = 256) -> None:
        super().__init__()
        self.live = Live(self.history, register=register, patience_us=patience_us, bound=bound)

    def read(self, *seen: str) -> str:
        """The verdict after a read that returns ``seen``."""
        self.end(self.begin_read(), *seen)
        return self.live.verdict("k")


def test_a_value_once_read_may_not_vanish_again() -> None:
    story = Story()
    write = story.begin_write("a")
    assert story.read("a") == LINEARIZABLE
    assert story.read() == LINEARIZABLE, "judged when it is known what becomes of the write"
    story.end(write)
    assert story.live.verdict("k") == VIOLATION
    assert str(story.live.first) == "no order of the operations on k explains that c2 read no value"
    assert story.live.first is not None
    assert story.live.first.at_us == 5


def test_a_register_that_goes_back_is_found() -> None:
    story = Story(register=True)
    story.write("a")
    story.write("b")
    assert story.read("b") == LINEARIZABLE
    assert story.read("a") == VIOLATION


def test_siblings_of_a_register_are_explained_by_nothing() -> None:
    story = Story(register=True)
    story.write("a")
    story.write("b")
    assert story.read("a", "b") == VIOLATION


def test_concurrent_values_are_shown_together_until_somebody_replaces_both() -> None:
    story = Story()
    story.write("a")
    story.write("b")
    assert story.read("a", "b") == LINEARIZABLE
    story.write("c", "a", "b")
    assert story.read("c") == LINEARIZABLE
    assert story.read("b", "c") == VIOLATION


def test_a_write_of_unknown_outcome_may_come_late_or_never_but_is_not_undone() -> None:
    story = Story()
    story.write("a")
    story.end(story.begin_write("b", "a"), outcome="unknown")
    for _ in range(10):
        assert story.read("a") == LINEARIZABLE
    assert story.read("b") == LINEARIZABLE
    assert story.read("a") == VIOLATION


def test_a_value_whose_write_failed_is_explained_by_nothing() -> None:
    story = Story()
    story.end(story.begin_write("a"), outcome="fail")
    assert story.read() == LINEARIZABLE
    assert story.read("a") == VIOLATION


def test_hundreds_of_writes_that_never_end_cost_no_configurations() -> None:
    for register in (False, True):
        story = Story(register=register, bound=4)
        for number in range(300):
            story.end(story.begin_write(f"v{number}"), outcome="unknown")
        assert story.read() == LINEARIZABLE
        assert story.read("v7") == LINEARIZABLE
        assert story.read("v7") == LINEARIZABLE


def test_many_writes_at_the_same_time_are_followed() -> None:
    for register in (False, True):
        story = Story(register=register)
        writes = [story.begin_write(f"v{number}") for number in range(40)]
        for each in writes:
            story.end(each)
        seen = ("v3",) if register else tuple(each.value for each in writes)
        assert story.read(*seen) == LINEARIZABLE
        assert story.read("v3", "v4") == VIOLATION


def test_too_many_configurations_give_the_key_up() -> None:
    story = Story(register=True, bound=8)
    for each in [story.begin_write(f"v{number}") for number in range(40)]:
        story.end(each)
    assert story.live.verdicts == {LINEARIZABLE: 0, VIOLATION: 0, UNKNOWN: 1}
    assert story.read("v3") == UNKNOWN


def test_who_takes_too_long_is_taken_for_dead_and_the_key_given_up_if_that_was_wrong() -> None:
    story = Story(patience_us=10)
    slow = story.begin_write("slow")
    for _ in range(10):
        story.read()
    story.write("a")
    assert story.read() == VIOLATION, "the dead no longer hold the verdict up"
    story = Story(patience_us=10)
    slow = story.begin_write("slow")
    for _ in range(10):
        assert story.read() == LINEARIZABLE
    story.end(slow)
    assert story.live.verdict("k") == UNKNOWN


def test_keys_are_counted_by_verdict() -> None:
    story = Story()
    story.end(story.begin_read("good"))
    story.end(story.begin_read("bad"), "never written")
    assert story.live.verdicts == {LINEARIZABLE: 1, VIOLATION: 1, UNKNOWN: 0}
    story.end(story.begin_read("bad"), "never written")
    assert len(story.live.found) == 1


def test_settling_judges_what_waited_for_operations_that_are_still_open() -> None:
    story = Story()
    story.begin_write("open")
    story.write("a")
    assert story.read() == LINEARIZABLE
    story.live.settle()
    assert story.live.verdict("k") == VIOLATION


def random_history(seed: int, *, register: bool, spoil: bool) -> tuple[History, Live]:
    """Clients on one key: each operation takes effect while it is open, or after its client was told that nobody knows.

    ``spoil``: now and then a read is told something else.
    """
    chance = stream(seed, "live")
    history = History()
    live = Live(history, register=register)
    model = MultiValue()
    state: frozenset[str] = frozenset()
    in_effect: dict[int, frozenset[str]] = {}
    values: list[str] = []
    open_now: list[Operation] = []
    total, most = chance.randrange(2, 25), chance.randrange(2, 6)
    now_us = 0

    def take_effect(operation: Operation) -> None:
        nonlocal state
        if operation.index in in_effect:
            return
        if operation.write:
            one = frozenset((operation.value,))
            after = one if register else model.step(state, Call("", "write", operation.value))
            assert isinstance(after, frozenset)
            state = after
        in_effect[operation.index] = state

    while len(history.operations) < total or open_now:
        now_us += chance.randrange(2)
        what = chance.random()
        if what < 0.4 and len(history.operations) < total and len(open_now) < most:
            if chance.random() < 0.5:
                value = f"v{len(values)}"
                some = frozenset(chance.sample(values, min(len(values), chance.randrange(3))))
                supersedes = some if chance.random() < 0.3 else state if chance.random() < 0.8 else frozenset()
                values.append(value)
                model = MultiValue([*model_calls(history), Call("", "write", value, supersedes=supersedes)])
                open_now.append(history.invoke("c", "k", now_us, value=value, supersedes=supersedes))
            else:
                open_now.append(history.invoke("c", "k", now_us))
        elif what < 0.7 and open_now:
            take_effect(chance.choice(open_now))
        elif open_now:
            operation = open_now.pop(chance.randrange(len(open_now)))
            fate = chance.random()
            if fate < 0.05:
                continue  # its client died
            if fate < 0.2:
                definite = not operation.write or (operation.index not in in_effect and chance.random() < 0.4)
                history.complete(operation, "fail" if definite else "unknown", now_us)
                if not definite and chance.random() < 0.3:
                    take_effect(operation)
                continue
            take_effect(operation)
            seen = frozenset() if operation.write else in_effect[operation.index]
            if not operation.write and spoil and chance.random() < 0.2:
                seen = frozenset(chance.sample(values, min(len(values), chance.randrange(2 if register else 3))))
            history.complete(operation, "ok", now_us, seen=tuple(sorted(seen)))
    live.settle()
    return history, live


def model_calls(history: History) -> list[Call]:
    return [Call("", "write", each.value, supersedes=each.supersedes) for each in history.operations if each.write]


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_linearizable_by_construction_passes_live(seed: int, register: bool) -> None:
    _, live = random_history(seed, register=register, spoil=False)
    assert live.verdict("k") == LINEARIZABLE


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=500, deadline=None)
def test_live_and_after_the_fact_agree_on_the_verdict_and_on_what_broke_it(seed: int, register: bool) -> None:
    history, live = random_history(seed, register=register, spoil=True)
    found = check(from_history(history, register=register), Register if register else MultiValue)
    assert live.verdict("k") == found.outcome
    if found.violation is not None:
        assert live.first is not None
        assert 2 * live.first.operation.completed_before == found.violation.last.completed


def test_both_judges_agree_on_every_key_of_a_store_that_a_partition_makes_stale() -> None:
    async def main() -> tuple[Cluster, Live]:
        spec = ClusterSpec.model_validate({"load": {"rate": 100, "keys": 20}, "store": {"r": 1, "w": 1}})
        cluster = Cluster(spec, 1)
        live = Live(cluster.history)
        await cluster.advance(3_000_000)
        groups = [["n1", "n2", "n3"], ["n4", "n5", "n6", "n7", "n8"]]
        await cluster.apply(COMMANDS["partition"].model_validate({"do": "partition", "groups": groups}))
        await cluster.advance(12_000_000)
        return cluster, live

    cluster, live = run(main)
    live.settle()
    outcomes = {key: check(calls, MultiValue).outcome for key, calls in by_key(from_history(cluster.history)).items()}
    assert {key: live.verdict(key) for key in outcomes} == outcomes
    assert VIOLATION in outcomes.values()
    assert LINEARIZABLE in outcomes.values()
