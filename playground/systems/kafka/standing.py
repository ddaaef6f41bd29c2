"""How things stand, for whoever looks from outside: what is decided, how far logs and groups are. No broker asks here.

Decided is what the newest image says that anybody who runs has. A log is as long as its leader's, in the highest epoch;
while nobody leads it, as the longest copy of a broker that runs. A group is as its coordinator has it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from playground.systems.kafka import roles
from playground.systems.kafka.group import Group
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService

Services = Mapping[str, BrokerService]


class Extent(NamedTuple):
    """Offsets of a log: ``start <= high_watermark <= end``."""

    start: int
    high_watermark: int
    end: int


def leading(services: Services, partition: TopicPartition) -> Leading | None:
    """Who leads it, in the highest epoch; None if nobody does."""
    found = roles.leader(services, str(partition))
    return services[found[0]].partitions[partition].leading if found else None


def extent(services: Services, partition: TopicPartition) -> Extent | None:
    """How far its log goes; None if no broker that runs has a copy."""
    led = leading(services, partition)
    if led is not None:
        return Extent(led.log.start_offset, led.high_watermark, led.log.end_offset)
    logs = [service.partitions[partition].log for service in services.values() if partition in service.partitions]
    if not logs:
        return None
    longest = max(logs, key=lambda log: log.end_offset)
    mark = max(log.high_watermark for log in logs)
    return Extent(longest.start_offset, min(mark, longest.end_offset), longest.end_offset)


def group(services: Services, name: str) -> Group | None:
    """A group at its coordinator; None if nobody coordinates it, or not yet."""
    found = roles.coordinator(services, name)
    return services[found[0]].groups.groups.get(name) if found else None


def lag(extent: Extent, committed: int | None) -> int:
    """Committed messages that a group has not done, by what it has committed (Kafka's lag)."""
    return max(0, extent.high_watermark - max(extent.start, committed or 0))


def lags(services: Services) -> dict[tuple[str, TopicPartition], int]:
    """(group, partition) -> the lag; groups that nobody coordinates now are left out."""
    found: dict[tuple[str, TopicPartition], int] = {}
    settings = next((service.settings for service in services.values()), None)
    topics = roles.newest(services).topics
    for each in settings.groups if settings is not None else ():
        coordinated = group(services, each.name)
        if coordinated is None or settings is None:
            continue
        offsets = coordinated.offsets
        for topic in settings.read_by(each.name):
            for number in range(len(topics.get(topic, ()))):
                partition = TopicPartition(topic, number)
                known = extent(services, partition)
                if known is not None:
                    found[each.name, partition] = lag(known, offsets.get(partition))
    return found


class LagHistory:
    """The lags of the last ``seconds``, one a second."""

    def __init__(self, seconds: int = 60) -> None:
        self._samples: deque[tuple[int, dict[tuple[str, TopicPartition], int]]] = deque(maxlen=seconds)

    def take(self, second: int, services: Services) -> None:
        """To be called once a second."""
        self._samples.append((second, lags(services)))

    def recent(self, second: int, seconds: int) -> list[dict[tuple[str, TopicPartition], int]]:
        """Up to and including ``second``, oldest first; empty where nothing was taken."""
        known = dict(self._samples)
        return [known.get(each, {}) for each in range(second - seconds + 1, second + 1)]
