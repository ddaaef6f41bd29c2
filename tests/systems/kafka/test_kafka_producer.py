"""The producer against brokers that are right, over links that are not."""

from __future__ import annotations

from collections import Counter
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.kernel.world import run
from playground.systems.kafka import errors
from playground.systems.kafka.accumulator import BUFFER_FULL, CLOSED, EXPIRED
from playground.systems.kafka.ledger import WITNESS, Acknowledged, Ledger
from playground.systems.kafka.partitioner import of_key
from playground.systems.kafka.records import NO_PRODUCER
from tests.systems.kafka.producing_lab import NAMES, Fake, count_of


def test_a_message_is_acknowledged_where_it_stands() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.up()
        headers = lab.send("foobar", count=3)
        await lab.run(0.5)
        partition = lab.partitions[of_key("foobar", 3)]
        assert [lab.outcomes[header] for header in headers] == [(partition, n, "", True) for n in range(3)]
        assert lab.logs[partition].headers == headers == ["pr1:1", "pr1:2", "pr1:3"]
        assert lab.producer.acknowledged == 3
        assert lab.producer.unsettled == 0

    run(main)


def test_messages_that_come_together_share_a_batch_and_batches_to_one_broker_a_request() -> None:
    async def main() -> None:
        lab = Fake(linger_ms=50)
        await lab.up()
        for partition in lab.partitions:
            lab.move(partition, "br2")
        lab.producer.metadata.ask()
        await lab.run(0.2)
        for key in ("k0", "k1", "k2", "k3", "k4"):
            lab.send(key, count=4)
        await lab.run(0.2)
        [request] = lab.broker("br2").requests
        assert len(request.batches) == 3
        assert sum(len(batch.records) for _, batch in request.batches) == 20

    run(main)


def test_a_full_batch_does_not_linger() -> None:
    async def main() -> None:
        lab = Fake(linger_ms=10_000, batch_messages=5)
        await lab.up()
        lab.send("k", count=7)
        await lab.run(0.2)
        assert len(lab.acknowledged()) == 5
        assert lab.producer.buffered == 2

    run(main)


def test_flush_sends_what_lingers_and_waits_for_its_outcome() -> None:
    async def main() -> None:
        lab = Fake(linger_ms=10_000)
        await lab.up()
        headers = lab.send("k", count=3)
        seen: list[list[str]] = []

        async def flush() -> None:
            await lab.producer.flush()
            seen.append(lab.acknowledged())
            await lab.producer.flush()  # nothing to wait for

        lab.machine.spawn(flush)
        await lab.run(0.5)
        assert seen == [headers]

    run(main)


def test_messages_without_a_key_fill_one_batch_after_the_other() -> None:
    async def main() -> None:
        lab = Fake(batch_messages=10, linger_ms=10_000)
        await lab.up()
        lab.send(count=30)
        await lab.run(0.2)
        batches = [batch for log in lab.logs.values() for batch in log.batches]
        assert [len(batch.records) for batch in batches] == [10, 10, 10]
        assert sum(bool(log.batches) for log in lab.logs.values()) > 1

    run(main)


def test_what_is_sent_before_a_broker_was_heard_waits() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.booted()
        headers = lab.send("k", count=3)
        assert lab.producer.buffered == 3
        await lab.run(0.5)
        assert lab.acknowledged() == headers

    run(main)


def test_a_topic_that_nobody_knows_is_waited_for_and_then_given_up_for_certain() -> None:
    async def main() -> None:
        lab = Fake(delivery_timeout_ms=1_000)
        await lab.up()
        told: list[object] = []
        lab.producer.send("nothing", "k", "v", told.append)
        await lab.run(0.8)
        assert not told
        await lab.run(0.5)
        assert told == [(None, -1, EXPIRED, True)]

    run(main)


def test_more_than_fits_into_the_buffer_is_refused_for_certain() -> None:
    async def main() -> None:
        lab = Fake(buffer_messages=10)
        await lab.up()
        headers = lab.send("k", count=12)
        await lab.run(0.5)
        assert lab.acknowledged() == headers[:10]
        assert [lab.outcomes[header] for header in headers[10:]] == [(None, -1, BUFFER_FULL, True)] * 2

    run(main)


def test_it_follows_a_leader_that_moves() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.up()
        partition = lab.partitions[of_key("k", 3)]
        first = lab.send("k")
        await lab.run(0.2)
        lab.move(partition, next(name for name in NAMES if name != lab.leaders[partition]))
        second = lab.send("k")
        await lab.run(0.5)
        assert lab.logs[partition].headers == first + second == lab.acknowledged()
        assert lab.producer.retries == 1

    run(main)


def test_it_waits_for_a_leader() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.up()
        partition = lab.partitions[of_key("k", 3)]
        leader = lab.leaders[partition]
        lab.move(partition, "")
        headers = lab.send("k", count=2)
        await lab.run(2)
        assert not lab.outcomes
        lab.move(partition, leader)
        await lab.run(0.5)
        assert lab.acknowledged() == headers

    run(main)


def test_without_replicas_it_tries_until_there_are_enough() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.up()
        lab.refuse(errors.NOT_ENOUGH_REPLICAS)
        headers = lab.send("k", count=2)
        await lab.run(2)
        assert not lab.outcomes
        lab.refuse("")
        await lab.run(0.5)
        assert lab.acknowledged() == headers == lab.headers

    run(main)


def test_what_can_never_be_appended_fails_at_once_and_the_next_goes_on() -> None:
    async def main() -> None:
        lab = Fake()
        await lab.up()
        lab.refuse(errors.BAD_REQUEST)
        bad = lab.send("k")
        await lab.run(0.2)
        assert lab.outcomes[bad[0]] == (lab.partitions[of_key("k", 3)], -1, errors.BAD_REQUEST, True)
        lab.refuse("")
        good = lab.send("k", count=2)
        await lab.run(0.5)
        assert lab.acknowledged() == good == lab.headers

    run(main)


def test_acks_0_asks_nobody() -> None:
    async def main() -> None:
        lab = Fake(acks="0")
        await lab.up()
        lab.refuse(errors.STORAGE)
        headers = lab.send("k", count=3)
        assert not lab.outcomes
        await lab.run(0.2)
        partition = lab.partitions[of_key("k", 3)]
        assert lab.outcomes == dict.fromkeys(headers, (partition, -1, "", True))
        assert not lab.headers

    run(main)


def test_batches_are_numbered_only_with_acks_all() -> None:
    async def main(acks: str, idempotent: bool) -> list[int]:
        lab = Fake(acks=acks, idempotent=idempotent)
        await lab.up()
        lab.send("k")
        await lab.run(0.5)
        return [batch.producer_id for log in lab.logs.values() for batch in log.batches]

    assert run(partial(main, "all", True)) == [1]
    for acks, idempotent in (("all", False), ("1", True), ("0", True)):
        assert run(partial(main, acks, idempotent)) == [NO_PRODUCER]


def test_a_lost_answer_does_not_double_numbered_messages_and_doubles_the_others() -> None:
    async def main(idempotent: bool) -> tuple[list[str], list[str]]:
        lab = Fake(idempotent=idempotent)
        await lab.up()
        lab.refuse(errors.REQUEST_TIMED_OUT)  # appended, and denied
        headers = lab.send("k", count=3)
        await lab.run(0.2)
        lab.refuse("")
        await lab.run(1)
        assert lab.acknowledged() == headers
        return headers, lab.headers

    headers, found = run(partial(main, True))
    assert found == headers
    headers, found = run(partial(main, False))
    assert len(found) > len(headers)
    assert set(found) == set(headers)


def test_a_request_that_the_network_doubles_is_appended_once_if_it_is_numbered() -> None:
    async def main(idempotent: bool) -> Counter[int]:
        lab = Fake(idempotent=idempotent)
        await lab.up()
        lab.rough(doubling=1.0)
        for _ in range(10):
            lab.send("k")
            await lab.run(0.5)
        return Counter(Counter(lab.headers).values())

    assert run(partial(main, True)) == {1: 10}
    assert run(partial(main, False)) == {2: 10}


def test_a_message_that_is_too_old_may_be_in_the_log_unless_it_was_never_sent() -> None:
    async def main() -> None:
        lab = Fake(delivery_timeout_ms=3_000, batch_messages=1, in_flight=2)
        await lab.up()
        lab.refuse(errors.REQUEST_TIMED_OUT)
        headers = lab.send("k", count=4)
        await lab.run(4)
        assert lab.headers == headers[:2]
        assert lab.failed(definite=False) == headers[:2]
        assert lab.failed(definite=True) == headers[2:]
        assert {sent.error for sent in lab.outcomes.values()} == {EXPIRED}

    run(main)


def test_after_a_gap_the_partition_counts_anew_and_old_copies_are_fenced() -> None:
    async def main() -> None:
        lab = Fake(delivery_timeout_ms=2_000, batch_messages=1)
        await lab.up()
        partition = lab.partitions[of_key("k", 3)]
        lab.refuse(errors.NOT_ENOUGH_REPLICAS)
        given_up = lab.send("k", count=2)
        await lab.run(2.5)
        old = next(batch for each in lab.broker(lab.leaders[partition]).requests for _, batch in each.batches)
        assert lab.failed(definite=False) == given_up
        lab.refuse("")
        headers = lab.send("k", count=3)
        await lab.run(0.5)
        assert sorted(lab.acknowledged()) == headers == lab.headers
        assert [(batch.producer_epoch, batch.sequence) for batch in lab.logs[partition].batches] == [
            (1, 0),
            (1, 1),
            (1, 2),
        ]
        assert lab.logs[partition].append(old) == errors.FENCED_PRODUCER

    run(main)


def test_nothing_new_is_sent_over_a_gap_before_everything_in_flight_is_settled() -> None:
    async def main() -> None:
        lab = Fake(delivery_timeout_ms=2_000, batch_messages=1, in_flight=2)
        await lab.up()
        lab.refuse(errors.NOT_ENOUGH_REPLICAS)
        lab.send("k")
        await lab.run(1)
        lab.send("k")
        later = lab.send("k", count=2)
        await lab.run(1.5)  # the first is too old; the second one's number may be right or not
        line = lab.producer.lines[lab.partitions[of_key("k", 3)]]
        assert line.draining
        assert line.buffered == 2
        lab.refuse("")
        await lab.run(0.5)  # refused as too early: it is given up, and the next begin a new epoch
        assert lab.failed(definite=False) == ["pr1:1", "pr1:2"]
        assert sorted(lab.acknowledged()) == later
        assert line.epoch == 1

    run(main)


def test_a_log_that_has_lost_what_it_acknowledged_gets_the_next_messages_in_a_new_epoch() -> None:
    async def main() -> None:
        lab = Fake(batch_messages=1)
        await lab.up()
        partition = lab.partitions[of_key("k", 3)]
        lab.send("k", count=3)
        await lab.run(0.5)
        lab.logs[partition] = type(lab.logs[partition])()  # an unclean election, say
        lost = lab.send("k")
        await lab.run(0.5)
        assert lab.outcomes[lost[0]] == (partition, -1, errors.OUT_OF_ORDER, False)
        headers = lab.send("k", count=3)
        await lab.run(0.5)
        assert lab.logs[partition].headers == headers
        assert lab.logs[partition].batches[0].producer_epoch == 1

    run(main)


def test_requests_that_overtake_each_other_are_appended_in_order() -> None:
    async def main() -> None:
        lab = Fake(batch_messages=1, request_timeout_ms=2_000)
        await lab.up()
        lab.rough(swapping=0.5)
        headers = lab.send("k", count=40)
        await lab.run(20)
        assert lab.headers == headers
        assert lab.producer.retries > 0
        assert len(lab.acknowledged()) == 40

    run(main)


def test_one_batch_in_flight_keeps_order_without_numbers() -> None:
    async def main(in_flight: int) -> list[int]:
        lab = Fake(batch_messages=1, in_flight=in_flight, idempotent=False, retry_backoff_ms=20)
        await lab.up()
        lab.moods = 0.3
        lab.send("k", count=40)
        await lab.run(20)
        assert len(lab.acknowledged()) == 40
        return list(dict.fromkeys(count_of(header) for header in lab.headers))

    assert run(partial(main, 1)) == list(range(1, 41))
    assert run(partial(main, 5)) != list(range(1, 41))


def test_a_closed_producer_gives_up_and_takes_nothing_more() -> None:
    async def main() -> None:
        lab = Fake(linger_ms=1_000)
        await lab.up()
        lab.send("k")
        lab.producer.close()
        lab.send("k")
        await lab.run(2)
        assert [sent.error for sent in lab.outcomes.values()] == [CLOSED, CLOSED]
        assert not lab.headers

    run(main)


class Heard(Ledger):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def sent(self, topic: str, header: str, at_us: int) -> None:
        self.lines.append(("sent", topic, header))

    def acknowledged(self, message: Acknowledged) -> None:
        self.lines.append(("acknowledged", message.header, message.offset, message.key, message.acks))

    def failed(self, header: str, error: str, definite: bool, at_us: int) -> None:
        self.lines.append(("failed", header, error, definite))


def test_the_witness_hears_of_each_message_and_what_became_of_it() -> None:
    async def main() -> None:
        lab = Fake(buffer_messages=1)
        heard = lab.world.witnesses[WITNESS] = Heard()
        await lab.up()
        lab.send("k", count=2)
        await lab.run(0.5)
        assert heard.lines == [
            ("sent", "changes", "pr1:1"),
            ("sent", "changes", "pr1:2"),
            ("failed", "pr1:2", BUFFER_FULL, True),
            ("acknowledged", "pr1:1", 0, "k", "all"),
        ]

    run(main)


# --- properties -------------------------------------------------------------------------------

shares = st.sampled_from([0.0, 0.1, 0.4])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    loss=shares,
    doubling=shares,
    swapping=shares,
    moods=shares,
    batch_messages=st.sampled_from([1, 3, 50]),
    in_flight=st.integers(1, 5),
    delivery_timeout_ms=st.sampled_from([700, 2_500, 30_000]),
    keyed=st.booleans(),
)
def test_numbered_messages_stand_in_the_log_once_and_in_order_whatever_the_network_does(
    seed: int,
    loss: float,
    doubling: float,
    swapping: float,
    moods: float,
    batch_messages: int,
    in_flight: int,
    delivery_timeout_ms: int,
    keyed: bool,
) -> None:
    async def main() -> None:
        lab = Fake(
            seed,
            batch_messages=batch_messages,
            in_flight=in_flight,
            delivery_timeout_ms=delivery_timeout_ms,
            request_timeout_ms=300,
            retry_backoff_ms=50,
        )
        lab.rough(loss, doubling, swapping)
        lab.moods = moods
        await lab.booted()
        draw = lab.chance.random
        for _ in range(60):
            for _ in range(int(draw() * 4)):
                lab.send(f"k{int(draw() * 5)}" if keyed else None)
            if draw() < 0.2:
                lab.move(lab.partitions[int(draw() * 3)], ("", *NAMES)[int(draw() * 4)])
            await lab.run(0.05)
        for partition in lab.partitions:
            if not lab.leaders[partition]:
                lab.move(partition, "br1")
        lab.moods = 0.0
        await lab.run(40)  # everything has an outcome, whatever the network is like
        assert lab.producer.unsettled == 0
        assert set(lab.told.values()) <= {1}
        assert len(lab.told) == lab.producer.sent
        found = Counter(lab.headers)
        assert set(found.values()) <= {1}
        assert set(lab.acknowledged()) <= set(found)
        assert not set(lab.failed(definite=True)) & set(found)
        if EXPIRED not in lab.producer.failed:
            assert not lab.producer.failed
        assert loss > 0.1 or delivery_timeout_ms < 30_000 or not lab.producer.failed
        for partition, log in lab.logs.items():
            assert [*map(count_of, log.headers)] == sorted(map(count_of, log.headers))
            for header, sent in lab.outcomes.items():
                if not sent.error and sent.partition == partition:
                    assert sent.offset >= 0
                    assert log.headers[sent.offset] == header

    run(main)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), loss=shares, moods=shares)
def test_messages_without_numbers_are_lost_never_and_doubled_at_times(seed: int, loss: float, moods: float) -> None:
    async def main() -> None:
        lab = Fake(seed, idempotent=False, request_timeout_ms=300, retry_backoff_ms=50)
        lab.rough(loss)
        lab.moods = moods
        await lab.booted()
        for _ in range(20):
            lab.send("k", count=2)
            await lab.run(0.05)
        await lab.run(32)
        assert lab.producer.unsettled == 0
        assert set(lab.acknowledged()) <= set(lab.headers)

    run(main)
