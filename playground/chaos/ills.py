"""What a machine suffers from right now, in a few words each: what a screen lists as being in force."""

from __future__ import annotations

from collections.abc import Iterator

from playground.kernel.node import Node


def ills(node: Node, usual_us: int) -> Iterator[str]:
    """``disk full``, one for each fault. ``usual_us``: what an event costs it when it is well."""
    if node.event_us != usual_us:
        yield f"CPU slow, {node.event_us / 1_000:g} ms an event"
    yield from (f"disk {text}" for text in of_disk(node))
    yield from (f"clock {text}" for text in of_clock(node))


def of_disk(node: Node) -> Iterator[str]:
    """What can be mended of a disk."""
    disk = node.disk
    if disk.full:
        yield "full"
    if disk.hanging:
        yield "hangs"
    if disk.slowdown != 1:
        yield f"{disk.slowdown} times slower"
    if disk.lying:
        yield "lies"
    if disk.failing_reads:
        yield "cannot be read"


def of_clock(node: Node) -> Iterator[str]:
    """In what a clock is wrong."""
    clock = node.clock
    if clock.offset_us:
        yield f"{clock.offset_us / 1e6:+g} s"
    if clock.drift_ppm:
        yield f"{clock.drift_ppm:+d} ppm"
    if clock.frozen:
        yield "stands still"
