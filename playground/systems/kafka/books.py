"""The books of a run: what was sent, acknowledged, processed and committed, and what of it should not have been.

A ledger that adds up while it listens. What it finds:

* *ownership*: in one generation of a group a partition belongs to one member.
* *commits*: with at-least-once nothing is committed that the group has not processed; with at-most-once nothing is
  processed twice.
* *definite errors*: what a producer was told to be in no log is never processed.
* *order*: messages of one producer that lie in one partition are processed in the order in which they were sent (for
  the first time each: what comes again does so on purpose). Across partitions nothing is promised; it is counted.
  With at-least-once, and where nothing is deleted, a group passes over no offset that it processes later.
* *one message per offset*: whoever processes an offset, whenever, gets the same message.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from playground.systems.kafka.ledger import Acknowledged, Committed, Ledger, Processed
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings
from playground.systems.violations import Violation

KEEP_SECONDS = 600

Gap = Callable[[TopicPartition, int, int], bool]
"""``gap(partition, first, end)``: whether none of these offsets holds a message any more (deleted, compacted)."""


@dataclass(slots=True)
class Stretches:
    """Offsets as disjoint stretches ``[first, end)``, in order."""

    found: list[list[int]] = field(default_factory=list)

    def add(self, offset: int) -> bool:
        """False if it was there already."""
        found = self.found
        at = len(found)
        while at and found[at - 1][0] > offset:
            at -= 1
        if at and offset < found[at - 1][1]:
            return False
        if at and found[at - 1][1] == offset:
            found[at - 1][1] += 1
            if at < len(found) and found[at][0] == offset + 1:
                found[at - 1][1] = found.pop(at)[1]
        elif at < len(found) and found[at][0] == offset + 1:
            found[at][0] = offset
        else:
            found.insert(at, [offset, offset + 1])
        return True

    def missing(self, first: int, end: int) -> list[tuple[int, int]]:
        """The stretches of ``[first, end)`` that are not among them."""
        gaps = []
        for low, high in self.found:
            if low >= end:
                break
            if low > first:
                gaps.append((first, low))
            first = max(first, high)
        return [*gaps, (first, end)] if first < end else gaps


@dataclass(slots=True)
class Progress:
    """What one group has done of one partition."""

    done: Stretches = field(default_factory=Stretches)
    committed: int = -1
    """-1: nothing yet."""
    processed: int = 0
    repeated: int = 0
    newest: dict[str, int] = field(default_factory=dict)
    """Producer -> the highest count of it that was processed."""

    @property
    def furthest(self) -> int:
        """The offset that follows the last one that was processed or committed; 0 at the beginning."""
        return max(self.committed, self.done.found[-1][1] if self.done.found else 0, 0)

    def lag(self, start: int, mark: int) -> int:
        """How many offsets of ``[start, mark)`` are neither processed nor committed."""
        return sum(high - low for low, high in self.done.missing(max(start, self.committed), mark))


@dataclass(slots=True)
class Second:
    """What happened within one virtual second (``index`` seconds after the start)."""

    index: int
    published: int = 0
    """Messages that were acknowledged."""
    processed: int = 0
    failed: int = 0
    """Messages that producers gave up."""
    latencies_us: list[int] = field(default_factory=list)


class Books(Ledger):
    """Of one world. ``report`` is told of each violation; ``gap``: see :data:`Gap`."""

    def __init__(self, settings: KafkaSettings, report: Callable[[Violation], None], gap: Gap) -> None:
        self._settings = settings
        self._report = report
        self._gap = gap
        self.sent_us: dict[str, int] = {}
        """Header of a message that is under way -> when it was sent."""
        self.sent_count = 0
        self.acks: dict[TopicPartition, list[Acknowledged]] = {}
        self.acknowledged_count = 0
        self.latencies_us = array("L")
        self.failures: Counter[bool] = Counter()
        """Definite or not -> how many messages were given up."""
        self._never: set[str] = set()
        """Headers of messages that are said to be in no log."""
        self.listeners: list[Callable[[Processed], object]] = []
        """Told of every message that is processed."""
        self.commits: list[Committed] = []
        """All that were answered."""
        self.seen: dict[TopicPartition, dict[int, str]] = {}
        """Partition -> offset -> header of the message that was processed there."""
        self.progress: dict[tuple[str, TopicPartition], Progress] = {}
        self.processed_count: Counter[str] = Counter()
        """By member."""
        self.generations: dict[tuple[str, int], dict[TopicPartition, str]] = {}
        self.owners: dict[tuple[str, TopicPartition], str] = {}
        """Who owns what as far as members themselves believe: the newest assignment."""
        self._newest: dict[tuple[str, str], int] = {}
        """(group, producer) -> the highest count that was processed."""
        self.moves = 0
        """How often a partition went from one member to another."""
        self._moved_from: dict[tuple[str, TopicPartition], str] = {}
        self.unowned_us: Counter[str] = Counter()
        """Group -> time that its partitions, added up, belonged to nobody since each first had an owner."""
        self._free_since_us: dict[tuple[str, TopicPartition], int] = {}
        self._seconds: deque[Second] = deque(maxlen=KEEP_SECONDS)
        self.out_of_order = 0
        """Messages processed before an earlier one of the same producer in the same partition."""
        self.out_of_order_across = 0
        """The same, whatever their partitions."""

    # --- producers ------------------------------------------------------------------------

    def sent(self, topic: str, header: str, at_us: int) -> None:
        if topic not in INTERNAL:
            self.sent_count += 1
            self.sent_us[header] = at_us

    def acknowledged(self, message: Acknowledged) -> None:
        if message.acks != "0":
            self.acks.setdefault(message.partition, []).append(message)
        if message.partition.topic in INTERNAL:
            return
        self.acknowledged_count += 1
        second = self._second(message.at_us)
        second.published += 1
        since_us = self.sent_us.pop(message.header, None)
        if since_us is not None:
            self.latencies_us.append(message.at_us - since_us)
            second.latencies_us.append(message.at_us - since_us)

    def failed(self, header: str, error: str, definite: bool, at_us: int) -> None:
        self.sent_us.pop(header, None)
        self.failures[definite] += 1
        self._second(at_us).failed += 1
        if definite:
            self._never.add(header)

    @property
    def never(self) -> frozenset[str]:
        """Headers of messages whose producers were told that they are in no log."""
        return frozenset(self._never)

    # --- groups ---------------------------------------------------------------------------

    def assigned(
        self, group: str, generation: int, member: str, partitions: tuple[TopicPartition, ...], at_us: int
    ) -> None:
        owners = self.generations.setdefault((group, generation), {})
        for partition in partitions:
            owner = owners.setdefault(partition, member)
            if owner != member:
                text = f"{group}: {partition} belongs to {owner} and to {member} in generation {generation}"
                self._report(Violation("one owner per generation", f"{group} {partition}", text))
            self._own(group, partition, member, at_us)
        for (each, partition), owner in list(self.owners.items()):
            if each == group and owner == member and partition not in partitions:
                self._disown(group, partition, at_us)

    def revoked(self, group: str, member: str, partitions: tuple[TopicPartition, ...], at_us: int) -> None:
        for partition in partitions:
            if self.owners.get((group, partition)) == member:
                self._disown(group, partition, at_us)

    def gone(self, machine: str, at_us: int) -> None:
        """A machine has died: what it owned belongs to nobody, and what it had sent it will never hear of."""
        for (group, partition), owner in list(self.owners.items()):
            if machine_of(owner) == machine:
                self._disown(group, partition, at_us)
        for header in [header for header in self.sent_us if machine_of(header) == machine]:
            del self.sent_us[header]

    def _own(self, group: str, partition: TopicPartition, member: str, at_us: int) -> None:
        key = (group, partition)
        since_us = self._free_since_us.pop(key, None)
        if since_us is not None:
            self.unowned_us[group] += at_us - since_us
        self.owners[key] = member
        before = self._moved_from.get(key)
        self.moves += before is not None and before != member
        self._moved_from[key] = member

    def _disown(self, group: str, partition: TopicPartition, at_us: int) -> None:
        del self.owners[group, partition]
        self._free_since_us.setdefault((group, partition), at_us)

    def unowned_s(self, now_us: int) -> float:
        """Partition-seconds without an owner, over all groups, up to now."""
        going_on_us = sum(now_us - since_us for since_us in self._free_since_us.values())
        return (sum(self.unowned_us.values()) + going_on_us) / 1e6

    # --- messages -------------------------------------------------------------------------

    def of(self, group: str, partition: TopicPartition) -> Progress:
        return self.progress.setdefault((group, partition), Progress())

    def processed(self, message: Processed) -> None:
        group, partition, offset, header = message.group, message.partition, message.offset, message.record.header
        for listener in self.listeners:
            listener(message)
        progress = self.of(group, partition)
        progress.processed += 1
        self.processed_count[message.member] += 1
        self._second(message.at_us).processed += 1
        if header in self._never:
            text = f"{message.member} processed {header}, whose producer was told that it is in no log"
            self._report(Violation("definite errors", header, text))
        first = self.seen.setdefault(partition, {}).setdefault(offset, header)
        if first != header:
            text = f"{partition}: {message.member} processed {header} at offset {offset}, where {first} stood before"
            self._report(Violation("one message per offset", f"{partition} {offset}", text))
        furthest = progress.done.found[-1][1] if progress.done.found else 0
        if not progress.done.add(offset):
            progress.repeated += 1
            if self._delivery(group) == "at-most-once":
                text = f"{group}: message {offset} of {partition} was processed twice, now by {message.member}"
                self._report(Violation("at most once", f"{group} {partition}", text))
            return
        if offset < furthest and self._in_order(group, partition):
            text = f"{group}: {message.member} processed {offset} of {partition}, which was passed over before"
            self._report(Violation("order within a partition", f"{group} {partition}", text))
        producer, _, count = header.rpartition(":")
        number = int(count) if count.isdecimal() else 0
        self.out_of_order += number < progress.newest.get(producer, -1)
        progress.newest[producer] = max(number, progress.newest.get(producer, -1))
        self._across(group, producer, number)

    def _across(self, group: str, producer: str, number: int) -> None:
        key = (group, producer)
        newest = self._newest.get(key, -1)
        self.out_of_order_across += number < newest
        self._newest[key] = max(newest, number)

    def committed(self, commit: Committed) -> None:
        group, partition = commit.group, commit.partition
        self.commits.append(commit)
        progress = self.of(group, partition)
        before, progress.committed = progress.committed, commit.offset
        if self._delivery(group) != "at-least-once" or self._may_pass_over(group, partition, before):
            return
        if before >= 0:
            first = before
        elif self._in_order(group, partition):
            first = 0
        else:
            first = min((each[0] for each in progress.done.found), default=commit.offset)
        for low, high in progress.done.missing(first, commit.offset):
            if not self._gap(partition, low, high):
                text = (
                    f"{group}: {commit.member} committed {partition} up to {commit.offset}, "
                    f"but nobody has processed {low}" + (f" to {high - 1}" if high - low > 1 else "")
                )
                self._report(Violation("commit after processing", f"{group} {partition}", text))

    def _may_pass_over(self, group: str, partition: TopicPartition, committed: int) -> bool:
        """Whether a group may go on at a log's end: where it has committed nothing yet, or where it stood is gone."""
        settings, topic = self._settings.group(group), self._settings.topic(partition.topic)
        lasting = topic is not None and topic.keeps_all
        return settings is not None and settings.reset == "latest" and (committed < 0 or not lasting)

    def _in_order(self, group: str, partition: TopicPartition) -> bool:
        """Nothing explains an offset that a group passes over: none is deleted, and it begins where the log does."""
        settings, topic = self._settings.group(group), self._settings.topic(partition.topic)
        return (
            settings is not None
            and topic is not None
            and topic.keeps_all
            and (settings.delivery, settings.reset) == ("at-least-once", "earliest")
        )

    def _delivery(self, group: str) -> str:
        settings = self._settings.group(group)
        return settings.delivery if settings is not None else ""

    # --- figures --------------------------------------------------------------------------

    def recent(self, now_us: int, seconds: int) -> list[Second]:
        """The last ``seconds`` whole or begun seconds, oldest first; empty ones where nothing happened."""
        newest = now_us // 1_000_000
        known = {second.index: second for second in self._seconds}
        return [known.get(index) or Second(index) for index in range(max(0, newest - seconds + 1), newest + 1)]

    def _second(self, at_us: int) -> Second:
        index = at_us // 1_000_000
        if not self._seconds or self._seconds[-1].index != index:
            self._seconds.append(Second(index))
        return self._seconds[-1]

    @property
    def repeated(self) -> int:
        """Messages that were processed again."""
        return sum(progress.repeated for progress in self.progress.values())

    def skipped(self) -> int:
        """Messages that are committed and that nobody has processed, nor will."""
        return sum(
            high - low
            for (_, partition), progress in self.progress.items()
            for low, high in progress.done.missing(
                min((each[0] for each in progress.done.found), default=progress.committed), progress.committed
            )
            if not self._gap(partition, low, high)
        )


def machine_of(name: str) -> str:
    """The machine of a member of a group, or of a message's header: ``co1#2`` -> ``co1``, ``pr1#2:17`` -> ``pr1``."""
    end = next((at for at, letter in enumerate(name) if not letter.isalnum()), len(name))
    return name[:end]
