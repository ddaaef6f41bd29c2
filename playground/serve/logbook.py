"""Who came, who was refused and why, who left: one line each, on standard error or in a file.

What strangers say is never written as they say it: no control characters, no more than a short piece. The same
refusal over and over becomes one line with a count, and so does what is refused to too many addresses to tell them
apart, so that a flood fills no disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from playground.bucket import Bucket

SHORTEST = 200
"""Characters of a line that strangers have had a say in."""
AGAIN_S = 10.0
"""The same refusal is written once in so long."""
REFUSALS, REFUSALS_PER_S = 200, 1.0
"""Lines about refusals: at once, and in the long run. Beyond that they are counted together."""
MANY = "many addresses"


class Logbook:
    """Writes to ``file``; a file that can't be written any more ends nothing."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._refused: dict[tuple[str, str], tuple[float, int]] = {}
        self._lines = Bucket(REFUSALS, REFUSALS_PER_S, clock())
        self.lost = ""
        """Why a line could not be written; "": all were."""

    def write(self, text: str) -> None:
        """A line, after the time of day."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            print(now, plain(text), file=self._file, flush=True)
        except (OSError, ValueError) as error:
            self.lost = getattr(error, "strerror", None) or str(error)

    def came(self, name: str, role: str, address: str, by: str) -> None:
        self.write(f"{name} came as {role} from {address} ({by})")

    def left(self, name: str, address: str, after_s: float, why: str) -> None:
        self.write(f"{name} left after {after_s:.0f} s, from {address}: {why}")

    def refused(self, address: str, why: str) -> None:
        """Somebody was not let in, or asked for what there is not."""
        now = self._clock()
        if self._counted(address, why, now):
            return
        if self._lines.left(now) < 1:
            address = MANY
            if self._counted(address, why, now):
                return
        self._lines.take(1, now)
        self._flush(now)
        self._refused[address, why] = (now, 0)
        self.write(f"refused {address}: {why}")

    def close(self) -> None:
        self._flush(float("inf"))

    def _counted(self, address: str, why: str, now: float) -> bool:
        """Whether that was written already, not long ago: then it is counted."""
        at, more = self._refused.get((address, why), (-AGAIN_S, 0))
        if now - at >= AGAIN_S:
            return False
        self._refused[address, why] = (at, more + 1)
        return True

    def _flush(self, now: float) -> None:
        """Say of what is over how often it was, and forget it."""
        for (address, why), (at, more) in list(self._refused.items()):
            if now - at >= AGAIN_S:
                del self._refused[address, why]
                if more:
                    self.write(f"refused {address}: {why} ({more} more times)")


def plain(text: str) -> str:
    """On one line, nothing in it that a terminal would obey."""
    shown = "".join(char if char.isprintable() else "·" for char in text[: SHORTEST + 1])
    return shown if len(shown) <= SHORTEST else shown[:SHORTEST] + "…"
