"""The machines co1..: poll, process, commit, for ever."""

from __future__ import annotations

from playground.kernel.node import Process
from playground.kernel.service import Service
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import KafkaSettings


class ConsumerService(Service):
    """A member of ``group`` that processes each message for ``process_ms``."""

    group: str
    member: str
    """The name of this life: "co1", later "co1#2"."""
    state: str
    """"joining", "syncing", "stable", "left"."""
    generation: int
    """Of its membership; 0: of none."""
    assignment: tuple[TopicPartition, ...]
    positions: dict[TopicPartition, int]
    """Where it reads on, of each partition that it owns."""
    committed: dict[TopicPartition, int]
    """What it knows to be committed, of each partition that it owns."""
    buffered: int
    """Messages fetched and not yet handed over."""
    processed: int
    """Messages that it has finished with, in this life."""
    stalled_ms: int | None
    """What a message takes just now instead of ``process_ms``; None: as set."""

    def __init__(self, process: Process, settings: KafkaSettings, group: str, brokers: tuple[str, ...]) -> None:
        super().__init__(process)
        raise NotImplementedError

    def stall(self, ms: int | None) -> None:
        """From now on, take so long for each message; None: as long as is set."""
        raise NotImplementedError
