"""What became of that which should have come: why somebody heard nothing (in time) of somebody else.

In this order, as each explains more than the next: one of them stood still; what one sent to the other was lost, or
met nobody; it came late; one of them was slow or ill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

from playground.causality.evidence import Evidence
from playground.causality.facts import Fact, Link, clock, named, seconds
from playground.causality.messages import inner, label, system_of
from playground.kernel.journal import Entry
from playground.kernel.network import Parcel, Rule
from playground.kernel.node import Life
from playground.kernel.tracing import Happening, Loss

LATE = 5
"""What takes so many times the usual is late."""
_LATE_US = 10_000
_AFTER_US = 5_000_000
"""So long after a silence it is looked for what came too late."""
_KINDS = 3
"""So many kinds of messages are named."""

Explain = Callable[[Entry], Link]


class Silences:
    """``explain``: an entry of the journal, with what led to it."""

    def __init__(self, evidence: Evidence, explain: Explain) -> None:
        self._evidence = evidence
        self._explain = explain

    def between(self, who: str, others: Collection[str], from_us: int, until_us: int, system: str = "") -> list[Link]:
        """Why nothing of ``who`` came to ``others`` in that time; the first explains most. Empty: nothing is known.

        ``system``: whose messages were waited for.
        """
        return [
            *self.stopped(who, from_us, until_us),
            *(link for name in others if len(others) <= 2 for link in self.stopped(name, from_us, until_us)),
            *self.lost(who, others, from_us, until_us, system),
            *self.met_nobody(self._sent(who, others, from_us, until_us) if len(others) > 2 else []),
            *self.late(who, others, from_us, until_us, system),
            *(link for name in (who, *others) if name == who or len(others) <= 2 for link in self.ill(name, until_us)),
        ]

    def stopped(self, name: str, from_us: int, until_us: int) -> list[Link]:
        """It was down, or frozen, at some time in between."""
        entry = self._evidence.deeds.stop(name, from_us, until_us)
        return [self._explain(entry)] if entry is not None else []

    def ill(self, name: str, at_us: int) -> list[Link]:
        """Its CPU, its disk, its clock or its work was not as it should be."""
        return [self._explain(entry) for entry in self._evidence.deeds.ills(name, at_us)]

    # --- lost -----------------------------------------------------------------------------------------

    def lost(self, who: str, others: Collection[str], from_us: int, until_us: int, system: str = "") -> list[Link]:
        """Messages between them that were lost, by the rule that did it: most first, those of ``who`` before others.

        ``others`` empty: anybody. ``system``: only its messages count, if there are any among them.
        """
        wanted = frozenset(others)
        losses = [
            loss
            for loss in self._evidence.tracer.losses(from_us, until_us)
            if (loss.source == who and (not wanted or loss.target in wanted))
            or (loss.target == who and (not wanted or loss.source in wanted))
        ]
        losses = [each for each in losses if system and system_of(each.content) == system] or losses
        losses = [each for each in losses if inner(each.content) is not None] or losses
        ways: list[tuple[Rule, bool, list[Loss]]] = []
        for loss in losses:
            leaves = loss.source == who
            for rule, way, found in ways:
                if rule is loss.rule and way is leaves:
                    found.append(loss)
                    break
            else:
                ways.append((loss.rule, leaves, [loss]))
        links: list[Link] = []
        told: list[Rule] = []
        for rule, _, found in sorted(ways, key=lambda way: (not way[1], -len(way[2]))):
            if not any(rule is each for each in told):  # the other direction says nothing more
                told.append(rule)
                links.append(self.of_losses(found))
        return links

    def of_losses(self, losses: list[Loss]) -> Link:
        """Messages that one rule has destroyed, as one fact, and the act that made the rule."""
        first, last = losses[0], losses[-1]
        act = self._evidence.deeds.of_rule(first.rule)
        fact = Fact(first.lost_us, "lost", *_said(losses, last.lost_us), id=first.id)
        return Link(fact, [self._explain(act)] if act is not None else [])

    # --- met nobody -----------------------------------------------------------------------------------

    def met_nobody(self, happenings: Iterable[Happening]) -> list[Link]:
        """Messages that reached machines that stood still, one fact for each of these."""
        met: dict[str, list[Happening]] = {}
        for each in happenings:
            if each.what == "message" and each.life is not Life.UP:
                met.setdefault(each.node, []).append(each)
        links = []
        for name, messages in met.items():
            first = messages[0]
            text = f"sends {label(first.content)} to {name}, which is {first.life.value}"
            if len(messages) > 1:
                text += f" ({len(messages)} messages meet nobody there)"
            fact = Fact(first.at_us, "message", first.source, text, id=first.id)
            links.append(Link(fact, self.stopped(name, first.at_us, first.at_us)))
        return links

    def _sent(self, who: str, others: Collection[str], from_us: int, until_us: int) -> Iterable[Happening]:
        messages = self._evidence.messages(who, others, from_us, until_us)
        return (each for each in messages if each.source == who)

    # --- late -----------------------------------------------------------------------------------------

    def late(self, who: str, others: Collection[str], from_us: int, until_us: int, system: str = "") -> list[Link]:
        """Messages that took far longer than they do on a healthy link, and the rules that may have held them back.

        ``others`` and ``system``: as for :meth:`lost`.
        """
        evidence = self._evidence
        rules = [each for each in evidence.deeds.rulings(from_us, until_us) if _delays(each.rule)]
        if not rules:
            return []
        network = evidence.cluster.world.network
        limit_us = LATE * (network.base_us + network.jitter_us) + _LATE_US
        now_us = evidence.cluster.now_us
        late = [
            each
            for each in [
                *evidence.messages(who, others, from_us, min(now_us, until_us + _AFTER_US)),
                *evidence.under_way(who, others),
            ]
            if from_us <= each.sent_us <= until_us and min(each.at_us, now_us) - each.sent_us > limit_us
        ]
        if not late:
            return []
        late = [each for each in late if system and system_of(each.content) == system] or late
        late = [each for each in late if inner(each.content) is not None] or late
        late = [each for each in late if each.source == who] or late
        first = min(late, key=lambda each: each.sent_us)
        took = seconds(min(first.at_us, now_us) - first.sent_us)
        text = f"sends {label(first.content)} to {first.node}: it takes {took}"
        if first.at_us > now_us:
            text = f"sends {label(first.content)} to {first.node}: it has been under way for {took}"
        if len(late) > 1:
            text += f", and {len(late) - 1} more message{'s are' if len(late) > 2 else ' is'} late as well"
        causes = []
        for ruling in rules:
            scope = getattr(ruling.rule, "scope", None)
            if scope is None or scope.covers(Parcel(first.source, first.node, first.content, first.sent_us)):
                causes.append(self._explain(ruling.entry))
        id = first.id if first.at_us <= now_us else first.cause  # what has not arrived yet is no happening
        return [Link(Fact(first.sent_us, "late", first.source, text, id=id), causes)]


def _delays(rule: Rule) -> bool:
    return any(hasattr(rule, name) for name in ("latency_us", "bytes_per_s", "within_us"))


def _said(losses: list[Loss], last_us: int) -> tuple[str, str]:
    """Whom a fact of lost messages is about, and what it says."""
    count = len(losses)
    sources = sorted({loss.source for loss in losses})
    targets = sorted({loss.target for loss in losses})
    first = losses[0]
    if count == 1:
        return first.source, f"loses {label(first.content)} to {first.target}{' on its way' if first.severed else ''}"
    kinds = Counter(label(loss.content) for loss in losses)
    words = [f"{number} {kind}" for kind, number in sorted(kinds.items(), key=lambda each: (-each[1], each[0]))]
    what = ", ".join(words[:_KINDS]) + (" …" if len(words) > _KINDS else "")
    if len(sources) == 1:
        head, text = sources[0], f"loses {count} messages to {named(targets)}"
    elif len(targets) == 1:
        head, text = targets[0], f"never gets {count} messages of {named(sources)}"
    else:
        head, text = "", f"{count} messages between {named(sorted({*sources, *targets}))} are lost"
    return head, f"{text} until {clock(last_us)}: {what}"
