"""What a controller's decisions look like in the journal: one line for each broker that lost or got partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from playground.systems.kafka.electing import Brokers
from playground.systems.kafka.image import Member, PartitionState
from playground.systems.kafka.records import TopicPartition

SHOWN = 6
"""So many partitions are named in a line."""


class Line(NamedTuple):
    """For the journal: kind "election" or "unclean". ``partitions``: those that it is about."""

    kind: str
    text: str
    partitions: tuple[TopicPartition, ...]


def elections(
    before: Mapping[str, tuple[PartitionState, ...]], after: Mapping[str, tuple[PartitionState, ...]], brokers: Brokers
) -> list[Line]:
    """Which partitions have got another leader, or one in another life."""
    lines: list[Line] = []
    causes: dict[str, dict[TopicPartition, str]] = {}
    for partition, old, new in _both(before, after):
        if old.leader_epoch == new.leader_epoch:
            continue
        if new.leader and _is_unclean(old, new):
            text = f"nobody in sync is left; {new.leader} leads without being in sync, what it lacks is lost"
            lines.append(Line("unclean", f"{partition}: {text}", (partition,)))
        else:
            causes.setdefault(_why(old, new, brokers), {})[partition] = _where(old, new)
    for why, fates in causes.items():
        lines.append(Line("election", f"{why}; {_listed(fates)}", tuple(fates)))
    return lines


def _both(
    before: Mapping[str, tuple[PartitionState, ...]], after: Mapping[str, tuple[PartitionState, ...]]
) -> Iterator[tuple[TopicPartition, PartitionState, PartitionState]]:
    """The partitions that are in both."""
    for topic, states in before.items():
        for number, (old, new) in enumerate(zip(states, after.get(topic, ()), strict=False)):
            yield TopicPartition(topic, number), old, new


def _is_unclean(old: PartitionState, new: PartitionState) -> bool:
    leader: Member | None = next((member for member in new.isr if member.name == new.leader), None)
    return leader not in (*old.isr, *old.elr)


def _why(old: PartitionState, new: PartitionState, brokers: Brokers) -> str:
    if not old.leader:
        return f"{new.leader} is there"
    broker = brokers.get(old.leader)
    if broker is None:
        return f"{old.leader} is gone"
    if broker.incarnation != old.leader_incarnation:
        return f"{old.leader} has restarted" + ("" if broker.member in old.isr else " with another disk")
    if new.leader == new.replicas[0]:
        return f"{new.leader} is in sync again"
    return f"{old.leader} gives up its lead"


def _where(old: PartitionState, new: PartitionState) -> str:
    if not new.leader:
        return "has no leader: nobody in sync is left"
    return f"stays with {new.leader}" if new.leader == old.leader else f"goes to {new.leader}"


def _listed(fates: Mapping[TopicPartition, str]) -> str:
    """ "changes-0 goes to br2, changes-3 to br3; feed-1 has no leader: nobody in sync is left"."""
    groups: dict[str, list[str]] = {}
    for partition, fate in fates.items():
        groups.setdefault(fate.partition(" ")[0], []).append(f"{partition} {fate}")
    parts = []
    for verb, each in groups.items():
        if verb == "has":
            names = [text.partition(" ")[0] for text in each]
            parts.append(f"{_some(names)} {'has' if len(names) == 1 else 'have'} no leader: nobody in sync is left")
        else:
            parts.append(_some([each[0], *(text.replace(f" {verb} ", " ", 1) for text in each[1:])]))
    return "; ".join(parts)


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
