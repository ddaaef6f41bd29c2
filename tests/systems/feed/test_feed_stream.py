"""What is published next: the log against what it amounts to, over commits, aborts, compaction and fresh starts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.feed import checks
from playground.systems.feed.stream import Next, Stream
from playground.systems.shards.client import START, Position, ReplicatedLog
from playground.systems.shards.messages import Entry

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abc")),
        st.tuples(st.just("abort"), st.integers(0, 3)),
        st.tuples(st.just("epoch"), st.integers(1, 2)),
        st.tuples(st.just("commit"), st.integers(0, 5)),
        st.tuples(st.just("compact"), st.integers(0, 5)),
        st.tuples(st.just("take"), st.integers(0, 4)),
        st.tuples(st.just("fail"), st.integers(0, 9)),
    ),
    max_size=60,
)


class Shard:
    """A log that a master writes, and a stream that follows it."""

    def __init__(self, position: Position | None = START) -> None:
        self.log = ReplicatedLog()
        self.epoch = 1
        self.open: list[int] = []
        self.snapshots: list[int] = []
        self.taken: list[Next] = []
        self.stream = Stream("shard-1", self.log, position, self.snapshots.append)

    def write(self, key: str) -> None:
        seq = self.log.last.seq + 1
        self.open.append(seq)
        self.log.append(Entry(self.epoch, seq, "write", key, f"v{seq}"))

    def abort(self, back: int) -> None:
        """Undo a write that is not committed."""
        pending = [seq for seq in self.open if seq > self.log.commit]
        if back < len(pending):
            self.open.remove(pending[-1 - back])
            self.log.append(Entry(self.epoch, self.log.last.seq + 1, "abort", about=pending[-1 - back]))

    def act(self, kind: str, what: str | int) -> None:
        log = self.log
        if kind == "write":
            self.write(str(what))
            return
        number = int(what)
        if kind == "abort":
            self.abort(number)
        elif kind == "epoch":
            self.epoch += number
            log.append(Entry(self.epoch, log.last.seq + 1, "epoch"))
        elif kind == "commit":
            log.commit_to(log.whole(min(log.last.seq, log.commit + number)))
        elif kind == "compact":
            log.compact(log.whole(min(log.commit, log.base.seq + number)))
        elif kind == "take":
            self.take(number)
        else:  # some of what was taken was never delivered
            reached = [each.reached for each in self.taken[: len(self.taken) - number] if each.reached is not None]
            self.stream = Stream("shard-1", log, max(reached, default=START), self.snapshots.append)

    def take(self, limit: int) -> list[Next]:
        more = self.stream.take(limit)
        assert len(more) <= limit
        self.taken += more
        return more

    def finish(self) -> None:
        self.log.commit_to(self.log.whole(self.log.last.seq))
        while self.take(3):
            pass


def values(taken: list[Next]) -> list[str]:
    return [each.change.value for each in taken]


@given(ACTS)
@settings(deadline=None)
def test_what_is_taken_amounts_to_the_state_whatever_is_compacted_or_taken_again(acts: list[tuple[str, int]]) -> None:
    shard = Shard()
    for kind, what in acts:
        shard.act(kind, what)
        assert all(each.change.seq <= shard.log.commit for each in shard.taken)
    shard.finish()
    assert checks.view(each.change for each in shard.taken) == shard.log.state.data
    assert shard.stream.position == shard.log.position(shard.log.commit)


@given(ACTS)
@settings(deadline=None)
def test_each_committed_write_is_taken_in_order_and_no_reversed_one_is(acts: list[tuple[str, int]]) -> None:
    shard = Shard()
    for kind, what in acts:
        if kind not in ("compact", "fail"):
            shard.act(kind, what)
    shard.finish()
    assert [each.change.seq for each in shard.taken] == shard.open
    assert values(shard.taken) == [f"v{seq}" for seq in shard.open]
    assert shard.snapshots == []


@given(ACTS)
@settings(deadline=None)
def test_a_position_is_reached_when_all_before_it_was_taken(acts: list[tuple[str, int]]) -> None:
    shard = Shard()
    for kind, what in acts:
        shard.act(kind, what)
    shard.finish()
    for count, each in enumerate(shard.taken, 1):
        if each.reached is not None:
            # Who has the changes up to here, and whatever the log says after that position, knows everything.
            known = [before.change for before in shard.taken[:count]]
            rest = [after.change for after in shard.taken[count:] if after.change.position > each.reached]
            assert checks.view([*known, *rest]) == shard.log.state.data


def test_without_a_position_a_snapshot_goes_first() -> None:
    shard = Shard(None)
    for key in "aba":
        shard.write(key)
    shard.log.commit_to(2)
    assert values(shard.take(1)) == ["v1"]
    assert shard.stream.position is None
    assert shard.stream.keys_left == 1
    shard.log.commit_to(3)
    assert [(each.change.value, each.change.position, each.reached) for each in shard.take(9)] == [
        ("v2", Position(1, 2), Position(1, 2)),
        ("v3", Position(1, 3), Position(1, 3)),
    ]
    assert shard.snapshots == [2]


def test_a_log_that_was_compacted_beyond_the_position_is_published_as_a_snapshot() -> None:
    shard = Shard(Position(1, 1))
    for key in "abc":
        shard.write(key)
    shard.log.commit_to(3)
    shard.log.compact(1)
    assert values(shard.take(1)) == ["v2"]
    shard.log.compact(3)
    assert values(shard.take(9)) == ["v1", "v2", "v3"]
    assert {each.change.position for each in shard.taken[1:]} == {Position(1, 3)}


def test_a_log_that_does_not_hold_the_position_is_published_as_a_snapshot() -> None:
    for position in (Position(1, 5), Position(2, 1)):
        shard = Shard(position)
        shard.write("a")
        shard.log.commit_to(1)
        assert values(shard.take(9)) == ["v1"]
        assert shard.snapshots == [1]


def test_a_snapshot_of_nothing_is_no_end() -> None:
    shard = Shard(None)
    assert shard.take(5) == []
    shard.write("a")
    shard.log.commit_to(1)
    assert values(shard.take(5)) == ["v1"]
    assert shard.snapshots == [0]
