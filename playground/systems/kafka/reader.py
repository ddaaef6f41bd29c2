"""Reads whole topics, outside any group: for those who read back what they wrote."""

from __future__ import annotations

from playground.kernel.service import Service
from playground.systems.kafka.records import Record, TopicPartition


class Reader:
    """Calls ``brokers`` through ``service``."""

    def __init__(self, service: Service, brokers: tuple[str, ...]) -> None:
        raise NotImplementedError

    async def read_all(self, topic: str, *, timeout_us: int = 10_000_000) -> list[tuple[TopicPartition, int, Record]]:
        """What is committed in all partitions now, as ``(partition, offset, record)``; partitions one after another.

        Raises TimedOut if some partition could not be read in time.
        """
        raise NotImplementedError
