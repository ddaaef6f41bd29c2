"""Which brokers are to hold a new partition (Kafka's rack-unaware assignment, AdminUtils).

The first replica is the preferred leader. Leaders are spread: each new partition is given to the broker that is
preferred for the fewest, of this topic first, then of all. The copies follow in the order of the brokers; whenever the
leaders have gone round once, they begin one further on, so that not always the same broker follows another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from playground.systems.kafka.image import Broker, PartitionState

FIRST_EPOCH = 1
"""Of a partition's first leader."""


def place(
    brokers: Sequence[str], replication: int, count: int, of_topic: Iterable[str], of_all: Iterable[str]
) -> list[tuple[str, ...]]:
    """The replicas of ``count`` more partitions.

    ``of_topic``, ``of_all``: the preferred leaders of the topic's other partitions, and of all partitions.
    ``replication`` must not be larger than the number of brokers.
    """
    size = len(brokers)
    assert replication <= size, f"{replication} copies on {size} brokers"
    here, everywhere = _counts(brokers, of_topic), _counts(brokers, of_all)
    placed = []
    for _ in range(count):
        first = min(range(size), key=lambda i: (here[brokers[i]], everywhere[brokers[i]], i))
        shift = here[brokers[first]]
        others = (1 + (shift + i) % (size - 1) for i in range(replication - 1))
        placed.append((brokers[first], *(brokers[(first + other) % size] for other in others)))
        here[brokers[first]] += 1
        everywhere[brokers[first]] += 1
    return placed


def first_state(replicas: Sequence[str], brokers: Mapping[str, Broker]) -> PartitionState:
    """Of a new partition: empty everywhere, so all replicas are in sync. All of them must be there."""
    leader = brokers[replicas[0]]
    members = tuple(brokers[name].member for name in replicas)
    return PartitionState(tuple(replicas), leader.name, leader.incarnation, FIRST_EPOCH, members, (), 0)


def _counts(brokers: Sequence[str], leaders: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(brokers, 0)
    for leader in leaders:
        if leader in counts:
            counts[leader] += 1
    return counts
