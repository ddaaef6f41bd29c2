"""A disk that tells the truth about what a disk promises.

``append`` goes to the page cache: fast, and gone when the power fails. ``sync`` moves
what was appended so far to the platter; only when it completes is it safe. The device
does one thing at a time, each with a cost in virtual time.

When the power fails the unsynced tail is lost, and sometimes (``tear_chance``) a
beginning of it made it to the platter: the last record is then torn. On demand the
disk is slow, hangs, is full, or flips bits that were safe before.

``replace`` (rename) is atomic and durable when it returns, as on a journalling file
system; what it puts in place must have been synced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

from playground.kernel.errors import DiskError, DiskFull

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.world import World

Then = Callable[[DiskError | None, Any], object]
"""Called as ``then(error, None)`` when the operation is complete."""


@dataclass(slots=True)
class _File:
    safe: bytearray = field(default_factory=bytearray)
    unsynced: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class DiskStats:
    """What the device did since it was new."""

    syncs: int = 0
    reads: int = 0
    written_bytes: int = 0
    read_bytes: int = 0
    lost_bytes: int = 0


class Disk:
    """One node's disk. Times in microseconds, rates in bytes per second."""

    def __init__(
        self,
        world: World,
        name: str,
        *,
        capacity_bytes: int = 64 << 20,
        sync_us: int = 400,
        seek_us: int = 100,
        bytes_per_s: int = 200_000_000,
        tear_chance: float = 0.5,
    ) -> None:
        self._world = world
        self._chance = world.random(name, "disk")
        self._files: dict[str, _File] = {}
        self._used_bytes = 0
        self._busy_until_us = 0
        self._power = 0
        self._hung: list[Callable[[], None]] = []
        self.capacity_bytes = capacity_bytes
        self.sync_us = sync_us
        self.seek_us = seek_us
        self.bytes_per_s = bytes_per_s
        self.tear_chance = tear_chance
        self.slowdown = 1
        self.full = False
        self.hanging = False
        self.stats = DiskStats()

    @property
    def used_bytes(self) -> int:
        return self._used_bytes

    def safe_bytes(self, name: str) -> bytes:
        """What would survive a power failure now. For checks: it costs no time, so nobody in the world may ask."""
        file = self._files.get(name)
        return bytes(file.safe) if file else b""

    def size_bytes(self, name: str) -> int:
        """0 for a file that is not there."""
        file = self._files.get(name)
        return len(file.safe) + len(file.unsynced) if file else 0

    def append(self, name: str, data: bytes) -> None:
        """Add ``data`` to the page cache of a file (made if need be). Raises DiskFull; then nothing was added."""
        used_bytes = self._used_bytes + len(data)
        if self.full or used_bytes > self.capacity_bytes:
            raise DiskFull("no space left on device")
        file = self._files.get(name)
        if file is None:
            self._files[name] = file = _File()
        file.unsynced += data
        self._used_bytes = used_bytes

    def sync(self, process: Process, name: str, then: Then) -> None:
        """Make safe what ``name`` holds now; ``then(None, None)`` in ``process`` when it is."""
        file = self._files.setdefault(name, _File())
        end = len(file.safe) + len(file.unsynced)

        def complete() -> None:
            # What was appended while the device worked stays in the page cache;
            # an earlier sync may have written a part already.
            size = max(0, end - len(file.safe))
            file.safe += file.unsynced[:size]
            del file.unsynced[:size]
            self.stats.syncs += 1
            self.stats.written_bytes += size
            process.complete(then, None)

        self._operate(self.sync_us, len(file.unsynced), complete)

    async def fsync(self, process: Process, name: str) -> None:
        """Like :meth:`sync`, for a task to wait for."""
        await self._wait(lambda then: self.sync(process, name, then))

    async def read(self, process: Process, name: str) -> bytes:
        """The whole file, page cache included; empty if there is none."""
        file = self._files.get(name)
        if file is None:
            return b""
        size = len(file.safe) + len(file.unsynced)

        def begin(then: Then) -> None:
            def complete() -> None:
                self.stats.reads += 1
                self.stats.read_bytes += size
                process.complete(then, None)

            self._operate(self.seek_us, size, complete)

        await self._wait(begin)
        return bytes(file.safe + file.unsynced)

    def replace(self, new: str, name: str) -> None:
        """Atomically let ``new`` take the place of ``name``. DiskError if ``new`` is missing or unsynced."""
        file = self._files.get(new)
        if file is None or file.unsynced:
            raise DiskError(f"{new} is not safe on disk")
        self._files[name] = self._files.pop(new)
        self._count()

    def truncate(self, name: str, size: int) -> None:
        """Cut a file down to its first ``size`` bytes (durable at once; only what was read back is cut)."""
        file = self._files.get(name)
        if file is not None:
            file.safe = (file.safe + file.unsynced)[:size]
            file.unsynced.clear()
            self._count()

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        self._files.pop(name, None)
        self._count()

    # --- what befalls it ------------------------------------------------------

    def power_off(self) -> int:
        """Lose the page cache; perhaps tear. Returns the bytes lost."""
        self._power += 1
        self._busy_until_us = 0
        self._hung.clear()
        lost = 0
        for file in self._files.values():
            if file.unsynced:
                reached = 0
                if self._chance.random() < self.tear_chance:
                    reached = self._chance.randrange(len(file.unsynced))
                file.safe += file.unsynced[:reached]
                lost += len(file.unsynced) - reached
                file.unsynced.clear()
        self.stats.lost_bytes += lost
        self._count()
        return lost

    def wipe(self) -> None:
        """A new, empty disk."""
        self._files.clear()
        self._count()

    def rot(self, bits: int = 1) -> int:
        """Flip ``bits`` random bits among those that were safe. Returns how many (0: it is empty)."""
        files = [file for file in self._files.values() if file.safe]
        for _ in range(bits if files else 0):
            file = self._chance.choice(files)
            at = self._chance.randrange(len(file.safe) * 8)
            file.safe[at // 8] ^= 1 << (at % 8)
        return bits if files else 0

    def hang(self) -> None:
        """Operations begun from now on don't complete until :meth:`resume`."""
        self.hanging = True

    def resume(self) -> None:
        """Undo :meth:`hang`: what waited is done now."""
        self.hanging = False
        hung, self._hung = self._hung, []
        for begin in hung:
            begin()

    # --- the device -----------------------------------------------------------

    def _operate(self, fixed_us: int, size: int, complete: Callable[[], None]) -> None:
        if self.hanging:
            self._hung.append(lambda: self._operate(fixed_us, size, complete))
            return
        duration_us = (fixed_us + size * 1_000_000 // self.bytes_per_s) * self.slowdown
        begins_us = max(self._busy_until_us, self._world.now_us)
        self._busy_until_us = begins_us + duration_us
        self._world.schedule(self._busy_until_us - self._world.now_us, self._finish, self._power, complete)

    def _finish(self, power: int, complete: Callable[[], None]) -> None:
        if power == self._power:
            complete()

    def _count(self) -> None:
        self._used_bytes = sum(len(file.safe) + len(file.unsynced) for file in self._files.values())

    async def _wait(self, begin: Callable[[Then], None]) -> None:
        task = trio.lowlevel.current_task()
        waiting = True

        def then(error: DiskError | None, _b: Any) -> None:
            if waiting:
                trio.lowlevel.reschedule(task)

        def abort(_: object) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = False
            return trio.lowlevel.Abort.SUCCEEDED

        begin(then)
        await trio.lowlevel.wait_task_rescheduled(abort)
