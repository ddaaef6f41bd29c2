"""Tasks for engines. They stand in a module of their own: workers import it."""

from __future__ import annotations

import os
import signal
import time

FATAL, ENDLESS, CLUMSY, GREEDY = -1, -2, -3, -4


def square(number: int) -> int:
    """The square; some numbers stand for what goes wrong in a worker."""
    if number == FATAL:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == ENDLESS:
        while True:
            time.sleep(1)
    if number == CLUMSY:
        raise ValueError("not this\none")
    if number == GREEDY:
        raise MemoryError
    return number * number


def interrupts_are_ignored(_task: int) -> bool:
    """Whether Ctrl-C would be ignored here."""
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN
