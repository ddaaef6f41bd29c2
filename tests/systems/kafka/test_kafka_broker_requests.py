"""What a broker answers to clients: produces, fetches, metadata."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playground.kernel.errors import Rejected
from playground.kernel.world import run
from playground.systems.kafka import errors
from playground.systems.kafka.messages import AskMetadata, Fetched, InitProducerId, Produce
from playground.systems.kafka.numbering import BLOCK, ProducerIds
from playground.systems.kafka.records import TopicPartition
from tests.systems.kafka.broker_puppets import BR1, BR2, C0, Puppet, Stage, batch


def play(scene: Callable[[Stage], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        await scene(Stage(**settings))

    run(main)


# --- produces ---------------------------------------------------------------------------------


def test_offsets_are_given_in_the_order_of_arrival() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert [(await stage.produce(batch(), acks="1")).base_offset for _ in range(3)] == [0, 1, 2]

    play(scene)


def test_with_acks_0_nobody_is_asked_and_nobody_answers() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        puppet = stage.world.nodes["c1"].process
        assert puppet is not None
        puppet.find(Puppet).send("br1", Produce("0", ((C0, batch()),)))
        await stage.run()
        assert stage.log.end_offset == 1

    play(scene)


def test_a_numbered_batch_that_comes_twice_stands_there_once() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        first = batch(producer=7, sequence=0)
        assert (await stage.produce(first, acks="1")).base_offset == 0
        assert (await stage.produce(first, acks="1")).base_offset == 0
        assert stage.log.end_offset == 1
        assert (await stage.produce(batch(producer=7, sequence=5), acks="1")).error == errors.OUT_OF_ORDER

    play(scene)


def test_a_duplicate_is_acknowledged_when_the_first_is_committed_and_not_before() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        first = batch(producer=7, sequence=0)
        assert await stage.produce(first) is None
        assert await stage.produce(first) is None
        waiting = stage.told
        await stage.fetch(1)
        await stage.run()
        assert waiting[0].results[0] == (C0, "", 0)

    play(scene)


def test_a_duplicate_of_what_is_not_committed_is_no_reason_to_say_that_it_was_not_appended() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(isr=(BR1,))
        first = batch(producer=7, sequence=0)
        assert (await stage.produce(first, acks="1")).error == ""
        assert (await stage.produce(first)).error == errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND
        await stage.image("br1", 1, (BR1, BR2), 1)
        await stage.fetch(1)
        await stage.image("br1", 1, (BR1,), 2)
        assert (await stage.produce(first)).error == ""

    play(scene)


def test_who_is_asked_for_what_it_does_not_lead_says_so() -> None:
    async def scene(stage: Stage) -> None:
        await stage.image("br2")
        assert (await stage.produce(batch())).error == errors.NOT_LEADER
        assert (await stage.fetch(0, member=None, epoch=-1)).error == errors.NOT_LEADER
        answer = await stage.ask("c1", Produce("all", ((TopicPartition("nothing", 3), batch()),)))
        assert answer.results[0].error == errors.UNKNOWN_TOPIC

    play(scene)


def test_a_compacted_topic_takes_no_message_without_a_key() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert (await stage.produce(batch(), acks="1")).error == errors.BAD_REQUEST
        assert (await stage.produce(batch(key="k"), acks="1")).error == ""

    play(scene, topic={"cleanup": "compact"})


def test_a_produce_of_several_batches_is_answered_when_all_have_an_outcome() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        answer = await stage.ask(
            "c1", Produce("all", ((C0, batch()), (TopicPartition("changes", 9), batch()), (C0, batch())))
        )
        waiting = stage.told
        assert answer is None
        await stage.fetch(1)
        assert not waiting
        await stage.fetch(2)
        await stage.run()
        assert [each.error for each in waiting[0].results] == ["", errors.UNKNOWN_TOPIC, ""]

    play(scene)


def test_what_a_broker_writes_itself_is_waited_for() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        outcomes: list[str] = []

        async def write() -> None:
            try:
                await stage.broker.append_internal(C0, [("k", "v"), ("l", None)])
            except Rejected as error:
                outcomes.append(f"{error.code} {error.definite}")
            else:
                outcomes.append("done")

        stage.broker.spawn(write)
        await stage.run()
        assert outcomes == []
        await stage.fetch(2)
        assert outcomes == ["done"]
        assert [(record.key, record.value) for _, record in stage.log.records()] == [("k", "v"), ("l", None)]
        stage.broker.spawn(write)
        await stage.image("br1", 1, (BR1,), 1)
        stage.broker.spawn(write)
        await stage.image("br2", 2, (BR2,), 2)
        stage.broker.spawn(write)
        await stage.run()
        assert outcomes[1:] == [
            "not-enough-replicas-after-append False",
            "not-enough-replicas True",
            "not-leader True",
        ]

    play(scene)


# --- consumers' fetches --------------------------------------------------------------------------


def test_a_consumer_sees_what_is_committed_and_nothing_else() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch("a"), batch("b"), acks="1")
        assert (await stage.fetch(0, member=None)) == Fetched(())
        await stage.fetch(1)
        told = await stage.fetch(0, member=None)
        assert [each.records[0].value for each in told.batches] == ["a"]
        assert (told.high_watermark, told.start_offset) == (1, 0)

    play(scene)


def test_a_consumers_fetch_waits_until_something_is_committed() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.fetch(0, member=None, wait_ms=10_000) is None
        waiting = stage.told
        await stage.produce(batch("a"), acks="1")
        assert not waiting
        await stage.fetch(1)
        await stage.run()
        assert [each.base_offset for each in waiting[0].partitions[0].batches] == [0]
        assert stage.broker.fetches.waiting == 0

    play(scene)


def test_a_fetch_that_waits_is_answered_when_its_time_is_over_and_when_the_lead_is() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        assert await stage.fetch(0, member=None, wait_ms=100) is None
        waiting = stage.told
        await stage.run(0.2)
        assert waiting == [Fetched(())]
        assert await stage.fetch(0, member=None, wait_ms=10_000) is None
        waiting = stage.told
        await stage.image("br2", 2)
        await stage.run()
        assert waiting[0].partitions[0].error == errors.NOT_LEADER

    play(scene)


def test_offsets_that_there_are_not_are_out_of_range() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch("a"), acks="1")
        told = await stage.fetch(2, member=None)
        assert (told.error, told.start_offset, told.high_watermark) == (errors.OUT_OF_RANGE, 0, 0)
        assert (await stage.fetch(1, member=None)) == Fetched(())  # it may have been committed by another leader

    play(scene)


def test_a_followers_fetch_tells_it_the_high_watermark_when_its_time_is_over() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch("a"), acks="1")
        await stage.fetch(0)
        assert await stage.fetch(1, wait_ms=100) is None
        waiting = stage.told
        await stage.run(0.2)
        assert waiting[0].partitions[0].high_watermark == 1

    play(scene)


def test_a_follower_has_one_fetch_waiting_at_a_time() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        for _ in range(5):
            assert await stage.fetch(0, wait_ms=10_000) is None
        assert stage.broker.fetches.waiting == 1

    play(scene)


# --- the rest ------------------------------------------------------------------------------------------


def test_any_broker_tells_the_newest_image() -> None:
    async def scene(stage: Stage) -> None:
        await stage.image("br2", 5)
        image = await stage.ask("c1", AskMetadata())
        assert image.topics["changes"][0].leader_epoch == 5

    play(scene)


def test_without_the_ensemble_there_are_no_producer_ids() -> None:
    async def scene(stage: Stage) -> None:
        await stage.image("br2")
        answer = await stage.ask("c1", InitProducerId())
        assert isinstance(answer, Rejected)
        assert answer.code == errors.UNAVAILABLE

    play(scene)


def test_producer_ids_are_taken_by_the_block_and_given_away_once() -> None:
    blocks: list[int] = []

    async def take(count: int) -> range:
        blocks.append(count)
        return range(1_000 * len(blocks), 1_000 * len(blocks) + count)

    async def main() -> list[int]:
        ids = ProducerIds(take)
        return [await ids.next() for _ in range(BLOCK + 1)]

    found = run(main)
    assert found == [*range(1_000, 1_000 + BLOCK), 2_000]
    assert blocks == [BLOCK, BLOCK]


def test_work_is_what_was_appended_and_handed_out() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led()
        await stage.produce(batch("a"), acks="1")
        work: list[Any] = [stage.broker.take_work()]
        await stage.fetch(0)
        await stage.fetch(1)
        await stage.fetch(0, member=None)
        work += [stage.broker.take_work(), stage.broker.take_work()]
        assert work == [1, 2, 0]

    play(scene)
