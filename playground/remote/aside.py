"""How a process of ours begins that has no terminal: what follows a session, the hall, the gallery.

It knows its work by a wire, and ends with it. What the terminal of the front sends (ctrl-c, a hang-up, a stop) is not
for it, nor is what the environment says of that terminal. What it says is for nobody.
"""

from __future__ import annotations

import os
import subprocess
import sys

from playground.remote.wire import Wire

_TERMINAL = ("TEXTUAL", "NO_COLOR", "COLUMNS", "LINES")


def started_aside(module: str, wire: Wire, *words: str) -> subprocess.Popen[bytes]:
    """``python -m module FD words…``, where FD is this wire, which is dropped here. OSError: it cannot be."""
    # Python's own way to find modules, but not the folder that somebody happens to be in.
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_TERMINAL)}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(wire.fileno()), *words],
            pass_fds=[wire.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**environ, "PYTHONPATH": paths},
        )
    finally:
        wire.drop()
