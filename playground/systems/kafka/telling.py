"""What a controller's decisions look like in the journal: one line for each broker that lost or got partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from playground.systems.kafka.electing import Brokers
from playground.systems.kafka.image import Member, PartitionState
from playground.systems.kafka.records import TopicPartition

SHOWN = 6
"""So many partitions are named in a line."""

_PLURAL = {"goes": "go", "stays": "stay"}


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
    causes: dict[str, dict[TopicPartition, tuple[str, str]]] = {}
    for partition, old, new in _both(before, after):
        if old.leader_epoch == new.leader_epoch:
            continue
        if new.leader and _is_unclean(old, new):
            text = f"nobody in sync is left; {new.leader} leads without being in sync, what it lacks is lost"
            lines.append(Line("unclean", f"{partition}: {text}", (partition,)))
        else:
            why, does = _told(old, new, brokers)
            causes.setdefault(why, {})[partition] = does, new.leader
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


def _told(old: PartitionState, new: PartitionState, brokers: Brokers) -> tuple[str, str]:
    """Why there was an election, and what the partition does now: "goes to", "stays with" …; "": it has no leader."""
    broker = brokers.get(old.leader)
    does = "goes to" if new.leader else ""
    if not old.leader:
        return f"{new.leader} is there", does
    if broker is None:
        return f"{old.leader} is gone", does
    if broker.incarnation != old.leader_incarnation:
        disk = "" if broker.member in old.isr else " with another disk"
        return f"{old.leader} has restarted{disk}", "stays with" if new.leader == old.leader else does
    if new.leader == new.replicas[0]:
        return f"{new.leader} is in sync again", "goes back to"
    return f"{old.leader} gives up its lead", does


def _listed(fates: Mapping[TopicPartition, tuple[str, str]]) -> str:
    """ "changes-0, changes-2 go to br2, changes-3 to br3; feed-1 has no leader: nobody in sync is left"."""
    groups: dict[str, dict[str, list[str]]] = {}
    for partition, (does, leader) in fates.items():
        groups.setdefault(does, {}).setdefault(leader, []).append(str(partition))
    parts = []
    for does, heirs in groups.items():
        texts = []
        for leader, names in heirs.items():
            several = len(names) > 1
            if not does:
                texts.append(f"{_some(names)} {'have' if several else 'has'} no leader: nobody in sync is left")
                continue
            verb, _, where = does.partition(" ")
            verb = _PLURAL[verb] if several else verb
            texts.append(f"{_some(names)} {where} {leader}" if texts else f"{_some(names)} {verb} {where} {leader}")
        parts.append(", ".join(texts))
    return "; ".join(parts)


def _some(texts: list[str]) -> str:
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
