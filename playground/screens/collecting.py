"""How often a process that draws, and has no world of its own, looks for garbage."""

from __future__ import annotations

import gc

_PATIENCE = (20_000, 20, 50)
"""Thresholds of the collector. A picture is thousands of small things that are gone with the next one, hardly any of
them in a cycle: looked for as often as is usual, they cost a tenth of the processor that drawing takes."""


def collect_seldom() -> None:
    """From now on. What is there already stays, and is never looked at again: call it when all is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_PATIENCE)
