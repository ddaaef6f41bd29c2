"""Who broke (and mended) what: acts, the rules that they put in force, and the ills of machines.

What is over is forgotten by the cluster. Here it is kept, as it may still explain something: which act made the rule
that destroyed a message a minute ago, what was wrong with a machine at an instant.

* An act is an entry of the journal whose happening is a command, or was scheduled by one (the end of a fault that was
  to last a while, the second crash of a rolling restart).
* A rule belongs to the first entry that is noted after it came into force: whoever adds one says so right then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playground.cluster import Cluster
from playground.kernel.journal import Entry
from playground.kernel.network import Rule
from playground.kernel.tracing import Happening, Tracer

ACTS = frozenset(
    {"add", "burst", "clock", "crash", "disk", "flap", "freeze", "heal", "herd", "link", "load", "one-way",
     "partition", "remove", "rolling", "slow-cpu", "stall", "start", "thaw"}
)  # fmt: skip
"""Kinds of entries that tell of an act."""
STOPS = {"crash": "up", "freeze": "thaw"}
"""What stops a machine, and what ends that."""
_ILLS = {
    "slow-cpu": r"the CPU of {}\b",
    "disk": r"the disk of {}\b",
    "clock": r"the clock of {}\b",
    "stall": r"\b{} (works|\(was stalled)",
}
"""What makes a machine ill without stopping it, and what the entry says that tells of the end."""


@dataclass(slots=True)
class Ruling:
    """A rule of the network: the entry that tells of it, and until when it was in force (-1: it still is)."""

    rule: Rule
    entry: Entry
    until_us: int = -1


def in_words(command: Any) -> str:
    """``the command “crash n3”``; where several may act, ``ben's command “crash n3”``."""
    whose = f"{command.by}'s" if command.by else "the"
    return f"{whose} command “{command.line()}”"


class Deeds:
    """All acts on one cluster, from now on."""

    def __init__(self, cluster: Cluster, tracer: Tracer) -> None:
        self._cluster = cluster
        self._tracer = tracer
        self._commands: dict[int, tuple[int, str]] = {}
        """Number of an entry -> the command that it came from, as the tracer names it and in words."""
        self._rulings: list[Ruling] = []
        self._in_force: tuple[Rule, ...] = ()
        self.entries: list[Entry] = []
        """Of acts, in order."""
        self._lives: dict[str, list[Entry]] = {}
        """Machine -> what stopped it, and what ended that, in order."""
        for entry in cluster.world.journal.entries:
            self._file(entry)
        cluster.world.journal.watch(self._noted)

    # --- to be asked ------------------------------------------------------------------------------

    def command(self, entry: Entry) -> tuple[int, str]:
        """``(id of the happening, the command in words)``; ``(0, "")``: it came from none."""
        return self._commands.get(entry.index, (0, ""))

    def of_rule(self, rule: Rule) -> Entry | None:
        """The entry that tells of the act by which this rule came into force."""
        return next((each.entry for each in self._rulings if each.rule is rule), None)

    def rulings(self, from_us: int, until_us: int) -> list[Ruling]:
        """The rules that were in force at some time in between, oldest first."""
        return [
            each
            for each in self._rulings
            if each.entry.at_us <= until_us and (each.until_us < 0 or each.until_us >= from_us)
        ]

    def stop(self, name: str, from_us: int, until_us: int) -> Entry | None:
        """What stopped a machine that stood still at some time in between: the newest crash or freeze of it."""
        found: Entry | None = None
        over_us = -1
        for entry in self._lives.get(name, []):
            if entry.at_us > until_us:
                break
            if entry.kind in STOPS:
                found, over_us = entry, -1
            elif found is not None and entry.kind == STOPS[found.kind]:
                over_us = entry.at_us
        return found if found is not None and (over_us < 0 or over_us >= from_us) else None

    def crash(self, name: str, from_us: int, until_us: int) -> Entry | None:
        """The newest crash of a machine in that time."""
        for entry in reversed(self._lives.get(name, [])):
            if entry.kind == "crash" and from_us <= entry.at_us <= until_us:
                return entry
        return None

    def ills(self, name: str, at_us: int) -> list[Entry]:
        """What was wrong with a machine that ran at that instant: its CPU, its disk, its clock, its work."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.at_us > at_us:
                break
            if entry.kind in _ILLS and entry.subject == name:
                found[entry.kind] = entry
            elif entry.kind == "heal":
                for kind in list(found):
                    if re.search(_ILLS[kind].format(re.escape(name)), entry.text):
                        del found[kind]
        return [entry for entry in found.values() if dict(entry.data).get("fault") != "ok"]

    def newest(self, kinds: frozenset[str], names: frozenset[str], until_us: int, from_us: int = 0) -> Entry | None:
        """The newest act of these kinds on one of ``names``, or on nobody in particular, in that time."""
        for entry in reversed(self.entries):
            if entry.at_us < from_us:
                return None
            if entry.kind in kinds and entry.at_us <= until_us and (not entry.subject or entry.subject in names):
                return entry
        return None

    # --- in the world's thread ----------------------------------------------------------------------

    def _noted(self, entry: Entry) -> None:
        self._take_rules(entry)
        self._file(entry)
        if entry.kind not in ACTS:
            return
        found = self._tracer.find(self._tracer.current)
        while isinstance(found, Happening) and found.what in ("callback", "timer"):
            found = self._tracer.find(found.cause)
        if isinstance(found, Happening) and found.what == "command":
            self._commands[entry.index] = (found.id, in_words(found.content))

    def _file(self, entry: Entry) -> None:
        if entry.kind in ACTS:
            self.entries.append(entry)
        if entry.kind in STOPS or entry.kind in STOPS.values():
            self._lives.setdefault(entry.subject, []).append(entry)

    def _take_rules(self, entry: Entry) -> None:
        now = self._cluster.world.network.rules
        if now is self._in_force:  # most entries tell of something else
            return
        self._in_force = now
        for each in self._rulings:
            there = any(rule is each.rule for rule in now)
            if each.until_us < 0 and not there:
                each.until_us = entry.at_us
            elif there:
                each.until_us = -1  # a flapping link is cut again
        known = [each.rule for each in self._rulings]
        for rule in now:
            if not any(rule is each for each in known):
                self._rulings.append(Ruling(rule, entry))
