"""Reading a write-ahead log back after a crash, for processes that must know what they have promised.

* A torn tail is no damage: nobody was told that it was safe. Anything else that is unreadable had been safe once.
* A log that is damaged is replaced by what is left of it and a record that says so, in one instant: the next life must
  know it, too, however soon this one ends.
* What the disk refuses while a process boots is tried again, for ever: a process that cannot read its disk does not
  come up. It knows neither its data nor what it has agreed to. (A database would stop here, and whoever supervises it
  would start it again: that comes to the same.)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.timers import sleep
from playground.kernel.wal import Recovery, WriteAheadLog, frame, parse

RETRY_US = 1_000_000
"""How often a process tries again what its disk refuses while it boots."""
_HEADER_BYTES = 8

T = TypeVar("T")


async def recover(process: Process, log: WriteAheadLog, name: str, damage: bytes) -> tuple[Recovery, bool]:
    """What the disk gives back of ``log``, which stands in the file ``name``; and whether what was safe is damaged.

    If so, the record ``damage`` follows them on the disk from now on.
    """
    disk = process.disk
    data = await insist(process, partial(disk.read, process, name))
    found = parse(data)
    damaged = bool(found.damaged) or not is_torn(data, len(data) - found.dropped_bytes)
    if damaged:
        await _mend(process, name, (*found.records, damage))
    await insist(process, log.recover)
    return found, damaged


async def insist(process: Process, act: Callable[[], Awaitable[T]]) -> T:
    """``await act()``, again and again until the disk does it. Says so in the journal, once."""
    name, record = process.node.name, process.world.record
    failed = False
    while True:
        try:
            found = await act()
        except DiskError as error:
            if not failed:
                record("alert", name, f"{name} cannot come up: {error}; it tries again every second")
            failed = True
            await sleep(process, RETRY_US)
        else:
            if failed:
                record("good", name, f"{name} can read its disk again")
            return found


async def _mend(process: Process, name: str, payloads: tuple[bytes, ...]) -> None:
    disk, mended = process.disk, f"{name}.mended"
    content = b""
    for payload in payloads:
        content += frame(payload, len(content))
    disk.remove(mended)
    while not disk.size_bytes(mended):
        try:
            disk.append(mended, content)
        except DiskError:
            await sleep(process, RETRY_US)
    await disk.fsync(process, mended)
    disk.replace(mended, name)


def is_torn(data: bytes, at: int) -> bool:
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
