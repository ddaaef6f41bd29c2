"""The place of one spectator: what of the common picture reaches their terminal, and what they may do, which is leave.

A spectator who has no room for a change misses it, and is *owed* all of the picture from then on; so are one who has
just come, one whose terminal has changed its size, and one who was told something across the picture. Until they get it
no change is shown to them: a change is worth nothing without what was before it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from playground.bucket import Bucket
from playground.screens.layout import LEAST
from playground.serve.messages import Style
from playground.serve.presses import Press, Presses
from playground.serve.styles import style_of
from playground.serve.visit import BACKLOG_BYTES, Visit

ENTER = b"\x1b[?1049h\x1b[?25l\x1b[0m\x1b[2J\x1b[H"
LEAVE = b"\x1b[0m\x1b[?25h\x1b[?1049l\r"
CLEAR = b"\x1b[0m\x1b[2J\x1b[H"
SETTLED_S = 0.2
"""A terminal that is being resized has its last size when it has had it for so long."""
RESTLESS_S = 3.0
"""… and for so long, when that happens all the time: each size may cost a rendering of its own."""
SETTLES, SETTLES_PER_S = 6, 0.2
NOTICE_S = 3.0
AGAIN_S = 1.0
"""Between two notices."""
NOTICE = "you are watching: a presenter can lend you the keyboard; q leaves"
ENOUGH_BYTES = BACKLOG_BYTES // 2
"""Room for so much is room for any picture."""


class Places(Protocol):
    """All of them."""

    def seat(self, place: Place, best: Style | None) -> None:
        """Let the place have pictures in a style that suits ``best``, and no longer in another one."""

    def owe(self, place: Place) -> None:
        """It needs all of the picture."""

    def free(self, place: Place) -> None:
        """It needs nothing any more."""


class Place:
    """A seat (see :class:`playground.serve.visit.Seat`)."""

    def __init__(self, visit: Visit, places: Places) -> None:
        self._visit = visit
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._presses = Presses()
        self._settles = Bucket(SETTLES, SETTLES_PER_S, time.monotonic())
        self._settling: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        """Until it ends, a notice stands across the picture."""
        self._noticed_s = -AGAIN_S
        self._left = False
        self.owed = True
        self._visit.show(ENTER)
        self._settle()

    # --- for the visit ----------------------------------------------------------------

    def typed(self, data: bytes) -> None:
        now_s = time.monotonic()
        press = self._presses.hear(data, now_s)
        if press is Press.LEAVE:
            self._visit.left()
        elif press is Press.KEY and now_s - self._noticed_s >= AGAIN_S and not self.owed:
            self._noticed_s = now_s
            if self._reading is not None:
                self._reading.cancel()
            self._reading = self._loop.call_later(NOTICE_S, self._read)
            self._show(self._notice())

    def resized(self, columns: int, rows: int) -> None:
        self.owed = True
        if self._settling is not None:
            self._settling.cancel()
        restless = self._settles.left(time.monotonic()) < 1
        self._settling = self._loop.call_later(RESTLESS_S if restless else SETTLED_S, self._settle)

    async def leave(self) -> None:
        if not self._left:
            self.release()
            self._visit.show(LEAVE)

    # --- for the stands -----------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """All of the picture is owed, and could be shown now."""
        return self.owed and self._settling is None and self._visit.room() >= ENOUGH_BYTES

    def whole(self, data: bytes) -> None:
        """All of the picture, should it be owed."""
        if self.owed and self._settling is None and self._has_room(data):
            self.owed = False
            self._show(data)

    def change(self, data: bytes) -> None:
        """What has changed since the last change."""
        if self.owed:
            return
        if self._has_room(data):
            self._show(data if self._reading is None else data + self._notice())
        else:
            self.owed = True

    def give_up(self, why: str) -> None:
        """There is nothing to be seen from here any more."""
        self._visit.left(why)

    def release(self) -> None:
        """Show nothing more."""
        self._left = True
        for timer in (self._settling, self._reading):
            if timer is not None:
                timer.cancel()
        self._places.free(self)

    # --- inside ---------------------------------------------------------------------------

    def _settle(self) -> None:
        self._settling = None
        self._settles.take(1, time.monotonic())
        self.owed = True
        screen = self._visit.terminal
        best = style_of(screen)
        self._show(CLEAR)
        if best is None:
            text = f"{LEAST[0]}x{LEAST[1]} is the least, this is {screen.columns}x{screen.rows}"
            self._show(text[: screen.columns].encode())
        self._places.seat(self, best)

    def _read(self) -> None:
        """The notice has been read."""
        self._reading = None
        self._places.owe(self)

    def _notice(self) -> bytes:
        screen = self._visit.terminal
        text = f" {NOTICE} "[: screen.columns].ljust(screen.columns)
        return f"\x1b[{screen.rows};1H\x1b[0;7m{text}\x1b[0m".encode()

    def _has_room(self, data: bytes) -> bool:
        return self._visit.room() >= min(len(data), ENOUGH_BYTES)

    def _show(self, data: bytes) -> None:
        if not self._left:
            self._visit.show(data)
