"""What a run was like while it went on: its curves, what was in force from when to when, and what was done.

Kept only for a run of which somebody wants to see the course. Rules this module keeps:

* It looks and changes nothing: the digest is the same with and without.
* Whoever breaks or mends something writes that into the journal right after it. So what is in force is asked for
  whenever such an entry comes, and every spell begins and ends at the very instant, however short it is.
* A crashed machine is down until it is up again: while it boots it serves nobody.
* Curves are those of the screen, second by second. It remembers ten minutes: of a longer run, the last ten.
"""

from __future__ import annotations

from dataclasses import dataclass

from playground.cluster import Cluster
from playground.curves import Curves
from playground.kernel.journal import Entry
from playground.metrics import BUCKET_US, KEEP_BUCKETS
from widgets.shapes import Line, Tone

STALE = "stale/s"
"""The name of the curve of stale reads; the other names are those of the screen."""
_CHANGES = frozenset({"partition", "one-way", "link", "flap", "heal", "rolling", "clock", "disk", "slow-cpu", "stall"})
"""The kinds of entries that tell of a change of what is in force."""
_LIVES = {"crash": "down", "freeze": "frozen"}
_ENDS = {"up": "down", "thaw": "frozen"}


@dataclass(frozen=True, slots=True)
class InForce:
    """Something was broken for a while: ``what``, in words, from one instant to another (µs of virtual time)."""

    what: str
    from_us: int
    until_us: int
    over: bool = True
    """False: the run ended before it did."""


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The course of a run. Plain values."""

    curves: tuple[Line, ...]
    """One value a second each, None where there is nothing to tell; they end with the last full second."""
    first_s: int
    """The second that the first values are of: 0, unless the run was too long to remember."""
    in_force: tuple[InForce, ...]
    """In the order in which they began."""
    done: tuple[tuple[int, str], ...]
    """``(at_us, line)``: commands that took effect, as they would be typed, with names instead of words for them."""


class Chronicler:
    """Follows ``cluster`` from its beginning; :meth:`close` gives what it saw."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._open: dict[str, int] = {}
        """What is in force -> since when."""
        self._over: list[InForce] = []
        self._closed = False
        cluster.world.journal.watch(self._happened)

    def close(self) -> Chronicle:
        """The course until now; what happens from here on does not count."""
        cluster, now_us = self._cluster, self._cluster.now_us
        self._closed = True
        open_still = [InForce(what, from_us, now_us, over=False) for what, from_us in self._open.items()]
        seconds = now_us // BUCKET_US
        columns = min(seconds, KEEP_BUCKETS)
        buckets = cluster.metrics.recent(now_us, columns + 1)[:-1]
        stale = Line(STALE, tuple(float(each.stale) for each in buckets), "", tone=Tone.WARN)
        hues = {name: hue for hue, name in enumerate(cluster.names)}
        return Chronicle(
            (*Curves(cluster).series(columns, hues).lines, *((stale,) if cluster.spec.database != "none" else ())),
            seconds - columns,
            tuple(sorted((*self._over, *open_still), key=lambda each: each.from_us)),
            tuple((at_us, command.line()) for at_us, command in cluster.recorded),
        )

    def _happened(self, entry: Entry) -> None:
        if self._closed:
            return
        if entry.kind in _CHANGES:
            self._look(entry.at_us)
        elif entry.kind in _LIVES:
            self._end(f"{entry.subject}: frozen", entry.at_us)  # who crashes is not frozen any more
            self._open.setdefault(f"{entry.subject}: {_LIVES[entry.kind]}", entry.at_us)
        elif entry.kind in _ENDS:
            self._end(f"{entry.subject}: {_ENDS[entry.kind]}", entry.at_us)

    def _look(self, at_us: int) -> None:
        """Compare what is in force with what was."""
        now = dict.fromkeys(each for text in self._cluster.in_force() for each in self._apart(text))
        lives = tuple(f": {life}" for life in _LIVES.values())
        for what in [each for each in self._open if each not in now and not each.endswith(lives)]:
            self._end(what, at_us)
        for what in now:
            self._open.setdefault(what, at_us)

    def _apart(self, text: str) -> list[str]:
        """``n2 n3: disk full`` of each machine by itself: each falls ill and recovers on its own."""
        who, colon, what = text.partition(": ")
        names = who.split()
        return [f"{name}: {what}" for name in names] if colon and set(names) <= set(self._cluster.names) else [text]

    def _end(self, what: str, at_us: int) -> None:
        from_us = self._open.pop(what, None)
        if from_us is not None:
            self._over.append(InForce(what, from_us, at_us))
