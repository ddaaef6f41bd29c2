"""The line of batches of one partition: who may go, who must wait, what counts from where."""

from __future__ import annotations

from playground.systems.kafka.accumulator import Line, Message, Pending, Stage
from playground.systems.kafka.records import NO_PRODUCER, TopicPartition

PARTITION = TopicPartition("changes", 0)


def line(*sizes: int, in_flight: int = 5, batch_messages: int = 50, numbered: bool = True) -> Line:
    """A line with batches of so many messages in its queue, all ready."""
    made = Line(PARTITION, batch_messages=batch_messages, in_flight=in_flight, numbered=numbered)
    for size in sizes:
        pending = Pending(PARTITION, 0)
        pending.messages.extend(map(message, range(size)))
        pending.ready = True
        made.queue.append(pending)
    return made


def message(number: int) -> Message:
    return Message("changes", number, f"pr1:{number}", "k", "v", 0, 0, None)


def take_all(of: Line) -> list[Pending]:
    taken = []
    while (pending := of.take(7)) is not None:
        taken.append(pending)
    return taken


def numbers(batches: list[Pending]) -> list[tuple[int, int]]:
    """Epoch and sequence of each."""
    return [(each.batch.producer_epoch, each.batch.sequence) for each in batches if each.batch is not None]


def test_a_batch_takes_messages_until_it_is_full() -> None:
    made = line(batch_messages=3)
    batches = [made.add(message(number)) for number in range(4)]
    assert batches[0] is batches[2] is not batches[3]
    assert batches[0].ready
    assert not batches[3].ready
    assert made.buffered == 4


def test_it_is_ready_when_its_first_batch_is_and_gives_even_what_is_not() -> None:
    made = line()
    pending = made.add(message(1))
    assert not made.ready
    assert made.take(7) is pending
    assert pending.stage is Stage.SENT
    assert not made.ready


def test_records_are_counted_on_from_batch_to_batch() -> None:
    batches = take_all(line(3, 1, 2))
    assert numbers(batches) == [(0, 0), (0, 3), (0, 4)]
    assert {each.batch.producer_id for each in batches if each.batch} == {7}


def test_without_numbers_a_batch_belongs_to_nobody() -> None:
    [pending] = take_all(line(3, numbered=False))
    assert pending.batch is not None
    assert (pending.batch.producer_id, pending.batch.sequence) == (NO_PRODUCER, -1)


def test_so_many_batches_are_in_flight_and_no_more() -> None:
    made = line(1, 1, 1, in_flight=2)
    batches = take_all(made)
    assert len(batches) == made.in_flight == 2
    assert not made.ready
    made.settle(batches[0])
    assert len(take_all(made)) == 1


def test_the_window_counts_from_the_oldest_batch_that_is_not_settled() -> None:
    # Else the log would have forgotten the first by the time it is sent again.
    made = line(1, 1, 1, 1, in_flight=3)
    first, second, third = take_all(made)
    made.settle(second)
    made.settle(third)
    assert made.take(7) is None
    made.settle(first)
    assert made.take(7) is not None


def test_what_is_sent_again_keeps_its_number_and_goes_before_anything_new() -> None:
    made = line(2, 1, in_flight=2)
    first = made.take(7)
    assert first is not None
    made.put_off(first)
    assert made.take(7) is None
    assert not made.ready
    made.resume(first)
    assert made.ready
    assert made.take(7) is first
    assert first.attempts == 2
    assert numbers([first]) == [(0, 0)]


def test_a_retry_that_is_due_waits_for_an_earlier_one() -> None:
    made = line(1, 1)
    first, second = take_all(made)
    made.put_off(first)
    made.put_off(second)
    made.resume(second)
    assert made.take(7) is None
    made.resume(first)
    assert take_all(made) == [first, second]


def test_a_batch_is_alone_if_everything_before_it_is_settled() -> None:
    made = line(1, 1, 1)
    first, second, third = take_all(made)
    assert [each.alone for each in (first, second, third)] == [True, False, False]
    made.settle(first)
    made.put_off(second)
    made.put_off(third)
    for each in (second, third):
        made.resume(each)
    take_all(made)
    assert [each.alone for each in (second, third)] == [True, False]


def test_one_that_came_too_early_goes_again_once_the_one_before_it_is_settled() -> None:
    made = line(1, 1)
    first, second = take_all(made)
    assert made.came_too_early(second)
    assert made.take(7) is None
    made.settle(first)
    assert made.take(7) is second


def test_one_that_was_refused_when_nothing_is_before_it_any_more_did_not_come_too_early() -> None:
    made = line(1, 1)
    first, second = take_all(made)
    made.settle(first)
    assert not made.came_too_early(second)


def test_one_that_waits_for_a_time_is_not_hurried_by_the_one_before_it() -> None:
    made = line(1, 1)
    first, second = take_all(made)
    made.came_too_early(second)
    made.settle(first)
    made.take(7)
    made.put_off(second)
    assert made.take(7) is None


def test_after_a_gap_nothing_new_goes_until_the_window_is_empty_and_then_from_0() -> None:
    made = line(1, 2, 1, in_flight=2)
    first, second = take_all(made)
    made.settle(first, gap=True)
    assert made.draining
    assert made.take(7) is None
    made.settle(second)
    assert numbers(take_all(made)) == [(1, 0)]


def test_what_was_never_sent_leaves_no_gap() -> None:
    made = line(1, 1, 1, in_flight=1)
    first = made.take(7)
    assert first is not None
    made.settle(made.queue[0], gap=True)
    made.settle(first)
    assert numbers(take_all(made)) == [(0, 1)]


def test_without_numbers_there_are_no_gaps() -> None:
    made = line(1, 1, in_flight=1, numbered=False)
    first = made.take(7)
    assert first is not None
    made.settle(first, gap=True)
    assert made.take(7) is not None
