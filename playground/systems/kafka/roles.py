"""Who plays which part, so that a command can be aimed at it: ``crash leader of changes-0``, ``freeze controller``.

Whoever aims stands outside and sees all; no broker asks here. ``thing``: a partition ("changes-0"), a group's name, or
"" for the controller.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from playground.systems.kafka.image import NO_IMAGE, Image, PartitionState
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import INTERNAL

Services = Mapping[str, BrokerService]


def newest(services: Services) -> Image:
    """What is decided: the newest image that anybody who runs has; NO_IMAGE if nobody knows anything."""
    return max((service.image for service in services.values()), key=lambda image: image.age, default=NO_IMAGE)


def state(services: Services, thing: str) -> PartitionState | None:
    """What is decided of a partition."""
    partition = TopicPartition.parse(thing)
    return newest(services).state(partition) if partition is not None else None


def things(services: Services) -> tuple[str, ...]:
    """What anybody may lead, follow or coordinate: the partitions that there are, and the groups."""
    topics = newest(services).topics.items()
    partitions = (str(TopicPartition(topic, number)) for topic, states in topics for number in range(len(states)))
    groups = next((service.settings.groups for service in services.values()), ())
    return (*partitions, *(group.name for group in groups))


def leader(services: Services, thing: str) -> tuple[str, ...]:
    """The broker that leads the partition in the highest epoch; () if none does."""
    partition = TopicPartition.parse(thing)
    leading = [
        (replica.leading.epoch, name)
        for name, service in services.items()
        if partition is not None
        and (replica := service.partitions.get(partition)) is not None
        and replica.leading is not None
    ]
    return (max(leading)[1],) if leading else ()


def follower(services: Services, thing: str) -> tuple[str, ...]:
    """The other replicas of the partition, up or not."""
    first = leader(services, thing)
    return tuple(name for name in replica(services, thing) if name not in first)


def replica(services: Services, thing: str) -> tuple[str, ...]:
    """All brokers that are to hold the partition, the leader first."""
    found = state(services, thing)
    if found is None:
        return ()
    first = leader(services, thing)
    return (*first, *(name for name in found.replicas if name not in first))


def controller(services: Services, thing: str) -> tuple[str, ...]:
    """The broker that is the controller, in the highest epoch; () if none is."""
    if thing:
        return ()
    controlling = [(service.controller.epoch, name) for name, service in services.items() if service.controlling]
    return (max(controlling)[1],) if controlling else ()


def coordinator(services: Services, thing: str) -> tuple[str, ...]:
    """The broker that coordinates the group: it leads the group's partition of the offsets topic."""
    for service in services.values():
        if service.settings.group(thing) is not None:
            number = crc32(thing.encode()) % service.settings.offsets_partitions
            return leader(services, str(TopicPartition(INTERNAL[0], number)))
    return ()
