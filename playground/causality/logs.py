"""Kafka: who is in sync, whom the controller has put in charge, who is in a group, and who was thrown out of it."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from playground.causality.beliefs import SILENT_US, returned
from playground.causality.facts import Link
from playground.causality.leaders import group_of
from playground.kernel.journal import Entry

if TYPE_CHECKING:
    from playground.causality.explain import Explorer, Rule

_JUST_US = 10_000_000
_ILL_US = 2_000_000
"""So long it may take to decide something because of an ill that is over."""
_LEFT = re.compile(r"\b(\w+)(?:#\d+)? left( \((?:session timeout|did not \w+ in time)\))?")
_JOINED = re.compile(r"\b(\w+)(?:#\d+)? joined")
_REASON = re.compile(r": (.+?);")
_NAME = re.compile(r"\b[a-z]+[0-9]+\b")


def in_sync(explorer: Explorer, entry: Entry) -> list[Link]:
    """A follower has fallen behind its leader, or has caught up with it."""
    left = dict(entry.data).get("left")
    if not left:
        name = entry.text.partition(": ")[2].partition(" ")[0]
        return returned(explorer, name, entry)
    left = str(left)
    gone = next(explorer.evidence.before(entry.index, "expired", from_us=entry.at_us - _JUST_US, owner=left), None)
    if gone is not None:
        return [explorer.entry(gone)]
    heard = explorer.evidence.last_heard(left, (entry.subject,), entry.at_us, "kafka")
    from_us = min(heard.at_us if heard is not None else entry.at_us, entry.at_us - 2_500_000)
    return explorer.silences.between(left, (entry.subject,), max(0, from_us), entry.at_us)


def decided(explorer: Explorer, entry: Entry) -> list[Link]:
    """The controller elects: brokers have gone, are in sync again, or have given up what they led."""
    evidence, silences, since_us = explorer.evidence, explorer.silences, max(0, entry.at_us - _JUST_US)
    reason = _REASON.search(entry.text)
    said = reason.group(1) if reason else ""
    found: list[Link] = []
    for name in _NAME.findall(said):
        if "in sync again" in said:
            synced = (each for each in evidence.before(entry.index, "isr") if f"{name} is in sync again" in each.text)
            found += [explorer.entry(each) for each in islice(synced, 1)]
            continue
        lost = next(evidence.before(entry.index, "expired", from_us=since_us, owner=name), None)
        if lost is not None and "gone" in said:
            found.append(explorer.entry(lost))
        else:
            found += silences.stopped(name, since_us, entry.at_us)
            found += silences.ill(name, entry.at_us) or silences.ill(name, entry.at_us - _ILL_US)
    return found


def unclean(explorer: Explorer, entry: Entry) -> list[Link]:
    """Somebody leads who was not in sync: those who were are gone, one after the other."""
    partitions = dict(entry.data).get("partitions", ())
    found = []
    for each in explorer.evidence.before(entry.index, "isr", "expired", "crash", from_us=entry.at_us - 4 * _JUST_US):
        about = dict(each.data)
        broker = explorer.evidence.cluster.kinds.get(str(about.get("owner", each.subject))) == "broker"
        if (each.kind == "isr" and about.get("left") and about.get("partition") in partitions) or (
            each.kind != "isr" and broker
        ):
            found.append(explorer.entry(each))
    return found[:3]


def rebalancing(explorer: Explorer, entry: Entry) -> list[Link]:
    """A member of a group has come, or gone: by itself, or because nothing was heard of it."""
    found: list[Link] = []
    for name, silent in _LEFT.findall(entry.text):
        said = next(
            explorer.evidence.before(entry.index, "max-poll", from_us=entry.at_us - _JUST_US, member=name), None
        )
        if said is not None and not silent:
            found.append(explorer.entry(said))
            continue
        heard = explorer.evidence.last_heard(name, (entry.subject,), entry.at_us, "kafka")
        from_us = heard.at_us if heard is not None else max(0, entry.at_us - SILENT_US)
        found += explorer.silences.between(name, (entry.subject,), from_us, entry.at_us)
    for name in _JOINED.findall(entry.text):
        found += returned(explorer, name, entry)
    return found


def rebalanced(explorer: Explorer, entry: Entry) -> list[Link]:
    """A generation has formed, as a rebalance had begun."""
    return explorer.entries(next(explorer.evidence.before(entry.index, "rebalancing", group=group_of(entry)), None))


def stuck(explorer: Explorer, entry: Entry) -> list[Link]:
    """A consumer has not asked for messages for too long: it was stuck in its work, or stood still."""
    name = str(dict(entry.data).get("member", entry.subject))
    from_us = max(0, entry.at_us - _JUST_US)
    others = explorer.evidence.cluster.of_kind("broker")
    return [
        *explorer.silences.ill(name, entry.at_us),
        *explorer.silences.between(name, others, from_us, entry.at_us),
    ]


def outlived(explorer: Explorer, entry: Entry) -> list[Link]:
    """A member of an earlier generation speaks: the group has gone on without it."""
    member = str(dict(entry.data).get("member", ""))
    began = next(explorer.evidence.before(entry.index, "rebalance", group=group_of(entry)), None)
    brokers = explorer.evidence.cluster.of_kind("broker")
    own = explorer.silences.between(member, brokers, max(0, entry.at_us - _JUST_US), entry.at_us)
    return [*explorer.entries(began), *own]


RULES: dict[str, Rule] = {
    "isr": in_sync,
    "election": decided,
    "unclean": unclean,
    "rebalancing": rebalancing,
    "rebalance": rebalanced,
    "max-poll": stuck,
    "zombie": outlived,
}
