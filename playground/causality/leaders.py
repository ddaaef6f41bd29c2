"""Who leads what: elections, depositions, and what those find who have not heard of them.

Whoever is elected takes the place of somebody: so it is asked what became of that one. Whoever is deposed has had a
successor, or could not reach those whom it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.causality.beliefs import MENDING, SILENT_US
from playground.causality.facts import Fact, Link
from playground.causality.messages import inner
from playground.kernel.journal import Entry
from playground.kernel.tracing import Happening
from playground.systems.zookeeper.messages import Fired

if TYPE_CHECKING:
    from playground.causality.explain import Explorer, Rule

_TELLS_US = 3_000_000
"""So long before an election whoever is elected was told that the place is free."""
_JUST_US = 15_000_000
_AWAY_US = 60_000_000
"""So long before it was replaced a member may have gone."""


def group_of(entry: Entry) -> str:
    """What is led: a shard, a partition, the ensemble …"""
    data = dict(entry.data)
    return str(data.get("group") or data.get("partition") or "")


def term_of(entry: Entry) -> int:
    return int(dict(entry.data).get("term", -1))


def elected(explorer: Explorer, entry: Entry) -> list[Link]:
    """The leader before it was lost: it was deposed, its session expired, or nothing came of it any more."""
    evidence, group = explorer.evidence, group_of(entry)
    before = next(evidence.before(entry.index, "elected", group=group), None)
    decided = _decided(explorer, entry, _JUST_US, "election", "unclean")
    if decided is not None and (before is None or decided.index > before.index):
        return [explorer.entry(decided)]
    if before is None:
        return []
    since = before.index
    gone = [each for each in evidence.before(entry.index, "expired", owner=before.subject) if each.index > since]
    told = _told(explorer, entry, gone[0].at_us if gone else before.at_us)
    if gone:
        expired = explorer.entry(gone[0])
        return [Link(told, [expired])] if told is not None else [expired]
    left = next((e for e in evidence.before(entry.index, "deposed", group=group) if e.index > since), None)
    if left is not None:
        return [explorer.entry(left)]
    return lost_leader(explorer, before, entry)


def lost_leader(explorer: Explorer, before: Entry, entry: Entry) -> list[Link]:
    """Why the others no longer heard the leader of ``before``."""
    peers = _peers(explorer, before)
    heard = explorer.evidence.last_heard(before.subject, peers, entry.at_us)
    from_us = max(before.at_us, (heard.at_us if heard is not None else entry.at_us) - 3_000_000)
    return explorer.silences.between(before.subject, peers, from_us, entry.at_us)


def deposed(explorer: Explorer, entry: Entry) -> list[Link]:
    """Somebody else leads by now, its session is over, or it no longer hears those whom it needs."""
    evidence, group = explorer.evidence, group_of(entry)
    newer = [
        each
        for each in evidence.before(entry.index, "elected", group=group)
        if term_of(each) > term_of(entry) and each.subject != entry.subject
    ]
    if newer:
        return [explorer.entry(newer[0]), *unaware(explorer, entry.subject, newer[0], entry)]
    decided = _decided(explorer, entry, 1_000_000, "election")
    if decided is not None:
        return [explorer.entry(decided)]
    gone = next(evidence.before(entry.index, "expired", from_us=entry.at_us - _JUST_US, owner=entry.subject), None)
    peers = _peers(explorer, entry)
    if group != "ensemble":
        peers = (*peers, *explorer.evidence.cluster.of_kind("ensemble"))
    others = [name for name in peers if name != entry.subject]
    silent = explorer.silences.between(entry.subject, others, max(0, entry.at_us - SILENT_US), entry.at_us)
    return [*explorer.entries(gone), *silent]


def fenced(explorer: Explorer, entry: Entry) -> list[Link]:
    """A master of an earlier epoch is refused: another one was elected, and it did not know."""
    newer = next(explorer.evidence.before(entry.index, "elected", group=group_of(entry)), None)
    if newer is None:
        return []
    found = explorer.evidence.happening(explorer.evidence.tracer.of_entry(entry.index))
    refused = found.source if found is not None else ""
    return [explorer.entry(newer), *(unaware(explorer, refused, newer, entry) if refused else [])]


def unaware(explorer: Explorer, name: str, newer: Entry, until: Entry) -> list[Link]:
    """Why a machine has not heard of an election before, and what let it hear of it now."""
    found = explorer.silences.between(name, _peers(explorer, newer), newer.at_us, until.at_us)
    mended = explorer.evidence.deeds.newest(MENDING, frozenset({name}), until.at_us, newer.at_us)
    return [*explorer.entries(mended), *found]


def in_office(explorer: Explorer, entry: Entry) -> list[Link]:
    """What a leader does first, or what follows from there being a new one."""
    return explorer.entries(next(explorer.evidence.before(entry.index, "elected", group=group_of(entry)), None))


def replaced(explorer: Explorer, entry: Entry) -> list[Link]:
    """A shard has another member instead of one that was away for too long."""
    name = str(dict(entry.data).get("old", "")).partition(":")[0]
    since_us = max(0, entry.at_us - _AWAY_US)
    gone = next(explorer.evidence.before(entry.index, "expired", from_us=since_us, owner=name), None)
    stopped = explorer.silences.stopped(name, since_us, entry.at_us)
    return [*explorer.entries(gone), *stopped]


def _decided(explorer: Explorer, entry: Entry, within_us: int, *kinds: str) -> Entry | None:
    """What the controller decided last, in so long before an entry, of the partition that it is about."""
    group = group_of(entry)
    decisions = explorer.evidence.before(entry.index, *kinds, from_us=entry.at_us - within_us)
    return next((each for each in decisions if group in dict(each.data).get("partitions", ())), None)


def _peers(explorer: Explorer, entry: Entry) -> tuple[str, ...]:
    """The machines of the same kind as the subject."""
    cluster = explorer.evidence.cluster
    kind = cluster.kinds.get(entry.subject)
    return tuple(name for name in cluster.of_kind(kind) if name != entry.subject) if kind is not None else ()


def _told(explorer: Explorer, entry: Entry, since_us: int) -> Fact | None:
    """The watch that has told the new leader of the free place, if one has."""
    group = group_of(entry)
    found: list[tuple[Happening, Fired]] = []
    for each in explorer.evidence.messages(entry.subject, (), max(since_us, entry.at_us - _TELLS_US), entry.at_us):
        if each.node == entry.subject:
            body = inner(each.content)
            if isinstance(body, Fired) and f"/{group}" in body.event.path and body.event.kind == "deleted":
                found.append((each, body))
    if not found:
        return None
    # The place itself, not what whoever had it leaves behind: its path is the shortest.
    happening, fired = min(found, key=lambda each: (len(each[1].event.path), -each[0].at_us))
    text = f"is told by {happening.source}: {fired.event.path} is {fired.event.kind}"
    return Fact(happening.at_us, "message", entry.subject, text, id=happening.id)


RULES: dict[str, Rule] = {
    "elected": elected,
    "deposed": deposed,
    "fenced": fenced,
    "first-write": in_office,
    "feed": in_office,
    "truncated": in_office,
    "replaced": replaced,
}
