"""What a leader counts, and what is committed: one broker, everybody else played by the test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playground.kernel.errors import Rejected
from playground.kernel.world import run
from playground.systems.kafka import errors
from playground.systems.kafka.image import Member
from playground.systems.kafka.messages import Altered, AlterPartition
from tests.systems.kafka.broker_puppets import BR1, BR2, BR3, Stage, batch


def play(scene: Callable[[Stage], Awaitable[None]], min_insync: int = 2, **settings: Any) -> None:
    async def main() -> None:
        await scene(Stage(min_insync=min_insync, **settings))

    run(main)


def granted(request: AlterPartition) -> Altered:
    return Altered(request.version + 1)


def refused(_request: AlterPartition) -> Rejected:
    return Rejected(errors.INELIGIBLE, "it is not there")


def isrs(stage: Stage) -> list[tuple[str, ...]]:
    return [tuple(member.name for member in request.isr) for request in stage.altering]


# --- the high watermark -----------------------------------------------------------------------


def test_committed_is_what_everybody_in_sync_has_fetched() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1, BR2, BR3))
        assert await stage.produce(batch()) is None
        waiting = stage.told
        await stage.fetch(1)
        assert stage.log.high_watermark == 0
        await stage.fetch(1, member=BR3)
        await stage.run()
        assert stage.log.high_watermark == 1
        assert [answer.results[0].base_offset for answer in waiting] == [0]

    play(scene)


def test_an_unsynced_copy_of_the_leader_does_not_count() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        stage.node.disk.hang()
        assert await stage.produce(batch(), acks="1") is None
        await stage.fetch(1)
        assert stage.log.high_watermark == 0
        stage.node.disk.resume()
        await stage.run()
        assert stage.log.high_watermark == 1
        assert stage.told[0].results[0].error == ""

    play(scene)


def test_with_flush_later_memory_counts() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        stage.node.disk.hang()
        assert (await stage.produce(batch(), acks="1")).error == ""
        await stage.fetch(1)
        assert stage.log.high_watermark == 1

    play(scene, flush="later")


def test_nothing_is_committed_while_too_few_are_in_sync() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1,))
        assert (await stage.produce(batch())).error == errors.NOT_ENOUGH_REPLICAS
        assert stage.log.end_offset == 0
        assert (await stage.produce(batch(), acks="1")).error == ""
        assert (stage.log.end_offset, stage.log.high_watermark) == (1, 0)
        await stage.image("br1", 1, (BR1, BR2), 1)
        await stage.fetch(1)
        assert stage.log.high_watermark == 1

    play(scene)


def test_who_waits_when_the_set_becomes_too_small_is_told_that_it_was_appended() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.produce(batch()) is None
        waiting = stage.told
        await stage.image("br1", 1, (BR1,), 1)
        await stage.run()
        assert [answer.results[0].error for answer in waiting] == [errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND]
        assert (stage.log.end_offset, stage.log.high_watermark) == (1, 0)

    play(scene)


def test_who_waits_too_long_is_told_so() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.produce(batch()) is None
        waiting = stage.told
        await stage.run(1.8)
        assert [answer.results[0].error for answer in waiting] == [errors.REQUEST_TIMED_OUT]
        assert stage.leading.waiting == 0

    play(scene)


def test_who_waits_when_the_leader_is_deposed_is_told_that_nobody_knows() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.produce(batch()) is None
        waiting = stage.told
        await stage.image("br2", 2, (BR2,), 1)
        await stage.run()
        assert [answer.results[0].error for answer in waiting] == [errors.REQUEST_TIMED_OUT]
        assert (await stage.produce(batch())).error == errors.NOT_LEADER

    play(scene)


# --- fetches that count, and such that do not ----------------------------------------------------


def test_a_late_fetch_of_an_earlier_life_counts_for_nothing() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.produce(batch("a"), batch("b")) is None
        stage.incarnations["br2"] = 2
        await stage.image("br1", 1, (BR1, BR2), 1)
        await stage.fetch(2, life=1)
        assert stage.log.high_watermark == 0
        await stage.fetch(1, life=2)
        assert stage.log.high_watermark == 1
        await stage.fetch(2, life=1)
        assert stage.log.high_watermark == 1

    play(scene)


def test_what_an_earlier_life_had_does_not_count_for_the_next_one() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1, BR2, BR3))
        assert await stage.produce(batch()) is None
        await stage.fetch(1)
        stage.incarnations["br2"] = 2
        await stage.image("br1", 1, (BR1, BR2, BR3), 1)
        await stage.fetch(1, member=BR3)
        assert stage.log.high_watermark == 0
        await stage.fetch(1, life=2)
        assert stage.log.high_watermark == 1

    play(scene, flush="later")


def test_another_disk_is_another_member() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.produce(batch()) is None
        await stage.fetch(1, member=Member("br2", 7), life=7)
        assert stage.log.high_watermark == 0

    play(scene)


def test_a_fetch_of_a_log_that_parts_from_this_one_counts_for_nothing_and_is_told_where() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(epoch=1)
        await stage.produce(batch("a"), acks="1")
        await stage.image("br1", 4, (BR1, BR2), 1)
        await stage.produce(batch("b"), acks="1")
        told = await stage.fetch(2, epoch=4, last_epoch=3)
        assert told.diverging == (1, 1)
        assert not told.batches
        assert stage.log.high_watermark == 0
        told = await stage.fetch(5, epoch=4, last_epoch=1)
        assert told.diverging == (1, 1)
        told = await stage.fetch(1, epoch=4, last_epoch=1)
        assert told.diverging is None
        assert [each.base_offset for each in told.batches] == [1]
        assert stage.log.high_watermark == 1

    play(scene)


def test_a_log_that_ends_in_an_epoch_that_is_deleted_here_has_to_begin_anew() -> None:
    """It may hold what a leader of that epoch wrote and nobody else ever had, where this log had something else."""

    async def scene(stage: Stage) -> None:
        await stage.led(epoch=4)
        await stage.produce(batch("a"), batch("b"), acks="1")
        await stage.fetch(2, epoch=4)
        stage.log.roll()
        stage.log.forget(1)
        assert (stage.log.start_offset, stage.log.end_offset) == (2, 2)
        assert (await stage.fetch(2, epoch=4, last_epoch=1)).diverging == (-1, 2)
        await stage.produce(batch("c"), acks="1")
        told = await stage.fetch(2, epoch=4, last_epoch=-1)
        assert (told.diverging, [each.base_offset for each in told.batches]) == (None, [2])

    play(scene)


def test_an_epoch_without_messages_makes_no_difference() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(epoch=1)
        await stage.produce(batch("a"), acks="1")
        for epoch in (2, 3):
            await stage.image("br1", epoch, (BR1, BR2), epoch)
        told = await stage.fetch(1, epoch=3)
        assert (told.error, told.diverging) == ("", None)
        assert stage.log.high_watermark == 1

    play(scene)


def test_readers_of_another_leader_epoch_are_refused() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(epoch=3)
        for member in (BR2, None):
            assert (await stage.fetch(0, member=member, epoch=2)).error == errors.FENCED_LEADER_EPOCH
            assert (await stage.fetch(0, member=member, epoch=4)).error == errors.UNKNOWN_LEADER_EPOCH
        assert (await stage.fetch(0, member=None, epoch=-1)).partitions == ()

    play(scene)


# --- the in-sync set ---------------------------------------------------------------------------------


def test_who_lags_is_left_out_and_counts_until_that_is_confirmed() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1, BR2, BR3))
        assert await stage.produce(batch()) is None
        await stage.fetch(1)
        await stage.run(1.7)
        assert not stage.altering
        await stage.run(1.5)
        assert set(isrs(stage)) == {("br1", "br2")}
        assert stage.log.high_watermark == 0
        stage.alter = granted
        await stage.run(1.0)
        assert stage.log.high_watermark == 1
        said = next(entry for entry in stage.world.journal.entries if entry.kind == "isr")
        assert said.text.startswith("changes-0: br3 is out of sync: behind for")
        assert dict(said.data)["left"] == "br3"

    play(scene)


def test_who_lacks_nothing_stays_in_sync_however_long_nothing_is_written() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch(), acks="1")
        await stage.fetch(1)
        await stage.run(10)
        assert not stage.altering

    play(scene)


def test_who_has_caught_up_is_proposed_and_counts_from_then_on() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1,))
        await stage.produce(batch("a"))
        assert stage.log.high_watermark == 1
        await stage.fetch(0)
        assert not stage.altering
        await stage.fetch(1)
        assert isrs(stage) == [("br1", "br2")]
        assert await stage.produce(batch("b")) is None  # perhaps it is in sync by now, only the answer was lost
        waiting = stage.told
        assert stage.log.high_watermark == 1
        await stage.fetch(2)
        await stage.run()
        assert len(waiting) == 1
        assert stage.log.high_watermark == 2

    play(scene, min_insync=1)


def test_a_proposal_stops_counting_when_the_version_has_changed() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1,))
        await stage.fetch(0)
        assert isrs(stage) == [("br1", "br2")]
        assert await stage.produce(batch("a"), acks="all") is None
        await stage.run(3)  # it lags now, and is not wanted any more: only the old proposal stands in the way
        assert stage.log.high_watermark == 0
        assert isrs(stage)[-1] == ("br1",)
        stage.alter = granted
        await stage.run(1)
        assert stage.log.high_watermark == 1

    play(scene, min_insync=1)


def test_nobody_is_proposed_who_lacks_what_this_leader_began_with() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1, BR2))
        await stage.produce(batch("a"), acks="1")  # not committed, but it may be by the next leader's count
        await stage.image("br1", 2, (BR1, BR2), 1)
        await stage.fetch(0, member=BR3, epoch=2)
        assert not stage.altering
        await stage.fetch(1, member=BR3, epoch=2)
        assert isrs(stage) == [("br1", "br2", "br3")]

    play(scene)


def test_nobody_is_proposed_who_is_not_registered_with_this_life_and_disk() -> None:
    async def scene(stage: Stage) -> None:
        stage.incarnations["br3"] = 0
        await stage.led()
        await stage.fetch(0, member=BR3)
        assert not stage.altering
        stage.incarnations["br3"] = 2
        await stage.image("br1")
        await stage.fetch(0, member=BR3, life=2)
        assert isrs(stage) == [("br1", "br2", "br3")]

    play(scene)


def test_a_refused_proposal_is_tried_again() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        stage.alter = refused
        await stage.fetch(0, member=BR3)
        await stage.run(1)
        assert len(stage.altering) > 2
        assert len(stage.leading.isr) == 2
        stage.alter = granted
        await stage.run(1)
        assert len(stage.leading.isr) == 3

    play(scene)


def test_a_leader_that_was_frozen_looks_first_at_what_has_come_meanwhile() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch(), acks="1")
        await stage.run(0.4)
        stage.node.freeze()
        await stage.run(3)
        await stage.fetch(1, wait_ms=500)
        await stage.run(1)
        stage.node.thaw()
        await stage.run(1)
        assert not stage.altering

    play(scene)


# --- a leader whose disk takes nothing ------------------------------------------------------------------


def test_a_leader_whose_disk_hangs_for_long_resigns() -> None:
    async def scene(stage: Stage) -> None:
        stage.alter = granted
        await stage.led(isr=(BR1, BR2, BR3))
        stage.node.disk.hang()
        assert await stage.produce(batch()) is None
        for _ in range(10):
            await stage.run(0.3)
            if stage.replica.leading is None:
                break
            await stage.fetch(1)
            await stage.fetch(1, member=BR3)
        assert isrs(stage) == [("br2", "br3")]
        assert stage.replica.leading is None

    play(scene)


def test_a_leader_that_resigns_leaves_the_lead_to_those_who_were_in_sync_already() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        stage.node.disk.hang()
        assert await stage.produce(batch()) is None
        for _ in range(10):
            await stage.run(0.3)
            await stage.fetch(1)
        assert set(isrs(stage)) == {("br2",)}
        for _ in range(4):
            await stage.run(0.3)
            await stage.fetch(1)
            await stage.fetch(1, member=BR3)
        assert set(isrs(stage)) == {("br2",)}, "br3 has caught up, but is not in sync before the controller says so"

    play(scene)


def test_a_leader_whose_disk_is_full_says_so_and_resigns_if_that_lasts() -> None:
    async def scene(stage: Stage) -> None:
        stage.alter = granted
        await stage.led()
        await stage.fetch(0)
        stage.node.disk.full = True
        assert (await stage.produce(batch())).error == errors.STORAGE
        await stage.run(1)
        assert not stage.altering
        await stage.run(2)
        assert isrs(stage) == [("br2",)]

    play(scene)


def test_a_leader_whose_disk_was_full_for_a_moment_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        stage.alter = granted
        await stage.led()
        stage.node.disk.full = True
        assert (await stage.produce(batch())).error == errors.STORAGE
        stage.node.disk.full = False
        await stage.produce(batch(), acks="1")
        await stage.fetch(1)
        await stage.run(4)
        assert not stage.altering

    play(scene)


def test_a_leader_that_nobody_can_replace_stays_whatever_its_disk_does() -> None:
    async def scene(stage: Stage) -> None:
        stage.alter = granted
        await stage.led(isr=(BR1,))
        stage.node.disk.hang()
        await stage.produce(batch(), acks="1")
        await stage.run(5)
        assert not stage.altering
        assert stage.replica.leading is not None

    play(scene)
