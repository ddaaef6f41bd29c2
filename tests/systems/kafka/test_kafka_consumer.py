"""A consumer against one broker that does as it is told: positions, buffers, what is asked for and what is believed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.kernel.errors import Rejected
from playground.kernel.world import run
from playground.systems.kafka.errors import NOT_LEADER, REBALANCE
from playground.systems.kafka.messages import (
    AskMetadata,
    Fetch,
    Fetched,
    FetchedOf,
    Heartbeat,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
)
from playground.systems.kafka.records import Batch, Record, TopicPartition
from tests.systems.kafka.kafka_fake import FakeBroker, FakeLab

ZERO, ONE = TopicPartition("changes", 0), TopicPartition("changes", 1)


def _refuse(code: str, _source: str, _request: Any) -> None:
    raise Rejected(code)


def test_what_stands_in_a_partition_is_handed_over_in_order_and_the_position_follows() -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        lab.fake.append(ZERO, "a", "b", "c")
        assert await lab.poll(2) == [(0, 0, "a"), (0, 1, "b")]
        assert lab.consumer.position(ZERO) == 2
        assert await lab.poll() == [(0, 2, "c")]
        assert await lab.poll() == []
        lab.fake.append(ONE, "x")
        lab.fake.append(ZERO, "d")
        assert sorted(await lab.poll() + await lab.poll()) == [(0, 3, "d"), (1, 0, "x")]
        assert lab.consumer.positions == {ZERO: 4, ONE: 1}

    run(main)


def test_reading_begins_where_the_group_has_come_to() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        lab.fake.append(ZERO, "a", "b", "c", "d")
        lab.fake.offsets[ZERO] = 3
        assert await lab.poll() == [(0, 3, "d")], "in the middle of a batch"

    run(main)


def test_nothing_is_fetched_before_it_is_known_where_to_begin() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        lab.fake.silent.add(OffsetFetch)
        lab.fake.append(ZERO, "a")
        assert await lab.poll() == []
        assert not lab.fake.asked(Fetch)
        assert lab.consumer.assignment == (ZERO,)
        assert lab.consumer.position(ZERO) is None
        lab.fake.silent.clear()
        assert await lab.poll(seconds=3) == [(0, 0, "a")]

    run(main)


def test_without_a_committed_offset_reset_says_where_to_begin() -> None:
    async def main(reset: str, seen: list[Any]) -> None:
        lab = FakeLab(partitions=1, reset=reset)
        await lab.ready()
        lab.fake.append(ZERO, "a", "b")
        lab.fake.append(ZERO, "c")
        lab.fake.starts[ZERO] = 2
        assert await lab.poll() == seen
        lab.fake.append(ZERO, "d")
        assert await lab.poll() == [(0, 3, "d")]
        assert not lab.notes("reset"), "it had no place to lose"

    run(partial(main, "earliest", [(0, 2, "c")]))
    run(partial(main, "latest", []))


def test_who_stands_where_the_log_is_deleted_goes_on_where_it_begins_and_says_so() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        for value in "abcdef":
            lab.fake.append(ZERO, value)
        lab.fake.offsets[ZERO] = 1
        lab.fake.starts[ZERO] = 4
        assert await lab.poll() == [(0, 4, "e"), (0, 5, "f")]
        assert lab.notes("reset") == ["view: co1 cannot read on at 1 of changes-0, which has 4 to 6: it goes on at 4"]

    run(main)


def test_who_stands_behind_the_end_goes_back_when_most_brokers_say_that_this_is_the_leader() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        lab.fake.append(ZERO, "a", "b")
        lab.fake.offsets[ZERO] = 7
        lab.fake.silent.add(AskMetadata)
        assert await lab.poll(seconds=3) == [], "nobody says so"
        lab.fake.silent.clear()
        assert await lab.poll(seconds=3) == [(0, 0, "a"), (0, 1, "b")]
        assert lab.notes("reset") == ["view: co1 cannot read on at 7 of changes-0, which has 0 to 2: it goes on at 0"]

    run(main)


def test_what_a_leader_does_not_have_that_was_replaced_is_no_reason_to_go_back() -> None:
    """It was frozen, or cut off, and answers as if it still led; and the consumer has not heard of another either."""

    async def main() -> None:
        lab = FakeLab(partitions=1)
        lab.add_broker("br2")
        await lab.ready()
        lab.fake.append(ZERO, "a", "b")
        lab.fake.offsets[ZERO] = 3
        new = lab.find("br2", FakeBroker)
        for value in "abcd":
            new.append(ZERO, value)
        old, image = lab.fake.image, new.lead("br2", 1, version=2)
        lab.fake.answers[AskMetadata] = lambda _source, _request: image if lab.fake.asked(Fetch) else old
        assert await lab.poll(seconds=3) == [(0, 3, "d")]
        assert lab.fake.asked(Fetch), "it has asked the old one"
        assert not lab.notes("reset")

    run(main)


def test_gaps_that_compaction_has_left_are_stepped_over() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        lab.fake.append(ZERO, "a", "b", "c")
        lab.fake.append(ZERO, "d", "e")
        first, second = lab.fake.logs[ZERO]
        lab.fake.logs[ZERO] = [first._replace(records=first.records[1:2]), second._replace(records=())]
        assert await lab.poll() == [(0, 1, "b")]
        assert await lab.poll() == []
        assert lab.consumer.position(ZERO) == 5, "what is gone is behind it"
        lab.fake.append(ZERO, "f")
        assert await lab.poll() == [(0, 5, "f")]

    run(main)


def test_who_does_not_take_messages_does_not_ask_for_more() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=2, fetch_messages=10)
        await lab.ready()
        for number in range(200):
            lab.fake.append(ZERO, f"{number}", "and one more")
        assert await lab.poll(1) == [(0, 0, "0")]
        most = 0
        for _ in range(20):
            await lab.run(0.1)
            most = max(most, lab.consumer.buffered)
        assert 10 <= most < 12, "room for ten messages, and batches come whole"
        asked = [each.partition for request in lab.fake.asked(Fetch)[-3:] for each in request.partitions]
        assert asked == [ONE] * 3, "the other partition is read on"
        seen = [0]
        while seen[-1] < 399:
            seen += [offset for _, offset, _ in await lab.poll(7)]
            assert lab.consumer.buffered < 12
        assert seen == list(range(400))

    run(main)


def test_every_partition_has_its_turn() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=2)
        await lab.ready()
        lab.fake.append(ZERO, *"abcdef")
        lab.fake.append(ONE, *"ghi")
        await lab.poll(1)
        await lab.run(0.1)
        turns = [await lab.poll(2) for _ in range(4)]
        assert [batch[0][0] for batch in turns] == [1, 0, 1, 0]

    run(main)


def test_a_leader_that_refuses_makes_the_consumer_look_for_the_new_one() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        lab.fake.append(ZERO, "a")
        assert await lab.poll() == [(0, 0, "a")]
        asked = len(lab.fake.asked(AskMetadata))
        lab.fake.answers[Fetch] = lambda _source, request: Fetched((FetchedOf(ZERO, NOT_LEADER),))
        lab.fake.append(ZERO, "b")
        assert await lab.poll() == []
        assert len(lab.fake.asked(AskMetadata)) > asked
        fetches = len(lab.fake.asked(Fetch))
        await lab.run(2)
        assert len(lab.fake.asked(Fetch)) - fetches <= 8, "not without a pause"
        del lab.fake.answers[Fetch]
        assert await lab.poll() == [(0, 1, "b")]

    run(main)


def test_an_answer_about_an_earlier_holding_is_not_believed() -> None:
    """The partition is given up and got back while a fetch is under way; the group has gone on meanwhile."""

    async def main() -> None:
        lab = FakeLab(partitions=1, assignor="range")
        await lab.ready()
        assert await lab.poll() == []
        lab.fake.append(ZERO, "a", "b")  # the fetch that waits brings them
        lab.fake.answers[OffsetCommit] = partial(_refuse, REBALANCE)
        with pytest.raises(Rejected, match=REBALANCE):
            await lab.do(partial(lab.consumer.commit, {ZERO: 0}))
        lab.fake.offsets[ZERO] = 1
        seen = await lab.poll()
        assert seen == [(0, 1, "b")]
        assert lab.hand.told == [("revoked", (ZERO,))]

    run(main)


def test_a_commit_is_sent_until_it_is_taken_under_one_number() -> None:
    async def main() -> None:
        lab = FakeLab(partitions=1)
        await lab.ready()
        await lab.poll()
        answers = [Rejected("coordinator-loading"), Rejected("not-coordinator")]

        def refuse(_source: str, request: Any) -> None:
            if answers:
                raise answers.pop(0)
            lab.fake.offsets.update(request.offsets)

        lab.fake.answers[OffsetCommit] = refuse
        await lab.do(partial(lab.consumer.commit, {ZERO: 7}))
        await lab.do(partial(lab.consumer.commit, {ZERO: 9}))
        assert [request.count for request in lab.fake.asked(OffsetCommit)] == [1, 1, 1, 2]
        assert lab.fake.offsets == {ZERO: 9}

    run(main)


def test_who_closes_gives_everything_up_and_leaves() -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        await lab.poll()
        await lab.do(lab.consumer.close)
        assert lab.hand.told == [("revoked", (ZERO, ONE))]
        assert [request.member for request in lab.fake.asked(LeaveGroup)] == ["co1"]
        assert lab.consumer.assignment == ()
        lab.fake.heard.clear()
        await lab.run(3)
        assert not lab.fake.asked(Heartbeat)
        assert not lab.fake.asked(Fetch)

    run(main)


@st.composite
def _logs(draw: st.DrawFn) -> list[Batch]:
    """What compaction may leave of a partition: batches with gaps in them, and between them."""
    log: list[Batch] = []
    offset = 0
    for size in draw(st.lists(st.integers(1, 6), max_size=12)):
        kept = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        records = tuple(Record(delta, None, f"{offset + delta}", 0) for delta in range(size) if kept[delta])
        if draw(st.booleans()) or records:
            log.append(Batch(records, size - 1, base_offset=offset, leader_epoch=1))
        offset += size
    return log


@settings(max_examples=20, deadline=None)
@given(log=_logs(), room=st.integers(1, 8), begin=st.integers(0, 20), data=st.data())
def test_everything_from_the_position_on_is_handed_over_once_and_in_order(
    log: list[Batch], room: int, begin: int, data: st.DataObject
) -> None:
    end = log[-1].next_offset if log else 0
    begin = min(begin, end)

    async def main() -> None:
        lab = FakeLab(partitions=1, fetch_messages=room)
        await lab.ready()
        lab.fake.logs[ZERO] = log
        lab.fake.offsets[ZERO] = begin
        seen: list[int] = []
        while polled := await lab.poll(data.draw(st.integers(1, 9)), seconds=0.3):
            seen += [offset for _, offset, _ in polled]
        offsets = [batch.base_offset + record.delta for batch in log for record in batch.records]
        assert seen == [offset for offset in offsets if offset >= begin]
        assert lab.consumer.position(ZERO) == end

    run(main)
