"""The machines co1..: poll, process, commit, for ever.

Rules.

* At-least-once: each message is processed, then the offset behind it is committed, every ``commit_ms``, and before a
  partition is given up. Who takes over processes again what was done since the last commit: some messages twice, none
  never.
* At-most-once: the offsets behind a poll's messages are committed before the first of them is processed, whatever
  ``commit_ms``. Who takes over does not see them again: some messages never, none twice. As long as nobody knows
  whether a commit was taken nothing is processed; when it is refused, the messages are left to their new owner.
* Nothing is asked in the middle of a poll's messages: they are processed to the end, whoever owns them by then.
"""

from __future__ import annotations

from contextlib import suppress

import trio

from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Process
from playground.kernel.service import Service
from playground.systems.kafka.consumer import Consumer, Polled
from playground.systems.kafka.ledger import Processed, ledger
from playground.systems.kafka.membership import FENCED
from playground.systems.kafka.poison import processing_ms
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import KafkaSettings

POLL_US = 1_000_000
"""How long a poll waits for messages."""
RETRY_US = 250_000
"""Between two attempts of a commit without which nothing may be processed."""


class ConsumerService(Service):
    """A member of ``group`` that processes each message for ``process_ms``. ``brokers``: any of them may be asked."""

    def __init__(self, process: Process, settings: KafkaSettings, group: str, brokers: tuple[str, ...]) -> None:
        super().__init__(process)
        found = settings.group(group)
        assert found is not None, f"there is no group {group}"
        boots = process.node.boots
        self.group = group
        self.member = self.name if boots == 1 else f"{self.name}#{boots}"
        """The name of this life."""
        self.settings = found
        self.consumer = Consumer(
            self,
            found,
            settings.read_by(group),
            brokers,
            member=self.member,
            listener=self,
            fetch_wait_ms=settings.fetch_wait_ms,
        )
        self.processed = 0
        """Messages that it has finished with, in this life."""
        self.in_hand = 0
        """Messages of its last poll that it has not finished with."""
        self.committed: dict[TopicPartition, int] = {}
        """What was taken of its commits, of each partition that it owns."""
        self.stalled_ms: int | None = None
        """What a message takes just now instead of ``process_ms``; None: as set."""
        self._done: dict[TopicPartition, int] = {}
        """Behind the last message that was processed, of each partition that it owns."""
        self._given_up: dict[TopicPartition, None] = {}
        """Since the last messages came."""
        self._committing: trio.Event | None = None
        self._committed_us = 0
        self._told = 0
        self._leaving = False

    # --- for pictures -------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """ "joining", "syncing", "stable"; "left": until it polls again."""
        return self.consumer.state

    @property
    def generation(self) -> int:
        """Of its membership; 0: of none."""
        return self.consumer.generation

    @property
    def assignment(self) -> tuple[TopicPartition, ...]:
        """What it owns, as far as it knows."""
        return self.consumer.assignment

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """Where it reads on, of each partition that it owns; -1: not known yet."""
        return self.consumer.positions

    @property
    def buffered(self) -> int:
        """Messages fetched and not yet handed over."""
        return self.consumer.buffered

    # --- what it is told to do ----------------------------------------------------------------

    def start(self) -> None:
        self.consumer.start()
        self.spawn(self._work)

    def stall(self, ms: int | None) -> None:
        """From the next message on, take so long for each; None: as long as is set."""
        self.stalled_ms = ms

    def leave(self) -> None:
        """After the messages that it has: commit, and leave the group for good."""
        self._leaving = True

    def take_work(self) -> int:
        """Messages processed since this was last asked."""
        told, self._told = self._told, self.processed
        return self.processed - told

    # --- the loop -----------------------------------------------------------------------------

    async def _work(self) -> None:
        consumer, most = self.consumer, self.settings.poll_messages
        while not self._leaving:
            messages = await consumer.poll(most, self._patience_us())
            generation, self.in_hand = consumer.generation, len(messages)
            if messages and self._commits_first:
                messages = await self._commit_first(messages)
                self.in_hand = len(messages)
            for message in messages:
                await self._process(message, generation)
                self.in_hand -= 1
            if not self._commits_first and self._due_us() <= 0:
                self._begin_commit()
                if not self.settings.commit_ms:
                    await self._end_commit()
        await consumer.close()

    async def _process(self, message: Polled, generation: int) -> None:
        ms = processing_ms(message.record.value)
        if ms is None:
            ms = self.settings.process_ms if self.stalled_ms is None else self.stalled_ms
        if ms:
            await self.sleep(ms * 1_000)
        self.processed += 1
        self._done[message.partition] = message.offset + 1
        witness = ledger(self)
        if witness is not None:
            partition, offset, record = message
            now_us = self.process.world.now_us
            witness.processed(Processed(self.group, self.member, generation, partition, offset, record, now_us))

    # --- commits ------------------------------------------------------------------------------

    @property
    def _commits_first(self) -> bool:
        return self.settings.delivery == "at-most-once"

    def _uncommitted(self) -> dict[TopicPartition, int]:
        return {each: offset for each, offset in self._done.items() if offset != self.committed.get(each)}

    def _due_us(self) -> int:
        """Until the next commit; at most 0: now."""
        return self._committed_us + self.settings.commit_ms * 1_000 - self.clock.monotonic_us

    def _patience_us(self) -> int:
        """How long to wait for messages: a commit may be due before (but one at a time is under way)."""
        if self._commits_first or self._committing is not None or not self._uncommitted():
            return POLL_US
        return min(POLL_US, max(self._due_us(), 1))

    def _begin_commit(self) -> None:
        """What was processed, if that is something. If it fails, the next one covers it."""
        offsets = self._uncommitted()
        if offsets and self._committing is None:
            self._committed_us = self.clock.monotonic_us
            self._committing = trio.Event()
            self.spawn(self._commit, offsets, self._committing)

    async def _end_commit(self) -> None:
        """Wait until no commit is under way."""
        if self._committing is not None:
            await self._committing.wait()

    async def _commit(self, offsets: dict[TopicPartition, int], over: trio.Event) -> None:
        with suppress(CallError):
            await self.consumer.commit(offsets)
            self.committed.update(offsets)
        self._committing = None
        over.set()

    async def _commit_first(self, messages: tuple[Polled, ...]) -> tuple[Polled, ...]:
        """Returns those that may be processed now, because nobody will be given them again."""
        self._given_up.clear()
        while messages:
            offsets = {message.partition: message.offset + 1 for message in messages}
            try:
                await self.consumer.commit(offsets)
            except CallError as error:
                if isinstance(error, Rejected) and error.code in FENCED:
                    return ()
                # The rebalance, if it is one, goes on in a poll; it may take partitions away.
                await self.consumer.poll(0, RETRY_US)
                messages = tuple(message for message in messages if message.partition not in self._given_up)
            else:
                self.committed.update(offsets)
                break
        return messages

    # --- what a poll tells of the membership --------------------------------------------------

    async def revoked(self, partitions: tuple[TopicPartition, ...]) -> None:
        """Commit what is done of them, before others go on."""
        await self._end_commit()
        if not self._commits_first:
            self._begin_commit()
        await self.lost(partitions)

    async def lost(self, partitions: tuple[TopicPartition, ...]) -> None:
        """Forget them. A commit that is under way is heard to its end: it is refused, and nothing goes on before."""
        await self._end_commit()
        for partition in partitions:
            self._done.pop(partition, None)
            self.committed.pop(partition, None)
            self._given_up[partition] = None
