"""One heap for all threads.

glibc gives each thread a heap of its own. Here the world's thread makes what the screen's thread frees, ten times a
second, and such heaps only ever grow: the app would take 50 MB more every minute. Python's own lock lets one thread
at a time allocate anyway, so one heap costs nothing.
"""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8
"""The parameter of glibc's mallopt(3)."""


def share_one() -> None:
    """From now on all threads allocate from one heap, where the C library has several. Call it before any starts."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and one heap
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
