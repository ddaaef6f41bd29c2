"""All logs of a broker, and what else it keeps on its disk.

``meta``
    The number of this disk (Kafka's directory id): the boot at which it was formatted. A broker that finds no number,
    or a log that is damaged, takes a new one, and is thereby another member: what it had acknowledged may be gone,
    so it counts for nothing until it has caught up again. The new number is safe before a damaged log is cut.
``high-watermarks``
    Of all partitions, written now and then: a broker that boots knows at least these. One that is too low does no harm;
    so that none is too high the file is removed when one falls.
``<topic>-<partition>/``
    The segments of a log.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from playground.kernel.disk import Disk
from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.kernel.recovering import insist
from playground.kernel.wal import frame, parse
from playground.systems.kafka import recovery
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.recovery import Content, Files
from playground.systems.kafka.segment import base_of, file_names, folder
from playground.systems.kafka.settings import KafkaSettings

META = "meta"
HIGH_WATERMARKS = "high-watermarks"


class LogDirectory:
    """A broker's logs. Nothing is known before :meth:`recover`."""

    def __init__(self, process: Process, settings: KafkaSettings) -> None:
        self._process = process
        self._settings = settings
        self._checkpointed: dict[str, int] = {}
        self._checkpointing = False
        self._falls = 0
        self.directory = 0
        self.logs: dict[TopicPartition, PartitionLog] = {}

    @property
    def _disk(self) -> Disk:
        return self._process.disk

    async def recover(self) -> None:
        """Read everything back. A disk that cannot be read, or has no room for a number, is tried again for ever."""
        meta = _content(await self._read(META))
        marks = _content(await self._read(HIGH_WATERMARKS)) or {}
        found = {}
        for partition, bases in _partitions(self._disk.names).items():
            files = []
            for base_offset in bases:
                log, _, snapshot = file_names(partition, base_offset)
                files.append(Files(base_offset, await self._read(log), await self._read(snapshot)))
            topic = self._settings.topic(partition.topic)
            found[partition] = recovery.read(partition, files, topic.index_bytes if topic else 1_024)
        damaged = [partition for partition, content in found.items() if content.damaged]
        if meta is None or damaged:
            self.directory = self._process.node.boots
            await insist(self._process, partial(self._write, META, {"directory": self.directory}))
        else:
            self.directory = meta["directory"]
        for partition, content in found.items():
            self._restore(partition, content, marks.get(str(partition), 0))

    def open(self, partition: TopicPartition) -> PartitionLog:
        """The log of a partition; an empty one if there is none."""
        log = self.logs.get(partition)
        if log is None:
            log = self.logs[partition] = PartitionLog(
                self._process, partition, self._settings, on_fall=self._forget_marks
            )
        return log

    def checkpoint(self) -> None:
        """Write the high watermarks down, if they have changed. A full disk, or one that hangs, keeps the old ones."""
        marks = {str(partition): log.high_watermark for partition, log in self.logs.items()}
        if self._checkpointing or marks == self._checkpointed:
            return
        new = f"{HIGH_WATERMARKS}.new"
        disk = self._disk
        disk.remove(new)
        try:
            disk.append(new, frame(_encode(marks)))
        except DiskError:
            return
        self._checkpointing = True
        falls = self._falls

        def complete(_error: DiskError | None, _b: None) -> None:
            self._checkpointing = False
            if falls == self._falls:
                self._disk.replace(new, HIGH_WATERMARKS)
                self._checkpointed = marks

        disk.sync(self._process, new, complete)

    def _forget_marks(self) -> None:
        """One has fallen: those that are on the disk, or on their way there, say too much."""
        self._falls += 1
        self._checkpointed = {}
        self._disk.remove(HIGH_WATERMARKS)

    def _restore(self, partition: TopicPartition, content: Content, high_watermark: int) -> None:
        disk = self._disk
        needed = {name for segment in content.segments for name in segment.files}
        for name in disk.names:
            if name.startswith(folder(partition)) and name not in needed:
                disk.remove(name)
        if content.cut is not None:
            disk.truncate(content.segments[-1].name, content.cut)
        if content.damaged:
            end = content.segments[-1].end_offset
            text = f"{self._process.node.name}: the log of {partition} is damaged; it is cut at offset {end}"
            self._process.world.record("alert", self._process.node.name, text, partition=str(partition))
        log = PartitionLog(self._process, partition, self._settings, content.segments, self._forget_marks)
        log.advance(high_watermark)
        if high_watermark > log.end_offset:
            self._forget_marks()
        self.logs[partition] = log

    async def _read(self, name: str) -> bytes:
        return await insist(self._process, partial(self._disk.read, self._process, name))

    async def _write(self, name: str, value: Any) -> None:
        """Put a new file in the place of another. Raises DiskError; then the old one is still there."""
        new, disk = f"{name}.new", self._disk
        disk.remove(new)
        disk.append(new, frame(_encode(value)))
        await disk.fsync(self._process, new)
        disk.replace(new, name)


def held(disk: Disk, partition: TopicPartition) -> list[Batch]:
    """The batches of :func:`survivors`."""
    return survivors(disk, partition).batches


def survivors(disk: Disk, partition: TopicPartition) -> Content:
    """What a broker that boots would find of a partition if the power failed now. For checks: nobody inside may ask."""
    bases = _partitions(disk.safe_names).get(partition, ())
    files = [Files(base_offset, disk.safe_bytes(file_names(partition, base_offset)[0])) for base_offset in bases]
    return recovery.read(partition, files)


def _partitions(names: tuple[str, ...]) -> dict[TopicPartition, list[int]]:
    """Partition -> the offsets at which its segments begin, in order."""
    found: dict[TopicPartition, list[int]] = {}
    for name in names:
        place = base_of(name)
        if place is not None:
            partition, base_offset = place
            found.setdefault(partition, []).append(base_offset)
    return found


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _content(data: bytes) -> Any:
    """What a file of one record says; None if it is missing or damaged."""
    found = parse(data)
    return json.loads(found.records[0]) if found.clean and len(found.records) == 1 else None
