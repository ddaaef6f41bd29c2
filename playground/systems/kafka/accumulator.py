"""What a producer holds back: messages in batches, one line of batches per partition.

A line is a queue, then a window. What is queued still takes messages and has no number. What is in the window is on its
way: it was sent at least once, and is sent again, as the same batch with the same number, until it is settled.

Rules of the window.

* It spans at most ``in_flight`` batches, counted from the oldest that is not settled. A log remembers the last five
  batches of a producer; so it recognises every one that may be sent again.
* What must be sent again goes before anything new. A batch that waits for its retry holds up all behind it.
* Numbered batches (idempotence, KIP-98): the log takes a producer's batches of a partition in the order of their
  numbers, and each once. One that arrives too early is refused ("out-of-order-sequence"); it is sent again as soon as
  the one before it is settled.
* A gap. A batch that is given up may be in the log or not, so the number after it may be right or not. The same goes
  for a batch that is refused as too early although everything before it has been acknowledged: the log has lost
  something. The line then drains: nothing new is sent until everything in the window is settled. After that the line
  counts from 0 in the next epoch (KIP-360), and from its first batch on the log refuses all copies of older epochs that
  are still on their way. Kafka renumbers what is in flight instead of giving it up; there connections keep order. Here
  an old copy may arrive before the log hears of the new epoch, and the message would stand there twice.

What a failure means. It is *definite* if no copy was ever sent, or if every copy is refused alike ("bad-request"). A
refusal alone proves nothing: the network may have doubled the request, and the other copy met the broker, or the next
leader, at a better moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from playground.systems.kafka.records import NO_PRODUCER, Batch, Record, TopicPartition

BUFFER_FULL = "buffer-full"
"""More messages wait than may (Kafka's BufferExhaustedException)."""
EXPIRED = "delivery-timeout"
"""Not acknowledged in time."""
CLOSED = "producer-closed"


class Sent(NamedTuple):
    """What became of a message."""

    partition: TopicPartition | None
    """None: it failed before it was given one."""
    offset: int
    """-1: it failed; or nobody was asked (acks 0); or it is there and the broker does not know any more where."""
    error: str
    """"" if it is acknowledged, or a code."""
    definite: bool
    """With an error: it is certainly in no log, and never will be."""


class Message(NamedTuple):
    """What the application gave, and when: by the wall clock, and by the monotonic one."""

    topic: str
    number: int
    """How many the producer has sent with it."""
    header: str
    key: str | None
    value: str | None
    at_us: int
    made_us: int
    done: Callable[[Sent], object] | None


class Stage(Enum):
    """Of a batch. QUEUED -> SENT -> SETTLED; from SENT also to DUE, at once or after WAITING, and back to SENT."""

    QUEUED = "queued"
    SENT = "sent"
    """A request with it is not answered yet."""
    WAITING = "waiting"
    """It is to be sent again, but not yet."""
    DUE = "due"
    """It is to be sent again now."""
    SETTLED = "settled"


class Pending:
    """A batch on its way from the application to a log."""

    __slots__ = ("alone", "attempts", "batch", "behind", "made_us", "messages", "partition", "ready", "stage")

    def __init__(self, partition: TopicPartition, made_us: int) -> None:
        self.partition = partition
        self.made_us = made_us
        """When its first message came: its time counts from here."""
        self.messages: list[Message] = []
        self.stage = Stage.QUEUED
        self.ready = False
        """It has waited long enough for others, or is full."""
        self.attempts = 0
        self.batch: Batch | None = None
        self.alone = False
        """When it was last sent, everything before it was settled."""
        self.behind = False
        """It waits for the one before it, not for a time."""

    @property
    def settled(self) -> bool:
        return self.stage is Stage.SETTLED

    @property
    def unsent(self) -> bool:
        """No copy of it was ever sent."""
        return self.attempts == 0


class Line:
    """The batches of one partition. ``numbered``: see above."""

    def __init__(self, partition: TopicPartition, *, batch_messages: int, in_flight: int, numbered: bool) -> None:
        self.partition = partition
        self.queue: deque[Pending] = deque()
        self.window: deque[Pending] = deque()
        """Begins with a batch that is not settled; settled ones behind it stay until it is."""
        self.epoch = 0
        self.sequence = 0
        """Of the next record, in this epoch."""
        self.draining = False
        self._batch_messages = batch_messages
        self._in_flight = in_flight
        self._numbered = numbered

    # --- for pictures -----------------------------------------------------------------------

    @property
    def buffered(self) -> int:
        """Messages that were never sent."""
        return sum(len(each.messages) for each in self.queue)

    @property
    def in_flight(self) -> int:
        """Batches that were sent and are not settled."""
        return sum(not each.settled for each in self.window)

    # --- in, and out ------------------------------------------------------------------------

    def add(self, message: Message) -> Pending:
        """Put a message into the last batch of the queue, or into a new one if that is full."""
        if not self.queue or len(self.queue[-1].messages) >= self._batch_messages:
            self.queue.append(Pending(self.partition, message.made_us))
        last = self.queue[-1]
        last.messages.append(message)
        if len(last.messages) >= self._batch_messages:
            last.ready = True
        return last

    @property
    def ready(self) -> bool:
        """Something should be sent now."""
        return self._again() is not None or (self._has_room() and self.queue[0].ready)

    def take(self, producer_id: int) -> Pending | None:
        """The next batch to send, which counts as sent from here on; None if nothing may be sent now.

        A batch may be taken before it is ready, if a request goes that way anyhow.
        """
        taken = self._again()
        if taken is None:
            if not self._has_room():
                return None
            taken = self.queue.popleft()
            taken.batch = self._number(taken, producer_id)
            self.window.append(taken)
        taken.stage = Stage.SENT
        taken.attempts += 1
        taken.alone = self.window[0] is taken
        return taken

    def _again(self) -> Pending | None:
        """What is due to be sent again, unless something before it still waits."""
        first = next((each for each in self.window if each.stage in (Stage.WAITING, Stage.DUE)), None)
        return first if first is not None and first.stage is Stage.DUE else None

    def _has_room(self) -> bool:
        return (
            bool(self.queue)
            and not self.draining
            and len(self.window) < self._in_flight
            and not any(each.stage in (Stage.WAITING, Stage.DUE) for each in self.window)
        )

    def _number(self, pending: Pending, producer_id: int) -> Batch:
        records = tuple(
            Record(delta, message.key, message.value, message.at_us, message.header)
            for delta, message in enumerate(pending.messages)
        )
        last = len(records) - 1
        if not self._numbered:
            return Batch(records, last, NO_PRODUCER)
        batch = Batch(records, last, producer_id, self.epoch, self.sequence)
        self.sequence = batch.next_sequence
        return batch

    # --- what becomes of a batch --------------------------------------------------------------

    def put_off(self, pending: Pending) -> None:
        """It will be sent again; :meth:`resume` says when."""
        pending.stage = Stage.WAITING
        pending.behind = False

    def resume(self, pending: Pending) -> None:
        """Now it may be sent again."""
        if pending.stage is Stage.WAITING:
            pending.stage = Stage.DUE

    def came_too_early(self, pending: Pending) -> bool:
        """The log expects another number. True: the one before it is on its way, and this one goes again after it.

        False: it is not (any more). If the batch was sent ``alone``, it can never be appended.
        """
        at = self.window.index(pending)
        pending.behind = at > 0 and not self.window[at - 1].settled
        if pending.behind:
            pending.stage = Stage.WAITING
        return pending.behind

    def settle(self, pending: Pending, *, gap: bool = False) -> None:
        """It is acknowledged or given up. ``gap``: it is not certain that the log has this number."""
        queued = pending.stage is Stage.QUEUED
        pending.stage = Stage.SETTLED
        if queued:
            self.queue.remove(pending)
            return
        if gap and self._numbered:
            self.draining = True
        at = self.window.index(pending)
        if at + 1 < len(self.window) and self.window[at + 1].behind:
            self.window[at + 1].behind = False
            self.resume(self.window[at + 1])
        while self.window and self.window[0].settled:
            self.window.popleft()
        if self.draining and not self.window:
            self.draining = False
            self.epoch += 1
            self.sequence = 0
