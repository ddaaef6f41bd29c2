"""Transactions: what the ensemble agrees upon, and how it stands in the log.

A request says what to do ("set /a if its version is 3"); a transaction says what comes of it ("/a has
version 4 now"). The leader turns one into the other once, so that every server gets the same, and
a transaction may be applied twice without harm. A request that fails becomes a transaction that
changes nothing and holds the error: so it is answered in order with all the others.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from playground.kernel.connections import Id


class Made(NamedTuple):
    """A znode is there. ``created``: how many children its parent has had so far, this one included."""

    path: str
    data: str
    owner: int
    created: int


class Removed(NamedTuple):
    """A znode is gone."""

    path: str


class Changed(NamedTuple):
    """A znode has these data, in this version."""

    path: str
    data: str
    version: int


class Checked(NamedTuple):
    """A version was as it should be; nothing changes."""

    path: str


class Opened(NamedTuple):
    """There is a session; its number is the zxid of this transaction."""

    connection: Id
    timeout_us: int
    password: str


class Ended(NamedTuple):
    """A session is over, and its ephemerals are gone. ``expired``: its client was silent for too long."""

    session: int
    paths: tuple[str, ...]
    expired: bool


Change = Made | Removed | Changed | Checked | Opened | Ended


class Txn(NamedTuple):
    """Request ``cxid`` of ``session`` (0: nobody's) and what comes of it: ``changes``, or an ``error`` (code, text)."""

    session: int
    cxid: int
    time_us: int
    changes: tuple[Change, ...] = ()
    error: tuple[str, str] | None = None


_KINDS: dict[str, type[Change]] = {
    "make": Made,
    "remove": Removed,
    "change": Changed,
    "check": Checked,
    "open": Opened,
    "end": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_encode = json.JSONEncoder(separators=(",", ":")).encode


def encode(txn: Txn) -> bytes:
    """As compact JSON: the same bytes for the same transaction, in every process."""
    changes = [(_NAMES[type(change)], *change) for change in txn.changes]
    return _encode((txn.session, txn.cxid, txn.time_us, changes, txn.error)).encode()


def decode(data: bytes) -> Txn:
    """The inverse of :func:`encode`."""
    session, cxid, time_us, changes, error = json.loads(data)
    return Txn(
        session,
        cxid,
        time_us,
        tuple(_KINDS[kind](*map(_frozen, values)) for kind, *values in changes),
        None if error is None else (error[0], error[1]),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
