"""What a log knows of the producers that write to it, so that what is sent twice is appended once (KIP-98, KIP-360).

A producer has an id that no other has, and numbers its records from 0 in each of its epochs. The log takes them only in
this order. It remembers the last five batches of each producer, since so many may be under way at a time, and tells
who sends one of them again where it stands.

* A producer that the log does not know, or an epoch that is new to it, begins with 0. (Kafka takes any number from a
  producer that it does not know, since it forgets producers. Here nothing is forgotten, and over a network that swaps
  messages the second batch may come before the first.)
* An epoch below the newest is fenced: the producer has given up what it sent in it.

The states belong to a place in the log, as does everything that is made from it alone. Each segment begins
with the states of that place; what a log shows after a truncation is made from them and the batches that are left. When
the first segments are deleted the states at the new beginning are kept in a file of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from playground.systems.kafka.errors import FENCED_PRODUCER, OUT_OF_ORDER
from playground.systems.kafka.records import NO_PRODUCER, Batch

REMEMBERED = 5
"""Batches of one producer; Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN."""


class Placed(NamedTuple):
    """A batch that the log has already."""

    base_offset: int
    """Where it stands; -1: not remembered any more."""
    next_offset: int
    """It is committed once the high watermark has come to here."""


class Remembered(NamedTuple):
    """One batch of a producer."""

    sequence: int
    next_sequence: int
    base_offset: int
    next_offset: int


class ProducerState(NamedTuple):
    """Of one producer, at one place of the log."""

    epoch: int
    batches: tuple[Remembered, ...]
    """The newest, oldest first; at least one."""

    @property
    def next_sequence(self) -> int:
        return self.batches[-1].next_sequence


Producers = Mapping[int, ProducerState]
"""By id."""


class Sequences:
    """The states at the end of a log."""

    __slots__ = ("_states",)

    def __init__(self, states: Producers) -> None:
        self._states = dict(states)

    def states(self) -> Producers:
        """As they are now; a copy that stays so."""
        return dict(self._states)

    def check(self, batch: Batch) -> Placed | str | None:
        """None: it is what comes next. Placed: the log has it. A code of :mod:`.errors`: it is refused."""
        if batch.producer_id == NO_PRODUCER:
            return None
        state = self._states.get(batch.producer_id)
        if state is None or batch.producer_epoch > state.epoch:
            return OUT_OF_ORDER if batch.sequence else None
        if batch.producer_epoch < state.epoch:
            return FENCED_PRODUCER
        if batch.sequence == state.next_sequence:
            return None
        for each in state.batches:
            if (each.sequence, each.next_sequence) == (batch.sequence, batch.next_sequence):
                return Placed(each.base_offset, each.next_offset)
        oldest = state.batches[0]
        return Placed(-1, oldest.base_offset) if batch.next_sequence <= oldest.sequence else OUT_OF_ORDER

    def note(self, batch: Batch) -> None:
        """It stands in the log."""
        if batch.producer_id == NO_PRODUCER:
            return
        state = self._states.get(batch.producer_id)
        known = state.batches if state is not None and state.epoch == batch.producer_epoch else ()
        mine = Remembered(batch.sequence, batch.next_sequence, batch.base_offset, batch.next_offset)
        self._states[batch.producer_id] = ProducerState(batch.producer_epoch, (*known[1 - REMEMBERED :], mine))

    def note_all(self, batches: Iterable[Batch]) -> None:
        """One after the other."""
        for batch in batches:
            self.note(batch)


def encode(states: Producers) -> bytes:
    """For a file."""
    return json.dumps(sorted(states.items()), separators=(",", ":")).encode()


def decode(data: bytes) -> Producers:
    """The inverse of :func:`encode`."""
    return {
        number: ProducerState(epoch, tuple(Remembered(*each) for each in batches))
        for number, (epoch, batches) in json.loads(data)
    }
