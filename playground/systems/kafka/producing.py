"""What a broker answers to produces, and how it writes to its own topics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import trio

from playground.kernel.calls import Answer
from playground.kernel.errors import Rejected
from playground.systems.kafka import errors
from playground.systems.kafka.messages import Produce, Produced, ProducedOf
from playground.systems.kafka.records import Batch, Record, TopicPartition

if TYPE_CHECKING:
    from playground.systems.kafka.service import BrokerService


class _Request:
    """A produce, until all its batches have an outcome."""

    def __init__(self, message: Produce) -> None:
        self.message = message
        self.results: dict[int, ProducedOf] = {}
        self.answer: Answer | None = None

    def settle(self, number: int, error: str, base_offset: int) -> None:
        self.results[number] = ProducedOf(self.message.batches[number][0], error, base_offset)
        if self.answer is not None and self.done:
            self.answer.reply(self.told())

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.message.batches)

    def told(self) -> Produced:
        return Produced(tuple(self.results[number] for number in range(len(self.results))))


def on_produce(service: BrokerService, message: Produce) -> Produced | None:
    """Append, and answer now, or later: then None."""
    request = _Request(message)
    for number, (partition, batch) in enumerate(message.batches):
        leading = service.leads(partition)
        if leading is None:
            known = service.image.state(partition) is not None
            request.settle(number, errors.NOT_LEADER if known else errors.UNKNOWN_TOPIC, -1)
        else:
            leading.produce(batch, message.acks, partial(request.settle, number))
    if request.done:
        return request.told()
    request.answer = service.answer_later()
    return None


async def append(service: BrokerService, partition: TopicPartition, records: Sequence[tuple[str, str | None]]) -> None:
    """Append ``(key, value)`` to a partition that is led here, and wait until they are committed.

    Rejected: as a produce is; it says whether they are certainly not in the log.
    """
    leading = service.leads(partition)
    if leading is None:
        raise Rejected(errors.NOT_LEADER, f"{service.name} does not lead {partition}")
    at_us = service.clock.wall_us
    made = tuple(Record(delta, key, value, at_us) for delta, (key, value) in enumerate(records))
    settled = trio.Event()
    outcome = ""

    def done(error: str, _base_offset: int) -> None:
        nonlocal outcome
        outcome = error
        settled.set()

    leading.produce(Batch(made, len(made) - 1), "all", done)
    await settled.wait()
    if outcome:
        raise Rejected(outcome, f"{partition} on {service.name}", definite=outcome not in errors.MAYBE_APPENDED)
