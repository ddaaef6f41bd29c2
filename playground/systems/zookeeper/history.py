"""What the log of one server amounts to: what it has promised, and the transactions that it was sent.

Records of one write-ahead log, so each is safe only when all before it are:

* ``E accepted current``: the newest epoch that it has promised to follow, and the newest that it has entered.
  Who enters an epoch has its leader's whole history before this record;
* ``T zxid data``: a transaction, committed or not;
* ``C zxid``: forget all transactions beyond this one, which never were committed;
* ``S zxid chain snapshot``: forget all transactions; this is what those up to ``zxid`` amount to;
* ``F``: this server has forgotten some of its promises (see :mod:`.peer`), until it enters an epoch again.

``chain`` is the CRC-32 of all transactions since the beginning, one after the other: where two servers have the same
chain at one zxid, they have the same history up to it. ZooKeeper has no such thing; here it lets a learner find out
that it has another history than its leader believes, and lets checks compare servers that have dropped their logs.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

_EPOCHS = Struct(">cQQ")
_ZXID = Struct(">cQ")
_POINT = Struct(">cQI")
_LINK = Struct(">QI")

FORGOTTEN = b"F"


def epochs_record(accepted: int, current: int) -> bytes:
    return _EPOCHS.pack(b"E", accepted, current)


def transaction_record(zxid: int, data: bytes) -> bytes:
    return _ZXID.pack(b"T", zxid) + data


def cut_record(zxid: int) -> bytes:
    return _ZXID.pack(b"C", zxid)


def snapshot_record(point: Point, snapshot: bytes) -> bytes:
    return _POINT.pack(b"S", *point) + snapshot


class Point(NamedTuple):
    """A place in the one history: the transaction there, and the chain up to it."""

    zxid: int
    chain: int


class Entry(NamedTuple):
    """One transaction, and the chain up to and including it."""

    zxid: int
    data: bytes
    chain: int


BEGINNING = Point(0, 0)


def linked(chain: int, zxid: int, data: bytes) -> int:
    """The chain after one more transaction."""
    return zlib.crc32(data, zlib.crc32(_LINK.pack(zxid, chain)))


class History:
    """What a log amounts to, in memory. Transactions before ``floor`` are not kept one by one any more."""

    def __init__(self) -> None:
        self.accepted = 0
        self.current = 0
        self.whole = True
        self.floor = BEGINNING
        self.snapshot = b""
        """Of all up to the floor, as read from the disk; empty once the application has it."""
        self.entries: list[Entry] = []

    @property
    def last(self) -> Point:
        return _point(self.entries[-1]) if self.entries else self.floor

    def before(self, zxid: int) -> Point:
        """The newest place that is not beyond ``zxid``, or else the floor."""
        at = bisect_right(self.entries, zxid, key=_zxid)
        return _point(self.entries[at - 1]) if at else self.floor

    def between(self, zxid: int, until: int) -> list[Entry]:
        """The transactions beyond ``zxid`` up to and including ``until``."""
        return self.entries[bisect_right(self.entries, zxid, key=_zxid) : bisect_right(self.entries, until, key=_zxid)]

    def add(self, zxid: int, data: bytes) -> None:
        last = self.last
        assert zxid > last.zxid, f"{zxid:#x} after {last.zxid:#x}"
        self.entries.append(Entry(zxid, data, linked(last.chain, zxid, data)))

    def cut(self, zxid: int) -> None:
        del self.entries[bisect_right(self.entries, zxid, key=_zxid) :]

    def install(self, point: Point, snapshot: bytes) -> None:
        self.floor, self.snapshot = point, snapshot
        self.entries.clear()

    def forget(self) -> None:
        self.install(BEGINNING, b"")
        self.whole = False
        self.accepted = self.current = 0

    def trim(self, zxid: int, keep: int) -> None:
        """Drop what lies up to ``zxid`` but for the last ``keep`` transactions of it."""
        count = bisect_right(self.entries, zxid, key=_zxid) - keep
        if count > 0:
            self.floor = _point(self.entries[count - 1])
            del self.entries[:count]


def replay(records: Iterable[bytes]) -> History:
    """What records amount to, in the order in which they were written."""
    history = History()
    for record in records:
        kind = record[:1]
        if kind == b"T":
            history.add(_ZXID.unpack_from(record)[1], record[_ZXID.size :])
        elif kind == b"E":
            _, history.accepted, current = _EPOCHS.unpack(record)
            history.whole = history.whole or current > history.current
            history.current = current
        elif kind == b"C":
            history.cut(_ZXID.unpack(record)[1])
        elif kind == b"S":
            _, zxid, chain = _POINT.unpack_from(record)
            history.install(Point(zxid, chain), record[_POINT.size :])
        else:
            history.forget()
    return history


def _point(entry: Entry) -> Point:
    return Point(entry.zxid, entry.chain)


def _zxid(entry: Entry) -> int:
    return entry.zxid
