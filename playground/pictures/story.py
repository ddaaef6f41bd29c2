"""The event log of the screen: the newest lines of the journal, as :mod:`.telling` tells them."""

from __future__ import annotations

from collections.abc import Mapping

from playground.kernel.journal import Journal
from playground.pictures.telling import LINES, Items, Telling
from widgets.shapes import Log

LOG_LINES = LINES


class Story:
    """The lines of one journal, from its beginning. ``hues``: of the machines, kept up to date by its owner."""

    def __init__(self, journal: Journal, hues: Mapping[str, int], items: Items | None = None) -> None:
        self._journal = journal
        self._telling = Telling(hues, items, LOG_LINES)
        self._log = Log(())
        self._read = 0
        """How many entries of the journal the log that was given out last tells."""
        for entry in journal.entries:
            self._telling.write(entry)
        journal.watch(self._telling.write)

    def log(self) -> Log:
        """The newest lines, oldest first."""
        if self._read != self._journal.count:
            self._read = self._journal.count
            telling = self._telling
            self._log = Log(tuple(telling.lines), dropped=telling.written - len(telling.lines))
        return self._log
