"""The log against a plain list: any acts in any order, faults and power failures among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.kernel.disk import Tail
from playground.kernel.errors import DiskError
from playground.systems.kafka.directory import held
from playground.systems.kafka.errors import FENCED_PRODUCER, OUT_OF_ORDER
from playground.systems.kafka.records import Batch, Record
from playground.systems.kafka.sequences import Placed, Sequences
from tests.systems.kafka.kafka_log_lab import PARTITION, LogLab, batch_of, simulate

SHARE = st.floats(0, 1)
ONE = st.tuples(st.just("append"), st.integers(1, 4), st.integers(0, 5), st.integers(0, 2))
MANY = st.tuples(st.just("fill"), st.integers(3, 12), st.integers(0, 5), st.integers(0, 2))
COPIED = st.tuples(st.just("copy"), st.integers(1, 3), st.integers(0, 5), st.integers(0, 3))
WAIT = st.tuples(st.just("wait"), st.sampled_from((100, 1_000, 100_000)))
TIDY = st.tuples(st.just("tidy"))
CUT = st.tuples(st.just("truncate"), SHARE)
CRASH = st.tuples(st.just("crash"), st.sampled_from(("lost", "torn", "")))
RARE = st.one_of(
    st.tuples(st.just("elect")),
    st.tuples(st.just("clean")),
    st.tuples(st.just("advance"), SHARE),
    st.tuples(st.just("restart"), st.integers(-5, 20)),
    st.tuples(st.just("disk"), st.sampled_from(("full", "empty", "hang", "resume"))),
)
ACTS = st.lists(st.sampled_from((ONE, MANY, MANY, COPIED, WAIT, TIDY, CUT, CRASH, RARE, RARE)).flatmap(lambda act: act))
SEVERAL = st.lists(ACTS, min_size=5, max_size=9).map(lambda lists: [act for acts in lists for act in acts])
KINDS = st.fixed_dictionaries(
    {
        "flush": st.sampled_from(("each", "later")),
        "cleanup": st.sampled_from(("delete", "compact")),
        "dirty_share": st.sampled_from((0.01, 0.5)),
        "retention_ms": st.sampled_from((0, 200)),
        "retention_bytes": st.sampled_from((0, 600)),
        "segment_ms": st.sampled_from((200, 10**8)),
        "index_bytes": st.sampled_from((1, 150)),
    }
)


class Model:
    """A log, and what it has to be: ``batches`` are all that were appended and not cut off, deleted ones included."""

    def __init__(self, lab: LogLab) -> None:
        self.lab = lab
        self.batches: list[Batch] = []
        self.begin = 0
        self.epoch = 1
        self.restarts = 0
        self.told: list[int] = []
        """Ends of what was said to be safe."""
        self.mark = self.committed = 0
        """The high watermark, and the highest that there was: a broker that boots knows only an old one."""

    @property
    def end(self) -> int:
        return self.batches[-1].next_offset if self.batches else self.begin

    @property
    def compacting(self) -> bool:
        return self.lab.log.settings.cleanup == "compact"

    def sequences(self) -> Sequences:
        """What must be known of the producers."""
        sequences = Sequences({})
        sequences.note_all(self.batches)
        return sequences

    async def act(self, what: str, *how: Any) -> None:
        await getattr(self, what)(*how)
        self.check()
        if what in ("wait", "truncate", "crash"):
            self.check_disk()

    async def append(self, count: int, key: int, producer: int) -> None:
        state = self.sequences().states().get(producer) if producer else None
        sequence = (state.next_sequence if state else 0) if producer else -1
        value = None if key % 6 == 5 else f"{self.end}"
        keys = [f"k{(key + number) % 6}" for number in range(count)]
        at_us = self.lab.world.now_us
        batch = batch_of(*keys, value=value, at_us=at_us, producer=producer or -1, sequence=sequence)
        end = self.end + count
        try:
            placed = self.lab.log.append(batch, self.epoch, self.teller(end))
        except DiskError:
            return
        assert placed == batch._replace(base_offset=self.end, leader_epoch=self.epoch)
        self.batches.append(placed)

    def teller(self, end: int) -> Callable[[], None]:
        restarts = self.restarts

        def then() -> None:
            assert restarts == self.restarts, "what was dropped is never said to be safe"
            self.told.append(end)

        return then

    async def fill(self, batches: int, key: int, producer: int) -> None:
        for number in range(batches):
            await self.append(1, key + number, producer)

    async def copy(self, count: int, key: int, gap: int) -> None:
        batches = []
        end = self.end
        for number in range(count):
            batch = batch_of(f"k{(key + number) % 6}", value=f"{end}", at_us=self.lab.world.now_us)
            batches.append(batch._replace(base_offset=end + gap, leader_epoch=self.epoch))
            end = batches[-1].next_offset
        try:
            self.lab.log.copy(batches, self.teller(end))
        except DiskError:
            self.batches += [batch for batch in batches if batch.next_offset <= self.lab.log.end_offset]
        else:
            self.batches += batches

    async def elect(self) -> None:
        self.epoch += 1

    async def wait(self, duration_us: int) -> None:
        await self.lab.world.advance(self.lab.world.now_us + duration_us)

    async def advance(self, share: float) -> None:
        self.lab.log.advance(int(share * (self.end + 3)))
        self.mark = max(self.mark, min(int(share * (self.end + 3)), self.end))
        self.committed = max(self.committed, self.mark)

    async def truncate(self, share: float) -> None:
        offset = int(share * (self.end + 3))
        if self.compacting and offset < self.committed:
            return  # what is compacted is committed; only an unclean election cuts there
        log = self.lab.log
        if offset < log.start_offset:
            await self.restart_at(offset)
            return
        there = sum(len(batch.records) for batch in log.batches() if batch.next_offset > offset)
        assert log.truncate(offset) == there
        self.cut(offset)
        self.told = [end for end in self.told if end <= self.end]

    async def restart(self, distance: int) -> None:
        await self.restart_at(max(0, self.end + distance))

    async def restart_at(self, offset: int) -> None:
        self.lab.log.restart(offset)
        self.restarts += 1
        self.batches, self.begin, self.mark, self.committed, self.told = [], offset, offset, offset, []

    async def clean(self) -> None:
        self.lab.log.clean(self.lab.world.now_us)

    async def tidy(self) -> None:
        """Everything is safe and committed, and there is time to clean up."""
        await self.wait(300_000)
        await self.advance(1)
        await self.clean()
        await self.wait(10_000)

    async def disk(self, fault: str) -> None:
        if fault == "hang":
            self.lab.disk.hang()
        elif fault == "resume":
            self.lab.disk.resume()
        else:
            self.lab.disk.full = fault == "full"

    async def crash(self, tail: Tail) -> None:
        log, disk = self.lab.log, self.lab.disk
        synced, made = log.synced_offset, any(name.startswith(f"{PARTITION}/") for name in disk.names)
        disk.full = False
        if disk.hanging:
            disk.resume()
        await self.lab.crash(tail)
        assert self.lab.directory.directory == 1
        assert not self.lab.alerts()
        end = self.lab.log.end_offset
        assert synced <= end <= self.end or not made
        if not made:
            self.begin = 0
        self.cut(end)
        assert self.end == end
        self.mark = self.lab.log.high_watermark
        self.told = [each for each in self.told if each <= end]

    def cut(self, offset: int) -> None:
        while self.batches and self.batches[-1].next_offset > offset:
            self.batches.pop()
        self.mark = min(self.mark, self.end)
        self.committed = min(self.committed, self.end)

    # --- what must hold after every act -----------------------------------------------------------

    def check(self) -> None:
        log = self.lab.log
        start = log.start_offset
        assert self.begin <= start <= log.high_watermark <= log.end_offset == self.end
        assert log.high_watermark == max(self.mark, start)
        assert start <= log.synced_offset <= log.end_offset
        assert self.told == sorted(self.told)
        assert all(end <= log.synced_offset for end in self.told)
        self.check_batches()
        self.check_epochs()
        self.check_producers()
        for segment, following in zip(log.segments, log.segments[1:], strict=False):
            assert segment.end_offset == following.base_offset

    def check_disk(self) -> None:
        """What counts as safe would be there after a power failure."""
        log = self.lab.log
        found = (log.batches(), held(self.lab.disk, PARTITION))
        here, there = ([batch for batch in each if batch.next_offset <= log.synced_offset] for each in found)
        assert here == there

    def check_batches(self) -> None:
        log = self.lab.log
        found, start = list(log.batches()), log.start_offset
        if self.compacting:
            assert start == self.begin
            self.check_compacted(dict(log.records()))
        else:
            assert found == [batch for batch in self.batches if batch.next_offset > start]
        for offset in range(start, log.end_offset, 3):
            until = log.end_offset - 2
            assert list(log.read(offset, 10**9, until)) == [
                batch for batch in found if offset < batch.next_offset <= until and offset < until
            ]

    def check_compacted(self, shown: dict[int, Record]) -> None:
        """Nothing is new, nothing missing that is not committed; each key has its newest value, or is deleted."""
        records = {batch.base_offset + each.delta: each for batch in self.batches for each in batch.records}
        assert shown.items() <= records.items()
        uncommitted = {offset: each for offset, each in records.items() if offset >= self.committed}
        assert uncommitted.items() <= shown.items()
        assert values(shown) == values(records)

    def check_epochs(self) -> None:
        log = self.lab.log
        expected: list[tuple[int, int]] = []
        for batch in self.batches:
            if batch.next_offset > log.start_offset and (not expected or expected[-1][0] < batch.leader_epoch):
                expected.append((batch.leader_epoch, max(batch.base_offset, log.start_offset)))
        assert log.epochs == tuple(expected)

    def check_producers(self) -> None:
        log, sequences = self.lab.log, self.sequences()
        for producer, state in sequences.states().items():
            following = batch_of("k", producer=producer, epoch=state.epoch, sequence=state.next_sequence)
            assert log.check_sequence(following) is None
            gap = following._replace(sequence=state.next_sequence + 1)
            assert log.check_sequence(gap) == OUT_OF_ORDER
            assert log.check_sequence(following._replace(producer_epoch=-1)) == FENCED_PRODUCER
            last = state.batches[-1]
            count = last.next_sequence - last.sequence
            again = batch_of(*"k" * count, producer=producer, epoch=state.epoch, sequence=last.sequence)
            assert log.check_sequence(again) == Placed(last.base_offset, last.next_offset)


def values(records: dict[int, Record]) -> dict[str | None, str]:
    """Key -> its newest value, without the keys that are deleted."""
    newest = {record.key: record.value for record in records.values()}
    return {key: value for key, value in newest.items() if value is not None}


@settings(max_examples=80, deadline=None)
@given(KINDS, SEVERAL)
@example({"flush": "later", "cleanup": "delete"}, [("append", 1, 0, 1), ("truncate", 0.0), ("append", 2, 0, 1)])
def test_whatever_happens_the_log_is_what_was_appended_and_not_cut_off(
    kinds: dict[str, Any], acts: list[tuple[Any, ...]]
) -> None:
    async def main(lab: LogLab) -> None:
        model = Model(lab)
        assert lab.log.end_offset == 0
        for what, *how in acts:
            await model.act(what, *how)
        lab.disk.full = False
        if lab.disk.hanging:
            lab.disk.resume()
        await lab.wait(2)
        assert lab.log.synced_offset == lab.log.end_offset
        await model.act("crash", "lost")

    kinds = dict(kinds)
    kafka = {"flush": kinds.pop("flush"), "flush_ms": 1_000}
    simulate(main, kafka=kafka, segment_bytes=256, tombstone_ms=100, **kinds)


@settings(max_examples=40, deadline=None)
@given(SEVERAL, st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=6))
def test_a_follower_that_goes_by_epochs_ends_up_with_the_leaders_log(
    acts: list[tuple[Any, ...]], own: list[tuple[int, int]]
) -> None:
    """The follower has a beginning of the leader's log, and batches of its own that nobody committed (KIP-101, 595)."""

    async def main(lab: LogLab) -> None:
        model = Model(lab)
        for what, *how in acts:
            if what in ("append", "copy", "elect", "truncate"):
                await model.act(what, *how)
        leader, follower = lab.log, lab.directory.open(PARTITION._replace(partition=1))
        common = len(model.batches) // 2
        follower.copy(model.batches[:common], lambda: None)
        # The epochs in which it led alone are none in which another one led.
        for number, (key, count) in enumerate(own):
            epoch = max(follower.last_epoch, 0) + 1000 * (number > len(own) // 2)
            if epoch < 1000 and common < len(model.batches):
                continue
            follower.append(batch_of(*[f"k{key}"] * count, value="own"), epoch, lambda: None)
        cuts = 0
        while True:
            if follower.end_offset:
                epoch, end = leader.end_of_epoch(follower.last_epoch)
                if epoch != follower.last_epoch or end < follower.end_offset:
                    follower.truncate(min(end, follower.end_of_epoch(epoch)[1]) if epoch >= 0 else leader.start_offset)
                    cuts += 1
                    assert cuts < 20
                    continue
            batches = leader.read(follower.end_offset, 100)
            if not batches:
                break
            follower.copy(batches, lambda: None)
        assert list(follower.batches()) == list(leader.batches())
        await lab.wait(1)
        assert follower.synced_offset == leader.end_offset

    simulate(main, segment_bytes=256)
