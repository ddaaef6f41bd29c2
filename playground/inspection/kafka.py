"""Kafka: what is promised depends on acks, on who may be elected, on disks; the books say what became of messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from playground.checkers.effects import exactly_once
from playground.inspection.disks import Disks
from playground.inspection.part import PATIENCE, Figures, Part, Report
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.metrics import percentile
from playground.systems.kafka import checks
from playground.systems.kafka.books import KEEP_SECONDS, Books, machine_of
from playground.systems.kafka.image import PartitionState
from playground.systems.kafka.ledger import WITNESS, Acknowledged
from playground.systems.kafka.records import Batch, TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import INTERNAL
from playground.systems.kafka.standing import LagHistory
from playground.systems.kafka.worker import ConsumerService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster

LOSS_LOOKS = 10
"""Every so many looks it is checked that no acknowledged message is lost."""
Leader = tuple[int, str]
"""Epoch and name."""


class KafkaPart(Part):
    """The brokers of a cluster, their producers and their groups."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self.settings = cluster.spec.kafka
        self._topics = self.settings.all_topics
        self._enough = min(topic.min_insync for topic in self._topics.values())
        self.books = Books(self.settings, self._promised, self._gone)
        cluster.world.witnesses[WITNESS] = self.books
        self._memory = checks.Memory()
        self.disks = Disks(cluster, "broker", self._enough, self._alarm)
        self.ensemble_disks = Disks(cluster, "ensemble", cluster.spec.zookeeper.quorum, self._alarm)
        self._known: dict[TopicPartition, PartitionState] = {}
        self._heard: dict[str, tuple[int, int]] = {}
        """Broker -> the age of the image that it was looked at with."""
        self._unclean = 0
        self._broker_crashes = 0
        """Each took what was in memory only."""
        self._rebalances = 0
        self._zombies = 0
        self._poll_timeouts = 0
        self._shrinks = 0
        self._truncated = 0
        self._looks = 0
        self._lag_max = 0
        self._last_marks: dict[TopicPartition, tuple[int, int]] = {}
        """As they were last known: what is committed waits even while nobody leads its partition, or nobody reads."""
        self.lag_samples: deque[tuple[int, int]] = deque(maxlen=KEEP_SECONDS)
        """(second, messages that all groups together had not processed by then)."""
        self.history = LagHistory()
        """How far each group was behind in each partition, by what it has committed."""
        self._troubled_for = 0
        self._troubled = False
        self._told: tuple[str, ...] = ()
        """The partitions that cannot be written, as they were told last."""
        self._sought: dict[TopicPartition, tuple[Leader, int]] = {}
        """In whose log how many of the partition's acknowledged messages were found."""

    # --- what may be expected -------------------------------------------------------------

    @property
    def sound(self) -> bool:
        """No more was broken than the promises allow for."""
        ensemble = self.ensemble_disks.lost < self.cluster.spec.zookeeper.quorum and not self.ensemble_disks.lied
        disks = self.disks.lost < self._enough and not self.disks.lied
        unclean = self._unclean and self.settings.unclean_election
        kept = self.settings.flush == "each" or not self._broker_crashes
        return ensemble and disks and not unclean and kept

    @property
    def _durable(self) -> bool:
        return self.sound and self.settings.producer.acks == "all"

    def _promised(self, violation: Violation) -> None:
        """What the books have found."""
        if self.sound or violation.check == "one owner per generation":
            self.report(violation)

    # --- looking --------------------------------------------------------------------------

    def look(self) -> None:
        self._looks += 1
        self._check()
        self._last_marks |= self._marks()
        lags = self._lags([group.name for group in self.settings.groups], self._last_marks)
        self._lag_max = max(self._lag_max, sum(lags.values()))
        self.lag_samples.append((self.cluster.now_us // 1_000_000, sum(lags.values())))
        self.history.take(self.cluster.now_us // 1_000_000, self._services)
        if self._durable and self._looks % LOSS_LOOKS == 0:
            for message in self._lost_since():
                self.report(_lost(message))
        if self.disks.incomplete and not self._under_replicated():
            self.disks.replicated()
        self._watch_partitions()

    def happened(self, entry: Entry) -> None:
        self.disks.happened(entry)
        self.ensemble_disks.happened(entry)
        kind, data = entry.kind, dict(entry.data)
        if kind == "unclean":
            self._unclean += 1
            if not self.settings.unclean_election:
                self.report(Violation("clean elections", str(data["partitions"]), entry.text))
        elif kind == "rebalance":
            self._rebalances += 1
        elif kind == "zombie":
            self._zombies += 1
        elif kind == "max-poll":
            self._poll_timeouts += 1
        elif kind == "isr" and data.get("left"):
            self._shrinks += 1
        elif kind == "truncated" and self.cluster.kinds.get(entry.subject) == "broker":
            self._truncated += int(data.get("records", 0))
        elif kind == "crash":
            self._broker_crashes += self.cluster.kinds.get(entry.subject) == "broker"
            self.books.gone(entry.subject, entry.at_us)
        if kind in ("elected", "deposed", "first-write", "up", "isr", "crash"):
            self._states()
            self._check()

    def judge(self) -> list[Violation]:
        found: list[Violation] = []
        services = self._services
        if self._durable:
            found += [_lost(message) for message in self.lost()]
        if self.sound:
            found += list(checks.agreement(services, self._memory, anew=True))
            found += self._of_logs()
        if self.cluster.quiet and self.sound:
            found += [
                Violation("replicas come back", str(partition), f"{partition} has lost replicas for good: {text}")
                for partition, text in self._under_replicated().items()
            ]
        return found

    def converged(self) -> bool:
        """Every replica is in sync, and every group has done all there is."""
        if self._under_replicated() or self._unequal():
            return False
        at_work = any(service.in_hand for service in self.cluster.services(ConsumerService).values())
        return not any(self.lags().values()) and not at_work and not self._under_way()

    # --- figures --------------------------------------------------------------------------

    def figures(self) -> Figures:
        books = self.books
        spread = self.leaders()
        found: dict[str, float | int | bool] = {
            "messages": books.sent_count,
            "messages_acknowledged": books.acknowledged_count,
            "messages_refused": books.failures[True],
            "messages_unknown": books.failures[False],
            "lost_messages": len(self.lost()),
            "duplicated_messages": self._doubled(),
            "truncated_messages": self._truncated,
            "processed": sum(each.processed for each in books.progress.values()),
            "processed_again": books.repeated,
            "skipped_messages": books.skipped(),
            "out_of_order": books.out_of_order,
            "out_of_order_across": books.out_of_order_across,
            "rebalances": self._rebalances,
            "partition_moves": books.moves,
            "unowned_s": books.unowned_s(self.cluster.now_us),
            "zombie_commits": self._zombies,
            "poll_timeouts": self._poll_timeouts,
            "lag": sum(self.lags().values()),
            "lag_peak": self._lag_max,
            "isr_shrinks": self._shrinks,
            "unclean_elections": self._unclean,
            "under_replicated_partitions": len(self._under_replicated()),
            "leaderless_partitions": sum(1 for state in self._states().values() if not state.leader),
            "partition_leaders_min": min(spread.values(), default=0),
            "partition_leaders_max": max(spread.values(), default=0),
        }
        if books.latencies_us:
            found["publish_p50_s"] = percentile(books.latencies_us, 50) / 1e6
            found["publish_p99_s"] = percentile(books.latencies_us, 99) / 1e6
        return found

    def leaders(self) -> dict[str, int]:
        """Broker -> how many partitions of the topics that are not internal it leads, as the newest image says."""
        counts = dict.fromkeys(self.cluster.of_kind("broker"), 0)
        for partition, state in self._states().items():
            if state.leader and partition.topic not in INTERNAL:
                counts[state.leader] += 1
        return counts

    def lags(self) -> dict[tuple[str, TopicPartition], int]:
        """(group, partition) -> how many committed messages its group has not processed; unread partitions included.

        Of the partitions that somebody leads, and the groups that somebody works for: what can become less.
        """
        return self._lags(self.served, self._marks())

    def _lags(
        self, groups: Collection[str], marks: Mapping[TopicPartition, tuple[int, int]]
    ) -> dict[tuple[str, TopicPartition], int]:
        found = {}
        for group in self.settings.groups:
            if group.name not in groups:
                continue
            for partition, (start, mark) in marks.items():
                if partition.topic in self.settings.read_by(group.name):
                    progress = self.books.of(group.name, partition)
                    if self._topics[partition.topic].cleanup == "compact":
                        found[group.name, partition] = max(0, mark - max(start, progress.furthest))
                    else:
                        found[group.name, partition] = progress.lag(start, mark)
        return found

    @property
    def served(self) -> frozenset[str]:
        """The groups that some machine that runs is meant to work for."""
        return frozenset(service.group for service in self.cluster.services(ConsumerService).values())

    def _under_way(self) -> int:
        """Messages of producers that nobody has answered yet."""
        makers = {name for name in self.cluster.of_kind("producer") if self.cluster.node(name).life is Life.UP}
        return sum(1 for header in self.books.sent_us if machine_of(header) in makers)

    def _marks(self) -> dict[TopicPartition, tuple[int, int]]:
        """Partition -> log start and high watermark, as its leader knows them."""
        found: dict[TopicPartition, tuple[int, int, int]] = {}
        for service in self._services.values():
            for partition, replica in service.partitions.items():
                leading = replica.leading
                if leading is not None and leading.epoch > found.get(partition, (-1,))[0]:
                    found[partition] = leading.epoch, replica.log.start_offset, leading.high_watermark
        return {partition: (start, mark) for partition, (_, start, mark) in found.items()}

    def lost(self) -> list[Acknowledged]:
        """Acknowledged messages that are in no log that counts."""
        return [message for partition, acks in self.books.acks.items() for message in self._missing(partition, acks)]

    def _lost_since(self) -> list[Acknowledged]:
        """The same; but a log that was looked through is searched only for what was acknowledged since.

        As long as the same broker leads in the same epoch it takes nothing back. (At the end all is looked at anew.)
        """
        services, states = self._services, self._states()
        found: list[Acknowledged] = []
        for partition, acks in self.books.acks.items():
            leader = checks.leading(partition, services, states.get(partition))
            before, count = self._sought.get(partition, (None, 0))
            since = count if leader == before and self._topics[partition.topic].cleanup != "compact" else 0
            if since < len(acks):
                found += self._missing(partition, acks[since:])
            self._sought.pop(partition, None)
            if leader is not None:
                self._sought[partition] = leader, len(acks)
        return found

    def _missing(self, partition: TopicPartition, acks: list[Acknowledged]) -> list[Acknowledged]:
        """Of these messages those that are not in the log that counts."""
        disks = {name: self.cluster.node(name).disk for name in self.cluster.of_kind("broker")}
        since = min(message.offset for message in acks)
        log = checks.truth(partition, self._services, disks, self._states().get(partition), since=since)
        start, batches = log if log is not None else (0, [])
        return checks.lost(acks, start, batches, compacted=self._topics[partition.topic].cleanup == "compact")

    # --- details --------------------------------------------------------------------------

    @property
    def _services(self) -> dict[str, BrokerService]:
        return self.cluster.services(BrokerService)

    def _states(self) -> dict[TopicPartition, PartitionState]:
        """The newest that any broker has ever heard of each partition."""
        for service in self._services.values():
            if self._heard.get(service.name) == service.image.age:
                continue
            self._heard[service.name] = service.image.age
            for topic, states in service.image.topics.items():
                for number, state in enumerate(states):
                    partition = TopicPartition(topic, number)
                    known = self._known.get(partition)
                    if known is None or (state.leader_epoch, state.version) > (known.leader_epoch, known.version):
                        self._known[partition] = state
        return self._known

    def _log(self, partition: TopicPartition) -> tuple[int, list[Batch]] | None:
        """Start offset and batches of the log that counts, if anybody runs who has it."""
        return checks.truth(partition, self._services, None, self._states().get(partition))

    def _check(self) -> None:
        if not self.sound:
            return
        for violation in checks.always(self.cluster.world, self._memory):
            self.report(violation)

    def _under_replicated(self) -> dict[TopicPartition, str]:
        """Partitions that lack replicas in sync -> which."""
        found = {}
        for partition, state in self._states().items():
            missing = [name for name in state.replicas if name not in state.in_sync]
            if missing:
                found[partition] = f"{', '.join(missing)} not in sync"
            elif not state.leader:
                found[partition] = "nobody leads it"
        if not self._states():
            found = {TopicPartition(name, 0): "it is not there yet" for name in self._topics}
        return found

    def _unequal(self) -> bool:
        """Some replica has not got all, or does not know that it is committed."""
        services = self._services
        for partition, state in self._states().items():
            ends = {
                (log.end_offset, log.high_watermark)
                for name in state.replicas
                if name in services and (log := services[name].directory.logs.get(partition)) is not None
            }
            if len({end for end, _ in ends}) > 1 or any(mark < end for end, mark in ends if state.leader == ""):
                return True
        return False

    def _of_logs(self) -> list[Violation]:
        """What must not stand in the logs. (What must is looked for where its producer was told that it stands.)"""
        producer, books = self.settings.producer, self.books
        idempotent = producer.idempotent and producer.acks == "all"
        found: list[Violation] = []
        applied: list[str] = []
        for partition in dict.fromkeys((*books.acks, *books.seen, *self._states())):
            log = self._log(partition)
            if log is None:
                continue
            start, batches = log
            if partition.topic in INTERNAL:
                found += checks.commits(batches, books.commits) if partition.topic == INTERNAL[0] else ()
                continue
            found += checks.stands(books.seen.get(partition, {}), start, batches, partition)
            found += checks.duplicates(partition, batches) if idempotent else ()
            applied += [record.header for batch in batches for record in batch.records]
        applied = applied if idempotent else list(dict.fromkeys(applied))
        return found + exactly_once((), applied, refused=sorted(books.never))

    def _doubled(self) -> int:
        """Messages that stand in a log again."""
        doubled = 0
        for partition in self.books.acks:
            log = self._log(partition)
            headers = [record.header for batch in (log[1] if log is not None else ()) for record in batch.records]
            doubled += len(headers) - len(set(headers))
        return doubled

    def _gone(self, partition: TopicPartition, first: int, end: int) -> bool:
        """Whether who reads on may pass these offsets over: some copy may have no message there, and have led."""
        log = self._log(partition)
        if log is None:
            return True
        copies = (service.directory.logs.get(partition) for service in self._services.values())
        start = max([log[0], *(copy.start_offset for copy in copies if copy is not None)])
        compacted = self._topics[partition.topic].cleanup == "compact"
        return not checks.needed(log[1], max(first, start), end, compacted=compacted)

    def _watch_partitions(self) -> None:
        """Tell when partitions cannot be written, and when they can be again."""
        states = self._states()
        headless = [str(partition) for partition, state in states.items() if not state.leader]
        thin = [
            str(partition)
            for partition, state in states.items()
            if state.leader and len(state.isr) < self._topics[partition.topic].min_insync
        ]
        self._troubled_for = self._troubled_for + 1 if headless or thin else 0
        record = self.cluster.world.record
        if self._troubled_for == PATIENCE and not self._troubled:
            self._troubled = True
            texts = [f"nobody leads {', '.join(headless)}"] if headless else []
            texts += [f"too few replicas of {', '.join(thin)} are in sync: acks=all is refused"] if thin else []
            self._told = (*headless, *thin)
            record("alert", "", "; ".join(texts), partitions=self._told)
        elif self._troubled and not headless and not thin:
            self._troubled = False
            text = "every partition has a leader and enough replicas in sync again"
            record("good", "", text, partitions=self._told)

    def _alarm(self, number: int) -> None:
        text = f"{number} disks are lost at once: from now on acknowledged messages may be lost"
        self.cluster.world.record("alert", "", text)


def _lost(message: Acknowledged) -> Violation:
    text = f"message {message.header}, acknowledged as offset {message.offset} of {message.partition}, is lost"
    return Violation("no acknowledged message is lost", message.header, text)
