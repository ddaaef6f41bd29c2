"""What a broker finds on its disk when it boots: torn ends, damage, a number for the disk, high watermarks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.kafka.directory import HIGH_WATERMARKS, META, held
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.segment import file_names
from tests.systems.kafka.kafka_log_lab import PARTITION, LogLab, batch_of, nothing, simulate


def flip(lab: LogLab, name: str, at: int) -> None:
    """Damage one bit of what was safe."""
    lab.disk._files[name].safe[at] ^= 1


def test_a_disk_gets_a_number_and_keeps_it() -> None:
    async def main(lab: LogLab) -> None:
        assert lab.directory.directory == 1
        await lab.write(1)
        for tail in ("lost", "torn"):
            lab.log.append(batch_of("k"), 1, nothing)
            await lab.crash(tail)
            assert lab.directory.directory == 1
        await lab.crash(lose_disk=True)
        assert lab.directory.directory == 4
        assert lab.directory.logs == {}
        await lab.crash()
        assert lab.directory.directory == 4

    simulate(main)


def test_a_disk_with_an_unreadable_number_gets_another_and_keeps_its_logs() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        flip(lab, META, 9)
        await lab.crash()
        assert lab.directory.directory == 2
        assert lab.log.end_offset == 3

    simulate(main)


def test_a_torn_end_is_cut_off_and_is_no_damage() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        lab.log.append(batch_of("torn"), 1, nothing)
        await lab.crash("torn")
        assert lab.log.end_offset == 3
        assert lab.directory.directory == 1
        assert not lab.alerts()
        await lab.write(2)
        await lab.crash()
        assert lab.log.end_offset == 5

    simulate(main)


def test_a_damaged_log_ends_before_the_damage_and_the_disk_counts_as_another() -> None:
    async def main(lab: LogLab, segment: int) -> None:
        await lab.write(30)
        offset = lab.log.segments[segment].base_offset + 1
        name = file_names(PARTITION, offset - 1)[0]
        flip(lab, name, 60)
        assert len(held(lab.disk, PARTITION)) == offset
        lab.directory.open(TopicPartition("changes", 1)).append(batch_of("k"), 1, nothing)
        await lab.wait()
        await lab.crash()
        assert lab.log.end_offset == offset
        assert lab.directory.logs[TopicPartition("changes", 1)].end_offset == 1
        assert lab.directory.directory == 2
        assert len(lab.alerts()) == 1
        await lab.write(3)
        await lab.crash()
        assert lab.log.end_offset == offset + 3
        assert lab.directory.directory == 2

    for segment in (0, 1, -1):
        simulate(main, segment, segment_bytes=256)


def test_the_last_record_that_was_safe_is_damage_too() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        name = file_names(PARTITION, 0)[0]
        flip(lab, name, lab.disk.size_bytes(name) - 1)
        await lab.crash()
        assert lab.log.end_offset == 2
        assert lab.directory.directory == 2

    simulate(main)


def test_the_new_number_is_safe_before_a_damaged_log_is_cut() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        flip(lab, file_names(PARTITION, 0)[0], 60)
        lab.node.crash()
        lab.disk.full = True
        lab.node.start()
        await lab.wait(3)
        assert lab.node.life.value == "booting"
        lab.node.crash()
        lab.disk.full = False
        lab.node.start()
        await lab.up()
        assert lab.directory.directory == 3
        assert lab.log.end_offset == 1

    simulate(main)


def test_a_disk_that_cannot_be_read_is_tried_until_it_can() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(3)
        lab.node.crash()
        lab.disk.failing_reads = True
        lab.node.start()
        await lab.wait(5)
        assert lab.node.life.value == "booting"
        lab.disk.failing_reads = False
        await lab.up()
        assert lab.log.end_offset == 3
        assert lab.directory.directory == 1

    simulate(main)


def test_segments_after_one_whose_end_was_lost_are_dropped_and_that_is_no_damage() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(2)
        lab.disk.hang()
        for _ in range(10):
            lab.log.append(batch_of("k"), 1, nothing)
        begun = [segment.base_offset for segment in lab.log.segments]
        assert begun[1:]
        lab.node.crash(tail="lost")
        assert file_names(PARTITION, begun[-1])[0] in lab.disk.names
        lab.disk.resume()
        lab.node.start()
        await lab.up()
        assert lab.log.end_offset == 2
        assert len(lab.log.segments) == 1
        assert lab.directory.directory == 1
        await lab.write(20)
        await lab.crash()
        assert lab.log.end_offset == 22

    simulate(main, segment_bytes=256)


def test_high_watermarks_come_back_but_never_above_the_log() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(10)
        lab.log.advance(6)
        lab.directory.checkpoint()
        lab.log.advance(9)
        await lab.wait()
        await lab.crash()
        assert lab.log.high_watermark == 6
        lab.log.truncate(4)
        lab.directory.checkpoint()
        await lab.wait()
        await lab.crash()
        assert lab.log.high_watermark == 4
        flip(lab, HIGH_WATERMARKS, 9)
        await lab.crash()
        assert lab.log.high_watermark == 0
        assert lab.directory.directory == 1

    simulate(main)


@pytest.mark.parametrize("late", [False, True])
def test_a_high_watermark_that_fell_is_not_on_the_disk_any_more(late: bool) -> None:
    """A log that has grown again since must not count as committed where it is not."""

    async def main(lab: LogLab) -> None:
        await lab.write(10)
        lab.log.advance(10)
        if late:
            lab.disk.hang()
        lab.directory.checkpoint()
        await lab.wait()
        lab.log.truncate(4)
        lab.disk.resume()
        await lab.write(6)
        await lab.crash()
        assert lab.log.end_offset == 10
        assert lab.log.high_watermark <= 4

    simulate(main)


def test_a_high_watermark_above_what_a_boot_finds_is_not_believed_by_the_next_one_either() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(10)
        lab.log.advance(10)
        lab.directory.checkpoint()
        await lab.wait()
        await lab.crash()
        assert (lab.log.end_offset, lab.log.high_watermark) == (0, 0)
        await lab.write(10)
        await lab.wait(10)
        await lab.crash()
        assert (lab.log.end_offset, lab.log.high_watermark) == (10, 0)

    simulate(main, kafka={"flush": "later"})


def test_a_checkpoint_survives_a_full_disk_and_one_that_hangs() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(10)
        for mark, fault in ((2, "full"), (3, "hangs"), (4, "")):
            lab.log.advance(mark)
            lab.disk.full = fault == "full"
            if fault == "hangs":
                lab.disk.hang()
            lab.directory.checkpoint()
            await lab.wait()
            lab.directory.checkpoint()
            lab.disk.full = False
            await lab.wait()
        lab.log.advance(5)
        lab.directory.checkpoint()
        lab.disk.resume()
        await lab.wait()
        lab.directory.checkpoint()
        before = lab.disk.stats.syncs
        lab.directory.checkpoint()
        await lab.wait()
        assert lab.disk.stats.syncs == before + 1
        lab.directory.checkpoint()
        await lab.wait()
        assert lab.disk.stats.syncs == before + 1
        await lab.crash()
        assert lab.log.high_watermark == 5

    simulate(main)


def test_a_lying_disk_shows_after_a_power_failure_what_it_was_before_it_lied() -> None:
    async def main(lab: LogLab) -> None:
        await lab.write(10)
        lab.disk.lying = True
        await lab.write(30)
        assert lab.log.synced_offset == 40
        assert len(held(lab.disk, PARTITION)) == 10
        await lab.crash()
        assert lab.log.end_offset == 10
        assert lab.directory.directory == 1

    simulate(main, segment_bytes=256)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40 * 60), st.integers(0, 7))
def test_any_damaged_bit_leaves_a_beginning_of_the_log_or_is_noticed(at: int, bit: int) -> None:
    """The one thing that cannot be told from a torn end is damage to the length and to the rest of the last record."""

    async def main(lab: LogLab) -> None:
        await lab.write(40)
        whole = list(lab.log.batches())
        names = [name for name in lab.disk.names if name.endswith(".log")]
        place = at % sum(lab.disk.size_bytes(name) for name in names)
        for name in names:
            if place < lab.disk.size_bytes(name):
                lab.disk._files[name].safe[place] ^= 1 << bit
                break
            place -= lab.disk.size_bytes(name)
        await lab.crash()
        found = list(lab.log.batches())
        assert found == whole[: len(found)]
        assert len(found) < len(whole)
        assert lab.directory.directory == 2

    simulate(main, segment_bytes=512)
