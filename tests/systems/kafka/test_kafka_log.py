"""The log of one partition: places, syncs, reads through the index, cuts; what the disk refuses or puts off."""

from __future__ import annotations

import pytest

from playground.kernel.errors import DiskFull
from playground.systems.kafka.directory import held
from playground.systems.kafka.records import Batch
from tests.systems.kafka.kafka_log_lab import PARTITION, LogLab, batch_of, nothing, simulate


def test_a_leader_gives_each_batch_the_next_offsets_and_its_epoch() -> None:
    async def main(lab: LogLab) -> None:
        placed = [lab.log.append(batch_of(*keys), 3, nothing) for keys in ("ab", "c", "def")]
        assert [(each.base_offset, each.next_offset, each.leader_epoch) for each in placed] == [
            (0, 2, 3),
            (2, 3, 3),
            (3, 6, 3),
        ]
        assert [record.key for _, record in lab.log.records()] == list("abcdef")
        assert [offset for offset, _ in lab.log.records()] == list(range(6))

    simulate(main)


def test_what_comes_while_a_sync_is_under_way_shares_the_next_one() -> None:
    async def main(lab: LogLab) -> None:
        told: list[tuple[int, int]] = []
        before = lab.disk.stats.syncs
        for number in range(10):
            lab.log.append(batch_of("k"), 1, lambda number=number: told.append((number, lab.log.synced_offset)))
        assert lab.log.synced_offset == 0
        await lab.wait()
        assert lab.disk.stats.syncs == before + 2
        assert told == [(0, 1), *((number, 10) for number in range(1, 10))]

    simulate(main)


def test_a_closed_segment_is_synced_before_what_follows_it() -> None:
    async def main(lab: LogLab) -> None:
        safe: list[int] = []
        for _ in range(20):
            lab.log.append(batch_of("k"), 1, lambda: safe.append(lab.log.synced_offset))
        assert len(lab.log.segments) > 2
        while lab.log.synced_offset < 20:
            await lab.wait(0.0001)
            assert len(held(lab.disk, PARTITION)) >= lab.log.synced_offset
        assert len(safe) == 20
        assert safe == sorted(safe)

    simulate(main, segment_bytes=256)


def test_with_flush_later_the_disk_is_asked_only_after_the_interval() -> None:
    async def main(lab: LogLab) -> None:
        told: list[int] = []
        for number in range(5):
            lab.log.append(batch_of("k"), 1, lambda number=number: told.append(number))
            await lab.wait(0.1)
        assert lab.log.synced_offset == 0
        assert not told
        await lab.wait(1)
        assert lab.log.synced_offset == 5
        assert told == [0, 1, 2, 3, 4]
        lab.log.append(batch_of("k"), 1, lambda: told.append(5))
        await lab.wait(0.9)
        assert 5 not in told
        await lab.wait(0.2)
        assert 5 in told

    simulate(main, kafka={"flush": "later", "flush_ms": 1_000})


def test_with_flush_later_a_power_failure_takes_what_was_appended_since() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        await lab.wait(1)
        await lab.write(2)
        await lab.crash()
        assert lab.log.end_offset == lab.log.synced_offset == 3

    simulate(main, kafka={"flush": "later", "flush_ms": 1_000})


def test_a_full_disk_refuses_an_append_and_nothing_of_it_is_there() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        lab.disk.full = True
        batch = batch_of("x", producer=1, sequence=0)
        with pytest.raises(DiskFull):
            lab.log.append(batch, 7, nothing)
        assert (lab.log.end_offset, lab.log.last_epoch) == (3, 1)
        assert lab.log.check_sequence(batch) is None
        lab.disk.full = False
        assert lab.log.append(batch, 7, nothing).base_offset == 3
        await lab.wait()
        await lab.crash()
        assert lab.log.end_offset == 4

    simulate(main)


def test_a_segment_that_cannot_be_begun_refuses_the_append_too() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(6)
        assert len(lab.log.segments) == 1
        lab.disk.full = True
        with pytest.raises(DiskFull):
            lab.log.append(batch_of("k" * 100), 1, nothing)
        assert len(lab.log.segments) == 1
        lab.disk.full = False
        await lab.write(1)
        assert lab.log.end_offset == 7

    simulate(main, segment_bytes=256)


def test_a_follower_keeps_the_batches_before_the_one_that_had_no_room() -> None:
    async def main(lab: LogLab) -> None:
        batches = [batch_of("k")._replace(base_offset=offset, leader_epoch=1) for offset in range(3)]
        lab.disk.capacity_bytes = lab.disk.used_bytes + 2 * len(batches[0].encode()) + 20
        told: list[int] = []
        with pytest.raises(DiskFull):
            lab.log.copy(batches, lambda: told.append(1))
        assert lab.log.end_offset == 2
        await lab.wait()
        assert lab.log.synced_offset == 2
        assert not told

    simulate(main)


def test_a_disk_that_hangs_puts_off_what_is_told_and_a_power_failure_takes_it() -> None:
    async def main(lab: LogLab) -> None:
        lab.disk.hang()
        told: list[int] = []
        lab.log.append(batch_of("k"), 1, lambda: told.append(1))
        await lab.wait(5)
        assert not told
        assert len(lab.log.read(0, 1_000)) == 1
        lab.disk.resume()
        await lab.wait()
        assert told
        lab.disk.hang()
        lab.log.append(batch_of("k"), 1, nothing)
        lab.disk.resume()
        await lab.crash()
        assert lab.log.end_offset == 1

    simulate(main)


def test_a_read_gives_whole_batches_up_to_a_size_and_an_end_but_at_least_one() -> None:
    async def main(lab: LogLab) -> None:
        for keys in ("abc", "d", "ef", "g"):
            lab.log.append(batch_of(*keys), 1, nothing)

        def found(*what: int) -> list[int]:
            return [batch.base_offset for batch in lab.log.read(*what)]

        assert found(0, 10_000) == [0, 3, 4, 6]
        assert found(1, 10_000) == [0, 3, 4, 6]
        assert found(4, 10_000) == [4, 6]
        assert found(0, 1) == [0]
        assert found(0, 10_000, 6) == [0, 3, 4]
        assert found(0, 10_000, 5) == [0, 3]
        assert found(0, 10_000, 2) == []
        assert found(7, 10_000) == []
        assert found(100, 10_000) == []

    simulate(main, segment_bytes=256)


def test_the_index_bounds_how_much_a_read_looks_through() -> None:
    async def looked_at(lab: LogLab) -> int:
        for number in range(200):
            lab.log.append(batch_of(f"k{number}"), 1, nothing)
        for offset in range(200):
            assert lab.log.read(offset, 1)[0].base_offset == offset
        return lab.log.scanned

    sparse = simulate(looked_at, segment_bytes=100_000, index_bytes=1_000)
    none = simulate(looked_at, segment_bytes=100_000, index_bytes=100_000)
    assert none == 200 * 201 // 2
    assert sparse <= 200 * (1_000 // 30)
    assert sparse < none / 5


def test_indexes_are_files_as_well_and_are_made_anew_from_the_log() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(44)
        entries = [segment.index_entries for segment in lab.log.segments]
        assert any(entries)
        for _ in range(2):
            indexes = [name for name in lab.disk.names if name.endswith(".index")]
            assert sum(lab.disk.size_bytes(name) for name in indexes) == 16 * sum(entries)
            lab.log.truncate(lab.log.end_offset - 3)
            assert sum(entries) > sum(segment.index_entries for segment in lab.log.segments)
            entries = [segment.index_entries for segment in lab.log.segments]
        await lab.crash()
        assert [segment.index_entries for segment in lab.log.segments] == entries
        assert [name for name in lab.disk.names if name.endswith(".index")] == indexes

    simulate(main, segment_bytes=1_000, index_bytes=100)


def test_a_truncation_is_durable_and_the_high_watermark_falls_with_the_end() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(20)
        lab.log.advance(15)
        assert lab.log.truncate(9) == 11
        assert (lab.log.end_offset, lab.log.synced_offset, lab.log.high_watermark) == (9, 9, 9)
        await lab.crash()
        assert lab.log.end_offset == 9
        assert lab.log.truncate(9) == lab.log.truncate(50) == 0
        await lab.write(3, start=100)
        await lab.crash()
        assert [record.key for _, record in lab.log.records()][8:] == ["k8", "k100", "k101", "k102"]

    simulate(main, segment_bytes=256)


def test_a_truncation_takes_the_whole_batch_that_holds_the_offset() -> None:
    async def main(lab: LogLab) -> None:
        lab.log.append(batch_of("a"), 1, nothing)
        lab.log.append(batch_of("b", "c", "d"), 1, nothing)
        assert lab.log.truncate(2) == 3
        assert lab.log.end_offset == 1

    simulate(main)


def test_what_is_cut_off_before_it_is_safe_is_never_told_and_the_rest_is() -> None:
    async def main(lab: LogLab) -> None:
        told: list[int] = []
        for number in range(12):
            lab.log.append(batch_of("k"), 1, lambda number=number: told.append(number))
        lab.log.truncate(8)
        assert len(held(lab.disk, PARTITION)) == 8
        lab.log.append(batch_of("new"), 2, lambda: told.append(100))
        await lab.wait()
        assert told == [*range(8), 100]
        assert lab.log.synced_offset == 9
        await lab.crash()
        assert lab.log.end_offset == 9

    for flush in ("each", "later"):
        simulate(main, kafka={"flush": flush, "flush_ms": 10}, segment_bytes=256)


def test_a_sync_that_was_under_way_at_a_truncation_says_nothing_about_what_came_after() -> None:
    async def main(lab: LogLab) -> None:
        lab.disk.hang()
        lab.log.append(batch_of("a", "b", "c"), 1, nothing)
        lab.log.truncate(0)
        lab.log.append(batch_of("d"), 1, nothing)
        lab.log.append(batch_of("e" * 500), 1, nothing)
        lab.disk.resume()
        while lab.log.synced_offset < 2:
            assert len(held(lab.disk, PARTITION)) >= lab.log.synced_offset
            await lab.wait(0.0001)
        assert [batch.records[0].key for batch in held(lab.disk, PARTITION)] == ["d", "e" * 500]

    simulate(main)


def test_a_log_can_begin_anew_anywhere_and_remembers_where() -> None:
    async def main(lab: LogLab, full: bool) -> None:
        await lab.write(20, producer=-1)
        lab.log.advance(10)
        lab.disk.full = full
        assert lab.log.restart(1_000) == 20
        log = lab.log
        assert (log.start_offset, log.high_watermark, log.end_offset, log.last_epoch) == (1_000, 1_000, 1_000, -1)
        await lab.crash()
        lab.disk.full = False
        assert (lab.log.start_offset, lab.log.end_offset) == (1_000, 1_000)
        await lab.write(1)
        await lab.crash()
        assert list(lab.shown()) == [1_000]
        assert lab.log.truncate(500) == 1
        assert (lab.log.start_offset, lab.log.end_offset) == (500, 500)

    for full in (False, True):
        simulate(main, full, segment_bytes=256)


def test_a_log_that_is_begun_on_a_full_disk_works_as_soon_as_there_is_room() -> None:
    async def main(lab: LogLab) -> None:
        lab.disk.full = True
        with pytest.raises(DiskFull):
            lab.log.append(batch_of("k"), 1, nothing)
        lab.log.restart(7)
        lab.disk.full = False
        assert lab.log.append(batch_of("k"), 1, nothing).base_offset == 7
        await lab.wait()
        await lab.crash()
        assert list(lab.shown()) == [7]

    simulate(main)


def test_epochs_tell_where_logs_part() -> None:
    async def main(lab: LogLab) -> None:
        assert lab.log.end_of_epoch(5) == (-1, 0)
        for epoch, count in ((2, 3), (4, 2), (7, 4)):
            await lab.write(count, epoch=epoch)
        assert lab.log.epochs == ((2, 0), (4, 3), (7, 5))
        assert lab.log.end_of_epoch(1) == (-1, 0)
        assert lab.log.end_of_epoch(2) == lab.log.end_of_epoch(3) == (2, 3)
        assert lab.log.end_of_epoch(6) == (4, 5)
        assert lab.log.end_of_epoch(7) == lab.log.end_of_epoch(99) == (7, 9)
        lab.log.truncate(4)
        assert lab.log.end_of_epoch(99) == (4, 4)
        await lab.crash()
        assert lab.log.epochs == ((2, 0), (4, 3))
        lab.log.truncate(3)
        assert lab.log.last_epoch == 2

    simulate(main)


def test_the_high_watermark_stays_between_start_and_end() -> None:
    async def main(lab: LogLab) -> None:
        lab.log.advance(100)
        assert lab.log.high_watermark == 0
        await lab.write(5)
        lab.log.advance(3)
        lab.log.advance(2)
        assert lab.log.high_watermark == 3
        lab.log.advance(100)
        assert lab.log.high_watermark == 5

    simulate(main)


def test_a_follower_may_copy_over_gaps_but_never_what_it_has() -> None:
    async def main(lab: LogLab) -> None:
        def at(offset: int) -> Batch:
            return batch_of(f"k{offset}")._replace(base_offset=offset, leader_epoch=1)

        lab.log.copy([at(0), at(5), at(90)], nothing)
        lab.log.copy([], nothing)
        await lab.wait()
        await lab.crash()
        assert list(lab.shown()) == [0, 5, 90]
        assert [batch.base_offset for batch in lab.log.read(1, 1_000)] == [5, 90]
        with pytest.raises(AssertionError):
            lab.log.copy([at(90)], nothing)

    simulate(main)
