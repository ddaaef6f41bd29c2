"""What must hold of the feed. Plain functions over changes, in the order in which they were read or processed.

========================  ==================================================================
always                    `in_order`, `unreversed`
once quiet                `complete`, `agrees`
figures                   `view`, `repeated`
========================  ==================================================================

Each holds for the messages of the feed's topic as they stand in its partitions, and for what a group has processed
at least once. Quiet: shards and brokers are whole, and there was time to publish and to process everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playground.systems.feed.changes import Change
from playground.systems.shards.client import Position
from playground.systems.violations import Violation


def view(changes: Iterable[Change]) -> dict[str, str]:
    """Key -> its value, for who applies each change unless it knows the key at that position or a later one.

    However often a change comes, and however late, this is what it comes to: at-least-once delivery of changes that
    carry their positions has the effect of exactly-once.
    """
    newest: dict[str, Change] = {}
    for change in changes:
        known = newest.get(change.key)
        if known is None or known.position < change.position:
            newest[change.key] = change
    return {key: change.value for key, change in newest.items()}


def agrees(seen: Mapping[str, str], state: Mapping[str, str]) -> list[Violation]:
    """A view shows what the masters show, key by key. ``state``: of all shards together."""
    return [
        Violation("the view agrees", key, f"the view has {_spelled(key, seen)}, the database {_spelled(key, state)}")
        for key in sorted({*seen, *state})
        if seen.get(key) != state.get(key)
    ]


def complete(changes: Iterable[Change], acknowledged: Mapping[str, Iterable[str]]) -> list[Violation]:
    """Every acknowledged write is in the feed. ``acknowledged``: key -> values, of which each was written once.

    Not if a shard's log was compacted before it was published: then a snapshot stands for the writes in it.
    """
    there = {(change.key, change.value) for change in changes}
    return [
        Violation("the feed is complete", key, f"{key}={value} was acknowledged and is not in the feed")
        for key, values in sorted(acknowledged.items())
        for value in sorted(values)
        if (key, value) not in there
    ]


def unreversed(changes: Iterable[Change], failed: Mapping[str, Iterable[str]]) -> list[Violation]:
    """No write that failed for certain is in the feed. ``failed``: key -> the values of such writes."""
    doomed = {(key, value) for key, values in failed.items() for value in values}
    return [
        Violation("nothing reversed", change.key, f"{change.key}={change} was reversed and is in the feed")
        for change in changes
        if (change.key, change.value) in doomed
    ]


def in_order(changes: Iterable[Change]) -> list[Violation]:
    """Of each key, what was not seen before comes in the order of positions: only what is known comes again.

    For the changes of one partition each, and not if a snapshot was published: it may overtake what it stands for.
    """
    newest: dict[str, Position] = {}
    seen: set[tuple[str, Position]] = set()
    found = []
    for change in changes:
        known, position = newest.get(change.key), change.position
        if known is not None and position < known and (change.key, position) not in seen:
            text = f"{change.key}: {position} comes for the first time after {known}"
            found.append(Violation("the feed is in order", change.key, text))
        seen.add((change.key, position))
        newest[change.key] = position if known is None else max(known, position)
    return found


def repeated(changes: Iterable[Change]) -> int:
    """How many changes came again: the same position of the same key."""
    all_changes = [(change.key, change.position) for change in changes]
    return len(all_changes) - len(set(all_changes))


def _spelled(key: str, values: Mapping[str, str]) -> str:
    return f"{key}={values[key]}" if key in values else f"no {key}"
