"""Which partition a message goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.randomness import stream
from playground.systems.kafka.partitioner import Sticky, murmur2, of_key

VECTORS = {
    "21": -973932308,
    "foobar": -790332482,
    "abc": 479470107,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
}
"""From the tests of Kafka's own Utils.murmur2."""


@pytest.mark.parametrize("key", VECTORS)
def test_murmur2_gives_what_kafkas_gives(key: str) -> None:
    assert murmur2(key.encode()) == VECTORS[key]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 100))
def test_a_key_has_one_partition_of_those_that_there_are(key: str, partitions: int) -> None:
    assert 0 <= of_key(key, partitions) < partitions
    assert of_key(key, partitions) == of_key(key, partitions)


def test_keys_are_spread_over_all_partitions() -> None:
    assert {of_key(f"k{number}", 8) for number in range(100)} == set(range(8))


def test_a_negative_hash_still_gives_the_partition_that_kafka_gives() -> None:
    assert of_key("foobar", 7) == (-790332482 & 0x7FFFFFFF) % 7


def sticky(*available: int) -> Sticky:
    return Sticky(stream(1, "sticky"), lambda: available)


def test_messages_without_a_key_stay_in_one_partition_until_its_batch_is_gone() -> None:
    chosen = sticky(0, 1, 2)
    first = chosen.choose()
    assert {chosen.choose() for _ in range(50)} == {first}
    chosen.move_on(first)
    assert chosen.choose() != first


def test_a_batch_of_another_partition_does_not_move_them() -> None:
    chosen = sticky(0, 1, 2)
    first = chosen.choose()
    chosen.move_on((first + 1) % 3)
    assert chosen.choose() == first


def test_they_go_only_where_somebody_leads() -> None:
    chosen, seen = sticky(1, 3), set()
    for _ in range(20):
        seen.add(chosen.choose())
        chosen.move_on(chosen.choose())
    assert seen == {1, 3}


def test_one_partition_is_enough() -> None:
    chosen = sticky(0)
    chosen.choose()
    chosen.move_on(0)
    assert chosen.choose() == 0
