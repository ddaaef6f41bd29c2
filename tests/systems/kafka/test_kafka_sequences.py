"""Idempotence: what a log knows of its producers, through duplicates, truncation, crashes and deletion."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.kafka.errors import FENCED_PRODUCER, OUT_OF_ORDER
from playground.systems.kafka.records import Batch
from playground.systems.kafka.sequences import REMEMBERED, Placed, Sequences, decode, encode
from tests.systems.kafka.kafka_log_lab import SECOND, LogLab, batch_of, nothing, simulate


def sent(sequence: int, count: int = 1, producer: int = 7, epoch: int = 0) -> Batch:
    return batch_of(*"k" * count, producer=producer, epoch=epoch, sequence=sequence)


def taken(*batches: Batch) -> Sequences:
    """What is known after these were appended."""
    sequences, offset = Sequences({}), 0
    for batch in batches:
        placed = batch._replace(base_offset=offset)
        sequences.note(placed)
        offset = placed.next_offset
    return sequences


def test_a_batch_without_a_producer_is_never_looked_at() -> None:
    sequences = taken(batch_of("a"), batch_of("a"))
    assert sequences.check(batch_of("a")) is None
    assert sequences.states() == {}


def test_a_producer_begins_with_0_and_goes_on_without_a_gap() -> None:
    assert taken().check(sent(0)) is None
    assert taken().check(sent(1)) == OUT_OF_ORDER
    sequences = taken(sent(0, 3))
    assert sequences.check(sent(3)) is None
    assert sequences.check(sent(4)) == OUT_OF_ORDER
    assert sequences.check(sent(0, producer=8)) is None


def test_a_duplicate_is_told_where_it_stands() -> None:
    sequences = taken(sent(0, 3), sent(3, 2))
    assert sequences.check(sent(0, 3)) == Placed(0, 3)
    assert sequences.check(sent(3, 2)) == Placed(3, 5)


def test_a_batch_that_overlaps_one_of_the_log_is_refused() -> None:
    sequences = taken(sent(0, 3), sent(3, 2))
    assert sequences.check(sent(0, 4)) == OUT_OF_ORDER
    assert sequences.check(sent(1, 2)) == OUT_OF_ORDER
    assert sequences.check(sent(4, 3)) == OUT_OF_ORDER


def test_a_very_old_duplicate_is_known_to_be_there_but_not_where() -> None:
    sequences = taken(*(sent(number) for number in range(REMEMBERED + 3)))
    assert sequences.check(sent(2)) == Placed(-1, 3)
    assert sequences.check(sent(3)) == Placed(3, 4)


def test_a_newer_epoch_begins_with_0_and_fences_the_older() -> None:
    sequences = taken(sent(0), sent(1))
    assert sequences.check(sent(2, epoch=1)) == OUT_OF_ORDER
    assert sequences.check(sent(0, epoch=1)) is None
    sequences = taken(sent(0), sent(1), sent(0, epoch=1))
    assert sequences.check(sent(2)) == FENCED_PRODUCER
    assert sequences.check(sent(1)) == FENCED_PRODUCER
    assert sequences.check(sent(0, epoch=1)) == Placed(2, 3)
    assert sequences.check(sent(1, epoch=1)) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 4)), max_size=20))
def test_states_survive_being_written_down(what: list[tuple[int, int, int]]) -> None:
    sequences = Sequences({})
    for offset, (producer, epoch, count) in enumerate(what):
        sequences.note(sent(offset, count, producer, epoch)._replace(base_offset=offset))
    assert decode(encode(sequences.states())) == sequences.states()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=60))
def test_over_a_network_that_doubles_and_swaps_each_batch_is_appended_once_and_in_order(
    arrivals: list[tuple[int, int]],
) -> None:
    """Three producers with five batches under way; what arrives is any of those, any number of times."""
    sequences = Sequences({})
    log: dict[int, list[int]] = {0: [], 1: [], 2: []}
    offset = 0
    for producer, which in arrivals:
        number = max(0, len(log[producer]) - 3) + which
        batch = sent(number, producer=producer)
        found = sequences.check(batch)
        if found is None:
            sequences.note(batch._replace(base_offset=offset))
            log[producer].append(offset)
            offset += 1
            assert number == len(log[producer]) - 1
        elif isinstance(found, Placed):
            assert found.base_offset == log[producer][number]
        else:
            assert number > len(log[producer])


def test_a_truncation_takes_back_what_was_known() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(20):
            lab.log.append(sent(number), 1, nothing)
        lab.log.truncate(11)
        assert lab.log.check_sequence(sent(11)) is None
        assert lab.log.check_sequence(sent(12)) == OUT_OF_ORDER
        assert lab.log.check_sequence(sent(10)) == Placed(10, 11)
        assert lab.log.check_sequence(sent(6)) == Placed(6, 7)
        lab.log.truncate(0)
        assert lab.log.check_sequence(sent(0)) is None

    simulate(main, segment_bytes=256)


def test_a_crash_forgets_what_was_not_safe_and_nothing_else() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(20):
            lab.log.append(sent(number), 1, nothing)
        await lab.wait()
        lab.log.append(sent(20), 1, nothing)
        await lab.crash("torn")
        assert lab.log.check_sequence(sent(20)) is None
        assert lab.log.check_sequence(sent(19)) == Placed(19, 20)
        assert lab.log.check_sequence(sent(15)) == Placed(15, 16)

    simulate(main, segment_bytes=256)


def test_producers_are_remembered_when_retention_has_deleted_their_batches() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(8):
            lab.log.append(sent(number), 1, nothing)
        await lab.write(40)
        lab.log.advance(48)
        assert lab.log.clean(SECOND).deleted
        assert lab.log.start_offset > 8
        for _ in range(2):
            assert lab.log.check_sequence(sent(8)) is None
            assert lab.log.check_sequence(sent(7)) == Placed(7, 8)
            assert lab.log.check_sequence(sent(9)) == OUT_OF_ORDER
            await lab.crash()
        lab.log.truncate(lab.log.start_offset)
        assert lab.log.check_sequence(sent(8)) is None
        lab.log.restart(lab.log.start_offset)
        assert lab.log.check_sequence(sent(8)) == OUT_OF_ORDER
        await lab.crash()
        assert lab.log.check_sequence(sent(8)) == OUT_OF_ORDER

    simulate(main, segment_bytes=256, retention_bytes=512)


def test_retention_waits_until_the_producers_are_safe() -> None:
    async def main(lab: LogLab) -> None:
        for number in range(30):
            lab.log.append(sent(number), 1, nothing)
        while lab.log.synced_offset < 30:
            await lab.wait(0.0001)
        for segment in list(lab.log._segments):
            segment.snapshot = ""
        lab.log.advance(30)
        lab.disk.full = True
        assert not lab.log.clean(SECOND).deleted
        lab.disk.full = False
        lab.disk.hang()
        assert not lab.log.clean(SECOND).deleted
        await lab.wait()
        assert not lab.log.clean(SECOND).deleted
        lab.disk.resume()
        await lab.wait()
        assert lab.log.clean(SECOND).deleted
        await lab.crash()
        assert lab.log.start_offset > 0
        assert lab.log.check_sequence(sent(30)) is None

    simulate(main, segment_bytes=256, retention_bytes=300)
