"""Acts on a machine's clock and disk."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from playground.commands.base import Lasting, OnNodes
from playground.quantities import OffsetUs


class Clock(OnNodes, Lasting):
    """Set a node's clock wrong (offset), let it run too fast or slow (drift), or stop it (frozen).

    Timers follow the drift. The time of day, which offset and frozen change, matters to a store whose last writer wins.
    """

    form: ClassVar[str] = "clock NODE... [offset=D] [drift_ppm=N] [frozen=yes] [lasting=D]"
    example: ClassVar[str] = "clock n2 offset=5s drift_ppm=200"
    family: ClassVar[str] = "machine"
    undo: ClassVar[str] = "heal"
    do: Literal["clock"] = "clock"
    offset: OffsetUs | None = Field(default=None, description="so much ahead; may be negative")
    drift_ppm: int | None = Field(default=None, ge=-900_000, le=10_000_000, description="parts per million too fast")
    frozen: bool = Field(default=False, description="the time of day stands still; timers go on")


class Disk(OnNodes, Lasting):
    """Make a disk full, hang (no operation ends), slow (times), lie (fsync is not kept), fail to read, or rot (bits).

    ok undoes all but the rot.
    """

    form: ClassVar[str] = "disk NODE... fault=full|hang|slow|lie|read-error|rot|ok [amount=N] [lasting=D]"
    example: ClassVar[str] = "disk n4 fault=slow amount=50"
    family: ClassVar[str] = "machine"
    undo: ClassVar[str] = "heal; rot stays"
    do: Literal["disk"] = "disk"
    fault: Literal["full", "hang", "slow", "lie", "read-error", "rot", "ok"] = Field(
        description="what is wrong; ok: nothing any more"
    )
    amount: int = Field(default=10, ge=1, le=100_000, description="slow: how many times; rot: how many bits")
