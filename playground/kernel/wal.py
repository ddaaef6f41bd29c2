"""A write-ahead log: records that are on the disk whole, or known to be damaged.

Each record is framed ``length (4 bytes) | CRC-32 of length and payload (4) | payload``.
A record is acknowledged when a sync that covers it has completed. Records that come
while a sync is under way share the next one (group commit; DeWitt et al., 1984).

Recovery reads from the beginning. A frame that ends beyond the file is a torn tail and
is cut off. A frame whose checksum is wrong is damage: it is skipped if its length leads
on to a whole frame, else the rest is dropped. What was dropped is said.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from struct import Struct

from playground.kernel.errors import DiskError
from playground.kernel.node import Process

_FRAME = Struct(">II")
_LENGTH = Struct(">I")

Done = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a log gave back: whole ``records`` in order, and what had to be left out."""

    records: tuple[bytes, ...]
    damaged: int = 0
    """Records in the middle that failed their checksum."""
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


def frame(payload: bytes) -> bytes:
    """One record as it stands on the disk."""
    return _FRAME.pack(len(payload), _checksum(payload)) + payload


def parse(data: bytes) -> Recovery:
    """Read records from the beginning of ``data``; never raises."""
    records: list[bytes] = []
    damaged = 0
    at = 0
    while at < len(data):
        end = _end_of_frame(data, at)
        if end is None:
            break
        payload = data[at + _FRAME.size : end]
        if _checksum(payload) == _FRAME.unpack_from(data, at)[1]:
            records.append(payload)
        elif _leads_to_a_record(data, end):
            damaged += 1
        else:
            break
        at = end
    return Recovery(tuple(records), damaged, len(data) - at)


class WriteAheadLog:
    """A log in one file of a process's disk. ``append`` from the process that owns it only."""

    def __init__(self, process: Process, name: str = "wal") -> None:
        self._process = process
        self._disk = process.node.disk
        self._name = name
        self._waiting: list[Done] = []
        self._syncing = False
        self._next: str | None = None
        self.records = 0

    @property
    def size_bytes(self) -> int:
        return self._disk.size_bytes(self._name)

    @property
    def rewriting(self) -> bool:
        return self._next is not None

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
        framed = frame(payload)
        self._disk.append(self._name, framed)
        if self._next is not None:
            try:
                self._disk.append(self._next, framed)
            except DiskError:
                self._next = None  # no room to rewrite; the old file goes on
        self._process.world.journal.mix(self._process.node.name, zlib.crc32(framed))
        self.records += 1
        self._waiting.append(then)
        if not self._syncing:
            self._sync()

    async def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Replace everything written so far by ``payloads``, atomically; appending goes on meanwhile.

        Does nothing when the disk has no room for both files.
        """
        payloads = list(payloads)
        self._disk.remove(self._new_name)
        try:
            self._disk.append(self._new_name, b"".join(map(frame, payloads)))
        except DiskError:
            self._disk.remove(self._new_name)
            return
        self._next = self._new_name
        since = self.records
        while self._next is not None:
            size = self._disk.size_bytes(self._new_name)
            await self._disk.fsync(self._process, self._new_name)
            if self._next is not None and self._disk.size_bytes(self._new_name) == size:
                self._disk.replace(self._new_name, self._name)
                self._next = None
                self.records = len(payloads) + self.records - since
                return
        self._disk.remove(self._new_name)

    @property
    def _new_name(self) -> str:
        return self._name + ".new"

    def _sync(self) -> None:
        self._syncing = True
        covered, self._waiting = self._waiting, []

        def complete(_error: DiskError | None, _b: None) -> None:
            self._syncing = False
            if self._waiting:
                self._sync()
            for then in covered:
                then()

        self._disk.sync(self._process, self._name, complete)


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))


def _end_of_frame(data: bytes, at: int) -> int | None:
    if at + _FRAME.size > len(data):
        return None
    end = at + _FRAME.size + int(_LENGTH.unpack_from(data, at)[0])
    return end if end <= len(data) else None


def _leads_to_a_record(data: bytes, at: int) -> bool:
    """Whether the lengths, from ``at`` on, lead to a whole record or exactly to the end of the file."""
    while at < len(data):
        end = _end_of_frame(data, at)
        if end is None:
            return False
        if _checksum(data[at + _FRAME.size : end]) == _FRAME.unpack_from(data, at)[1]:
            return True
        at = end
    return True
