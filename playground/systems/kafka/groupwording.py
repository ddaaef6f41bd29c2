"""How a group's coordinator says what happens, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playground.systems.kafka.messages import OffsetCommit, Subscription
from playground.systems.kafka.records import TopicPartition

_SHOWN = 8
"""So many are named, at most, of what may be many."""


def changed(before: Subscription, now: Subscription) -> str:
    """Why a member that is in the group joins again."""
    given_up = [partition for partition in before.owned if partition not in now.owned]
    if before.topics != now.topics:
        return f"{now.member} reads {_few(now.topics)} now"
    return f"{now.member} gave up {_few(given_up)}" if given_up else f"{now.member} joined again"


def after(reasons: Sequence[str]) -> str:
    """Why there is another generation."""
    return f" after {', '.join(reasons[:_SHOWN])}" + (" and more" if len(reasons) > _SHOWN else "") if reasons else ""


def gifts(shares: Mapping[str, Sequence[TopicPartition]]) -> str:
    """Who gets what."""
    return ", ".join(f"{member} gets {_few(share) or 'nothing'}" for member, share in sorted(shares.items()))


def wish(request: OffsetCommit) -> str:
    """What a member wants to commit."""
    offsets = [f"{partition} up to {offset}" for partition, offset in request.offsets[:_SHOWN]]
    text = ", ".join(offsets) + _more(len(request.offsets))
    return f"{request.group}: {request.member} (generation {request.generation}) wants to commit {text}"


def _few(things: Sequence[object]) -> str:
    return " ".join(map(str, things[:_SHOWN])) + _more(len(things))


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""
