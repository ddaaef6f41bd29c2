"""Segments that are closed, deleted and compacted: what goes, what never does, and a power failure at any step."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.disk import _File
from playground.systems.kafka.errors import OUT_OF_ORDER
from playground.systems.kafka.log import PartitionLog
from tests.systems.kafka.kafka_log_lab import SECOND, LogLab, batch_of, nothing, simulate

COMPACT: dict[str, Any] = {"cleanup": "compact", "segment_bytes": 256, "dirty_share": 0.1}


def newest(log: PartitionLog) -> dict[str | None, str | None]:
    """Key -> value; without the keys that are deleted."""
    found = {record.key: record.value for _, record in log.records()}
    return {key: value for key, value in found.items() if value is not None}


async def write_values(lab: LogLab, count: int, keys: int = 3) -> None:
    """k0 …, one after the other and again, with values that rise."""
    for number in range(count):
        lab.log.append(batch_of(f"k{number % keys}", value=f"{number}"), 1, nothing)
    await lab.wait()


async def compact(lab: LogLab, now_us: int = 0) -> None:
    lab.log.advance(lab.log.end_offset)
    assert lab.log.clean(now_us).compacting
    await lab.wait()


# --- closing and retention --------------------------------------------------------------------------


def test_a_segment_is_closed_when_it_is_old_by_the_brokers_own_clock() -> None:
    async def main(lab: LogLab) -> None:
        lab.log.append(batch_of("a", at_us=-(10**12)), 1, nothing)
        await lab.wait(6)
        lab.log.append(batch_of("b", at_us=10**12), 1, nothing)
        await lab.wait(3.9)
        assert not lab.log.clean(10**12).rolled
        await lab.wait(0.2)
        assert lab.log.clean(0).rolled
        assert [segment.end_offset for segment in lab.log.segments] == [2, 2]
        await lab.wait(20)
        assert not lab.log.clean(0).rolled
        await lab.write(1)
        assert not lab.log.clean(0).rolled
        await lab.crash()
        assert not lab.log.clean(0).rolled
        await lab.wait(10)
        assert lab.log.clean(0).rolled
        assert [segment.end_offset for segment in lab.log.segments] == [2, 3, 3]

    simulate(main, segment_ms=10_000)


def test_retention_by_time_deletes_from_the_beginning_on() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(30):
            lab.log.append(batch_of("k", at_us=number * SECOND), 1, nothing)
        await lab.wait()
        lab.log.advance(30)
        segments = lab.log.segments
        assert not lab.log.clean(5 * SECOND).deleted
        assert lab.log.clean(20 * SECOND).deleted
        assert lab.log.segments == tuple(each for each in segments if each.end_offset - 1 >= 10)
        start = lab.log.start_offset
        assert lab.log.read(0, 1)[0].base_offset == start
        await lab.crash()
        assert (lab.log.start_offset, lab.log.end_offset, lab.log.high_watermark) == (start, 30, start)

    simulate(main, segment_bytes=256, retention_ms=10_000)


def test_retention_by_size_leaves_at_least_so_many_bytes() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(60)
        lab.log.advance(60)
        before = lab.log.segments
        assert lab.log.clean(0).deleted
        after = lab.log.segments
        assert lab.log.size_bytes >= 1_000
        assert lab.log.size_bytes - after[0].size_bytes < 1_000
        assert before[-len(after) :] == after
        assert not lab.log.clean(0).deleted

    simulate(main, segment_bytes=256, retention_bytes=1_000)


def test_nothing_above_the_high_watermark_and_no_active_segment_is_deleted() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(60)
        assert not lab.log.clean(99 * SECOND).deleted
        lab.log.advance(20)
        lab.log.clean(99 * SECOND)
        assert 0 < lab.log.start_offset <= lab.log.high_watermark == 20
        lab.log.advance(60)
        lab.log.clean(99 * SECOND)
        assert len(lab.log.segments) == 1
        assert lab.log.end_offset == 60

    simulate(main, segment_bytes=256, segment_ms=10**9, retention_ms=1)


@pytest.mark.parametrize("cleanup", ["delete", "compact"])
def test_nothing_is_deleted_or_compacted_that_is_not_safe_here(cleanup: str) -> None:
    async def main(lab: LogLab) -> None:
        lab.disk.hang()
        for _ in range(40):
            lab.log.append(batch_of("k"), 1, nothing)
        lab.log.advance(40)
        assert not any(lab.log.clean(0)[1:])
        lab.disk.resume()
        await lab.wait()
        assert any(lab.log.clean(0)[1:])

    simulate(main, kafka={"flush": "later"}, cleanup=cleanup, segment_bytes=256, retention_bytes=300)


def test_a_log_whose_records_are_all_deleted_still_knows_its_end() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(10)
        lab.log.advance(10)
        await lab.wait(1)
        lab.log.clean(99 * SECOND)
        await lab.wait()
        lab.log.clean(99 * SECOND)
        assert (lab.log.start_offset, lab.log.end_offset) == (10, 10)
        await lab.crash()
        assert (lab.log.start_offset, lab.log.end_offset) == (10, 10)
        assert lab.log.append(batch_of("k"), 1, nothing).base_offset == 10

    simulate(main, segment_ms=100, retention_ms=1)


def test_an_epoch_whose_beginning_is_deleted_begins_where_the_log_does() -> None:
    async def main(lab: LogLab) -> None:
        for epoch in (1, 2, 3):
            await lab.write(10, epoch=epoch)
        lab.log.advance(30)
        lab.log.clean(0)
        start = lab.log.start_offset
        assert 10 < start < 20
        for _ in range(2):
            assert lab.log.epochs == ((2, start), (3, 20))
            assert lab.log.end_of_epoch(1) == (-1, start)
            await lab.crash()

    simulate(main, segment_bytes=256, retention_bytes=700)


def test_retention_makes_room_on_a_full_disk() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(60):
            lab.log.append(batch_of("k", producer=3, sequence=number), 1, nothing)
        await lab.wait()
        lab.log.advance(60)
        lab.disk.full = True
        used = lab.disk.used_bytes
        assert lab.log.clean(0).deleted
        assert lab.disk.used_bytes < used

    simulate(main, segment_bytes=256, retention_bytes=500)


# --- compaction -------------------------------------------------------------------------------------


def test_compaction_keeps_the_newest_record_of_each_key_and_every_offset() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        before, shown = newest(lab.log), lab.shown()
        active = lab.log.segments[-1].base_offset
        await compact(lab)
        assert newest(lab.log) == before
        after = lab.shown()
        assert after.items() <= shown.items()
        assert [offset for offset in after if offset >= active] == list(range(active, 40))
        assert len([offset for offset in after if offset < active]) == 3
        assert (lab.log.start_offset, lab.log.end_offset) == (0, 40)
        first, *_ = lab.log.segments
        assert (first.compacted, first.base_offset, first.end_offset) == (True, 0, active)
        assert lab.log.cleaner.compactions == 1
        assert lab.log.cleaner.removed_records == active - 3

    simulate(main, **COMPACT)


def test_a_read_from_an_offset_that_was_compacted_away_gives_what_follows() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        await compact(lab)
        there = [batch.base_offset for batch in lab.log.batches()]
        for offset in range(40):
            found = [batch.base_offset for batch in lab.log.read(offset, 100_000)]
            assert found == [base for base in there if base >= offset]

    simulate(main, **COMPACT)


def test_what_is_not_committed_is_not_compacted() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        assert not lab.log.clean(0).compacting
        lab.log.advance(20)
        assert lab.log.clean(0).compacting
        await lab.wait()
        last = max(segment.end_offset for segment in lab.log.segments if segment.compacted)
        assert last <= 20
        assert [offset for offset in lab.shown() if offset >= last] == list(range(last, 40))
        assert {"17", "18", "19"} & {value for _, value in lab.shown().values()}

    simulate(main, **COMPACT)


def test_compaction_waits_until_enough_is_new() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 400, keys=100)
        await compact(lab)
        assert not lab.log.clean(0).compacting
        await write_values(lab, 40, keys=100)
        lab.log.advance(lab.log.end_offset)
        assert not lab.log.clean(0).compacting
        await write_values(lab, 400, keys=100)
        await compact(lab)

    simulate(main, **{**COMPACT, "dirty_share": 0.5})


def test_tombstones_stay_for_a_while_and_what_they_deleted_never_comes_back() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(12)
        for number in range(0, 12, 2):
            lab.log.append(batch_of(f"k{number}", value=None, at_us=5 * SECOND), 1, nothing)
        await lab.write(12, start=100)
        await compact(lab, 10 * SECOND)
        kept = {f"k{number}" for number in range(1, 12, 2)}
        tombstones = {key for key, value in lab.shown().values() if value is None}
        assert tombstones == {f"k{number}" for number in range(0, 12, 2)}
        await lab.write(12, start=200)
        await compact(lab, 30 * SECOND)
        assert not [key for key, value in lab.shown().values() if value is None]
        for _ in range(2):
            assert {key for key in newest(lab.log) if key in {f"k{number}" for number in range(12)}} == kept
            await lab.crash()

    simulate(main, **COMPACT, tombstone_ms=10_000)


def test_segments_that_have_become_small_are_put_into_one() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 200, keys=20)
        many = len(lab.log.segments)
        await compact(lab)
        assert len(lab.log.segments) < many / 3
        limit = 256 + 60  # the batch that says where a segment ends may be more than it holds otherwise
        assert all(segment.size_bytes <= limit for segment in lab.log.segments)
        assert len([name for name in lab.disk.names if name.endswith(".log")]) == len(lab.log.segments)
        assert not [name for name in lab.disk.names if name.endswith(".cleaned")]

    simulate(main, **COMPACT)


def test_epochs_and_producers_survive_compaction_and_the_crash_after_it() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(60):
            batch = batch_of("same", value=f"{number}", producer=number % 4, sequence=number // 4)
            lab.log.append(batch, 1 + number // 7, nothing)
        await lab.wait()
        epochs = lab.log.epochs
        await compact(lab)
        for _ in range(2):
            assert lab.log.epochs == epochs
            for producer in range(4):
                assert lab.log.check_sequence(batch_of("k", producer=producer, sequence=15)) is None
                assert lab.log.check_sequence(batch_of("k", producer=producer, sequence=16)) == OUT_OF_ORDER
            await lab.crash()
        assert len(lab.shown()) < 20

    simulate(main, **COMPACT)


def test_a_follower_that_copies_a_compacted_log_ends_where_it_does() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        await compact(lab)
        leader = lab.log
        follower = lab.directory.open(leader.partition._replace(partition=1))
        while follower.end_offset < leader.end_offset:
            follower.copy(leader.read(follower.end_offset, 100), nothing)
        assert list(follower.batches()) == list(leader.batches())
        assert follower.epochs == leader.epochs
        await lab.wait()
        await lab.crash()
        assert follower.end_offset == lab.directory.logs[follower.partition].end_offset == 40

    simulate(main, **COMPACT)


def test_a_full_disk_puts_compaction_off() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        before = lab.shown()
        lab.log.advance(40)
        lab.disk.full = True
        lab.log.clean(0)
        await lab.wait()
        assert lab.shown() == before
        lab.disk.full = False
        assert not lab.log.clean(0).compacting
        await lab.wait(11)
        await compact(lab)
        assert len(lab.shown()) < len(before)

    simulate(main, **COMPACT)


def test_a_disk_that_hangs_lets_reads_and_appends_go_on_during_compaction() -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        before = newest(lab.log)
        lab.log.advance(40)
        lab.disk.hang()
        assert lab.log.clean(0).compacting
        await write_values(lab, 3)
        assert not lab.log.clean(0).compacting
        assert len(lab.shown()) == 43
        lab.disk.resume()
        await lab.wait()
        assert len(lab.shown()) < 43
        assert newest(lab.log) == {**before, "k0": "0", "k1": "1", "k2": "2"}

    simulate(main, **COMPACT)


@pytest.mark.parametrize("cut", ["truncate", "restart"])
def test_a_log_that_is_cut_during_compaction_is_not_touched_by_it(cut: str) -> None:
    async def main(lab: LogLab) -> None:
        await write_values(lab, 40)
        before = lab.shown()
        lab.log.advance(40)
        assert lab.log.clean(0).compacting
        if cut == "truncate":
            lab.log.truncate(10)
        else:
            lab.log.restart(10)
        await write_values(lab, 5)
        expected = {offset: what for offset, what in before.items() if offset < 10 and cut == "truncate"}
        expected.update({10 + number: (f"k{number % 3}", f"{number}") for number in range(5)})
        assert lab.shown() == expected
        await lab.crash()
        assert lab.shown() == expected
        assert not [name for name in lab.disk.names if name.endswith(".cleaned")]

    simulate(main, **COMPACT)


def test_a_power_failure_at_any_step_of_compaction_leaves_a_right_log() -> None:
    """The disk is photographed after each operation; from each picture a broker boots."""
    pictures: list[dict[str, bytes]] = []

    async def main(lab: LogLab) -> tuple[dict[Any, Any], dict[Any, Any]]:
        for number in range(90):
            key, value = f"k{number * 7 % 19}", None if number % 11 == 3 else f"{number}"
            batch = batch_of(key, value=value, producer=number % 3, sequence=number // 3)
            lab.log.append(batch, 1 + number // 10, nothing)
        await lab.wait()
        shown = lab.shown()
        disk, photographed = lab.disk, ("append", "replace", "remove", "truncate", "sync")

        def wrap(name: str) -> None:
            act = getattr(disk, name)

            def wrapped(*args: Any) -> Any:
                result = act(*args)
                pictures.append({name: disk.safe_bytes(name) for name in disk.safe_names})
                return result

            setattr(disk, name, wrapped)

        for name in photographed:
            wrap(name)
        await compact(lab, 100 * SECOND)
        assert lab.log.cleaner.compactions == 1
        assert lab.log.cleaner.removed_records > 40
        assert len(lab.log.segments) > 3
        return shown, newest(lab.log)

    shown, expected = simulate(main, **COMPACT)
    assert len(pictures) > 20

    async def boot(lab: LogLab, picture: dict[str, bytes]) -> None:
        lab.node.crash()
        lab.disk._files = {name: _File(bytearray(content)) for name, content in picture.items()}
        lab.node.start()
        await lab.up()
        assert lab.directory.directory == 1
        assert (lab.log.start_offset, lab.log.end_offset) == (0, 90)
        assert lab.shown().items() <= shown.items()
        assert newest(lab.log) == expected
        assert lab.log.epochs == tuple((1 + number, 10 * number) for number in range(9))
        for producer in range(3):
            assert lab.log.check_sequence(batch_of("k", producer=producer, sequence=30)) is None
        for segment, following in zip(lab.log.segments, lab.log.segments[1:], strict=False):
            assert segment.end_offset == following.base_offset
        await compact(lab, 100 * SECOND)
        assert newest(lab.log) == expected

    for picture in pictures:
        simulate(boot, picture, **COMPACT)
