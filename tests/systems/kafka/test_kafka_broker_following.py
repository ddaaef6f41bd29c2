"""A follower, message by message: what it asks for, copies, cuts off, and does not believe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.kernel.world import run
from playground.systems.kafka import errors
from playground.systems.kafka.image import NO_IMAGE
from playground.systems.kafka.messages import Fetch, Fetched, FetchedOf, FetchFrom
from playground.systems.kafka.records import Batch
from tests.systems.kafka.broker_puppets import BR1, BR2, BR3, C0, Stage, batch


def play(scene: Callable[[Stage], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        await scene(Stage(**settings))

    run(main)


class Leader:
    """What br2 has: a log, and answers made from it."""

    def __init__(self, stage: Stage, epoch: int = 1, batches: tuple[Batch, ...] = (), mark: int = 0) -> None:
        self.epoch = epoch
        self.batches = batches
        self.mark = mark
        self.start_offset = 0
        self.error = ""
        self.diverging: dict[int, tuple[int, int]] = {}
        """Last epoch of the follower -> what it is told."""
        stage.serve = self.serve

    def serve(self, fetch: Fetch) -> Fetched | None:
        asked = fetch.partitions[0]
        if self.error:
            return Fetched((FetchedOf(C0, self.error, self.epoch, self.mark, self.start_offset),))
        diverging = self.diverging.get(asked.last_epoch)
        batches = tuple(each for each in self.batches if each.next_offset > asked.offset) if diverging is None else ()
        if not batches and diverging is None:
            return None
        return Fetched((FetchedOf(C0, "", self.epoch, self.mark, self.start_offset, batches, diverging),))


def asked(stage: Stage) -> list[FetchFrom]:
    return [fetch.partitions[0] for fetch in stage.fetching if fetch.partitions]


def texts(stage: Stage) -> list[str]:
    return [record.value or "" for _, record in stage.log.records()]


def stored(text: str, offset: int, epoch: int = 1) -> Batch:
    return batch(text)._replace(base_offset=offset, leader_epoch=epoch)


def test_a_follower_copies_and_says_by_its_next_fetch_what_it_has() -> None:
    async def scene(stage: Stage) -> None:
        Leader(stage, batches=(stored("a", 0), stored("b", 1)), mark=1)
        await stage.image("br2")
        await stage.run()
        assert texts(stage) == ["a", "b"]
        assert stage.log.high_watermark == 1
        assert [(each.offset, each.last_epoch) for each in asked(stage)] == [(0, -1), (2, 1)]
        assert stage.fetching[0].replica == BR1

    play(scene)


def test_it_fetches_on_only_when_its_disk_has_what_came() -> None:
    async def scene(stage: Stage) -> None:
        leader = Leader(stage)
        await stage.image("br2")
        stage.node.disk.hang()
        leader.batches = (stored("a", 0),)
        await stage.run(3)
        assert texts(stage) == ["a"]
        assert {each.offset for each in asked(stage)} == {0}
        stage.node.disk.resume()
        await stage.run()
        assert asked(stage)[-1].offset == 1

    play(scene)


def test_with_flush_later_it_does_not_wait_for_its_disk() -> None:
    async def scene(stage: Stage) -> None:
        Leader(stage, batches=(stored("a", 0),))
        await stage.image("br2")
        stage.node.disk.hang()
        await stage.run()
        assert asked(stage)[-1].offset == 1

    play(scene, flush="later")


def test_what_the_leader_never_had_is_cut_off() -> None:
    async def scene(stage: Stage) -> None:
        await stage.led(epoch=1)
        for text in "abc":
            await stage.produce(batch(text), acks="1")
        leader = Leader(stage, epoch=2, batches=(stored("a", 0), stored("x", 1, epoch=2)), mark=2)
        leader.diverging[1] = (1, 1)

        def serve(fetch: Fetch) -> Fetched | None:
            if fetch.partitions[0].offset == 1:
                leader.diverging.clear()  # here the logs agree
            return leader.serve(fetch)

        stage.serve = serve
        await stage.image("br2", 2, (BR1, BR2), 1)
        await stage.run()
        assert texts(stage) == ["a", "x"]
        assert [(each.offset, each.last_epoch) for each in asked(stage)] == [(3, 1), (1, 1), (2, 2)]
        notes = [entry for entry in stage.world.journal.entries if entry.kind == "truncated"]
        assert [note.text for note in notes] == ["br1 drops 2 messages of changes-0 that br2 has not, from offset 1 on"]
        assert ("records", 2) in notes[0].data

    play(scene)


def test_a_longer_log_of_older_epochs_is_cut_where_they_part() -> None:
    """KIP-279: the follower has epochs 1 and 3, the leader 1 and 2; the last that both have is 1."""

    async def scene(stage: Stage) -> None:
        await stage.led(epoch=1)
        await stage.produce(batch("a"), acks="1")
        await stage.image("br1", 3, (BR1, BR2), 1)
        await stage.produce(batch("b"), batch("c"), acks="1")
        leader = Leader(stage, epoch=4, batches=(stored("a", 0), stored("y", 1, epoch=2)), mark=2)
        leader.diverging[3] = (2, 2)  # the newest epoch there that is not above 3 is 2, and ended at 2
        await stage.image("br2", 4, (BR1, BR2), 2)
        await stage.run()
        assert texts(stage) == ["a", "y"]

    play(scene)


def test_a_follower_that_is_too_far_behind_begins_where_the_leader_begins() -> None:
    async def scene(stage: Stage) -> None:
        leader = Leader(stage)
        leader.error, leader.start_offset = errors.OUT_OF_RANGE, 7

        def serve(fetch: Fetch) -> Fetched | None:
            if fetch.partitions[0].offset == 7:
                leader.error, leader.batches = "", (stored("h", 7),)
            return leader.serve(fetch)

        stage.serve = serve
        await stage.image("br2")
        await stage.run()
        assert (stage.log.start_offset, texts(stage)) == (7, ["h"])

    play(scene)


@pytest.mark.parametrize(("mark", "told"), [(3, []), (1, [("records", 2)])])
def test_of_what_is_dropped_only_what_was_not_committed_is_worth_a_word(mark: int, told: list[tuple[str, int]]) -> None:
    """The leader has deleted the rest."""

    async def scene(stage: Stage) -> None:
        leader = Leader(stage, batches=tuple(stored(text, offset) for offset, text in enumerate("abc")), mark=mark)
        await stage.image("br2")
        await stage.run(1)
        assert texts(stage) == ["a", "b", "c"]
        assert stage.log.high_watermark == mark
        leader.diverging[1] = (-1, 3)
        await stage.run(1)
        assert (stage.log.start_offset, stage.log.end_offset) == (3, 3)
        notes = [entry for entry in stage.world.journal.entries if entry.kind == "truncated"]
        assert [each for note in notes for each in note.data if each[0] == "records"] == told

    play(scene)


def test_a_refusal_is_no_reason_to_ask_without_a_pause() -> None:
    async def scene(stage: Stage) -> None:
        leader = Leader(stage)
        leader.error = errors.UNKNOWN_LEADER_EPOCH
        await stage.image("br2")
        await stage.run(1)
        assert 10 <= len(stage.fetching) <= 25

    play(scene)


def test_a_newer_image_is_followed_at_once_whoever_was_being_waited_for() -> None:
    async def scene(stage: Stage) -> None:
        Leader(stage)
        await stage.image("br2")
        count = len(stage.fetching)
        await stage.image("br3", 2, (BR2, BR3), 1)
        assert stage.broker.fetchers["br2"].partitions == {}
        assert len(stage.fetching) == count + 1
        assert stage.fetching[-1].partitions[0].leader_epoch == 2

    play(scene)


def test_an_answer_for_an_earlier_epoch_is_not_used() -> None:
    async def scene(stage: Stage) -> None:
        leader = Leader(stage, epoch=1, batches=(stored("old", 0),))
        stage.serve = None
        await stage.image("br2", 2)
        stage.serve = leader.serve
        await stage.run(1)
        assert texts(stage) == []

    play(scene)


def test_a_full_disk_is_tried_again() -> None:
    async def scene(stage: Stage) -> None:
        Leader(stage, batches=(stored("a", 0),))
        await stage.run(0.4)
        stage.node.disk.full = True
        await stage.image("br2")
        await stage.run(2)
        assert texts(stage) == []
        assert len(stage.fetching) < 10
        stage.node.disk.full = False
        await stage.run(1)
        assert texts(stage) == ["a"]

    play(scene)


def test_of_a_fetch_that_has_not_enough_room_the_beginning_is_kept_and_the_rest_comes_when_there_is() -> None:
    async def scene(stage: Stage) -> None:
        Leader(stage, batches=tuple(stored(text * 50, offset) for offset, text in enumerate("abc")))
        await stage.run(0.4)
        disk = stage.node.disk
        disk.capacity_bytes = disk.used_bytes + 250
        await stage.image("br2")
        await stage.run(2)
        assert texts(stage) == ["a" * 50]
        assert asked(stage)[-1].offset == 1
        disk.capacity_bytes += 10_000
        await stage.run(1)
        assert len(texts(stage)) == 3

    play(scene)


def test_an_older_image_is_not_believed() -> None:
    async def scene(stage: Stage) -> None:
        await stage.image("br1", 3)
        await stage.image("br2", 2, age=1)
        assert stage.replica.leading is not None
        assert stage.replica.leader == "br1"

    play(scene)


def test_the_life_that_was_elected_leads_and_no_other() -> None:
    async def scene(stage: Stage) -> None:
        await stage.image("br1", life=7)
        assert stage.replica.leading is None
        assert stage.replica.leader == ""
        assert (await stage.produce(batch())).error == errors.NOT_LEADER

    play(scene)


def test_an_image_for_an_earlier_life_is_not_believed_by_one_that_knows_none() -> None:
    """A zombie controller sends it on: it names a leader that was deposed, and who follows that cuts off too much."""

    async def scene(stage: Stage) -> None:
        Leader(stage, epoch=2, batches=(stored("a", 0, epoch=2),))
        await stage.image("br2", 2)
        await stage.run(0.1)
        stage.node.crash()
        stage.node.start()
        await stage.run(0.4)
        stage.fetching.clear()
        leader = Leader(stage, epoch=1)
        leader.diverging = {2: (-1, 0)}
        await stage.image("br3", 1)
        await stage.run()
        assert stage.broker.image is NO_IMAGE
        assert not stage.fetching
        stage.incarnations["br1"] = 2
        Leader(stage, epoch=2)
        await stage.image("br2", 2)
        assert texts(stage) == ["a"]

    play(scene)
