"""Asks one terminal what it shows, before its visitor has a seat, and keeps its answers apart from what is typed.

Nobody is waited for longer than :data:`PATIENCE_S`. What somebody types meanwhile is kept for the seat, as far as a
person types ahead. A terminal far away may answer later than that: it is not asked again and nothing changes, but what
it answers is no key then, either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playground.serve.colors import QUESTION, Answers
from playground.serve.line import Line

PATIENCE_S = 0.5
AHEAD_BYTES = 4_096
HOLD_S = 0.05
"""Escape is a key if nothing comes after it for so long."""


class Asking:
    """``known``: called once, with whether it shows all colours. ``typed``: from then on, with what is typed."""

    def __init__(self, line: Line, known: Callable[[bool], None], typed: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._known = known
        self._typed = typed
        self._answers = Answers()
        self._ahead = b""
        self._holding: asyncio.TimerHandle | None = None
        self._waiting: asyncio.TimerHandle | None = self._loop.call_later(PATIENCE_S, self._go_on)
        line.write(QUESTION)

    def hear(self, data: bytes) -> None:
        """This came from the terminal."""
        typed = self._answers.hear(data)
        if self._waiting is not None:
            self._ahead += typed[: AHEAD_BYTES - len(self._ahead)]
            if self._answers.over:
                self._go_on()
            return
        if typed:
            self._typed(typed)
        self._hold()

    def close(self) -> None:
        """Call nobody any more."""
        for timer in (self._waiting, self._holding):
            if timer is not None:
                timer.cancel()

    def _go_on(self) -> None:
        assert self._waiting is not None
        self._waiting.cancel()
        self._waiting = None
        self._known(self._answers.true)
        if self._ahead:
            self._typed(self._ahead)
            self._ahead = b""
        self._hold()

    def _hold(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
        self._holding = self._loop.call_later(HOLD_S, self._release) if self._answers.holds else None

    def _release(self) -> None:
        self._holding = None
        if typed := self._answers.released():
            self._typed(typed)
