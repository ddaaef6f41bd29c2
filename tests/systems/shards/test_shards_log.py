"""The replicated log against a plain list, and a shard's file against what was written to it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.kernel.wal import frame
from playground.systems.database import RequestId
from playground.systems.shards.file import Content, _encode, _record
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.messages import START, Entry, Position
from playground.systems.shards.state import State

EPOCHS = st.lists(st.integers(1, 4), max_size=30).map(sorted)


def write(epoch: int, seq: int, key: str = "k", value: str = "", request: RequestId | None = None) -> Entry:
    return Entry(epoch, seq, "write", key, value or f"{epoch}:{seq}", request)


def log_of(epochs: list[int]) -> ReplicatedLog:
    log = ReplicatedLog()
    for seq, epoch in enumerate(epochs, 1):
        log.append(write(epoch, seq, f"k{seq % 3}"))
    return log


def mixed(kinds: list[int]) -> ReplicatedLog:
    """A log of writes and aborts: 0 is a write, n > 0 undoes the n-th last write that nothing has undone."""
    log = ReplicatedLog()
    open_writes: list[int] = []
    for seq, kind in enumerate(kinds, 1):
        if kind and kind <= len(open_writes):
            log.append(Entry(1, seq, "abort", about=open_writes.pop(-kind)))
        else:
            log.append(write(1, seq, f"k{seq % 3}"))
            open_writes.append(seq)
    return log


MIXED = st.lists(st.sampled_from([0, 0, 0, 1, 2, 5]), max_size=30).map(mixed)


def test_what_was_cut_off_is_held_no_more() -> None:
    log = log_of([1, 1, 2, 2])
    assert log.cut(2) == 2
    assert log.last == Position(1, 2)
    assert not log.holds(Position(2, 3))
    log.append(write(3, 3))
    assert log.holds(Position(3, 3))


@given(EPOCHS, EPOCHS, st.integers(0, 30))
@settings(deadline=None)
def test_the_common_place_is_the_last_that_both_logs_hold(one: list[int], other: list[int], until: int) -> None:
    # Logs of masters that follow each other: where two have the same entry they are the same up to there.
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    other = other[:shared] + [epoch + 10 for epoch in other[shared:]]
    mine, theirs = log_of(one), log_of(other)
    until = min(until, theirs.last.seq)
    assert mine.common(theirs.runs(until)) == min(shared, until)


@given(EPOCHS, st.integers(0, 30), st.integers(0, 30))
@settings(deadline=None)
def test_runs_tell_the_epoch_of_every_place(epochs: list[int], base: int, cut: int) -> None:
    log = log_of(epochs)
    base = min(base, len(epochs))
    log.commit_to(base)
    log.compact(base)
    log.cut(max(base, min(cut, len(epochs))))
    told = {seq: epoch for epoch, first, last in log.runs(log.last.seq) for seq in range(first, last + 1)}
    assert told == {seq: log.epoch_at(seq) for seq in range(base, log.last.seq + 1)}


@given(MIXED, st.integers(0, 30))
@settings(deadline=None)
def test_no_place_that_is_whole_divides_a_write_from_its_abort(log: ReplicatedLog, seq: int) -> None:
    seq = min(seq, log.last.seq)
    whole = log.whole(seq)
    pairs = [(entry.about, entry.seq) for entry in log.entries if entry.kind == "abort"]

    def divides(place: int) -> bool:
        return any(first <= place < second for first, second in pairs)

    assert whole == max(place for place in range(seq + 1) if not divides(place))


@given(MIXED, st.lists(st.integers(0, 30), max_size=6))
@settings(deadline=None)
def test_undone_writes_are_never_shown_however_the_log_is_applied(log: ReplicatedLog, steps: list[int]) -> None:
    undone = {entry.about for entry in log.entries if entry.kind == "abort"}
    for step in sorted(steps):
        log.commit_to(log.whole(min(step, log.last.seq)))
        assert not {int(value.partition(":")[2]) for value in log.state.data.values()} & undone


@given(MIXED, st.integers(0, 30), st.integers(0, 30))
@settings(deadline=None)
def test_a_compacted_log_amounts_to_the_same(log: ReplicatedLog, base: int, cut: int) -> None:
    entries = list(log.entries)
    log.commit_to(log.whole(log.last.seq))
    log.compact(log.whole(min(base, log.last.seq)))
    log.cut(max(log.base.seq, min(cut, log.last.seq)))
    plain = ReplicatedLog()
    for entry in entries[: log.last.seq]:
        plain.append(entry)
    plain.commit_to(plain.whole(log.last.seq))
    if log.commit == plain.commit:
        assert log.state.data == plain.state.data
    assert State.load(log.state.dump()).data == log.state.data


@given(MIXED, st.integers(0, 30))
@settings(deadline=None)
def test_a_file_gives_back_the_log_that_was_written(log: ReplicatedLog, cut: int) -> None:
    records: list[list[object]] = [["identity", 3], ["promise", 7]]
    records += [_record(entry) for entry in log.entries]
    cut = min(cut, log.last.seq)
    data = b""
    for record in [*records, ["cut", cut]]:
        data += frame(_encode(record), len(data))
    content = Content.read(data)
    assert (content.identity, content.promised, content.log.last.seq) == (3, 7, cut)
    assert content.log.entries == log.entries[:cut]


def test_a_torn_tail_leaves_the_file_whole_and_damage_does_not() -> None:
    data = b""
    for record in (["identity", 2], _record(write(1, 1)), _record(write(1, 2))):
        data += frame(_encode(record), len(data))
    torn = Content.read(data[:-5])
    assert torn.identity == 2
    assert torn.log.last == Position(1, 1)
    flipped = bytearray(data)
    flipped[40] ^= 1
    damaged = Content.read(bytes(flipped))
    assert damaged.identity == 0


def test_an_empty_file_is_none() -> None:
    content = Content.read(b"")
    assert content.identity == 0
    assert content.log.last == START


def test_a_request_is_known_until_its_session_has_no_use_for_it() -> None:
    state = State()
    state.apply(write(1, 1, request=RequestId("s", 1, 1)), reversed_=False)
    state.apply(write(1, 2, request=RequestId("s", 2, 1)), reversed_=True)
    assert [state.outcome(RequestId("s", number, 1)) for number in (1, 2, 3)] == ["done", "reversed", "new"]
    state.apply(write(1, 3, request=RequestId("s", 3, 3)), reversed_=False)
    assert [state.outcome(RequestId("s", number, 1)) for number in (1, 2, 3)] == ["forgotten", "forgotten", "done"]
    assert State.load(state.dump()).sessions == state.sessions
