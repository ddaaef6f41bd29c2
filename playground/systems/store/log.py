"""The log of a store node: the kernel's write-ahead log, and what has to be known beyond it.

* What is appended but not yet safe is kept at hand, because a rewrite must not forget it.
* Records become safe in the order in which they were appended. So whoever waits for its own
  record knows that everything before it is safe, too, and has been applied.
* A node that cannot read its log does not come up: an empty store would answer reads (see `kernel.recovering`).
* A log is rewritten when it is several times larger than after the last rewrite, as Redis does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from playground.kernel.node import Process
from playground.kernel.recovering import recover
from playground.kernel.wal import Recovery, WriteAheadLog
from playground.systems.store.records import DAMAGE

FILE = "wal"


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
        """What the disk gave back, and whether something that had been safe is damaged."""
        found, damaged = await recover(self._process, self._wal, FILE, DAMAGE)
        self._compact_at = max(self._floor, self._ratio * self.size_bytes)
        return found, damaged

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
