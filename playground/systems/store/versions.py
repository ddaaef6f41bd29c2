"""Versions: which write knew of which, without any clock; or which is the newest, by some clock.

Theory of operation. A version is a vector with one entry per *client session* (Parker et al.,
"Detection of Mutual Inconsistency in Distributed Systems", 1983): ``(("c1", 3), ("c2", 1))`` is the
write that knew the first three writes of c1 and the first of c2 to this key. A session writes with the
join of all versions that it has read or written, its own counter raised by one. So

* ``covers(a, b)``: a's writer knew b. b is superseded and may be forgotten;
* neither covers the other: the writes were concurrent. Both are kept, as *siblings*, and the
  reader is shown both.

Why not timestamps, the last one winning: clocks differ, and a write by a clock that runs behind is
lost though it was acknowledged and came last. Why not counters of the servers, as in Dynamo: a server
that lost its disk would count from 1 again and mint a version twice, and any other server than a
replica could not mint at all. Versions minted by sessions need nothing of the servers, any node can
coordinate, and a write that is sent twice is the same write. The price: a vector grows with the
number of sessions that ever wrote the key (Dynamo truncates; we don't).

And timestamps all the same, for a store that is set to `newest`, as Cassandra is (Lakshman & Malik,
"Cassandra: A Decentralized Structured Storage System", 2010): that is where one can watch it go wrong.
Its version has one entry, of the session "", whose counter is the time of day in microseconds at the
coordinator that minted it: ``(("", 7_250_000),)``. Nothing else differs. One entry covers another
when its counter is not lower, so the write with the highest timestamp covers all
others; of two that have the same the greater value stays (`merge`), as in Cassandra. A store holds
versions of one of the two kinds, never of both.

Siblings form a join-semilattice under `merge`: replicas that have heard of the same writes, in any
order and any number of times, hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Version = tuple[tuple[str, int], ...]
"""``(session, counter)`` pairs, sorted by session, counters from 1; or one pair, ``("", microseconds)``."""


class Versioned(NamedTuple):
    """A value as one write wrote it."""

    value: str
    version: Version


Siblings = tuple[Versioned, ...]
"""Values none of which supersedes another, in canonical order (by version, then value)."""


def timestamp(wall_us: int) -> Version:
    """The version of a write that was minted at ``wall_us``: it covers all with an earlier one."""
    return (("", wall_us),)


def covers(a: Version, b: Version) -> bool:
    """Whether who wrote ``a`` knew ``b`` (equal versions cover each other)."""
    if a == b:
        return True
    if len(b) > len(a):
        return False
    known = dict(a)
    return not [1 for session, counter in b if known.get(session, 0) < counter]  # twice as fast as all()


def join(a: Version, b: Version) -> Version:
    """The least version that covers both."""
    if a == b or not b:
        return a
    if not a:
        return b
    known = dict(a)
    for session, counter in b:
        if known.get(session, 0) < counter:
            known[session] = counter
    return tuple(sorted(known.items()))


def join_all(versions: Iterable[Version]) -> Version:
    """The least version that covers all of them; () of none."""
    total: Version = ()
    for version in versions:
        total = join(total, version)
    return total


def merge(a: Siblings, b: Siblings) -> Siblings:
    """What is left of both when everything superseded is dropped; ``a`` itself if ``b`` adds nothing."""
    if a == b or not b:
        return a
    if not a:
        return b
    merged = a
    for one in b:
        if one in merged:
            continue
        kept = []
        for other in merged:
            if _superseded(other, one):
                continue
            if _superseded(one, other):
                break
            kept.append(other)
        else:
            kept.append(one)
            if len(kept) > 1:
                kept.sort(key=_order)
            merged = tuple(kept)
    return merged


def _superseded(one: Versioned, by: Versioned) -> bool:
    # One version, two values: no session does that, but two coordinators may mint the same timestamp.
    # The greater value stays, so that even then all agree.
    if one.version == by.version:
        return one.value < by.value
    return covers(by.version, one.version)


def _order(one: Versioned) -> tuple[Version, str]:
    return one.version, one.value
