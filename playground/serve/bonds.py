"""What binds the process of a visitor from its first moment, and holds whatever goes wrong later.

Limits of the kernel are a backstop: each holds for one process. What all processes of a visitor take together is
watched from outside (:mod:`playground.serve.watch`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import termios

from playground.serve.messages import Brief

NICE = 10
OPEN_FILES = 128
OOM_SCORE = 500
"""Should this machine run out of memory, visitors' processes go first."""
SPARE_BYTES = 2_000_000_000
"""Of addresses, beyond the memory that a process may take: they are reserved far ahead of what is used."""


def bind() -> None:
    """To the terminal, and to the place of a guest."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.umask(0o077)
    os.nice(NICE)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(OOM_SCORE))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)


def confine(brief: Brief) -> None:
    """What only the Brief knows of limits."""
    if brief.memory_bytes:
        _limit(resource.RLIMIT_AS, brief.memory_bytes + SPARE_BYTES)
    if brief.cpu_s:
        _limit(resource.RLIMIT_CPU, int(brief.cpu_s))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most))
