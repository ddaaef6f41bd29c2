"""What must hold of brokers and their logs, looked at from outside: from all of them at once.

* *watermarks*: a log begins at or before its high watermark, which is at or before its end; within the term of a
  leader it never falls; and every replica in sync has everything below it.
* *replicas agree*: below the high watermarks two logs of a partition hold the same messages at the same offsets.
* *no duplicates*: with idempotent producers each message stands in a partition once, and those of one producer stand
  in the order in which they were sent.
* *lost messages*: what was acknowledged stands where the producer was told, unless it was deleted by retention or
  superseded in a compacted topic.
* *commits*: once a generation of a group has its partitions, nobody commits as of an earlier one, and no offset goes
  back behind one whose commit was answered. In the order of the log, in which the coordinators have decided. (What a
  coordinator could not commit in time counts for nothing there, and may stand in the log all the same.)
* *committed messages*: what a group has processed still stands where it was.

Which of this may be expected when more is broken than was promised for, whoever calls must know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from playground.kernel.disk import Disk
from playground.kernel.world import World
from playground.systems.kafka.directory import survivors
from playground.systems.kafka.image import PartitionState
from playground.systems.kafka.ledger import Acknowledged, Committed
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.offsets import CommittedOffset, read
from playground.systems.kafka.records import NO_PRODUCER, Batch, Record, TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.running import running
from playground.systems.violations import Violation

Brokers = Mapping[str, BrokerService]


@dataclass(slots=True)
class Memory:
    """What was seen when it was looked at last."""

    watermarks: dict[tuple[str, TopicPartition, int], int] = field(default_factory=dict)
    """(leader, partition, epoch) -> the highest high watermark."""
    agreed: dict[tuple[TopicPartition, str, str], int] = field(default_factory=dict)
    """(partition, one, another) -> the offset up to which their logs were found to agree."""
    incarnations: dict[str, int] = field(default_factory=dict)


def brokers(world: World) -> dict[str, BrokerService]:
    """Those that run."""
    return running(world, BrokerService)


def always(world: World, memory: Memory) -> Iterator[Violation]:
    """What holds at any instant, however much is broken but for disks, as long as nobody was elected uncleanly."""
    services = brokers(world)
    yield from watermarks(services, memory)
    yield from agreement(services, memory)


def watermarks(services: Brokers, memory: Memory) -> Iterator[Violation]:
    """See the module."""
    for name, service in services.items():
        for partition, log in service.directory.logs.items():
            if not log.start_offset <= log.high_watermark <= log.end_offset:
                text = (
                    f"{partition} on {name}: its log is {log.start_offset} to {log.end_offset}, "
                    f"and its high watermark {log.high_watermark}"
                )
                yield Violation("watermark within the log", f"{partition} {name}", text)
            yield from _of_leader(services, name, partition, memory)


def _of_leader(services: Brokers, name: str, partition: TopicPartition, memory: Memory) -> Iterator[Violation]:
    held_here = services[name].partitions.get(partition)
    leading = held_here.leading if held_here is not None else None
    if held_here is None or leading is None:
        return
    mark, key = leading.high_watermark, (name, partition, leading.epoch)
    before = memory.watermarks.get(key, 0)
    memory.watermarks[key] = max(mark, before)
    if mark < before:
        text = f"{partition}: the high watermark of {name}, which leads in epoch {leading.epoch}, fell to {mark}"
        yield Violation("watermarks never fall", str(partition), text)
    for member in leading.isr:
        other = services.get(member.name)
        if other is None or other.directory.directory != member.directory:
            continue
        log = other.directory.logs.get(partition)
        end = log.end_offset if log is not None else 0
        if end < mark:
            text = (
                f"{partition}: everything below {mark} counts as committed on {name}, "
                f"but {member.name}, which is in sync, has it only up to {end}"
            )
            yield Violation("in sync means to have what is committed", f"{partition} {member.name}", text)


def agreement(services: Brokers, memory: Memory, *, anew: bool = False) -> Iterator[Violation]:
    """See the module. ``anew``: compare all there is, not only what is new."""
    partitions = dict.fromkeys(each for service in services.values() for each in service.directory.logs)
    for partition in partitions:
        copies = [
            (name, service.directory.logs[partition])
            for name, service in services.items()
            if partition in service.directory.logs
        ]
        for (one, mine), (another, other) in pairwise(copies):
            key = (partition, one, another)
            until = min(mine.high_watermark, other.high_watermark)
            since = 0 if anew else min(memory.agreed.get(key, 0), until)
            since = max(since, mine.start_offset, other.start_offset)
            found = _difference(mine, other, since, until) if since < until else None
            memory.agreed[key] = until
            if found is not None:
                text = f"{partition}: at offset {found} {one} and {another} have committed different messages"
                yield Violation("replicas agree", str(partition), text)


def _difference(mine: PartitionLog, other: PartitionLog, since: int, until: int) -> int | None:
    """The first offset from ``since`` on at which two logs hold different messages."""
    one, another = _headers(mine, since, until), _headers(other, since, until)
    compacted = mine.settings.cleanup == "compact"
    for offset in sorted({*one, *another}):
        first, second = one.get(offset), another.get(offset)
        if first != second and not (compacted and None in (first, second)):
            return offset
    return None


def _headers(log: PartitionLog, since: int, until: int) -> dict[int, tuple[str, str | None, str | None]]:
    found = {}
    for batch in log.batches(since):
        if batch.base_offset >= until:
            break
        for record in batch.records:
            offset = batch.base_offset + record.delta
            if since <= offset < until:
                found[offset] = (record.header, record.key, record.value)
    return found


# --- what a partition holds, whoever is up ---------------------------------------------------------


def truth(
    partition: TopicPartition,
    services: Brokers,
    disks: Mapping[str, Disk] | None = None,
    known: PartitionState | None = None,
    *,
    since: int = 0,
) -> tuple[int, list[Batch]] | None:
    """Start offset and batches of the log that counts: of who leads the partition in the newest epoch.

    ``known``: the newest state that anybody has heard of. A leader of an earlier epoch is a zombie. If nobody leads,
    the log counts that goes furthest of those who may lead, up or down (``disks``), and it starts where the last of
    them does: what one has deleted was to be deleted. None: nobody has any. ``since``: of a leader's log the segments
    that end before may be left out.
    """
    leader = leading(partition, services, known)
    if leader is not None:
        log = services[leader[1]].directory.logs[partition]
        return log.start_offset, list(log.batches(since))
    starts: list[int] = []
    best: list[Batch] = []
    for name in dict.fromkeys(member.name for member in (*known.isr, *known.elr)) if known is not None else ():
        service = services.get(name)
        if service is not None and partition in service.directory.logs:
            log = service.directory.logs[partition]
            starts.append(log.start_offset)
            batches = list(log.batches())
        elif disks is not None and name in disks:
            content = survivors(disks[name], partition)
            starts += [segment.base_offset for segment in content.segments[:1]]
            batches = content.batches
        else:
            continue
        best = max(best, batches, key=_reach)
    return (max(starts), best) if starts else None


def leading(
    partition: TopicPartition, services: Brokers, known: PartitionState | None = None
) -> tuple[int, str] | None:
    """In which epoch who leads a partition; None: nobody but zombies."""
    least = known.leader_epoch if known is not None else 0
    found = [(epoch, name) for name in services if (epoch := _epoch(services[name], partition)) >= least]
    return max(found, default=None)


def _epoch(service: BrokerService, partition: TopicPartition) -> int:
    """In which a broker leads a partition; -1: it does not."""
    replica = service.partitions.get(partition)
    return replica.leading.epoch if replica is not None and replica.leading is not None else -1


def _reach(batches: list[Batch]) -> tuple[int, int]:
    """How far a log goes, as elections compare it: by epoch first."""
    return (batches[-1].leader_epoch, batches[-1].next_offset) if batches else (-1, 0)


def lost(acks: Iterable[Acknowledged], start: int, batches: Iterable[Batch], *, compacted: bool) -> list[Acknowledged]:
    """The acknowledged messages that are not where they should be."""
    found, newest = _indexed(batches)
    return [
        message
        for message in acks
        if (message.offset not in found or found[message.offset].header != message.header)
        and message.offset >= start
        and not (compacted and message.key is not None and newest.get(message.key, -1) > message.offset)
    ]


def needed(batches: Iterable[Batch], first: int, end: int, *, compacted: bool) -> list[int]:
    """The offsets of ``[first, end)`` that no copy of the log may lack.

    In a compacted topic a copy may lack what a later message supersedes, and tombstones, before another one does.
    """
    found, newest = _indexed(batches)
    return [
        offset
        for offset, record in found.items()
        if first <= offset < end
        and not (compacted and record.key is not None and (newest[record.key] > offset or record.value is None))
    ]


def _indexed(batches: Iterable[Batch]) -> tuple[dict[int, Record], dict[str | None, int]]:
    """The messages of a log by offset, and the newest offset of each key."""
    found: dict[int, Record] = {}
    newest: dict[str | None, int] = {}
    for batch in batches:
        for record in batch.records:
            found[batch.base_offset + record.delta] = record
            newest[record.key] = batch.base_offset + record.delta
    return found, newest


def duplicates(partition: TopicPartition, batches: Iterable[Batch]) -> Iterator[Violation]:
    """Messages of idempotent producers that stand in a log twice, or before an earlier one."""
    newest: dict[str, int] = {}
    for batch in batches:
        if batch.producer_id == NO_PRODUCER:
            continue
        for record in batch.records:
            producer, _, count = record.header.rpartition(":")
            number = int(count) if count.isdecimal() else 0
            before = newest.get(producer, -1)
            if number <= before:
                offset = batch.base_offset + record.delta
                what = "stands there twice" if number == before else f"comes after number {before} of its producer"
                text = f"{partition}: message {record.header} at offset {offset} {what}"
                yield Violation("once and in order", str(partition), text)
            newest[producer] = max(number, before)


def stands(seen: Mapping[int, str], start: int, batches: Iterable[Batch], partition: TopicPartition) -> list[Violation]:
    """``seen``: offset -> header, of messages that were processed. Each still stands there, if anything does."""
    there: dict[int, str] = {}
    end = start
    for batch in batches:
        end = max(end, batch.next_offset)
        there.update((batch.base_offset + record.delta, record.header) for record in batch.records)
    return [
        Violation(
            "what is processed is committed",
            f"{partition} {offset}",
            f"{partition}: {header} was processed at offset {offset}, where {there.get(offset, 'nothing')} stands now",
        )
        for offset, header in seen.items()
        if there.get(offset, header) != header or offset >= end
    ]


def commits(batches: Iterable[Batch], answered: Collection[Committed]) -> Iterator[Violation]:
    """Of a partition of the offsets topic: see the module. ``answered``: at whatever time."""
    known = {(each.group, each.member, each.generation, each.partition, each.offset) for each in answered}
    generations: dict[str, int] = {}
    newest: dict[tuple[str, TopicPartition], CommittedOffset] = {}
    for record in (record for batch in batches for record in batch.records):
        for group, kept in read((record,)).items():
            if kept.group is not None and kept.group.assigned:
                generations[group] = max(kept.group.generation, generations.get(group, 0))
            for partition, commit in kept.offsets.items():
                subject, assigned = f"{group} {partition}", generations.get(group, 0)
                if commit.generation < assigned:
                    text = (
                        f"{group}: {commit.member} committed {partition} up to {commit.offset} "
                        f"as of generation {commit.generation}, when {assigned} was assigned"
                    )
                    yield Violation("no commit of an old generation", subject, text)
                before = newest.get((group, partition), commit)
                if (group, commit.member, commit.generation, partition, commit.offset) in known:
                    newest[group, partition] = commit
                if commit.offset < before.offset:
                    text = (
                        f"{group}: {commit.member} set {partition} back to {commit.offset}, "
                        f"when {before.member} had committed {before.offset}"
                    )
                    yield Violation("committed offsets do not go back", subject, text)
