"""Who believes what of whom, and who is there (again): gossip, sessions, balancers, machines.

A belief that somebody is gone comes of what did not come; a belief that somebody is back comes of what mended it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from playground.causality.facts import Link, clock
from playground.causality.messages import label
from playground.kernel.journal import Entry

if TYPE_CHECKING:
    from playground.causality.explain import Explorer, Rule

SILENT_US = 10_000_000
"""So long a silence lasts that nobody has written down."""
MENDING = frozenset({"heal", "thaw", "start", "flap"})
"""What brings a machine back, or lets it be heard again."""
_FALLS = 30
"""Among so many of the newest doubts in a machine those of the one that trusts it again are looked for."""
_BREAKING = frozenset({"crash", "freeze", "partition", "one-way", "link", "flap"})


def unheard(explorer: Explorer, entry: Entry) -> list[Link]:
    """Suspected, or believed dead: no heartbeat of ``about`` has come to the subject, from whomever."""
    about, believer = str(dict(entry.data).get("about", "")), entry.subject
    silences = explorer.silences
    from_us = max(0, entry.at_us - int(dict(entry.data).get("silent_us", SILENT_US)) - 1)
    return [
        *silences.stopped(about, from_us, entry.at_us),
        *silences.stopped(believer, from_us, entry.at_us),
        *silences.lost(about, (), from_us, entry.at_us, "gossip"),
        *silences.lost(believer, (), from_us, entry.at_us, "gossip"),
        *silences.late(about, (), from_us, entry.at_us, "gossip"),
        *silences.late(believer, (), from_us, entry.at_us, "gossip"),
        *silences.ill(about, entry.at_us),
        *silences.ill(believer, entry.at_us),
    ]


def expired(explorer: Explorer, entry: Entry) -> list[Link]:
    """A session has expired: nothing of its owner has come to its server, or nothing of that one to the leader."""
    owner, servers = str(dict(entry.data).get("owner", "")), explorer.evidence.cluster.of_kind("ensemble")
    heard = explorer.evidence.last_heard(owner, servers, entry.at_us, "zookeeper")
    from_us = max(0, entry.at_us - SILENT_US)
    if heard is not None:
        from_us = heard.at_us
        explorer.remark(entry, f"the last that came was a {label(heard.content)} to {heard.node} at {clock(from_us)}")
    found = explorer.silences.between(owner, servers, from_us, entry.at_us, "zookeeper")
    for server in servers:
        others = [each for each in servers if each != server]
        found += explorer.silences.between(server, others, from_us, entry.at_us, "zookeeper")
    # It may speak again already, in another session: then it is one of an earlier life that expires.
    return found or explorer.silences.stopped(owner, max(0, entry.at_us - SILENT_US), entry.at_us)


def ejected(explorer: Explorer, entry: Entry) -> list[Link]:
    """A balancer sends nobody to a machine any more."""
    data = dict(entry.data)
    about = str(data.get("about", ""))
    believed = next(explorer.evidence.before(entry.index, "suspect", "dead", about=about), None)
    if data.get("by") == "gossip" and believed is not None:
        return [explorer.entry(believed)]
    from_us = max(0, entry.at_us - SILENT_US)
    return explorer.silences.between(about, (entry.subject,), from_us, entry.at_us, "balancer")


def back(explorer: Explorer, entry: Entry) -> list[Link]:
    """It is there again: what mended it, since it was last believed to be gone."""
    return returned(explorer, str(dict(entry.data).get("about", entry.subject)), entry)


def returned(explorer: Explorer, about: str, entry: Entry) -> list[Link]:
    """As :func:`back`, of a machine that the entry names in its own way."""
    falling = explorer.evidence.before(entry.index, "suspect", "dead", "ejected", "crash", about=about)
    falls = list(islice(falling, _FALLS))
    fall = next((each for each in falls if each.subject == entry.subject), falls[0] if falls else None)
    deeds = explorer.evidence.deeds
    from_us = max(0, entry.at_us - SILENT_US)
    if fall is not None:
        # Who is slow to notice may come to doubt a machine when it is back already; but not long after.
        broken = deeds.newest(_BREAKING, frozenset({about, entry.subject}), fall.at_us)
        from_us = fall.at_us if broken is None else max(broken.at_us, fall.at_us - SILENT_US)
    mended = deeds.newest(MENDING, frozenset({about, entry.subject}), entry.at_us, from_us)
    if mended is not None:
        return [explorer.entry(mended)]
    # Nobody has mended anything: what it comes back from explains it, and perhaps nothing explains that.
    return [explorer.entry(fall)] if fall is not None and fall.subject == entry.subject else []


def booted(explorer: Explorer, entry: Entry) -> list[Link]:
    """It is up: it was started."""
    started = next((e for e in explorer.evidence.before(entry.index, "start") if e.subject == entry.subject), None)
    return explorer.entries(started)


def overslept(explorer: Explorer, entry: Entry) -> list[Link]:
    """Its own clock went on while it stood still."""
    of_it = (e for e in explorer.evidence.before(entry.index, "freeze") if e.subject == entry.subject)
    frozen = next(of_it, None)
    return [*explorer.entries(frozen), *explorer.silences.ill(entry.subject, entry.at_us)]


RULES: dict[str, Rule] = {
    "suspect": unheard,
    "dead": unheard,
    "expired": expired,
    "ejected": ejected,
    "alive": back,
    "probation": back,
    "readmitted": back,
    "session": back,
    "rebuilt": back,
    "takeover": back,
    "up": booted,
    "slept": overslept,
}
