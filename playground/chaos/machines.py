"""Faults of one machine: its CPU, its disk and its clock."""

from __future__ import annotations

from collections.abc import Sequence

from playground.chaos.ills import of_clock, of_disk
from playground.kernel.node import Node

EVENT_US = 50
"""What an event costs a slow CPU at the least, before it is multiplied."""


# --- CPU ---------------------------------------------------------------------------


def slow_cpu(node: Node, times: int, usual_us: int) -> str:
    """Let each event cost ``times`` what it usually does (or :data:`EVENT_US`, if that is more)."""
    node.set_event_cost(max(usual_us, EVENT_US) * times)
    return f"the CPU of {node.name} is slow: {node.event_us / 1_000:g} ms for each event"


def cpu_is_slow(node: Node, usual_us: int) -> bool:
    return node.event_us != usual_us


def mend_cpu(node: Node, usual_us: int) -> None:
    node.set_event_cost(usual_us)


# --- disk --------------------------------------------------------------------------

DISK_FAULTS = ("full", "hang", "slow", "lie", "read-error")
"""Those that can be ended."""


def break_disk(node: Node, fault: str, amount: int) -> str:
    """Put a disk fault in force and say so.

    ``full``: nothing can be appended. ``hang``: operations don't complete until healed.
    ``slow``: everything takes ``amount`` times as long. ``lie``: what is said to be synced is not, and a crash
    loses it. ``read-error``: nothing can be read. ``rot``: ``amount`` bits that were safe flip, for good.
    ``ok`` undoes all but the rot.
    """
    disk, whose = node.disk, f"the disk of {node.name}"
    if fault == "full":
        disk.full = True
        return f"{whose} is full"
    if fault == "hang":
        disk.hang()
        return f"{whose} hangs"
    if fault == "slow":
        disk.slowdown = amount
        return f"{whose} is {amount} times slower"
    if fault == "lie":
        disk.lying = True
        return f"{whose} lies: it says synced, and keeps it in a cache that a crash empties"
    if fault == "read-error":
        disk.failing_reads = True
        return f"{whose} cannot be read"
    if fault == "rot":
        flipped = disk.rot(amount)
        return f"{flipped} bits flipped on the disk of {node.name}"
    mend_disk(node)
    return f"{whose} is well again"


def disk_is_ill(node: Node) -> bool:
    return any(of_disk(node))


def mend_disk(node: Node, fault: str = "ok") -> None:
    """End one fault, or (``ok``) all that can be ended; flipped bits stay flipped."""
    disk = node.disk
    if fault in ("full", "ok"):
        disk.full = False
    if fault in ("slow", "ok"):
        disk.slowdown = 1
    if fault in ("lie", "ok"):
        disk.lying = False
    if fault in ("read-error", "ok"):
        disk.failing_reads = False
    if fault in ("hang", "ok") and disk.hanging:
        disk.resume()


# --- clock -------------------------------------------------------------------------

CLOCK_PARTS = ("offset", "drift", "frozen")
"""What can be wrong with a clock."""


def clock_is_wrong(node: Node) -> bool:
    return any(of_clock(node))


def set_clock(node: Node, offset_us: int | None, drift_ppm: int | None, *, frozen: bool = False) -> str:
    """Let the clock show ``offset_us`` too much and run ``drift_ppm`` too fast from now on, or always the same time."""
    clock = node.clock
    if offset_us is not None:
        clock.offset_us = offset_us
    if drift_ppm is not None:
        clock.set_drift(drift_ppm)
    if frozen and not clock.frozen:
        clock.freeze()
    text = f"the clock of {node.name} is off by {clock.offset_us / 1e6:g} s and drifts by {clock.drift_ppm} ppm"
    return f"{text}, and stands still" if clock.frozen else text


def mend_clock(node: Node, parts: Sequence[str] = CLOCK_PARTS) -> None:
    """As NTP would: the right rate, and the right time but for what the drift has cost so far."""
    if "frozen" in parts:
        node.clock.resume()
    if "drift" in parts:
        node.clock.set_drift(0)
    if "offset" in parts:
        node.clock.offset_us = 0
