"""The judge of linearizability against histories whose verdict is known beforehand, and against the definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.checkers import search
from playground.checkers.calls import Call, from_history
from playground.checkers.history import History
from playground.checkers.linearizability import LINEARIZABLE, UNKNOWN, VIOLATION, check
from playground.checkers.models import MODELS, KeyValue, MultiValue, Register
from playground.kernel.randomness import Stream, stream
from tests.checkers.simulated import brute_force, siblings, simulate

CRASHED = None


def call(
    process: str, f: str, began: int, ended: int | None, value: Any = None, result: Any = None, **more: Any
) -> Call:
    return Call(process, f, value, result, invoked=began, completed=ended, **more)


def write(process: str, began: int, ended: int | None, value: Any, **more: Any) -> Call:
    return call(process, "write", began, ended, value, **more)


def read(process: str, began: int, ended: int | None, result: Any) -> Call:
    return call(process, "read", began, ended, None, result)


def cas(process: str, began: int, ended: int | None, old: Any, new: Any, **more: Any) -> Call:
    return call(process, "cas", began, ended, (old, new), **more)


def verdict(*calls: Call) -> str:
    return check(calls, Register).outcome


def of_kind(
    seed: int, kind: str, count: int, processes: int, *, crash: float, spread: int, values: int = 3
) -> list[Call]:
    if kind == "multi-value":
        return siblings(seed, count, processes, crash=crash, spread=spread)
    return simulate(seed, kind, count, processes, crash=crash, spread=spread, values=values)


# --- registers, by hand ---------------------------------------------------------------


def test_an_empty_history_is_linearizable() -> None:
    assert verdict() == LINEARIZABLE


def test_a_register_is_nil_at_first() -> None:
    assert verdict(read("A", 1, 2, None)) == LINEARIZABLE
    assert verdict(read("A", 1, 2, 0)) == VIOLATION


def test_a_read_may_return_a_write_that_it_overlaps() -> None:
    # Herlihy & Wing 1990, figure 2 (a) has this shape, for a queue: overlapping calls take effect in either order.
    assert verdict(write("A", 1, 10, 1), read("B", 2, 3, None), read("B", 4, 5, 1)) == LINEARIZABLE


def test_a_value_once_read_does_not_vanish_again() -> None:
    # Herlihy & Wing 1990, §2.1: once a read returned the new value, none that begins later returns the old.
    assert verdict(write("A", 1, 10, 1), read("B", 2, 3, 1), read("C", 4, 5, None)) == VIOLATION


def test_two_reads_at_the_same_time_may_disagree_on_whether_a_write_has_happened() -> None:
    assert verdict(write("A", 1, 10, 1), read("B", 2, 8, 1), read("C", 3, 9, None)) == LINEARIZABLE


def test_a_stale_read_is_a_violation() -> None:
    assert verdict(write("A", 1, 2, 1), write("A", 3, 4, 2), read("B", 5, 6, 1)) == VIOLATION


def test_a_write_that_is_overwritten_at_the_same_time_need_never_be_seen() -> None:
    assert verdict(write("A", 1, 4, 1), write("B", 2, 3, 2), read("C", 5, 6, 2)) == LINEARIZABLE
    assert verdict(write("A", 1, 4, 1), write("B", 2, 3, 2), read("C", 5, 6, 1)) == LINEARIZABLE


def test_two_readers_may_not_see_two_writes_in_two_orders() -> None:
    assert (
        verdict(
            write("A", 1, 20, 1),
            write("B", 1, 20, 2),
            *(read("C", 2, 3, 1), read("C", 4, 5, 2)),
            *(read("D", 6, 7, 2), read("D", 8, 9, 1)),
        )
        == VIOLATION
    )


def test_a_lost_update_is_a_violation() -> None:
    both = cas("A", 3, 6, 0, 1), cas("B", 4, 5, 0, 2)
    assert verdict(write("A", 1, 2, 0), both[0]) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 0), *both) == VIOLATION


def test_a_cas_that_succeeded_saw_its_old_value() -> None:
    assert verdict(write("A", 1, 2, 1), cas("B", 3, 4, 1, 2), read("A", 5, 6, 2)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1), cas("B", 3, 4, 3, 2)) == VIOLATION


def refused(process: str, began: int, ended: int, old: Any, new: Any = 9) -> Call:
    return call(process, "cas", began, ended, (old, new), False)


def test_a_cas_that_was_refused_although_nothing_but_its_old_value_was_there_is_a_violation() -> None:
    found = check([write("C", 0, 1, 5), write("A", 2, 3, 1), refused("B", 4, 5, 1)], Register)
    assert found.outcome == VIOLATION
    assert found.violation is not None
    assert [str(each) for each in found.violation.calls] == ["write 1", "failed cas 1->9"]
    assert verdict(refused("B", 1, 2, None)) == VIOLATION, "it is nil at first"


def test_a_cas_may_be_refused_if_there_was_another_value_at_some_instant_of_it() -> None:
    assert verdict(refused("B", 1, 2, 1)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1), write("A", 3, 4, 2), refused("B", 5, 6, 1)) == LINEARIZABLE
    assert verdict(write("A", 1, 3, 1), refused("B", 2, 4, 1)) == LINEARIZABLE, "before the write"
    assert verdict(write("A", 1, 2, 1), write("C", 3, 6, 2), write("A", 7, 8, 1), refused("B", 4, 9, 1)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1), write("C", 3, 6, 2), write("A", 7, 8, 1), refused("B", 9, 10, 1)) == VIOLATION


def test_a_cas_that_was_refused_changed_nothing() -> None:
    assert verdict(write("A", 1, 2, 1), refused("B", 3, 4, 2, 3), read("A", 5, 6, 1)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1), refused("B", 3, 4, 2, 3), read("A", 5, 6, 3)) == VIOLATION


def test_a_write_that_never_ended_may_be_why_a_cas_was_refused() -> None:
    begun = write("A", 1, 2, 1), write("C", 3, CRASHED, 2)
    assert verdict(*begun, refused("B", 4, 5, 1)) == LINEARIZABLE
    assert verdict(*begun, refused("B", 4, 5, 1), read("B", 6, 7, 2)) == LINEARIZABLE
    assert verdict(*begun, refused("B", 4, 5, 1), read("B", 6, 7, 1)) == VIOLATION, "it can't be undone"
    assert verdict(*begun[:1], write("C", 3, CRASHED, 1), refused("B", 4, 5, 1)) == VIOLATION, "the same value again"
    assert verdict(*begun[:1], refused("B", 4, 5, 1), write("C", 6, CRASHED, 2)) == VIOLATION, "not before it began"


def test_calls_that_touch_at_one_instant_may_have_overlapped() -> None:
    assert verdict(write("A", 1, 2, 1), read("B", 2, 3, None)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1), read("B", 3, 4, None)) == VIOLATION


def test_a_write_that_never_ended_may_be_read_much_later() -> None:
    assert verdict(write("A", 1, CRASHED, 1), read("B", 2, 3, None), read("B", 90, 91, 1)) == LINEARIZABLE


def test_a_write_that_never_ended_may_never_happen() -> None:
    assert verdict(write("A", 1, CRASHED, 1), read("B", 2, 3, None), read("B", 90, 91, None)) == LINEARIZABLE


def test_a_write_that_never_ended_happens_once_and_is_not_undone() -> None:
    assert verdict(write("A", 1, CRASHED, 1), read("B", 2, 3, 1), read("B", 4, 5, None)) == VIOLATION
    again = write("C", 4, 5, 2), read("B", 6, 7, 2), read("B", 8, 9, 1)
    assert verdict(write("A", 1, CRASHED, 1), read("B", 2, 3, 1), *again) == VIOLATION
    assert verdict(write("A", 1, CRASHED, 1), write("D", 1, CRASHED, 1), read("B", 2, 3, 1), *again) == LINEARIZABLE


def test_a_write_that_never_ended_did_not_happen_before_it_began() -> None:
    assert verdict(read("B", 1, 2, 1), write("A", 3, CRASHED, 1)) == VIOLATION


def test_a_chain_of_cas_that_never_ended_explains_a_read() -> None:
    chain = [write("A", 1, 2, 0), cas("B", 3, CRASHED, 0, 1), cas("C", 4, CRASHED, 1, 2)]
    assert verdict(*chain, read("D", 5, 6, 2)) == LINEARIZABLE
    assert verdict(*chain, read("D", 5, 6, 2), read("D", 7, 8, 1)) == VIOLATION


def test_what_failed_did_not_happen() -> None:
    assert verdict(write("A", 1, 2, 1, failed=True), read("B", 3, 4, None)) == LINEARIZABLE
    assert verdict(write("A", 1, 2, 1, failed=True), read("B", 3, 4, 1)) == VIOLATION


def test_a_read_that_never_ended_tells_nothing() -> None:
    assert verdict(write("A", 1, 2, 1), read("B", 3, CRASHED, 7)) == LINEARIZABLE


# --- key-value ------------------------------------------------------------------------


def kv(process: str, f: str, began: int, ended: int | None, text: str, key: str = "k") -> Call:
    return call(process, f, began, ended, *((None, text) if f == "get" else (text, None)), key=key)


def test_a_string_is_put_appended_to_and_got() -> None:
    calls = [kv("A", "put", 1, 2, "x"), kv("A", "append", 3, 4, "y"), kv("B", "get", 5, 6, "xy")]
    assert check(calls, KeyValue).outcome == LINEARIZABLE
    assert check([*calls, kv("B", "get", 7, 8, "x")], KeyValue).outcome == VIOLATION
    assert check([kv("B", "get", 7, 8, "")], KeyValue).outcome == LINEARIZABLE


def test_appends_at_the_same_time_come_in_the_order_that_a_get_shows() -> None:
    appends = [kv("A", "append", 1, 9, "x"), kv("B", "append", 2, 8, "y"), kv("C", "append", 3, 7, "z")]
    for order in ("xyz", "zyx", "yzx"):
        assert check([*appends, kv("D", "get", 10, 11, order)], KeyValue).outcome == LINEARIZABLE
    both = [kv("D", "get", 10, 11, "xyz"), kv("D", "get", 12, 13, "zyx")]
    assert check([*appends, *both], KeyValue).outcome == VIOLATION
    assert check([*appends, kv("D", "get", 10, 11, "xy")], KeyValue).outcome == VIOLATION, "z was lost"


def test_each_key_is_judged_by_itself() -> None:
    good = [kv("A", "put", 1, 2, "x", "a"), kv("A", "get", 3, 4, "", "b")]
    assert check(good, KeyValue).keys == 2
    found = check([*good, kv("A", "put", 5, 6, "y", "c"), kv("A", "get", 7, 8, "z", "c")], KeyValue)
    assert found.outcome == VIOLATION
    assert found.violation is not None
    assert found.violation.key == "c"


def test_appends_that_nobody_sees_before_a_put_cost_no_permutations() -> None:
    hidden = [kv(f"{i}", "append", i, 100 + i, f"<{i}>") for i in range(1, 13)]
    end = [kv("P", "put", 50, 200, "new"), kv("P", "get", 300, 301, "new!")]
    found = check([*hidden, *end], KeyValue, budget=50_000)
    assert found.outcome == VIOLATION


# --- siblings -------------------------------------------------------------------------


def sibling(process: str, began: int, ended: int | None, value: str, *seen: str) -> Call:
    return write(process, began, ended, value, supersedes=frozenset(seen))


def shows(process: str, began: int, ended: int | None, *values: str) -> Call:
    return read(process, began, ended, frozenset(values))


def siblings_verdict(*calls: Call) -> str:
    return check(calls, MultiValue).outcome


def test_values_written_in_ignorance_of_each_other_are_both_read() -> None:
    both = sibling("A", 1, 2, "a"), sibling("B", 3, 4, "b")
    assert siblings_verdict(*both, shows("C", 5, 6, "a", "b")) == LINEARIZABLE
    assert siblings_verdict(*both, shows("C", 5, 6, "b")) == VIOLATION


def test_what_has_been_superseded_is_not_read_any_more() -> None:
    both = sibling("A", 1, 2, "a"), sibling("B", 3, 4, "b", "a")
    assert siblings_verdict(*both, shows("C", 5, 6, "b")) == LINEARIZABLE
    assert siblings_verdict(*both, shows("C", 5, 6, "a", "b")) == VIOLATION
    assert siblings_verdict(*both, shows("C", 5, 6, "a")) == VIOLATION


def test_superseding_goes_through_writes_that_never_happened() -> None:
    chain = sibling("A", 1, 2, "a"), sibling("B", 3, CRASHED, "b", "a"), sibling("B", 5, 6, "c", "b")
    assert siblings_verdict(*chain, shows("C", 7, 8, "c")) == LINEARIZABLE


def test_a_write_that_comes_after_what_superseded_it_changes_nothing() -> None:
    late = sibling("A", 1, 20, "a"), sibling("B", 3, 4, "b", "a")
    assert siblings_verdict(*late, shows("C", 5, 6, "b"), shows("C", 30, 31, "b")) == LINEARIZABLE
    assert siblings_verdict(*late, shows("C", 5, 6, "b"), shows("C", 30, 31, "a", "b")) == VIOLATION


# --- generated ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["register", "kv", "multi-value"])
def test_what_is_linearizable_by_construction_passes(kind: str) -> None:
    for seed in range(300):
        calls = of_kind(seed, kind, 10 + seed % 40, 2 + seed % 5, crash=(seed % 4) / 10, spread=20 + seed % 80)
        assert check(calls, MODELS[kind]).outcome == LINEARIZABLE, (kind, seed)


@pytest.mark.parametrize("kind", ["register", "kv", "multi-value"])
def test_a_read_of_what_nobody_wrote_is_found(kind: str) -> None:
    never: dict[str, Any] = {"register": 99, "kv": "never", "multi-value": frozenset({"never"})}
    for seed in range(100):
        calls = of_kind(seed, kind, 30, 4, crash=0.1, spread=40)
        spoilt = [i for i, each in enumerate(calls) if each.f in ("read", "get") and each.completed is not None]
        calls[spoilt[seed % len(spoilt)]] = replace(calls[spoilt[seed % len(spoilt)]], result=never[kind])
        assert check(calls, MODELS[kind]).outcome == VIOLATION, (kind, seed)


def test_a_read_that_is_moved_before_its_write_began_is_found() -> None:
    found = 0
    for seed in range(100):
        calls = simulate(seed, "register", 40, 4, spread=40, values=0)
        writes = {each.value: each for each in calls if each.f == "write"}
        for i, each in enumerate(calls):
            if each.f == "read" and each.result in writes:
                began = writes[each.result].invoked
                moved = [*calls]
                moved[i] = replace(each, process="early", invoked=began - 2, completed=began - 1)
                assert check(moved, Register).outcome == VIOLATION, seed
                found += 1
                break
    assert found > 50


def spoilt(chance: Stream, kind: str, calls: list[Call]) -> list[Call]:
    """One answer or one instant is another one: sometimes still linearizable, often not."""
    calls = list(calls)
    i = chance.randrange(len(calls))
    one = calls[i]
    if one.f == "cas" and one.completed is not None and chance.random() < 0.5:
        calls[i] = replace(one, result=None if one.result is False else False)
    elif one.f in ("read", "get") and one.completed is not None and chance.random() < 0.7:
        initial: dict[str, Any] = {"register": None, "kv": "", "multi-value": frozenset()}
        written = [each.value for each in calls if each.f in ("write", "put", "append")]
        made = [frozenset({each}) for each in written] if kind == "multi-value" else written
        told = [each.result for each in calls if each.f in ("read", "get") and each.completed is not None]
        calls[i] = replace(one, result=chance.choice([initial[kind], *told, *made]))
    else:
        by = chance.randrange(-60, 60)
        calls[i] = replace(
            one,
            process="moved",
            invoked=one.invoked + by,
            completed=None if one.completed is None else one.completed + by,
        )
    return calls


@given(st.integers(0, 2**32), st.sampled_from(["register", "kv", "multi-value"]), st.integers(2, 6), st.booleans())
@settings(max_examples=400, deadline=None)
def test_it_agrees_with_the_definition_on_short_histories(seed: int, kind: str, count: int, spoil: bool) -> None:
    calls = of_kind(seed, kind, count, 3, crash=0.3, spread=40)
    if spoil:
        calls = spoilt(stream(seed, "spoilt"), kind, calls)
    found = check(calls, MODELS[kind])
    assert found.outcome == (LINEARIZABLE if brute_force(calls, MODELS[kind]) else VIOLATION)


@given(st.integers(0, 2**32), st.sampled_from(["register", "kv", "multi-value"]))
@settings(max_examples=100, deadline=None)
def test_the_small_history_of_a_violation_is_a_violation_and_nothing_more_can_go(seed: int, kind: str) -> None:
    calls = spoilt(stream(seed, "spoilt"), kind, of_kind(seed, kind, 25, 4, crash=0.2, spread=40))
    violation = check(calls, MODELS[kind]).violation
    if violation is None:
        return
    if kind != "multi-value":  # what supersedes what, through others, is only known with all of the calls
        assert check(violation.calls, MODELS[kind]).outcome == VIOLATION
        for i, each in enumerate(violation.calls):
            if each.f in ("read", "get") or each.result is False:
                assert check([*violation.calls[:i], *violation.calls[i + 1 :]], MODELS[kind]).outcome == LINEARIZABLE
    last = violation.last
    unfinished = [
        replace(each, completed=None, result=None) if each == last else each
        for each in violation.calls
        if each != last or each.result is not False
    ]
    assert check(unfinished, MODELS[kind]).outcome == LINEARIZABLE, "it is the end of the last that fails"


def test_a_stale_read_in_a_long_history_is_shown_by_three_calls() -> None:
    calls = simulate(3, "register", 400, 5, spread=30, values=0)
    writes = [each for each in calls if each.f == "write"]
    end = max(each.completed or 0 for each in calls)
    old = writes[len(writes) // 2].value
    found = check([*calls, replace(read("late", end + 1, end + 2, old), key="0")], Register)
    assert found.violation is not None
    assert found.violation.last.process == "late"
    assert [each.f for each in found.violation.calls] == ["write", "write", "read"]


# --- budget and the store's own history -----------------------------------------------


def test_too_small_a_budget_gives_unknown_and_is_kept() -> None:
    calls = simulate(1, "register", 200, 5, crash=0.2)
    steps = check(calls, Register).steps
    assert check(calls, Register, budget=steps).outcome == LINEARIZABLE
    found = check(calls, Register, budget=steps // 2)
    assert found.outcome == UNKNOWN
    assert found.undecided == ("0",)
    assert found.steps <= steps // 2


def test_memory_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [write("long", 1, 10_000, -1), *(write("A", 2 * i, 2 * i + 1, i) for i in range(1, 500))]
    assert check(calls, Register).outcome == LINEARIZABLE
    monkeypatch.setattr(search, "MEMORY_BITS", 20_000)
    found = check(calls, Register)
    assert found.outcome == UNKNOWN
    assert found.steps < 1_000


def test_a_violation_of_one_key_counts_though_others_are_undecided() -> None:
    hard = [write(f"{i}", 1, 1_000, i) for i in range(24)] + [read("r", 2_000 + i, 2_000 + i, i) for i in range(2)]
    bad = replace(read("A", 1, 2, 7), key="bad")
    assert check(hard, Register, budget=3_000).outcome == UNKNOWN
    assert check([*hard, bad], Register, budget=3_000).outcome == VIOLATION


def test_the_history_of_the_clients_is_judged_in_both_ways() -> None:
    history = History()
    first = history.invoke("c1", "k", 5, value="a")
    history.complete(first, "ok", 7)
    second = history.invoke("c2", "k", 7, value="b")
    history.complete(second, "ok", 9)
    last = history.invoke("c1", "k", 9)
    history.complete(last, "ok", 9, seen=("a", "b"))
    assert check(from_history(history), MultiValue).outcome == LINEARIZABLE
    assert check(from_history(history, register=True), Register).outcome == VIOLATION, "siblings are no single value"


def test_within_one_microsecond_the_order_of_events_counts() -> None:
    history = History()
    history.complete(history.invoke("c1", "k", 5, value="a"), "ok", 5)
    history.complete(history.invoke("c2", "k", 5), "ok", 5)
    assert check(from_history(history, register=True), Register).outcome == VIOLATION


def test_reads_of_what_a_long_history_has_forgotten_are_left_out() -> None:
    history = History()
    history.complete(history.invoke("c1", "k", 1, value="a"), "ok", 2)
    history.complete(history.invoke("c1", "k", 3), "ok", 4, seen=("a",))
    history.operations.popleft()
    assert from_history(history) == []
