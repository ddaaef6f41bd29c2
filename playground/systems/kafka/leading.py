"""A leader's epoch: it gives offsets, counts who has what, and says what is committed."""

from __future__ import annotations

from dataclasses import dataclass

from playground.systems.kafka.image import Member


@dataclass(slots=True)
class Progress:
    """How far a follower has come, by what it has fetched in this leader epoch."""

    member: Member
    incarnation: int
    end_offset: int = -1
    caught_up_us: int = 0
    fetched_us: int = 0


class Leading:
    """From the election until the next one."""

    epoch: int
    isr: tuple[Member, ...]
    followers: dict[str, Progress]
    high_watermark: int
