"""The event log of the screen: the newest lines of the journal, as a person reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from playground.kernel.journal import Entry, Journal
from widgets.shapes import Log, LogLine, Tone

LOG_LINES = 500
_TOGETHER = ("start", "up")
_TONES = {
    "crash": Tone.BAD,
    "dead": Tone.BAD,
    "alert": Tone.BAD,
    "freeze": Tone.WARN,
    "suspect": Tone.WARN,
    "partition": Tone.WARN,
    "one-way": Tone.WARN,
    "link": Tone.WARN,
    "disk": Tone.WARN,
    "clock": Tone.WARN,
    "remove": Tone.WARN,
    "expired": Tone.WARN,
    "deposed": Tone.WARN,
    "fenced": Tone.WARN,
    "ejected": Tone.BAD,
    "probation": Tone.ACCENT,
    "readmitted": Tone.GOOD,
    "elected": Tone.ACCENT,
    "first-write": Tone.GOOD,
    "up": Tone.GOOD,
    "alive": Tone.GOOD,
    "thaw": Tone.GOOD,
    "heal": Tone.GOOD,
    "good": Tone.GOOD,
    "answer": Tone.ACCENT,
    "say": Tone.ACCENT,
    "load": Tone.ACCENT,
    "add": Tone.ACCENT,
}


class Story:
    """The lines of one journal, from its beginning. ``hues``: of the machines, kept up to date by its owner."""

    def __init__(self, journal: Journal, hues: Mapping[str, int]) -> None:
        self._journal = journal
        self._hues = hues
        self._lines: deque[LogLine] = deque(maxlen=LOG_LINES)
        self._log = Log(())
        self._written = 0
        self._together = 1
        for entry in journal.entries:
            self._write(entry)
        journal.watch(self._write)

    def log(self) -> Log:
        count = self._journal.count
        newest = self._log.lines[-1].index if self._log.lines else -1
        if newest != count - 1:
            self._log = Log(tuple(self._lines), dropped=self._written - len(self._lines))
        return self._log

    def _write(self, entry: Entry) -> None:
        tone = _TONES.get(entry.kind, Tone.PLAIN)
        last = self._lines[-1] if self._lines else None
        if last and entry.kind in _TOGETHER and (last.kind, last.at_us) == (entry.kind, entry.at_us):
            # A whole cluster that boots at once is one line, not twenty.
            self._together += 1
            text = f"{self._together} machines are {'up' if entry.kind == 'up' else 'starting'}"
            self._lines[-1] = replace(last, index=entry.index, subject="", text=text, hue=None)
            return
        self._together = 1
        self._written += 1
        self._lines.append(
            LogLine(
                entry.index,
                entry.at_us,
                entry.kind,
                entry.subject,
                # The line begins with its subject already.
                entry.text.removeprefix(f"{entry.subject} "),
                tone,
                self._hues.get(entry.subject),
            )
        )
