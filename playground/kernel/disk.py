"""A disk that tells the truth about what a disk promises.

``append`` goes to the page cache: fast, and gone when the power fails. ``sync`` moves
what was appended so far to the platter; only when it completes is it safe. The device
does one thing at a time, each with a cost in virtual time.

When the power fails the unsynced tail is lost, and sometimes (``tear_chance``) a
beginning of it made it to the platter: the last record is then torn. On demand the
disk is slow, hangs, is full, cannot be read, or flips bits that were safe before.

``replace`` (rename) is atomic and durable when it returns, as on a journalling file
system; what it puts in place must have been synced. So is ``truncate``.

And on demand it lies (``lying``), as a drive does that has a volatile write cache and no
power-loss protection, and that ignores the order to flush it: it acknowledges syncs, renames and
truncations, and nobody notices, because reads are answered from the cache. But nothing reaches the
platter any more. When the power fails the disk is what it was when the lie began, whatever was
acknowledged since. A drive empties its cache by itself from time to time; this one does not. Once it is
mended the next sync (of any file), rename or truncation flushes the whole cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import trio

from playground.kernel.errors import DiskError, DiskFull

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.world import World

Then = Callable[[DiskError | None, Any], object]
"""Called as ``then(error, None)`` when the operation is complete."""

Tail = Literal["", "lost", "torn"]
"""What becomes of the unsynced tail of each file when the power fails; "": chance decides."""

CACHED_SYNC_US = 50
"""What a sync costs that goes no further than the cache of the drive."""
_TORN_BYTES = 7
"""A tail is torn so many bytes before its end: inside its last record, as no header of a record is shorter."""


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
    """What power failures took."""
    acknowledged_bytes_lost: int = 0
    """How much of that had been acknowledged as safe: the disk lied."""


class Disk:
    """One node's disk. Times in microseconds, rates in bytes per second.

    Faults that are set directly: ``slowdown`` (a factor), ``full``, ``failing_reads``, ``lying``.
    """

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
        self.name = name
        """The machine's that it is built into; "nowhere": what is left to a dead process, which is in none."""
        self._chance = world.random(name, "disk")
        self._files: dict[str, _File] = {}
        self._used_bytes = 0
        self._busy_until_us = 0
        self._power = 0
        self._hung: list[Callable[[], None]] = []
        self._lying = False
        self._platter: dict[str, bytearray] | None = None
        """What would survive, where that is not the ``safe`` of each file: the disk as it was when it began to lie."""
        self.capacity_bytes = capacity_bytes
        self.sync_us = sync_us
        self.seek_us = seek_us
        self.bytes_per_s = bytes_per_s
        self.tear_chance = tear_chance
        self.slowdown = 1
        self.full = False
        self.hanging = False
        self.failing_reads = False
        self.stats = DiskStats()

    @property
    def used_bytes(self) -> int:
        return self._used_bytes

    @property
    def names(self) -> tuple[str, ...]:
        """The files that there are, sorted."""
        return tuple(sorted(self._files))

    @property
    def safe_names(self) -> tuple[str, ...]:
        """The files that would survive a power failure now, sorted. For checks, as :meth:`safe_bytes`."""
        return tuple(sorted(self._files if self._platter is None else self._platter))

    def safe_bytes(self, name: str) -> bytes:
        """What would survive a power failure now. For checks: it costs no time, so nobody in the world may ask."""
        if self._platter is not None:
            return bytes(self._platter.get(name, b""))
        file = self._files.get(name)
        return bytes(file.safe) if file else b""

    @property
    def unsafe_bytes(self) -> int:
        """How many bytes that were acknowledged as safe a power failure would take now. For checks, too."""
        platter = self._platter
        if platter is None:
            return 0
        return sum(len(file.safe) - _common(file, platter.get(name)) for name, file in self._files.items())

    @property
    def lying(self) -> bool:
        """It acknowledges what stays in its cache."""
        return self._lying

    @lying.setter
    def lying(self, lying: bool) -> None:
        self._lying = lying
        if lying and self._platter is None:
            self._platter = self._image()

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
        """Make safe what ``name`` holds now; ``then(None, None)`` in ``process`` when it is (or the disk says so)."""
        file = self._files.setdefault(name, _File())
        end = len(file.safe) + len(file.unsynced)
        lying = self._lying

        def complete() -> None:
            # What was appended while the device worked stays in the page cache;
            # an earlier sync may have written a part already.
            size = max(0, end - len(file.safe))
            file.safe += file.unsynced[:size]
            del file.unsynced[:size]
            if not lying:
                self._flush()
            self.stats.syncs += 1
            self.stats.written_bytes += size
            process.complete(then, None)

        self._operate(CACHED_SYNC_US if lying else self.sync_us, len(file.unsynced), complete)

    async def fsync(self, process: Process, name: str) -> None:
        """Like :meth:`sync`, for a task to wait for."""
        await self._wait(lambda then: self.sync(process, name, then))

    async def read(self, process: Process, name: str) -> bytes:
        """The whole file, page cache included; empty if there is none. DiskError if it cannot be read."""
        file = self._files.get(name)
        if file is None:
            return b""
        size = len(file.safe) + len(file.unsynced)

        def begin(then: Then) -> None:
            def complete() -> None:
                self.stats.reads += 1
                if self.failing_reads:
                    process.complete(then, DiskError(f"read error: {name} cannot be read"))
                    return
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
        self._commit()

    def truncate(self, name: str, size: int) -> None:
        """Cut a file down to its first ``size`` bytes (durable at once; only what was read back is cut)."""
        file = self._files.get(name)
        if file is not None:
            file.safe = (file.safe + file.unsynced)[:size]
            file.unsynced.clear()
            self._commit()

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        self._files.pop(name, None)
        self._count()

    # --- what befalls it ------------------------------------------------------

    def power_off(self, tail: Tail = "") -> int:
        """Lose the page cache, and what a lie kept in the cache of the drive; perhaps tear. Returns the bytes lost.

        ``tail`` of each file: "lost", all that was not synced is gone; "torn", all but its last few bytes reached
        the platter, so its last record is torn; "", chance decides. A disk that lied keeps nothing in any case.
        """
        self._power += 1
        self._busy_until_us = 0
        self._hung.clear()
        lost = betrayed = self.unsafe_bytes
        platter = self._platter
        for file in self._files.values():
            if file.unsynced:
                reached = self._reached(len(file.unsynced), tail) if platter is None else 0
                file.safe += file.unsynced[:reached]
                lost += len(file.unsynced) - reached
                file.unsynced.clear()
        if platter is not None:
            self._files = {name: _File(safe) for name, safe in platter.items()}
            self._platter = self._image() if self._lying else None
        self.stats.lost_bytes += lost
        self.stats.acknowledged_bytes_lost += betrayed
        self._count()
        return lost

    def wipe(self) -> None:
        """A new, empty disk."""
        self._files.clear()
        if self._platter is not None:
            self._platter = {}
        self._count()

    def rot(self, bits: int = 1) -> int:
        """Flip ``bits`` random bits among those that were safe. Returns how many (0: it is empty)."""
        platter = self._platter if self._platter is not None else {n: f.safe for n, f in self._files.items()}
        names = [name for name, safe in platter.items() if safe]
        for _ in range(bits if names else 0):
            name = self._chance.choice(names)
            safe = platter[name]
            at = self._chance.randrange(len(safe) * 8)
            file = self._files.get(name)
            shown = safe
            if file is not None and file.safe is not safe and _common(file, safe) == len(safe):
                shown = file.safe  # the cache of a drive that lies hides the rot, but only of files that it holds anew
            safe[at // 8] ^= 1 << (at % 8)
            if shown is not safe:
                shown[at // 8] ^= 1 << (at % 8)
        return bits if names else 0

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

    def _reached(self, size: int, tail: Tail) -> int:
        """How many of ``size`` unsynced bytes had reached the platter when the power failed."""
        if tail == "lost":
            return 0
        if tail == "torn":
            return size - min(_TORN_BYTES, (size + 1) // 2)
        return self._chance.randrange(size) if self._chance.random() < self.tear_chance else 0

    def _commit(self) -> None:
        """Names or sizes have changed: a journalling file system writes that down at once."""
        self._count()
        if not self._lying:
            self._flush()

    def _flush(self) -> None:
        """The drive empties its cache."""
        if self._platter is not None:
            self._platter = self._image() if self._lying else None

    def _image(self) -> dict[str, bytearray]:
        return {name: bytearray(file.safe) for name, file in self._files.items()}

    def _count(self) -> None:
        self._used_bytes = sum(len(file.safe) + len(file.unsynced) for file in self._files.values())

    async def _wait(self, begin: Callable[[Then], None]) -> None:
        task = trio.lowlevel.current_task()
        waiting = True
        failure: DiskError | None = None

        def then(error: DiskError | None, _b: Any) -> None:
            nonlocal failure
            if waiting:
                failure = error
                trio.lowlevel.reschedule(task)

        def abort(_: object) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = False
            return trio.lowlevel.Abort.SUCCEEDED

        begin(then)
        await trio.lowlevel.wait_task_rescheduled(abort)
        if failure is not None:
            raise failure


def _common(file: _File, platter: bytearray | None) -> int:
    """How many of a file's acknowledged bytes stand on the platter: it was appended to since, or is another file."""
    return len(platter) if platter and file.safe.startswith(platter) else 0
