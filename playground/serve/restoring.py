"""Puts a visitor's terminal back in order at the end, whatever their seat has left undone.

All of it is harmless where it is in order already, but for one thing: who leaves the alternate screen twice is put back
twice to where the cursor was before, and what has been written since is written over. So that is watched.
"""

from __future__ import annotations

import re

RESET = b"\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[<u\x1b[?25h"
LEAVE = b"\x1b[?1049l"
_SWITCH = re.compile(rb"\x1b\[\?1049([hl])")
_LONGEST = len(LEAVE) - 1


class Restoring:
    """Of one terminal, to which all that is written is shown here as well."""

    def __init__(self) -> None:
        self._alternate = False
        """It is on the alternate screen."""
        self._end = b""
        """Of what was written last: it may come in pieces."""

    def wrote(self, data: bytes) -> None:
        """This was written to it."""
        seen = self._end + data
        for switch in _SWITCH.finditer(seen):
            self._alternate = switch[1] == b"h"
        self._end = seen[-_LONGEST:]

    def bytes(self) -> bytes:
        """What has to be written to it."""
        return RESET + (LEAVE if self._alternate else b"") + b"\r"
