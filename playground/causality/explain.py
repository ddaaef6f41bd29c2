"""From what is asked about to its chain: finds the rules for it, and follows them from effect to cause.

What was explained once in an answer is not explained again: two ways that lead to the same fact meet there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playground.causality import alerts, beliefs, leaders, logs
from playground.causality.chain import Chain, chain
from playground.causality.deeds import ACTS
from playground.causality.direct import Direct
from playground.causality.evidence import Evidence
from playground.causality.facts import Fact, Link
from playground.causality.operations import Operations
from playground.causality.requests import Requests
from playground.causality.silence import Silences
from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.kernel.journal import Entry
from playground.kernel.tracing import Happening, Loss, Tracer

Rule = Callable[["Explorer", Entry], list[Link]]
RULES: dict[str, Rule] = {**beliefs.RULES, **leaders.RULES, **logs.RULES, **alerts.RULES}
"""Kind of an entry -> what finds its causes, the most telling one first. Kinds without one: their direct causes."""
_BAD = frozenset({"alert", "dead", "deposed", "ejected", "expired", "isr", "suspect", "unclean", "zombie"})
"""Kinds of entries of which it is told what else was wrong, where nothing is known that led to them."""


class Explorer:
    """Finds the causes of one thing. Made anew for each question."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.silences = Silences(evidence, self.entry)
        self.direct = Direct(evidence, self.entry, self.operation)
        self.operations = Operations(evidence, self.silences, self.entry)
        self._remarks: dict[int, str] = {}
        self._entries: dict[int, Link] = {}
        self._operations: dict[int, Link] = {}

    def entry(self, entry: Entry) -> Link:
        """An entry of the journal, with what led to it."""
        known = self._entries.get(entry.index)
        if known is not None:
            return known
        link = self._entries[entry.index] = Link(self._fact(entry))
        _, command = self.evidence.deeds.command(entry)
        if command:
            link.first = True
            return link
        rule = RULES.get(entry.kind)
        link.causes = rule(self, entry) if rule is not None and entry.kind not in ACTS else []
        if not link.causes:
            link.causes = self.direct.causes(self.evidence.tracer.of_entry(entry.index), but=entry.index)
        if entry.index in self._remarks:
            link.fact = replace(link.fact, aside=self._remarks[entry.index])
        # An effect is never before its cause; what has the same instant was noted before it.
        link.causes = [
            cause
            for cause in link.causes
            if cause is not link and (cause.fact.entry < 0 or cause.fact.entry < entry.index)
        ]
        # Of several causes one that leads to an act tells more than one of which nothing further is known.
        link.causes.sort(key=lambda cause: not cause.begins)
        if entry.kind in _BAD and not link.begins:
            link.around = self.in_force(entry.at_us)
        return link

    def entries(self, *entries: Entry | None) -> list[Link]:
        """As :meth:`entry`, for each that was found."""
        return [self.entry(each) for each in entries if each is not None]

    def remark(self, entry: Entry, text: str) -> None:
        """Put this beside the sentence of an entry: for its own rule, while it is explained."""
        self._remarks[entry.index] = text

    def operation(self, operation: Operation) -> Link:
        """A request of a client, with what led to how it went."""
        known = self._operations.get(operation.index)
        if known is not None:
            return known
        link = self._operations[operation.index] = Link(self.operations.fact(operation))
        link.causes = self.operations.causes(operation)
        wrong = operation.stale or operation.outcome in ("fail", "unknown")
        if wrong and not link.begins:
            link.around = self.in_force(link.at_us)
        return link

    def in_force(self, at_us: int) -> list[Link]:
        """What was wrong at an instant, the newest first: machines that stood still, rules in force, ills."""
        deeds, found = self.evidence.deeds, []
        for name in self.evidence.cluster.names:
            stop = deeds.stop(name, at_us, at_us)
            found += [*([stop] if stop is not None else []), *deeds.ills(name, at_us)]
        found += [ruling.entry for ruling in deeds.rulings(at_us, at_us)]
        once = {entry.index: entry for entry in found}
        return [self.entry(once[index]) for index in sorted(once, reverse=True)]

    def happening(self, found: Happening | Loss) -> Link:
        """A message, with what led to it and to what became of it."""
        if isinstance(found, Loss):
            link = self.silences.of_losses([found])
            link.causes += self.direct.causes(found.cause)
            return link
        if found.what == "command":
            return self.direct.act(found)
        if found.what != "message":
            text = {"timer": "a timer fires", "disk": "its disk is done", "turn": "it takes what has waited"}
            fact = Fact(found.at_us, found.what, found.node, text.get(found.what, "an event"), id=found.id)
            return Link(fact, self.direct.causes(found.cause))
        stops = self.silences.stopped(found.node, found.at_us, found.at_us)
        return Link(self.direct.of_message(found), [*stops, *self.direct.causes(found.cause)])

    def _fact(self, entry: Entry) -> Fact:
        id, command = self.evidence.deeds.command(entry)
        id = id or self.evidence.tracer.of_entry(entry.index)
        whole = entry.text
        if command:
            whole = f"{whole}, by {command}" if entry.subject else command
        text = whole.removeprefix(f"{entry.subject} ") if entry.subject else whole
        return Fact(entry.at_us, entry.kind, entry.subject, text, id=id, entry=entry.index, alone=whole)


class Causality:
    """Answers questions about one cluster. It has to watch from the beginning; it changes nothing."""

    def __init__(self, cluster: Cluster, tracer: Tracer, requests: Requests) -> None:
        self.evidence = Evidence(cluster, tracer, requests)

    def of_entry(self, index: int) -> Chain | None:
        """Why an entry of the journal came to be; None: it is not kept any more."""
        entry = self.evidence.entry(index)
        return None if entry is None else self._chain(Explorer(self.evidence).entry(entry))

    def of_happening(self, id: int) -> Chain | None:
        """Why a message was sent, and what became of it; None: it is not kept any more."""
        found = self.evidence.tracer.find(id)
        return None if found is None else self._chain(Explorer(self.evidence).happening(found))

    def of_operation(self, index: int) -> Chain | None:
        """Why a request went as it did; None: it is not kept any more."""
        operation = self.evidence.requests.find(index)
        return None if operation is None else self._chain(Explorer(self.evidence).operation(operation))

    def _chain(self, link: Link) -> Chain:
        recorded = self.evidence.cluster.recorded
        acted = bool(recorded) and recorded[0][0] <= link.at_us
        return chain(link, self.evidence.tracer.since_us, acted)
