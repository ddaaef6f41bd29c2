"""What a spectator's keys mean: that they want to leave, or nothing that anybody heeds.

What is no key (reports of the mouse and of focus, answers of the terminal) means nothing, also when it comes in pieces.
A piece that nothing follows is forgotten after a moment: it was the escape key, or junk.
"""

from __future__ import annotations

import re
from enum import Enum, auto

UNFINISHED_S = 0.2
LONGEST = 256
"""Bytes of a piece that more is awaited of."""
_LEAVES = frozenset(b"qQ\x03\x04")
_SEQUENCE = re.compile(
    rb"\x1b(?:(?P<report>\[M.{3}|\[<[0-9;]*[Mm]|\[[IO]|\[[0-9;]*[cntyR]|\[\?[0-?]*[ -/]*[@-~]"
    rb"|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\))"
    rb"|\[[0-?]*[ -/]*[@-LN-~]|O[ -~]|[^\[O\]P^_X\x1b])",
    re.DOTALL,
)
_BEGUN = re.compile(rb"\x1b(?:\[M.{0,2}|\[[0-?]*[ -/]*|O|[\]P^_X][^\x07\x1b]*\x1b?)?", re.DOTALL)


class Press(Enum):
    """What was pressed."""

    NOTHING = auto()
    KEY = auto()
    LEAVE = auto()


class Presses:
    """Of one spectator, as they come."""

    def __init__(self) -> None:
        self._piece = b""
        self._at_s = 0.0

    def hear(self, data: bytes, now_s: float) -> Press:
        """What ``data`` comes to; ``now_s``: of any steady clock."""
        if now_s - self._at_s <= UNFINISHED_S:
            data = self._piece + data
        self._piece, self._at_s = b"", now_s
        heard, at = Press.NOTHING, 0
        while at < len(data):
            sequence = _SEQUENCE.match(data, at)
            if sequence is not None:
                at = sequence.end()
                if sequence["report"] is None:
                    heard = Press.KEY
            elif data[at] in _LEAVES:
                return Press.LEAVE
            elif len(data) - at <= LONGEST and _BEGUN.fullmatch(data, at):
                self._piece = data[at:]
                break
            else:
                at, heard = at + 1, Press.KEY
        return heard
