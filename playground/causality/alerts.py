"""What the checks have found: alerts, what is good again, and answers to what a person has asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from playground.causality.facts import Link
from playground.checkers.history import Operation
from playground.kernel.journal import Entry

if TYPE_CHECKING:
    from playground.causality.explain import Explorer, Rule

_LOOK_US = 2_000_000
"""Errors are counted over so long before they are told."""
_CHANGES = ("elected", "deposed", "fenced", "expired", "truncated", "unclean", "isr", "election")
"""What changes who keeps or serves a thing."""
_BACK_US = 30_000_000
_STANDING = frozenset({"crash", "disk", "clock"})
"""What goes on having an effect when it is over."""
_MENDING = frozenset({"heal", "thaw", "start"})
_EXAMPLES = 3


def alert(explorer: Explorer, entry: Entry) -> list[Link]:
    """By what the alert is about: an operation, a thing that is led by somebody, all clients, machines.

    What merely was in force then is no cause: it is told as such where none is known.
    """
    data = dict(entry.data)
    operation = explorer.evidence.requests.find(int(data.get("operation", -1)))
    if operation is not None:
        return [explorer.operation(operation)]
    if "check" in data:
        return _about(explorer, entry)
    if "of the last second's operations failed" in entry.text:
        return _errors(explorer, entry)
    if "partitions" in data:
        return _partitions(explorer, entry, tuple(data["partitions"]))
    if entry.subject:
        return []  # a machine says so itself: its direct causes
    if "disks are lost" in entry.text or "disks of the ensemble are lost" in entry.text:
        return _lost_disks(explorer, entry)
    return _missing_copies(explorer, entry) if "copies" in entry.text else []


def good(explorer: Explorer, entry: Entry) -> list[Link]:
    """It is as it should be again: what was mended since the alert, or who took over."""
    evidence = explorer.evidence
    fall = next((each for each in evidence.before(entry.index, "alert") if not each.subject), None)
    since_us = fall.at_us - _BACK_US if fall is not None else 0
    mended = [
        each
        for each in evidence.deeds.entries
        if each.kind in _MENDING and max(0, since_us) <= each.at_us <= entry.at_us and evidence.deeds.command(each)[0]
    ]
    took_over = next(evidence.before(entry.index, "elected", from_us=fall.at_us if fall is not None else 0), None)
    found = [explorer.entry(each) for each in reversed(mended)][:2]
    if took_over is not None and (not mended or took_over.at_us > mended[-1].at_us):
        found.insert(0, explorer.entry(took_over))
    return found


def answer(explorer: Explorer, entry: Entry) -> list[Link]:
    """What a person has asked for has come to an end at this very instant."""
    for operation in reversed(explorer.evidence.cluster.history.operations):
        if operation.completed_us == entry.at_us and operation.client == entry.subject:
            return [explorer.operation(operation)]
        if operation.invoked_us < entry.at_us - _BACK_US:
            break
    return []


def _about(explorer: Explorer, entry: Entry) -> list[Link]:
    """What changed who leads or keeps the thing that a promise was broken for."""
    evidence, thing = explorer.evidence, entry.subject
    found = []
    for each in evidence.before(entry.index, *_CHANGES, from_us=max(0, entry.at_us - _BACK_US)):
        data = dict(each.data)
        if thing in (data.get("group"), data.get("partition"), data.get("about"), each.subject):
            found.append(explorer.entry(each))
    held = [
        explorer.entry(each)
        for each in reversed(evidence.deeds.entries)
        if each.kind in _STANDING and each.at_us <= entry.at_us
    ]
    write = _write(explorer, entry)
    return [*found[:_EXAMPLES], *held[:_EXAMPLES], *([explorer.operation(write)] if write is not None else [])]


def _write(explorer: Explorer, entry: Entry) -> Operation | None:
    """The write that a broken promise names as ``key=value``."""
    for operation in reversed(explorer.evidence.cluster.history.operations):
        if operation.write and operation.key == entry.subject and f"={operation.value} " in f"{entry.text} ":
            return operation
    return None


def _errors(explorer: Explorer, entry: Entry) -> list[Link]:
    """An operation of those that failed, and of each kind of failure that is among the most frequent."""
    failed = [
        each
        for each in explorer.evidence.cluster.history.operations
        if each.outcome in ("fail", "unknown") and entry.at_us - _LOOK_US <= each.completed_us <= entry.at_us
    ]
    kinds = Counter(each.error for each in failed)
    often = [error for error, _ in sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))][:_EXAMPLES]
    found = [explorer.operation(next(each for each in failed if each.error == error)) for error in often]
    found.sort(key=lambda link: not link.begins)
    return found


def _partitions(explorer: Explorer, entry: Entry, names: tuple[str, ...]) -> list[Link]:
    """Who left the partitions that an alert is about, or ceased to lead them."""
    found: list[Link] = []
    for each in explorer.evidence.before(entry.index, "isr", "election", "unclean", "deposed", "expired",
                                         from_us=max(0, entry.at_us - _BACK_US)):  # fmt: skip
        data = dict(each.data)
        own = data.get("partition") in names or data.get("group") in names
        several = data.get("partitions", ())
        if own or (isinstance(several, tuple) and any(name in names for name in several)):
            found.append(explorer.entry(each))
    return found[:_EXAMPLES]


def _missing_copies(explorer: Explorer, entry: Entry) -> list[Link]:
    """Machines that keep data and stand still; if none does, those that have lost their disk lately."""
    deeds = explorer.evidence.deeds
    nodes = explorer.evidence.cluster.of_kind("node")
    stops = [deeds.stop(name, entry.at_us, entry.at_us) for name in nodes]
    found = [each for each in stops if each is not None]
    if not found:
        found = [
            each
            for each in deeds.entries
            if each.kind == "crash" and each.subject in nodes and dict(each.data).get("lose_disk")
            and entry.at_us - _BACK_US <= each.at_us <= entry.at_us
        ]  # fmt: skip
    return [explorer.entry(each) for each in sorted(found, key=lambda each: each.index, reverse=True)]


def _lost_disks(explorer: Explorer, entry: Entry) -> list[Link]:
    """Every crash that took the disk with it."""
    return [
        explorer.entry(each)
        for each in reversed(explorer.evidence.deeds.entries)
        if each.kind == "crash" and dict(each.data).get("lose_disk") and each.index < entry.index
    ]


RULES: dict[str, Rule] = {"alert": alert, "good": good, "answer": answer}
