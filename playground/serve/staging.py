"""What is staged: a session in another process, to which a presenter went back, shown to all instead of the present.

The hall has a wire to that session's door (:mod:`playground.remote.door`). Over it everybody gets a wire of their own
to look and act there, and it is told of the company, so that it knows who may act, and of words for those who are
there. It ends when the presenter has had enough of it, and with either process.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from playground.company import Company
from playground.remote.wire import Chair, Gone, Wire


class Staging:
    """Of one such session, to whose door ``wire`` leads. ``lost``: called when it has ended, from whatever thread."""

    def __init__(self, wire: Wire, company: Company, lost: Callable[[], None]) -> None:
        self._wire = wire
        self._lost = lost
        threading.Thread(target=self._await, name="stage", daemon=True).start()
        self.send(company)

    def chair(self, name: str) -> Wire:
        """The end of a wire to it, for whoever has that name."""
        here, there = Wire.pair()
        self.send(Chair(name), there)
        there.drop()
        return here

    def send(self, message: object, carrying: Wire | None = None) -> None:
        """To the door. One that does not listen any more is given up: nobody waits for it."""
        try:
            if not self._wire.ready:
                raise Gone("it does not listen")
            self._wire.send(message, carrying)
        except Gone:
            self.close()

    def close(self) -> None:
        """Send all away from there. May be called again."""
        self._wire.close()

    def _await(self) -> None:
        with contextlib.suppress(Exception):  # nothing comes from there but the end, and nothing else is believed
            while True:
                self._wire.receive()
        self._wire.close()
        self._lost()
