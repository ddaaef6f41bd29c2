"""What a node keeps of a shard on its disk: one write-ahead log, ``shard-1.wal``.

It begins with the *identity* of this copy, a number that no other copy of the shard on this node ever had. Then come
the highest epoch that was promised, entries, cuts and snapshots, in the order in which they were made. A record
becomes safe after all that stand before it.

A file that is missing or damaged on a machine that has booted before is not mended: what is left of it may
lack what was acknowledged. It is made anew under a new identity, and that is no member of the shard any more: it
does not vote and does not count until a master has given it everything. (A torn tail is no damage: nobody was told
that it was safe.)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.recovering import is_torn
from playground.kernel.timers import sleep
from playground.kernel.wal import WriteAheadLog, parse
from playground.systems.database import RequestId
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.messages import Entry, Position
from playground.systems.shards.state import State

_RETRY_US = 1_000_000

Done = Callable[[], object]


def file_name(shard: str) -> str:
    return f"{shard}.wal"


class Content:
    """What a file says."""

    def __init__(self) -> None:
        self.identity = 0
        """0: the file is not whole."""
        self.promised = 0
        self.log = ReplicatedLog()

    @classmethod
    def read(cls, data: bytes) -> Content:
        """Replay a file; a damaged one gives an identity of 0 and what can be made of the rest."""
        content = cls()
        found = parse(data)
        whole = not found.damaged and is_torn(data, len(data) - found.dropped_bytes)
        for payload in found.records:
            try:
                content._take(json.loads(payload))
            except (AssertionError, IndexError):  # a record is missing: the ones that build on it cannot be used
                whole = False
        if not whole:
            content.identity = 0
        return content

    def _take(self, record: list[Any]) -> None:
        what, *rest = record
        log = self.log
        if what == "entry":
            log.append(_entry(rest))
        elif what == "cut":
            log.cut(rest[0])
        elif what == "promise":
            self.promised = rest[0]
        elif what == "snapshot":
            epoch, seq, state = rest
            log.install(Position(epoch, seq), State.load(state))
        elif what == "identity":
            self.identity = rest[0]


class ShardFile:
    """The file of one shard on one node, open for writing. All ``then()`` are called when what was written is safe."""

    def __init__(self, process: Process, shard: str) -> None:
        self._process = process
        self._name = file_name(shard)
        self._wal = WriteAheadLog(process, self._name)
        self._compact_at = 0
        self.identity = 0
        self.unsafe = 0
        """Records that would be lost if the power failed now."""

    @property
    def size_bytes(self) -> int:
        return self._wal.size_bytes

    @property
    def records(self) -> int:
        return self._wal.records

    async def recover(self) -> Content:
        """Read the file. An identity of 0: there is none, or it cannot be relied upon and was removed."""
        disk, name = self._process.disk, self._process.node.name
        told = False
        while True:
            try:
                content = Content.read(await disk.read(self._process, self._name))
                if not content.identity:
                    disk.remove(self._name)
                await self._wal.recover()
            except DiskError as error:  # a copy that cannot be read cannot be relied upon, nor given up
                if not told:
                    text = f"{name} cannot come up: {error}; it tries again every second"
                    self._process.world.record("alert", name, text)
                told = True
                await sleep(self._process, _RETRY_US)
            else:
                self.identity = content.identity
                return content

    def format(self, identity: int, then: Done) -> None:
        """Begin the file. DiskFull: it was not."""
        self._append(["identity", identity], then)
        self.identity = identity

    async def found(self, identity: int) -> None:
        """Begin the file; returns when that is safe. DiskError: it is not."""
        self.format(identity, lambda: None)
        await self._process.disk.fsync(self._process, self._name)

    def promise(self, epoch: int, then: Done) -> None:
        self._append(["promise", epoch], then)

    def append(self, entry: Entry, then: Done) -> None:
        self._append(_record(entry), then)

    def cut(self, seq: int, then: Done) -> None:
        self._append(["cut", seq], then)

    def install(self, position: Position, state: str, then: Done) -> None:
        self._append(["snapshot", *position, state], then)

    def overgrown(self, compact_after: int) -> bool:
        """It is time for :meth:`compact`."""
        return self._wal.records > max(compact_after, self._compact_at) and not self._wal.rewriting

    async def compact(self, promised: int, log: ReplicatedLog) -> None:
        """Replace the file by the base of ``log`` and what follows it: that is all there is, safe or not yet."""
        # Nothing may be appended between the taking of this list and the beginning of the rewrite: no await here.
        records: list[list[Any]] = [["identity", self.identity], ["promise", promised]]
        records.append(["snapshot", *log.base, log.base_state().dump()])
        payloads = [_encode(record) for record in records]
        payloads += [_encode(_record(entry)) for entry in log.entries]
        self._compact_at = 2 * len(payloads)  # not at once again if the disk has no room
        await self._wal.rewrite(payloads)

    def _append(self, record: list[Any], then: Done) -> None:
        def safe() -> None:
            self.unsafe -= 1
            then()

        self._wal.append(_encode(record), safe)
        self.unsafe += 1


def _encode(record: list[Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


def _record(entry: Entry) -> list[Any]:
    request = list(entry.request) if entry.request is not None else None
    return ["entry", entry.epoch, entry.seq, entry.kind, entry.key, entry.value, request, entry.about]


def _entry(fields: list[Any]) -> Entry:
    epoch, seq, kind, key, value, request, about = fields
    return Entry(epoch, seq, kind, key, value, RequestId(*request) if request is not None else None, about)
