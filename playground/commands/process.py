"""Acts on processes and the machines that they run on."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from playground.commands.base import Lasting, OnNodes
from playground.quantities import DurationUs


class Crash(OnNodes, Lasting):
    """Power off: unsynced writes are lost; with lose_disk, everything on the disk is.

    tail says what becomes of what was not synced: lost as a whole, or torn (a beginning of it reached the disk).
    """

    form: ClassVar[str] = "crash NODE... [lose_disk=yes] [tail=lost|torn] [lasting=D]"
    example: ClassVar[str] = "crash n3"
    family: ClassVar[str] = "process"
    undo: ClassVar[str] = "start"
    possible: ClassVar[str] = "crash"
    do: Literal["crash"] = "crash"
    lose_disk: bool = Field(default=False, description="yes: all that was ever written is gone")
    tail: Literal["", "lost", "torn"] = Field(default="", description="of unsynced data; by chance if not given")


class Start(OnNodes):
    """Power on: the node boots, recovers from its disk, and serves again."""

    form: ClassVar[str] = "start NODE..."
    example: ClassVar[str] = "start n3"
    family: ClassVar[str] = "process"
    possible: ClassVar[str] = "start"
    do: Literal["start"] = "start"


class Restart(OnNodes):
    """Power off, and on again after a while."""

    form: ClassVar[str] = "restart NODE... [down=D]"
    example: ClassVar[str] = "restart n2 down=3s"
    family: ClassVar[str] = "process"
    undo: ClassVar[str] = "by itself"
    possible: ClassVar[str] = "crash"
    do: Literal["restart"] = "restart"
    down: DurationUs = Field(default=1_000_000, description="how long it stays off")


class RollingRestart(OnNodes):
    """Restart one node after the other; the next one goes a while after the one before is up again.

    Who does not come up again holds up the rest; who is down already is passed over.
    """

    form: ClassVar[str] = "rolling-restart NODE... [down=D] [pause=D]"
    example: ClassVar[str] = "rolling-restart all pause=3s"
    family: ClassVar[str] = "process"
    undo: ClassVar[str] = "by itself; heal stops it"
    possible: ClassVar[str] = "crash"
    do: Literal["rolling-restart"] = "rolling-restart"
    down: DurationUs = Field(default=1_000_000, description="how long each stays off")
    pause: DurationUs = Field(default=2_000_000, description="from up again to the next one")


class Freeze(OnNodes, Lasting):
    """Stop the process where it stands (a long GC pause): it answers nothing and notices nothing."""

    form: ClassVar[str] = "freeze NODE... [lasting=D]"
    example: ClassVar[str] = "freeze n2 lasting=4s"
    family: ClassVar[str] = "process"
    undo: ClassVar[str] = "thaw, heal"
    possible: ClassVar[str] = "freeze"
    do: Literal["freeze"] = "freeze"


class Thaw(OnNodes):
    """Let a frozen process go on."""

    form: ClassVar[str] = "thaw NODE..."
    example: ClassVar[str] = "thaw n2"
    family: ClassVar[str] = "process"
    possible: ClassVar[str] = "thaw"
    do: Literal["thaw"] = "thaw"


class SlowCpu(OnNodes, Lasting):
    """Give a node a slow CPU: each event (a message, a timer, a disk's answer) takes times 50 µs, and others wait."""

    form: ClassVar[str] = "slow-cpu NODE... [times=N] [lasting=D]"
    example: ClassVar[str] = "slow-cpu n4 times=200"
    family: ClassVar[str] = "process"
    undo: ClassVar[str] = "heal"
    do: Literal["slow-cpu"] = "slow-cpu"
    times: int = Field(default=100, ge=2, le=100_000, description="how many times 50 µs (or what events cost anyway)")
