"""Kafka with a planted bug: the checks of a whole cluster must find each of them by name, else they prove nothing.

Not among them, because they cannot be seen: a high watermark that is forgotten at a restart (too low does no harm here,
as nobody cuts a log by it), fetches that are taken from any leader epoch (logs are compared at every fetch), and a
controller that writes without its fence (its session is over by then, and ZooKeeper takes nothing of it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from playground.kernel.calls import Answer
from playground.kernel.errors import Rejected
from playground.systems.feed.publishing import Publishing
from playground.systems.kafka import assignors, electing, membership
from playground.systems.kafka.accumulator import Line, Pending
from playground.systems.kafka.cleaning import Cleaned, Cleaner
from playground.systems.kafka.compaction import Survey
from playground.systems.kafka.directory import LogDirectory
from playground.systems.kafka.fetching import Fetcher as Reading
from playground.systems.kafka.fetching import Polled
from playground.systems.kafka.flushing import Flusher, Then
from playground.systems.kafka.following import Fetcher
from playground.systems.kafka.group import Group
from playground.systems.kafka.groupcommits import Commits
from playground.systems.kafka.image import Broker, PartitionState
from playground.systems.kafka.insync import InSync
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.log import PartitionLog
from playground.systems.kafka.messages import Fetch, FetchFrom, OffsetCommit, Updated, UpdateMetadata
from playground.systems.kafka.partition import Partition
from playground.systems.kafka.records import Batch
from playground.systems.kafka.segment import Segment
from playground.systems.kafka.segments import Segments
from playground.systems.kafka.sender import Sender
from playground.systems.kafka.sequences import Placed, Sequences
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.serving import Fetches
from playground.systems.kafka.worker import ConsumerService
from tests.systems.kafka.kafka_scenes import SCENES, broken

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

LOST = "checks: no acknowledged message is lost"
LACKS = "checks: in sync means to have what is committed"
DISAGREE = "checks: replicas agree"
UNCOMMITTED = "checks: what is processed is committed"
OWNERS = "checks: one owner per generation"

PLANTED: list[tuple[Plant, str, str]] = []


def caught(scene: str, name: str) -> Callable[[Plant], Plant]:
    """The bug that is planted by this function shows in ``scene``, as ``name``."""

    def mark(plant: Plant) -> Plant:
        PLANTED.append((plant, scene, name))
        return plant

    return mark


# --- replication --------------------------------------------------------------------------------------


@caught("the leader and its producer are cut off", LOST)
def acks_all_is_answered_when_the_leader_has_it(patch: Patch) -> None:
    def hasty(self: Leading, acks: str, base_offset: int, end_offset: int, done: Callable[[str, int], object]) -> None:
        done("", base_offset)

    patch.setattr(Leading, "_answer", hasty)


@caught("the leader and its producer are cut off", LACKS)
def who_is_left_out_counts_no_more_before_the_controller_agrees(patch: Patch) -> None:
    patch.setattr(InSync, "maximal", property(InSync.wanted))


@caught("the leader and its producer are cut off", LOST)
def the_high_watermark_is_the_end_of_the_log(patch: Patch) -> None:
    def hasty(self: Leading) -> None:
        self.log.advance(self.log.end_offset)
        self._committed.reach(self.log.high_watermark)
        self.service.fetches.on_committed(self.partition)

    patch.setattr(Leading, "advance", hasty)


@caught("the followers go, then the leader", LOST)
def a_leader_commits_however_few_are_in_sync(patch: Patch) -> None:
    def careless(self: Leading, *args: Any) -> None:
        begin(self, *args)
        self._least = 1

    begin = Leading.__init__
    patch.setattr(Leading, "__init__", careless)


@caught("a follower comes back over a thin line", LACKS)
def who_fetches_is_in_sync(patch: Patch) -> None:
    patch.setattr(Leading, "may_enter", lambda self, progress, _now_us: progress.incarnation > 0)


@caught("a leader alone writes what nobody else gets", DISAGREE)
def a_follower_does_not_say_in_which_epoch_its_log_ends(patch: Patch) -> None:
    def silent(self: Fetcher, partition: Partition) -> FetchFrom:
        return ask(self, partition)._replace(last_epoch=-1)

    ask = Fetcher._from
    patch.setattr(Fetcher, "_from", silent)


@caught("a leader alone writes what nobody else gets", DISAGREE)
def what_is_in_the_log_at_a_boot_counts_as_committed(patch: Patch) -> None:
    def sure(self: PartitionLog, *args: Any, **more: Any) -> None:
        begin(self, *args, **more)
        self.high_watermark = self.end_offset

    begin = PartitionLog.__init__
    patch.setattr(PartitionLog, "__init__", sure)


@caught("one is behind, and then is the only one", "checks: clean elections")
def anybody_is_elected_though_that_is_forbidden(patch: Patch) -> None:
    def careless(state: PartitionState, brokers: electing.Brokers, **more: Any) -> PartitionState | None:
        return elect(state, brokers, **{**more, "unclean": True})

    elect = electing.elect
    patch.setattr(electing, "elect", careless)


@caught("an empty disk", LACKS)
def an_empty_disk_passes_for_the_one_that_was_lost(patch: Patch) -> None:
    async def forgetful(self: LogDirectory) -> None:
        await recover(self)
        self.directory = 1

    recover = LogDirectory.recover
    patch.setattr(LogDirectory, "recover", forgetful)


@caught("power failure", LOST)
def nobody_waits_for_the_disk(patch: Patch) -> None:
    def hasty(self: Flusher, then: Then) -> None:
        self.synced_offset = self._segments.end_offset
        tell(self, then)
        self._tell_those_who_waited()

    tell = Flusher.tell
    patch.setattr(Flusher, "tell", hasty)


@caught("a slow leader restarts at once", LACKS)
def a_follower_says_it_has_what_its_disk_has_not(patch: Patch) -> None:
    patch.setattr(Partition, "settled", property(lambda self: True))


@caught("a slow leader restarts at once", "checks: watermarks never fall")
def a_leader_that_restarts_leads_on_in_its_epoch(patch: Patch) -> None:
    def adopt_any(self: Partition, state: PartitionState) -> None:
        mine = state.leader == self.service.name
        adopt(self, state._replace(leader_incarnation=self.service.process.node.boots) if mine else state)

    def elect_any(state: PartitionState, brokers: electing.Brokers, **more: Any) -> PartitionState | None:
        leader: Broker | None = brokers.get(state.leader)
        state = state._replace(leader_incarnation=leader.incarnation) if leader is not None else state
        return elect(state, brokers, **{**more, "restarted": ()})

    adopt, elect = Partition.adopt, electing.elect
    patch.setattr(Partition, "adopt", adopt_any)
    patch.setattr(electing, "elect", elect_any)


@caught("the controller is frozen, and somebody has not heard it", "converged")
def a_zombie_of_a_controller_is_listened_to(patch: Patch) -> None:
    def update(self: BrokerService, _source: str, message: UpdateMetadata) -> Updated:
        if message.image != self.image:
            self._adopt(message.image)
        return Updated(message.image.age)

    patch.setattr(BrokerService, "on_update_metadata", update)


# --- producers ----------------------------------------------------------------------------------------


@caught("links double and delay", "checks: once and in order")
def a_log_takes_what_it_has_already(patch: Patch) -> None:
    patch.setattr(Sequences, "check", lambda self, batch: None)


@caught("the leader dies while its answers are lost", "checks: exactly once")
def the_next_leader_knows_nothing_of_the_producers(patch: Patch) -> None:
    def check(self: Sequences, batch: Batch) -> Placed | str | None:
        return known(self, batch) if batch.producer_id in self._states else None  # it takes any number, as Kafka does

    def copy(self: PartitionLog, batches: Sequence[Batch], then: Then) -> None:
        kept, self._sequences = self._sequences, Sequences({})
        try:
            copied(self, batches, then)
        finally:
            self._sequences = kept

    known, copied = Sequences.check, PartitionLog.copy
    patch.setattr(Sequences, "check", check)
    patch.setattr(PartitionLog, "copy", copy)


@caught("links double and delay", "checks: exactly once")
def what_is_sent_again_gets_a_new_number(patch: Patch) -> None:
    def renumber(self: Line, producer_id: int) -> Pending | None:
        taken = take(self, producer_id)
        if taken is not None and taken.attempts > 1:
            taken.batch = self._number(taken, producer_id)
        return taken

    take = Line.take
    patch.setattr(Line, "take", renumber)


@caught("nobody answers in time", "checks: exactly once")
def what_is_not_answered_is_said_not_to_have_happened(patch: Patch) -> None:
    def sure(self: Sender, pending: Pending, error: str, *, definite: bool) -> None:
        give_up(self, pending, error, definite=True)

    give_up = Sender._give_up
    patch.setattr(Sender, "_give_up", sure)


# --- consumers and groups -----------------------------------------------------------------------------


@caught("a leader alone writes what nobody else gets", UNCOMMITTED)
def consumers_are_given_what_is_not_committed(patch: Patch) -> None:
    def generous(self: Fetches, fetch: Fetch, *but: Any) -> Any:
        led = [leading.log for each in fetch.partitions if isinstance(leading := self._leading(each), Leading)]
        marks = [log.high_watermark for log in led]
        for log in led:
            log.high_watermark = log.end_offset
        try:
            return found(self, fetch, *but)
        finally:
            for log, mark in zip(led, marks, strict=True):
                log.high_watermark = mark

    found = Fetches._found
    patch.setattr(Fetches, "_found", generous)


@caught("calm", "checks: order within a partition")
def what_was_fetched_last_is_handed_over_first(patch: Patch) -> None:
    def backwards(self: Reading, max_messages: int) -> tuple[Polled, ...]:
        return hand_over(self, max_messages)[::-1]

    hand_over = Reading.hand_over
    patch.setattr(Reading, "hand_over", backwards)


@caught("calm", "checks: commit after processing")
def offsets_are_committed_before_the_messages_are_processed(patch: Patch) -> None:
    patch.setattr(ConsumerService, "_commits_first", True)


@caught("a consumer is frozen", "checks: no commit of an old generation")
def a_commit_of_any_generation_is_taken(patch: Patch) -> None:
    def take(self: Group, request: OffsetCommit, answer: Answer) -> None:
        self.commits.accept(request, answer)

    patch.setattr(Group, "commit", take)


@caught("at most once, and the coordinator is cut off with a member that dies", "checks: at most once")
def a_commit_is_answered_before_it_is_committed(patch: Patch) -> None:
    class Nobody:
        def reply(self, _value: object) -> None: ...

        def reject(self, _error: Rejected) -> None: ...

    def hasty(self: Commits, request: OffsetCommit, answer: Answer) -> None:
        accept(self, request, Nobody())  # type: ignore[arg-type]
        answer.reply(None)

    accept = Commits.accept
    patch.setattr(Commits, "accept", hasty)


@caught("calm", OWNERS)
def a_partition_is_given_to_two(patch: Patch) -> None:
    def generous(*args: Any) -> assignors.Assignment:
        shares = assign(*args)
        first = min(each for share in shares.values() for each in share)
        return {member: tuple(sorted({first, *share})) for member, share in shares.items()}

    assign = assignors.assign
    patch.setattr(membership, "assign", generous)


@caught("a consumer comes while another is busy", "checks: committed offsets do not go back")
def a_partition_is_given_away_while_it_is_still_worked_on(patch: Patch) -> None:
    patch.setitem(assignors.ASSIGNORS, "cooperative-sticky", assignors.sticky)


@caught("members and coordinator restart", OWNERS)
def generations_are_not_written_down(patch: Patch) -> None:
    patch.setattr(Group, "_write", lambda _self, _number, _shares, then: then(None))


# --- what is deleted ----------------------------------------------------------------------------------


@caught("compaction", LOST)
def compaction_keeps_the_oldest_message_of_a_key(patch: Patch) -> None:
    def survey(self: Survey, segments: Sequence[Segment], *args: Any) -> None:
        begin(self, segments, *args)
        for batch in reversed([batch for segment in segments for batch in segment.batches]):
            for record in reversed(batch.records):
                if record.key is not None:
                    self._newest[record.key] = batch.base_offset + record.delta

    begin = Survey.__init__
    patch.setattr(Survey, "__init__", survey)


@caught("retention while nothing is committed", "checks: watermark within the log")
def retention_deletes_what_is_not_committed(patch: Patch) -> None:
    def thorough(self: Cleaner, now_us: int, segments: Segments) -> Cleaned:
        mark, self._log.high_watermark = self._log.high_watermark, self._log.end_offset
        try:
            return clean(self, now_us, segments)
        finally:
            self._log.high_watermark = mark

    clean = Cleaner.clean
    patch.setattr(Cleaner, "clean", thorough)


# --- the feed -----------------------------------------------------------------------------------------


@caught("the master of a shard dies while there is no broker", "checks: the view agrees")
def the_next_master_publishes_only_what_is_new(patch: Patch) -> None:
    patch.setattr(Publishing, "_begin", lambda self, _found: self._follow(self._log.last))


# ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_alone_breaks_nothing(scene: str) -> None:
    assert broken(SCENES[scene]) == frozenset()


@pytest.mark.parametrize(("plant", "scene", "name"), [pytest.param(*each, id=each[0].__name__) for each in PLANTED])
def test_a_planted_bug_is_found(plant: Plant, scene: str, name: str, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert name in broken(SCENES[scene])


def test_every_scene_has_a_bug_that_it_shows() -> None:
    assert {scene for _, scene, _ in PLANTED} == set(SCENES)
