"""A write-ahead log: records that are on the disk whole, or known to be damaged.

Each record is framed ``length (4 bytes) | CRC-32 (4) | payload``; the checksum is over the
record's place in the file, its length and the payload. A record is acknowledged when a sync
that covers it has completed. Records that come while a sync is under way share the next one
(group commit; DeWitt et al., 1984).

Recovery reads from the beginning. Where no undamaged record stands it looks for the next place
where one does: what lies between is damage, had been safe once, and is skipped. If none follows,
the rest is a torn tail and is cut off. What was left out is said. (The place is part of
the checksum because a payload may hold the bytes of a record, but hardly one made for that very place.)
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from struct import Struct

from playground.kernel.disk import Disk
from playground.kernel.errors import DiskError
from playground.kernel.node import Process

_HEADER = Struct(">II")
_PLACE = Struct(">QI")

Done = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a log gave back: whole ``records`` in order, and what had to be left out."""

    records: tuple[bytes, ...]
    damaged: int = 0
    """Unreadable stretches, of one record or more, that whole records follow."""
    dropped_bytes: int = 0
    """Bytes of a torn or unreadable tail."""

    @property
    def clean(self) -> bool:
        return not self.damaged and not self.dropped_bytes

    def __str__(self) -> str:
        text = f"{len(self.records)} records"
        if self.damaged:
            text += f", {self.damaged} damaged and skipped"
        if self.dropped_bytes:
            text += f", {self.dropped_bytes} bytes of torn tail cut off"
        return text


def frame(payload: bytes, at: int = 0) -> bytes:
    """One record as it stands at offset ``at`` of a log."""
    return _HEADER.pack(len(payload), _checksum(payload, at)) + payload


def parse(data: bytes) -> Recovery:
    """Read a whole log; never raises."""
    records: list[bytes] = []
    damaged = 0
    at = 0
    while at < len(data):
        end = _end_of_record(data, at)
        if end is None:
            following = _next_record(data, at + 1)
            if following is None:
                break
            damaged += 1
            at = following
        else:
            records.append(data[at + _HEADER.size : end])
            at = end
    return Recovery(tuple(records), damaged, len(data) - at)


class WriteAheadLog:
    """A log in one file of a process's disk. ``append`` from the process that owns it only."""

    def __init__(self, process: Process, name: str = "wal") -> None:
        self._process = process
        self._name = name
        self._about = f"{process.node.name} appends to its {name}"
        self._waiting: list[Done] = []
        self._syncing = False
        self._next: str | None = None
        self._tail: list[bytes] | None = None
        self.records = 0

    @property
    def size_bytes(self) -> int:
        return self._disk.size_bytes(self._name)

    @property
    def rewriting(self) -> bool:
        return self._next is not None or self._tail is not None

    async def recover(self) -> Recovery:
        """Read the log, cut off what is torn, and leave a file that can be appended to."""
        self._disk.remove(self._new_name)
        data = await self._disk.read(self._process, self._name)
        recovery = parse(data)
        self.records = len(recovery.records)
        self._disk.truncate(self._name, len(data) - recovery.dropped_bytes)
        return recovery

    def append(self, payload: bytes, then: Done) -> None:
        """Write a record; ``then()`` once it is safe. Raises DiskFull, and then nothing was written."""
        self._write(self._name, payload)
        if self._tail is not None:
            self._tail.append(payload)
        elif self._next is not None:
            try:
                self._write(self._next, payload)
            except DiskError:
                self._next = None  # no room to rewrite; the old file goes on
        self._process.world.journal.mix(self._process.node.name, zlib.crc32(payload), about=self._about)
        self.records += 1
        self._waiting.append(then)
        if not self._syncing and self._tail is None:
            self._sync()

    async def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Replace everything written so far by ``payloads``, atomically; appending goes on meanwhile.

        Does nothing when the disk has no room for both files.

        At first every new record goes to both files, and the old one acknowledges it. Were that to go
        on, the new file might never be safe as a whole. So for its last sync the records that come
        go to the old file alone and wait: nobody was told that they are safe when, in the same
        instant, the new file takes the old one's place and they are appended to it.
        """
        assert not self.rewriting, "one rewrite at a time"
        new = self._new_name
        payloads = list(payloads)
        self._disk.remove(new)
        try:
            for payload in payloads:
                self._write(new, payload)
        except DiskError:
            self._disk.remove(new)
            return
        self._next = new
        since = self.records
        try:
            await self._disk.fsync(self._process, new)
            if self._next is None:
                return
            self._tail = []
            await self._disk.fsync(self._process, new)
            if not self._disk.full:
                self._disk.replace(new, self._name)
                for payload in self._tail:
                    self._write(self._name, payload)  # there is room: the old file held it too
                self.records += len(payloads) - since
        finally:
            self._next = self._tail = None
            self._disk.remove(new)
            if self._waiting and not self._syncing:
                self._sync()

    @property
    def _new_name(self) -> str:
        return self._name + ".new"

    @property
    def _disk(self) -> Disk:
        return self._process.disk  # asked each time: a dead process has none

    def _write(self, name: str, payload: bytes) -> None:
        disk = self._process.disk
        disk.append(name, frame(payload, disk.size_bytes(name)))

    def _sync(self) -> None:
        self._syncing = True
        covered, self._waiting = self._waiting, []

        def complete(_error: DiskError | None, _b: None) -> None:
            self._syncing = False
            if self._waiting and self._tail is None:
                self._sync()
            for then in covered:
                if self._process.alive:  # the one before may have crashed the node
                    then()

        self._disk.sync(self._process, self._name, complete)


def _checksum(payload: bytes, at: int) -> int:
    return zlib.crc32(payload, zlib.crc32(_PLACE.pack(at, len(payload))))


def _end_of_record(data: bytes, at: int) -> int | None:
    """Where the record at ``at`` ends; None if no undamaged record stands there."""
    begin = at + _HEADER.size
    if begin > len(data):
        return None
    length, checksum = _HEADER.unpack_from(data, at)
    end: int = begin + length
    return end if end <= len(data) and _checksum(data[begin:end], at) == checksum else None


def _next_record(data: bytes, at: int) -> int | None:
    """The first place from ``at`` on where an undamaged record stands."""
    return next((place for place in range(at, len(data)) if _end_of_record(data, place) is not None), None)
