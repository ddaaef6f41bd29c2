"""What stands in a node's log, and what a log amounts to.

Four kinds of records, as compact JSON (the same bytes for the same content, in every process):

* ``["p", key, siblings]``: these siblings were merged into the key's;
* ``["d", key, fingerprint]``: the key was handed over and dropped, provided that it was still this;
* ``["m", members, whole, trusted]``: the membership from here on, whether the data are whole, and
  whether the node knows of all that it has ever agreed to.
* ``["x"]``: something that stood in this log was unreadable, so data and memberships may be missing.

A record says what to merge, not what came of it, so a replayed log is right in any case in
which its records are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from playground.systems.ring.client import Entry, Membership, Status
from playground.systems.store.versions import Siblings, Versioned, merge

_encode = json.JSONEncoder(separators=(",", ":")).encode


@lru_cache(maxsize=1024)  # all replicas of a key write the same record
def put_record(key: str, siblings: Siblings) -> bytes:
    return _encode(("p", key, siblings)).encode()


def drop_record(key: str, fingerprint: int) -> bytes:
    return _encode(("d", key, fingerprint)).encode()


def meta_record(membership: Membership, *, whole: bool, trusted: bool) -> bytes:
    members = [(name, entry.status, entry.version, entry.weight, entry.copied) for name, entry in membership.entries]
    return _encode(("m", members, whole, trusted)).encode()


DAMAGE = _encode(("x",)).encode()


@lru_cache(maxsize=4096)  # and so do they hash the same
def fingerprint(key: str, siblings: Siblings) -> int:
    """64 bits over a key and all that is held for it; 0 if nothing is."""
    if not siblings:
        return 0
    return int.from_bytes(hashlib.blake2b(put_record(key, siblings), digest_size=8).digest(), "big")


@dataclass(slots=True)
class Contents:
    """What a log amounts to."""

    data: dict[str, Siblings] = field(default_factory=dict)
    membership: Membership | None = None
    whole: bool = False
    trusted: bool = False


def replay(records: Iterable[bytes]) -> Contents:
    """Go through ``records`` in order."""
    contents = Contents()
    data = contents.data
    for record in records:
        kind, *about = json.loads(record)
        if kind == "p":
            key, siblings = about
            data[key] = merge(data.get(key, ()), _siblings(siblings))
        elif kind == "d":
            key, print_ = about
            if key in data and fingerprint(key, data[key]) == print_:
                del data[key]
        elif kind == "m":
            members, contents.whole, contents.trusted = about
            contents.membership = _membership(members)
        else:
            contents.whole = contents.trusted = False
    return contents


def _siblings(encoded: list[Any]) -> Siblings:
    return tuple(
        Versioned(value, tuple((session, counter) for session, counter in version)) for value, version in encoded
    )


def _membership(encoded: list[Any]) -> Membership:
    return Membership(
        tuple(
            (name, Entry(Status(status), version, weight, tuple((leaver, number) for leaver, number in copied)))
            for name, status, version, weight, copied in encoded
        )
    )
