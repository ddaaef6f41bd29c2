"""Who gets which partition of a group: Kafka's assignors, as pure functions of what the members have told.

The group's leader, which is one of the members, runs one of them; the coordinator does not care what it says.

* **range**: of each topic by itself, neighbouring partitions go together; the first members get one more. Members that
  read the same topics get the same numbers of each, so what was partitioned alike stays together.
* **round-robin**: all partitions of all topics are dealt out like cards.
* **sticky**: as balanced as it can be, and of what members have already as little moves as possible.
* **cooperative-sticky** (KIP-429): the same, but a partition that somebody else still holds goes to nobody for now. Its
  holder reads in the assignment that it has lost it, gives it up, and joins again; only then it is given away. So
  the members go on working during a rebalance, and nobody is given what another one still works on.

What a member says it holds may be wrong: it missed a generation, and others have had its partitions meanwhile. Of
several who claim a partition the one with the newest generation has it (KIP-341, KAFKA-12984). Two with the same
generation cannot both be right: neither has it, and, when cooperative, both must give it up before anybody gets it.

All are deterministic, whatever the order of their input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from playground.systems.kafka.messages import Subscription
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import Assignor

Assignment = dict[str, tuple[TopicPartition, ...]]
"""Member -> what it gets, sorted. Every member is in it."""


def assign(assignor: Assignor, subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
    """Share the partitions of the subscribed topics. ``partitions``: topic -> how many; an unknown topic has none."""
    return ASSIGNORS[assignor](subscriptions, partitions)


def range_(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
    """Topic by topic: ``n`` partitions, ``m`` members: each gets ``n // m`` in a row, the first ``n % m`` one more."""
    shares = _nothing(subscriptions)
    for topic in _topics(subscriptions, partitions):
        members = sorted(each.member for each in subscriptions if topic in each.topics)
        each_gets, more = divmod(partitions[topic], len(members))
        begin = 0
        for index, member in enumerate(members):
            end = begin + each_gets + (index < more)
            shares[member] += [TopicPartition(topic, number) for number in range(begin, end)]
            begin = end
    return _sorted(shares)


def round_robin(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
    """All partitions in order, to the members in turn; who does not read the topic is passed over."""
    shares = _nothing(subscriptions)
    ring = sorted(subscriptions)
    place = 0
    for partition in _partitions(subscriptions, partitions):
        while partition.topic not in ring[place % len(ring)].topics:
            place += 1
        shares[ring[place % len(ring)].member].append(partition)
        place += 1
    return _sorted(shares)


def sticky(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
    """Balanced: nobody could take a partition from somebody who has two more than itself; and little moves.

    First everybody keeps what it rightly holds; then what nobody holds goes to whoever has least, partitions that few
    can read first; then partitions move, one by one, from those with most to those with least.
    """
    everything = _partitions(subscriptions, partitions)
    readers = {
        topic: sorted(each.member for each in subscriptions if topic in each.topics)
        for topic in _topics(subscriptions, partitions)
    }
    shares = _nothing(subscriptions)
    holders = _holders(subscriptions)
    free: list[TopicPartition] = []
    for partition in everything:
        holder = holders.get(partition, ())
        if len(holder) == 1 and holder[0] in readers[partition.topic]:
            shares[holder[0]].append(partition)
        else:
            free.append(partition)
    for partition in sorted(free, key=lambda each: (len(readers[each.topic]), each)):
        _poorest(shares, readers[partition.topic]).append(partition)
    while _move_one(shares, readers):
        pass
    return _sorted(shares)


def cooperative_sticky(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> Assignment:
    """As :func:`sticky`, without what somebody else still holds: that is for the generation after this one."""
    claimed: dict[TopicPartition, list[str]] = {}
    for each in subscriptions:
        for partition in each.owned:
            claimed.setdefault(partition, []).append(each.member)
    holders = _holders(subscriptions)

    def is_free(partition: TopicPartition, member: str) -> bool:
        # Whoever has claimed it with an older generation may be working on it still, and learns only now that it has
        # lost it. If the rightful holder keeps it that changes nothing; nobody new may get it before.
        return holders.get(partition, ()) == (member,) or partition not in claimed

    target = sticky(subscriptions, partitions)
    return {member: tuple(each for each in share if is_free(each, member)) for member, share in target.items()}


ASSIGNORS: dict[Assignor, Callable[[Sequence[Subscription], Mapping[str, int]], Assignment]] = {
    "range": range_,
    "round-robin": round_robin,
    "cooperative-sticky": cooperative_sticky,
}


# --- what they share ----------------------------------------------------------------------------


def _nothing(subscriptions: Sequence[Subscription]) -> dict[str, list[TopicPartition]]:
    return {member: [] for member in sorted(each.member for each in subscriptions)}


def _sorted(shares: Mapping[str, Sequence[TopicPartition]]) -> Assignment:
    return {member: tuple(sorted(share)) for member, share in shares.items()}


def _topics(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> list[str]:
    """Those that somebody reads and that exist."""
    return sorted({topic for each in subscriptions for topic in each.topics if topic in partitions})


def _partitions(subscriptions: Sequence[Subscription], partitions: Mapping[str, int]) -> list[TopicPartition]:
    return [
        TopicPartition(topic, number)
        for topic in _topics(subscriptions, partitions)
        for number in range(partitions[topic])
    ]


def _holders(subscriptions: Sequence[Subscription]) -> dict[TopicPartition, tuple[str, ...]]:
    """Who claims each partition with the newest generation; more than one: they contradict each other."""
    newest: dict[TopicPartition, tuple[int, tuple[str, ...]]] = {}
    for each in sorted(subscriptions):
        for partition in each.owned:
            generation, members = newest.get(partition, (each.generation, ()))
            if each.generation > generation:
                generation, members = each.generation, ()
            if each.generation == generation:
                newest[partition] = generation, (*members, each.member)
    return {partition: members for partition, (_, members) in newest.items()}


def _poorest(shares: dict[str, list[TopicPartition]], members: Sequence[str]) -> list[TopicPartition]:
    return min((shares[member] for member in members), key=len)


def _move_one(shares: dict[str, list[TopicPartition]], readers: Mapping[str, Sequence[str]]) -> bool:
    """Move one partition from somebody to somebody who has at least two less; those with most give first."""
    for share in sorted(shares.values(), key=len, reverse=True):
        for partition in reversed(share):
            poorest = _poorest(shares, readers[partition.topic])
            if len(poorest) + 1 < len(share):
                share.remove(partition)
                poorest.append(partition)
                return True
    return False
