"""Faults of one machine: its disk and its clock."""

from __future__ import annotations

from playground.kernel.node import Node


def break_disk(node: Node, fault: str, amount: int) -> str:
    """Put a disk fault in force and say so.

    ``full``: nothing can be appended. ``hang``: operations don't complete until healed.
    ``slow``: everything takes ``amount`` times as long. ``rot``: ``amount`` bits that were
    safe flip, for good. ``ok`` undoes all but the rot.
    """
    disk = node.disk
    if fault == "full":
        disk.full = True
        return f"the disk of {node.name} is full"
    if fault == "hang":
        disk.hang()
        return f"the disk of {node.name} hangs"
    if fault == "slow":
        disk.slowdown = amount
        return f"the disk of {node.name} is {amount} times slower"
    if fault == "rot":
        flipped = disk.rot(amount)
        return f"{flipped} bits flipped on the disk of {node.name}"
    mend_disk(node)
    return f"the disk of {node.name} is well again"


def disk_is_ill(node: Node) -> bool:
    disk = node.disk
    return disk.full or disk.hanging or disk.slowdown != 1


def mend_disk(node: Node) -> None:
    """End what can be ended; flipped bits stay flipped."""
    node.disk.full = False
    node.disk.slowdown = 1
    if node.disk.hanging:
        node.disk.resume()


def clock_is_wrong(node: Node) -> bool:
    return bool(node.clock.offset_us or node.clock.drift_ppm)


def set_clock(node: Node, offset_us: int | None, drift_ppm: int | None) -> str:
    """Let the clock show ``offset_us`` too much and run ``drift_ppm`` too fast from now on."""
    if offset_us is not None:
        node.clock.offset_us = offset_us
    if drift_ppm is not None:
        node.clock.set_drift(drift_ppm)
    clock = node.clock
    return f"the clock of {node.name} is off by {clock.offset_us / 1e6:g} s and drifts by {clock.drift_ppm} ppm"


def mend_clock(node: Node) -> None:
    """As NTP would: the right rate, and the right time but for what the drift has cost so far."""
    node.clock.set_drift(0)
    node.clock.offset_us = 0
