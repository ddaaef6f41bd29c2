"""How happenings are told: entries of the journal as lines that a person reads, those that say the same together.

What gossip finds out is said by many machines, within seconds, in whatever order. It would drown what it is about, so
it is told in one line: who believes it of one machine, or of whom one machine believes it (one that is cut off). The
line stands where the first of them said it, and grows. In the same way one machine may say the same of several
partitions or shards within a moment, and several leaders the same of one replica: that is one line, which names all
the things. Everything else stands alone, in its place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from playground.kernel.journal import Entry
from widgets.shapes import Item, LogLine, Tone

LINES = 500
_GROWING = 32
"""So many lines may grow at a time."""
BOOT_US = 20_000
"""Machines that boot within this time boot together."""
NAMED = 8
"""So many machines are named that say the same."""
_TOGETHER = ("start", "up")
_BELIEFS = {
    "suspect": ("is suspected by {}", "suspects {}"),
    "dead": ("is believed dead by {}", "believes {} dead"),
    "alive": ("is believed alive again by {}", "believes {} alive again"),
}
"""What gossip tells of a machine: as many say it of one, and as one says it of many."""
_JOIN_US = 5_000_000
"""What is said within so long of the first who says it belongs to the same line."""
_THINGS_US = {
    "elected": 200_000,
    "deposed": 200_000,
    "election": 200_000,
    "isr": 2_000_000,
    "first-write": 2_000_000,
    "truncated": 2_000_000,
}
"""What one machine may say of several things, and for how long that goes into one line."""
_VARIES = re.compile(r" in epoch [0-9]+|[0-9.]+ s\b")
"""What may differ from thing to thing."""
_EPOCH = re.compile(r" in epoch [0-9]+")
_AGAIN = "in sync again"
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
    "unclean": Tone.BAD,
    "zombie": Tone.BAD,
    "not-committed": Tone.BAD,
    "truncated": Tone.WARN,
    "isr": Tone.WARN,
    "rebalancing": Tone.WARN,
    "max-poll": Tone.WARN,
    "reset": Tone.WARN,
    "stall": Tone.WARN,
    "rebalance": Tone.GOOD,
    "election": Tone.ACCENT,
    "feed": Tone.ACCENT,
    "answer": Tone.ACCENT,
    "by": Tone.ACCENT,
    "say": Tone.ACCENT,
    "load": Tone.ACCENT,
    "add": Tone.ACCENT,
}


@dataclass(slots=True)
class _Told:
    """A line that may still grow. ``number``: which of all the lines that were ever written."""

    number: int
    entry: Entry
    who: list[str]
    about: list[str] = field(default_factory=list)

    def take(self, entry: Entry, about: str) -> bool:
        """Let ``entry`` be part of this line, if it says of another machine what the line says."""
        if entry.kind != self.entry.kind or entry.at_us - self.entry.at_us > self._lasts_us:
            return False
        if self.about == [about] and entry.subject not in self.who:
            self.who.append(entry.subject)
        elif self.who == [entry.subject] and about not in self.about:
            self.about.append(about)
        else:
            return False
        return True

    @property
    def subject(self) -> str:
        return _several(self)[0]

    @property
    def text(self) -> str:
        return _several(self)[1]

    @property
    def _lasts_us(self) -> int:
        return BOOT_US if self.entry.kind in _TOGETHER else _JOIN_US


@dataclass(slots=True)
class _ToldOfThings:
    """A line in which one machine says the same of several things."""

    number: int
    entry: Entry
    things: list[str]
    same: bool = True
    """All say the very same, down to the epoch."""

    def take(self, entry: Entry, _about: str) -> bool:
        """Let ``entry`` be part of this line, if it says of another thing what the line says."""
        thing = _thing(entry)
        first = self.entry
        if (
            (entry.kind, entry.subject) != (first.kind, first.subject)
            or entry.at_us - first.at_us > _THINGS_US[first.kind]
            or thing in self.things
            or _form(entry.text, thing) != _form(first.text, self.things[0])
        ):
            return False
        self.things.append(thing)
        self.same = self.same and _epoch(entry.text) == _epoch(first.text)
        return True

    @property
    def subject(self) -> str:
        return self.entry.subject

    @property
    def text(self) -> str:
        text = self.entry.text.replace(self.things[0], _listed(sorted(self.things, key=_by_number)), 1)
        return text if self.same else _EPOCH.sub("", text)


@dataclass(slots=True)
class _ToldOfReplica:
    """A line in which the leaders of several partitions say the same of one replica."""

    number: int
    entry: Entry
    replica: str
    things: list[str]

    def take(self, entry: Entry, _about: str) -> bool:
        """Let ``entry`` be part of this line, if it says of another partition what the line says of the replica."""
        thing = _thing(entry)
        first = self.entry
        if (
            entry.kind != first.kind
            or _replica(entry) != self.replica
            or entry.at_us - first.at_us > _THINGS_US[first.kind]
            or thing in self.things
            or _form(entry.text, thing) != _form(first.text, self.things[0])
        ):
            return False
        self.things.append(thing)
        return True

    @property
    def subject(self) -> str:
        return self.replica

    @property
    def text(self) -> str:
        """``br1: … is out of sync`` of one partition becomes ``br1 is out of sync in changes-0, changes-2: …``."""
        said = self.entry.text.removeprefix(f"{self.things[0]}: {self.replica} ")
        what, colon, why = said.partition(": ")
        return f"{self.replica} {what} in {_listed(sorted(self.things, key=_by_number))}{colon}{why}"


Items = Callable[[Entry], tuple[Item, ...]]
"""What an entry is about, beside machines."""


class Telling:
    """Lines, from the entries that it is given in their order. ``hues``: of the machines, kept up to date by its owner.

    ``keep``: so many lines; older ones are dropped.
    """

    def __init__(self, hues: Mapping[str, int], items: Items | None = None, keep: int = LINES) -> None:
        self.lines: deque[LogLine] = deque(maxlen=keep)
        self.written = 0
        """Lines that were ever written, dropped ones included."""
        self._hues = hues
        self._items = items
        self._growing: deque[_Told | _ToldOfThings | _ToldOfReplica] = deque(maxlen=_GROWING)

    def write(self, entry: Entry) -> None:
        """One more entry: a line of its own, or part of one that still grows."""
        about = dict(entry.data).get("about", "")
        for told in self._growing:
            if told.take(entry, about):
                self._grow(told, entry)
                return
        subject, text = entry.subject, entry.text
        if entry.kind in _TOGETHER or entry.kind in _BELIEFS:
            self._growing.append(_Told(self.written, entry, [entry.subject], [about]))
        elif entry.kind in _THINGS_US and (thing := _thing(entry)):
            replica = _replica(entry)
            made = _ToldOfReplica(self.written, entry, replica, [thing]) if replica else None
            self._growing.append(made or _ToldOfThings(self.written, entry, [thing]))
            if made is not None:
                subject, text = made.subject, made.text
        self.written += 1
        self.lines.append(self._line(entry, subject, text, self._about(entry)))

    def _about(self, entry: Entry) -> tuple[Item, ...]:
        return self._items(entry) if self._items is not None else ()

    def _grow(self, told: _Told | _ToldOfThings | _ToldOfReplica, entry: Entry) -> None:
        place = told.number - (self.written - len(self.lines))
        if place >= 0:  # else it is too old to be shown
            items = dict.fromkeys((*self.lines[place].items, *self._about(entry)))
            self.lines[place] = self._line(told.entry, told.subject, told.text, tuple(items))

    def _line(self, entry: Entry, subject: str, text: str, items: tuple[Item, ...]) -> LogLine:
        return LogLine(
            entry.index,
            entry.at_us,
            entry.kind,
            subject,
            # The line begins with its subject already.
            text.removeprefix(f"{subject} "),
            Tone.GOOD if entry.kind == "isr" and _AGAIN in text else _TONES.get(entry.kind, Tone.PLAIN),
            self._hues.get(subject),
            items,
        )


def tone_of(kind: str) -> Tone:
    """How an entry of that kind is meant."""
    return _TONES.get(kind, Tone.PLAIN)


def _several(told: _Told) -> tuple[str, str]:
    """Whom a line of several is about, and what it says."""
    kind = told.entry.kind
    if kind in _TOGETHER:
        return "", f"{len(told.who)} machines are {'up' if kind == 'up' else 'starting'}"
    of_one, by_one = _BELIEFS[kind]
    if len(told.who) > 1:
        return told.about[0], of_one.format(_named(told.who))
    return told.who[0], by_one.format(_named(told.about))


def _thing(entry: Entry) -> str:
    """The one partition, or shard, that an entry is about; "" if it is about none, or does not name it."""
    data = dict(entry.data)
    thing = data.get("partition") or data.get("group") or ""
    return thing if isinstance(thing, str) and thing in entry.text else ""


def _replica(entry: Entry) -> str:
    """Of a change of who is in sync: who left, or came back; "" if it is told otherwise, and for all else."""
    if entry.kind != "isr":
        return ""
    data = dict(entry.data)
    replica = data.get("left") or data.get("joined") or ""
    return replica if entry.text.startswith(f"{_thing(entry)}: {replica} ") else ""


def _form(text: str, thing: str) -> str:
    """What a text says, whatever it is about."""
    return _VARIES.sub("", text.replace(thing, "*", 1))


def _epoch(text: str) -> str:
    found = _EPOCH.search(text)
    return found.group() if found else ""


def _by_number(thing: str) -> tuple[bool, str, int]:
    """changes-2 before changes-10, and what is Kafka's own at the end."""
    name, _, number = thing.rpartition("-")
    return thing.startswith("__"), name, int(number) if number.isdigit() else 0


def _listed(things: Sequence[str]) -> str:
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(things[:NAMED]) + more


def _named(names: Sequence[str]) -> str:
    return " ".join(names) if len(names) <= NAMED else f"{' '.join(names[:NAMED])} and {len(names) - NAMED} more"
