"""How the process of a seat begins: on a terminal made ready for it, knowing nothing of ours but what it needs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
import termios

from playground.serve.colors import TRUE
from playground.serve.line import Terminal

_SYSTEMS = {0: "standard", 16: "standard", 256: "256", TRUE: "truecolor"}


def started(terminal: int, control: socket.socket, env: dict[str, str], screen: Terminal) -> subprocess.Popen[bytes]:
    """The process, on that terminal. OSError: it cannot be."""
    resize(terminal, screen.columns, screen.rows)
    quiet(terminal)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "playground.serve.player", str(control.fileno())],
        pass_fds=[control.fileno()],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        cwd="/",
        env=env,
    )


def environment(screen: Terminal) -> dict[str, str]:
    """All that the process knows of where it runs, but for the mark of the seat."""
    env = {
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "TERM": screen.term,
        "LANG": screen.lang,
        # Python's own way to find modules, but not the folder that somebody happens to be in.
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONCOERCECLOCALE": "0",  # LANG is the visitor's word on what their terminal can show
        "TEXTUAL_COLOR_SYSTEM": _SYSTEMS[screen.colors],  # whatever it would make of the name
    }
    if screen.colors == TRUE:
        env["COLORTERM"] = "truecolor"
    elif not screen.colors:
        env["NO_COLOR"] = "1"
    return env


def resize(fd: int, columns: int, rows: int) -> None:
    """Tell the terminal its size, and whoever draws on it."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def quiet(terminal: int) -> None:
    """Keys make no signals, stop no output and are not echoed, whoever has the terminal: they are for the app."""
    modes = termios.tcgetattr(terminal)
    modes[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL)
    modes[3] &= ~(termios.ISIG | termios.ICANON | termios.ECHO | termios.IEXTEN)
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
