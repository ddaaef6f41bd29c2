"""The log of one server: a :class:`~.history.History` in memory, and the records that it is made of on the disk.

What is written is part of the history at once, and safe when ``then()`` is called. If the disk is full DiskFull is
raised, and nothing has changed, neither in memory nor on the disk. Records become safe in the order in which they were
written.

A server begins with a record of its epochs before its machine comes up for the very first time: that stands for the
operator who says that this is a new ensemble. Who finds an empty disk later has lost one, and with it what it had
promised.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.recovering import insist, recover
from playground.kernel.wal import WriteAheadLog
from playground.systems.zookeeper.history import (
    FORGOTTEN,
    History,
    Point,
    cut_record,
    epochs_record,
    replay,
    snapshot_record,
    transaction_record,
)

FILE = "zab"

Then = Callable[[], object]


class TransactionLog:
    """What a server remembers. ``history`` is for reading; it changes by the methods here."""

    def __init__(self, process: Process, snapshot_every: int) -> None:
        self._process = process
        self._wal = WriteAheadLog(process, FILE)
        self._snapshot_every = snapshot_every
        self._compact_at = snapshot_every
        self.history = History()

    @property
    def size_bytes(self) -> int:
        return self._wal.size_bytes

    @property
    def overgrown(self) -> bool:
        """It is time for a snapshot."""
        return self._wal.records >= self._compact_at and not self._wal.rewriting and self.history.whole

    async def recover(self) -> str:
        """Read it. Returns why this server has forgotten promises, or "" if it has not, as far as it knows."""
        process = self._process
        found, damaged = await recover(process, self._wal, FILE, FORGOTTEN)
        reason = f"its log is damaged ({found})" if damaged else ""
        self.history = replay((*found.records, FORGOTTEN) if damaged else found.records)
        if not found.records and not damaged:
            if not process.node.served:
                first = epochs_record(0, 0)
            else:
                reason, first = "its disk is empty", FORGOTTEN
                self.history.forget()
            await insist(process, partial(self._write_safely, first))
        self._compact_at = self._wal.records + self._snapshot_every
        return reason or ("" if self.history.whole else "it had lost its disk before")

    async def _write_safely(self, record: bytes) -> None:
        try:
            self._wal.append(record, _nothing)
        except DiskError as error:
            raise DiskError(f"it cannot write its log: {error}") from error
        await self._process.disk.fsync(self._process, FILE)

    def promise(self, epoch: int, then: Then) -> None:
        """Follow nobody of an older epoch any more."""
        self._wal.append(epochs_record(epoch, self.history.current), then)
        self.history.accepted = epoch

    def enter(self, epoch: int, then: Then) -> None:
        """All that the leader of ``epoch`` has stands in this log. Makes it whole."""
        self._wal.append(epochs_record(epoch, epoch), then)
        self.history.accepted = self.history.current = epoch
        self.history.whole = True

    def prove(self, then: Then) -> None:
        """Write the epochs once more: ``then()`` when all that was written is safe, and the disk does its work."""
        self._wal.append(epochs_record(self.history.accepted, self.history.current), then)

    def add(self, zxid: int, data: bytes, then: Then) -> None:
        """One more transaction."""
        self._wal.append(transaction_record(zxid, data), then)
        self.history.add(zxid, data)

    def cut(self, zxid: int) -> None:
        """Forget the transactions beyond ``zxid``."""
        self._wal.append(cut_record(zxid), _nothing)
        self.history.cut(zxid)

    def install(self, point: Point, snapshot: bytes) -> None:
        """Forget everything but a snapshot."""
        self._wal.append(snapshot_record(point, snapshot), _nothing)
        self.history.install(point, b"")

    def forget(self, then: Then) -> None:
        """This server's history contradicts its leader's: what it has promised is worth nothing."""
        self._wal.append(FORGOTTEN, then)
        self.history.forget()

    async def compact(self, point: Point, snapshot: bytes) -> None:
        """Let the log begin with ``snapshot``, which is what all up to ``point`` amounts to.

        In memory as many transactions before it are kept as between two snapshots, for learners that are not far
        behind.
        """
        history = self.history
        rest = [transaction_record(entry.zxid, entry.data) for entry in history.between(point.zxid, history.last.zxid)]
        self._compact_at = self._wal.records + self._snapshot_every  # not again at once if the disk is full
        history.trim(point.zxid, self._snapshot_every)
        epochs = epochs_record(history.accepted, history.current)
        await self._wal.rewrite([snapshot_record(point, snapshot), *rest, epochs])
        self._compact_at = self._wal.records + self._snapshot_every


def _nothing() -> None:
    pass
