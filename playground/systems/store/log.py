"""The log of a store node: the kernel's write-ahead log, and what has to be known beyond it.

* What is appended but not yet safe is kept at hand, because a rewrite must not forget it.
* Records become safe in the order in which they were appended. So whoever waits for its own
  record knows that everything before it is safe, too, and has been applied.
* A node that cannot read its log does not come up: it knows neither its data nor what it has agreed to, and an
  empty store would answer reads. It says so, and tries again. (A database would stop here, and whoever supervises it
  would start it again: that comes to the same.)
* A log is rewritten when it is several times larger than after the last rewrite, as Redis does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.timers import sleep
from playground.kernel.wal import Recovery, WriteAheadLog, frame, parse
from playground.systems.store.records import DAMAGE

FILE = "wal"
_MENDED = "wal.mended"
_RETRY_US = 1_000_000
"""How often a node tries again what its disk refuses while it boots."""
_HEADER_BYTES = 8

T = TypeVar("T")


class Log:
    """The one log of a store node."""

    def __init__(self, process: Process, compact_at_bytes: int, compact_ratio: int) -> None:
        self._process = process
        self._wal = WriteAheadLog(process, FILE)
        self._unsafe: deque[bytes] = deque()
        self._floor = compact_at_bytes
        self._ratio = compact_ratio
        self._compact_at = compact_at_bytes
        self.rewrites = 0

    @property
    def size_bytes(self) -> int:
        return self._wal.size_bytes

    @property
    def records(self) -> int:
        return self._wal.records

    @property
    def unsafe(self) -> int:
        """Records that would be lost if the power failed now."""
        return len(self._unsafe)

    async def recover(self) -> tuple[Recovery, bool]:
        """What the disk gave back, and whether something that had been safe is damaged.

        A torn tail is no damage: nobody was told that it was safe. A log that is damaged is replaced by what is
        left of it and a record that says so, in one instant: the next life must know it, too, however soon
        this one ends. As long as there is no room for that the node does not come up; it could not take part anyway.
        """
        process, disk = self._process, self._process.disk
        data = await self._insist(partial(disk.read, process, FILE))
        found = parse(data)
        damaged = bool(found.damaged) or not _is_torn(data, len(data) - found.dropped_bytes)
        if damaged:
            mended = b""
            for payload in (*found.records, DAMAGE):
                mended += frame(payload, len(mended))
            disk.remove(_MENDED)
            while not disk.size_bytes(_MENDED):
                try:
                    disk.append(_MENDED, mended)
                except DiskError:
                    await sleep(process, _RETRY_US)
            await disk.fsync(process, _MENDED)
            disk.replace(_MENDED, FILE)
        await self._insist(self._wal.recover)
        self._compact_at = max(self._floor, self._ratio * self.size_bytes)
        return found, damaged

    async def _insist(self, read: Callable[[], Awaitable[T]]) -> T:
        """``await read()``, again and again until the disk can be read."""
        process = self._process
        name, record = process.node.name, process.world.record
        failed = False
        while True:
            try:
                found = await read()
            except DiskError as error:
                if not failed:
                    record("alert", name, f"{name} cannot come up: {error}; it tries again every second")
                failed = True
                await sleep(process, _RETRY_US)
            else:
                if failed:
                    record("good", name, f"{name} can read its disk again")
                return found

    def append(self, payload: bytes, then: Callable[[], object]) -> None:
        """Write a record; ``then()`` once it is safe. Raises DiskError, and then nothing was written."""

        def safe() -> None:
            self._unsafe.popleft()
            then()

        self._wal.append(payload, safe)
        self._unsafe.append(payload)

    @property
    def overgrown(self) -> bool:
        """It is time for a rewrite."""
        return self._wal.size_bytes > self._compact_at and not self._wal.rewriting

    async def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Replace the log by ``payloads``, which must amount to all that is safe by now."""
        # Nothing may be appended between the taking of this list and the beginning of the rewrite: no await here.
        self._compact_at = self._ratio * self._compact_at  # not again meanwhile, nor at once if the disk is full
        await self._wal.rewrite([*payloads, *self._unsafe])
        self._compact_at = max(self._floor, self._ratio * self.size_bytes)
        self.rewrites += 1


def _is_torn(data: bytes, at: int) -> bool:
    """Whether what follows ``at``, where no undamaged record stands, can be the mere beginning of some records.

    A torn write is cut short, and nothing else. So the record that it begins with has an end beyond
    the file's. If it has not, or if it is undamaged but for the length in its header, it was
    safe once. (Not told apart from a torn tail: damage to the length *and* to the rest of the last record.)
    """
    length = int.from_bytes(data[at : at + 4], "big")
    if len(data) - at < _HEADER_BYTES:
        return True
    if at + _HEADER_BYTES + length <= len(data):
        return False
    checksum = data[at + 4 : at + _HEADER_BYTES]
    ends = range(at + _HEADER_BYTES, len(data) + 1)
    return not any(frame(data[at + _HEADER_BYTES : end], at)[4:_HEADER_BYTES] == checksum for end in ends)
