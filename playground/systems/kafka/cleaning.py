"""Retention and compaction: what becomes of closed segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playground.systems.kafka.log import PartitionLog


class Cleaned(NamedTuple):
    """What one call of ``clean`` did."""

    rolled: bool = False
    deleted_segments: int = 0
    compacting: bool = False


class Cleaner:
    """Of one log."""

    def __init__(self, log: PartitionLog) -> None:
        self._log = log

    def clean(self, now_us: int) -> Cleaned:
        return Cleaned()
