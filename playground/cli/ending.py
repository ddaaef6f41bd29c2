"""How a command ends that does not end by itself.

* Ctrl-C, SIGTERM and SIGHUP take one way out: whoever handles Ctrl-C with care (sweeps, recordings, the pool's
  workers) leaves nothing behind either when somebody types ``kill``. The exit status still tells which it was.
* A stream that was closed before we came (``>&-``) is read as: whatever you say, nobody listens.
* A reader that has gone (``| head``) is no error; a full disk behind ``>`` is one, and said in a line.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130
READER_GONE = 141
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_SIGNALS = ("SIGTERM", "SIGHUP")  # by name: not every system has both


class Said(int):
    """An exit status of a command that has told itself how it came to its end: nobody tells it again."""


def open_streams() -> None:
    """Give each standard stream that is closed something to write to; let no letter be too strange for any."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the end of the process)
            setattr(sys, name, stream)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets every line


@contextlib.contextmanager
def signals_as_ctrl_c() -> Iterator[list[int]]:
    """Turn the first SIGTERM or SIGHUP into Ctrl-C; the second one ends the process. Yields what came."""
    came: list[int] = []
    before = {}

    def pass_on(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)

    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) == signal.SIG_DFL:  # nohup has it ignored, and so it stays
                before[number] = signal.signal(number, pass_on)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def no_room(error: OSError) -> bool:
    """Whether standard output takes no more, as on a full disk."""
    return error.errno in _NO_ROOM


def drop_output() -> None:
    """Forget what is still to be written, lest Python complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
