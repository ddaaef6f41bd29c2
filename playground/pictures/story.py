"""The event log of the screen: the newest lines of the journal, as a person reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from playground.kernel.journal import Entry, Journal
from widgets.shapes import Log, LogLine, Tone

LOG_LINES = 500
NAMED = 8
"""So many machines are named that say the same."""
_TOGETHER = ("start", "up")
_BELIEFS = {"suspect": "suspect {}", "dead": "believe {} dead", "alive": "believe {} alive again"}
"""What gossip tells of a machine: many say it, one after the other."""
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
        self._together: list[str] = []
        """Whom the newest line is about, if it tells of several."""
        self._about = ""
        for entry in journal.entries:
            self._write(entry)
        journal.watch(self._write)

    def log(self) -> Log:
        """The newest lines, oldest first."""
        count = self._journal.count
        newest = self._log.lines[-1].index if self._log.lines else -1
        if newest != count - 1:
            self._log = Log(tuple(self._lines), dropped=self._written - len(self._lines))
        return self._log

    def _write(self, entry: Entry) -> None:
        tone = _TONES.get(entry.kind, Tone.PLAIN)
        about = dict(entry.data).get("about", "")
        last = self._lines[-1] if self._lines else None
        if last and self._belongs(last, entry, about):
            # A whole cluster that boots at once, or hears the same news, is one line, not twenty.
            self._together.append(entry.subject)
            text = _several(entry.kind, self._together, about)
            self._lines[-1] = replace(last, index=entry.index, subject="", text=text, hue=None)
            return
        self._together, self._about = [entry.subject], about
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

    def _belongs(self, last: LogLine, entry: Entry, about: str) -> bool:
        """Whether ``entry`` says of another machine what the newest line says."""
        if last.kind != entry.kind or entry.subject in self._together:
            return False
        if entry.kind in _TOGETHER:
            return last.at_us == entry.at_us
        return entry.kind in _BELIEFS and about == self._about


def _several(kind: str, names: Sequence[str], about: str) -> str:
    if kind in _TOGETHER:
        return f"{len(names)} machines are {'up' if kind == 'up' else 'starting'}"
    who = " ".join(names) if len(names) <= NAMED else f"{' '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return f"{who} {_BELIEFS[kind].format(about)}"
