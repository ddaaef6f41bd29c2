"""What a server remembers: the history in memory, and the same from its disk after a crash at any instant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.errors import DiskFull
from playground.kernel.node import Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World
from playground.systems.zookeeper.history import (
    BEGINNING,
    FORGOTTEN,
    History,
    Point,
    cut_record,
    epochs_record,
    replay,
    snapshot_record,
    transaction_record,
)
from playground.systems.zookeeper.log import FILE, TransactionLog
from tests.systems.zookeeper.zab_lab import simulate


def history_of(*zxids: int) -> History:
    return replay(transaction_record(zxid, b"%d" % zxid) for zxid in zxids)


def test_a_place_in_the_history_is_found_by_its_zxid() -> None:
    history = history_of(3, 5, 9)
    assert history.before(2) == BEGINNING
    assert history.before(5) == history.before(8) == history_of(3, 5).last
    assert [entry.zxid for entry in history.between(3, 9)] == [5, 9]
    assert history.between(9, 9) == []


def test_the_chain_is_the_same_only_after_the_same_transactions() -> None:
    assert history_of(3, 5).last.chain != history_of(5).last.chain
    other = replay([transaction_record(3, b"3"), transaction_record(5, b"?")])
    assert history_of(3, 5).before(3) == other.before(3)
    assert history_of(3, 5).last != other.last


def test_what_is_cut_off_leaves_no_trace_in_the_chain() -> None:
    history = history_of(3, 5, 9)
    history.cut(4)
    history.add(9, b"9")
    assert history.last == history_of(3, 9).last


def test_trimming_keeps_the_last_of_what_is_applied_and_all_beyond() -> None:
    history = history_of(*range(1, 21))
    history.trim(15, 4)
    assert [entry.zxid for entry in history.entries] == list(range(12, 21))
    assert history.floor == history_of(*range(1, 12)).last
    assert history.last == history_of(*range(1, 21)).last


def test_a_snapshot_stands_for_all_before_it() -> None:
    history = replay(
        [transaction_record(1, b"a"), snapshot_record(Point(7, 99), b"state"), transaction_record(8, b"b")]
    )
    assert (history.floor, history.snapshot, len(history.entries)) == (Point(7, 99), b"state", 1)


def test_who_has_forgotten_is_whole_again_when_it_enters_an_epoch_and_not_before() -> None:
    records = [epochs_record(4, 4), transaction_record(1, b"a"), FORGOTTEN]
    assert replay(records).last == BEGINNING
    for more, whole in (
        ([], False),
        ([epochs_record(0, 0)], False),
        ([snapshot_record(Point(7, 99), b"")], False),
        ([snapshot_record(Point(7, 99), b""), epochs_record(4, 4)], True),
    ):
        assert replay([*records, *more]).whole is whole


def state(history: History) -> tuple[Any, ...]:
    return (history.accepted, history.current, history.whole, history.last)


class Writer(Service):
    """Runs a script against the log, and notes each state that was said to be safe."""

    def __init__(self, process: Process, script: list[tuple[str, int]], runs: list[Writer]) -> None:
        super().__init__(process)
        self.log = TransactionLog(process, 5)
        self.script = script
        self.states: list[tuple[Any, ...]] = []
        self.safe = 0
        self.snapped = 0
        runs.append(self)

    async def recover(self) -> None:
        self.reason = await self.log.recover()
        self.states.append(state(self.log.history))

    def start(self) -> None:
        for at, (act, number) in enumerate(self.script):
            self.after(1 + at * 150, lambda act=act, number=number: self.do(act, number))  # type: ignore[misc]

    def do(self, act: str, number: int) -> None:
        log, history = self.log, self.log.history
        last = history.last.zxid
        place = len(self.states)
        if act == "add":
            log.add(last + number, b"word %d" % number, lambda: self.note_safe(place))
        elif act == "cut":
            # What a snapshot was taken of has been applied: that is committed, and never cut off.
            log.cut(max(history.floor.zxid, self.snapped, last - number))
        elif act == "promise":
            log.promise(history.accepted + number, lambda: self.note_safe(place))
        elif act == "enter":
            log.enter(history.accepted + number, lambda: self.note_safe(place))
        elif act == "compact":
            if not log._wal.rewriting and history.whole:
                point = history.before(last - number)
                self.snapped = max(self.snapped, point.zxid)
                self.spawn(log.compact, point, b"state")
            return
        else:
            self.snapped = 0
            log.forget(lambda: self.note_safe(place))
        self.states.append(state(history))

    def note_safe(self, place: int) -> None:
        assert place >= self.safe
        self.safe = place


acts = st.tuples(
    st.sampled_from(["add", "add", "add", "cut", "promise", "enter", "compact", "forget"]), st.integers(1, 3)
)


@given(st.lists(acts, max_size=25), st.integers(0, 5_000), st.integers(0, 1_000_000))
def test_a_crash_at_any_instant_leaves_a_state_that_was_and_all_that_was_safe(
    script: list[tuple[str, int]], crash_us: int, seed: int
) -> None:
    async def main() -> None:
        runs: list[Writer] = []
        world = World(seed)
        node = Node(world, "z1", (lambda process: Writer(process, script, runs),))
        node.start()
        await world.advance(310_000)
        first = runs[0]
        await world.advance(310_000 + crash_us)
        node.crash()
        node.start()
        script.clear()
        await world.advance(1_000_000)
        assert state(runs[1].log.history) in first.states[first.safe :]

    simulate(main)


def booted(prepare: Callable[[Node], None]) -> Writer:
    """A server's second life, after ``prepare`` has acted upon its machine in between."""

    async def main() -> Writer:
        runs: list[Writer] = []
        world = World(1)
        node = Node(world, "z1", (lambda process: Writer(process, [("add", 1)] * 3, runs),))
        node.start()
        await world.advance(400_000)
        prepare(node)
        node.start()
        await world.advance(800_000)
        return runs[1]

    return simulate(main)  # type: ignore[no-any-return]


def test_a_lost_disk_is_told_from_a_new_one() -> None:
    writer = booted(lambda node: node.crash(lose_disk=True))
    assert writer.reason == "its disk is empty"
    assert not writer.log.history.whole


def test_damage_is_told_from_a_torn_tail() -> None:
    def damaged(node: Node) -> None:
        node.disk.rot()
        node.crash()

    def torn(node: Node) -> None:
        node.disk.append(FILE, b"the beginning of a record")
        node.crash(tail="torn")

    assert "damaged" in booted(damaged).reason
    assert booted(torn).reason == ""
    assert booted(torn).log.history.whole


def test_a_full_disk_takes_nothing_and_changes_nothing() -> None:
    writer = booted(lambda node: node.crash())
    before = state(writer.log.history)
    writer.disk.full = True
    for act in ("add", "promise", "enter", "forget"):
        with pytest.raises(DiskFull):
            writer.do(act, 1)
    assert state(writer.log.history) == before


def test_records_say_what_they_are() -> None:
    assert replay([epochs_record(3, 2)]).accepted == 3
    assert replay([epochs_record(3, 2)]).current == 2
    assert replay([transaction_record(4, b"x"), cut_record(3)]).last == BEGINNING
