"""A producer: what an application sends through.

``send`` never waits: it gives the message a partition (:mod:`.partitioner`) and puts it into a batch
(:mod:`.accumulator`); the :class:`.sender.Sender` brings the batches to the leaders. Each message ends once, in
``done(Sent)``: acknowledged, or given up, for certain or not.

What is promised. With ``idempotent`` and acks=all each acknowledged message stands in the log once, and the messages of
a partition in the order in which they were sent. Without, a request that was doubled or sent again is appended twice,
and with more than one batch in flight a retry comes behind later messages. With acks=0 "acknowledged" means that it was
sent. Nothing of this outlives the process: a new life is another producer.

Sources: Kafka's KafkaProducer, RecordAccumulator and Sender; KIP-98 (idempotence), KIP-91 (delivery timeout), KIP-360
(producer epochs), KIP-480 (sticky partitioner).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial

import trio

from playground.kernel.service import Service
from playground.systems.kafka.accumulator import BUFFER_FULL, CLOSED, EXPIRED, Line, Message, Pending, Sent
from playground.systems.kafka.ledger import Acknowledged, ledger
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.partitioner import Sticky, of_key
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.sender import Sender
from playground.systems.kafka.settings import ProducerSettings

__all__ = ["Producer", "Sent"]


class Producer:
    """Sends through ``service`` to ``brokers``. ``name``: a life that nobody else ever has; headers begin with it."""

    def __init__(self, service: Service, settings: ProducerSettings, brokers: tuple[str, ...], *, name: str) -> None:
        self.name = name
        self.settings = settings
        self.metadata = Metadata(service, brokers)
        self.sent = 0
        self.acknowledged = 0
        self.failed: Counter[str] = Counter()
        """By error, how many messages were given up."""
        self._service = service
        self._sender = Sender(service, settings, brokers, self.metadata, self._settled, self._moved_on)
        self._sticky: dict[str, Sticky] = {}
        self._unplaced: deque[Message] = deque()
        """Messages of topics of which no broker has told yet."""
        self._open: dict[int, None] = {}
        """The messages that have no outcome, by count, in order."""
        self._flushes: list[tuple[int, trio.Event]] = []
        self._looking = False
        self.metadata.on_news(self._place_all)

    def start(self) -> None:
        """The machine serves: get to know the cluster."""
        self.metadata.ask()
        self._sender.start()

    # --- for pictures -----------------------------------------------------------------------

    @property
    def lines(self) -> dict[TopicPartition, Line]:
        """The partitions that it has sent to: queue, window, epoch and sequence of each."""
        return self._sender.lines

    @property
    def unsettled(self) -> int:
        """Messages that have no outcome yet."""
        return len(self._open)

    @property
    def buffered(self) -> int:
        """Those of them that were never sent."""
        return len(self._unplaced) + sum(line.buffered for line in self.lines.values())

    @property
    def in_flight(self) -> dict[TopicPartition, int]:
        """How many batches of each partition were sent and have no outcome; partitions with none are left out."""
        return {partition: line.in_flight for partition, line in self.lines.items() if line.in_flight}

    @property
    def producer_id(self) -> int:
        """Its number, if it numbers its batches and has got one; else -1."""
        return self._sender.producer_id

    @property
    def retries(self) -> int:
        """How often a batch was sent again."""
        return self._sender.retries

    # --- sending ------------------------------------------------------------------------------

    def send(self, topic: str, key: str | None, value: str | None, done: Callable[[Sent], object] | None = None) -> str:
        """Send a message; ``value`` None deletes the key from a compacted topic. Returns the message's header.

        ``done(Sent)`` is called once, and never before this has returned.
        """
        self.sent += 1
        header = f"{self.name}:{self.sent}"
        clock = self._service.clock
        message = Message(topic, self.sent, header, key, value, clock.wall_us, clock.monotonic_us, done)
        witness = ledger(self._service)
        if witness is not None:
            witness.sent(topic, header, self._service.process.world.now_us)
        full = len(self._open) >= self.settings.buffer_messages
        self._open[message.number] = None
        if full or self._sender.closed:
            error = CLOSED if self._sender.closed else BUFFER_FULL
            self._service.after(0, partial(self._end, message, Sent(None, -1, error, True)))
        elif self.metadata.partitions(topic):
            line = self._place(message)
            if line.ready and self.settings.acks == "0":  # it ends with the sending
                self._service.after(0, partial(self._sender.dispatch, line))
            elif line.ready:
                self._sender.dispatch(line)
        else:
            self._unplaced.append(message)
            self._look_for_topics()
        return header

    async def flush(self) -> None:
        """Send what waits for company, and wait until everything sent so far has an outcome."""
        upto = self.sent
        self._sender.hurry()
        if next(iter(self._open), upto + 1) <= upto:
            over = trio.Event()
            self._flushes.append((upto, over))
            await over.wait()

    def close(self) -> None:
        """Give up everything that has no outcome, and take nothing more. Copies on their way may still be appended."""
        self._sender.close()
        unplaced, self._unplaced = self._unplaced, deque()
        for message in unplaced:
            self._end(message, Sent(None, -1, CLOSED, True))

    # --- where to -----------------------------------------------------------------------------

    def _place(self, message: Message) -> Line:
        """Put it into a batch of its partition."""
        if message.key is not None:
            number = of_key(message.key, self.metadata.partitions(message.topic))
        else:
            number = self._sticky_of(message.topic).choose()
        line = self._sender.line(TopicPartition(message.topic, number))
        pending = line.add(message)
        if len(pending.messages) == 1:
            self._sender.opened(pending)
        if pending.ready:
            self._moved_on(pending)
        return line

    def _place_all(self) -> None:
        """A newer image has come: some topics may be known now."""
        unplaced, self._unplaced = self._unplaced, deque()
        for message in unplaced:
            if self.metadata.partitions(message.topic):
                self._place(message)
            else:
                self._unplaced.append(message)
        if len(self._unplaced) < len(unplaced):
            self._sender.dispatch_all()

    def _look_for_topics(self) -> None:
        """Ask until every message has a partition, or is too old."""
        if self._looking or not self._unplaced:
            return
        self._looking = True
        self.metadata.ask()

        def again() -> None:
            self._looking = False
            too_old_us = self._service.clock.monotonic_us - self.settings.delivery_timeout_ms * 1000
            while self._unplaced and self._unplaced[0].made_us <= too_old_us:
                self._end(self._unplaced.popleft(), Sent(None, -1, EXPIRED, True))
            self._look_for_topics()

        self._service.after(self.settings.retry_backoff_ms * 1000, again)

    def _sticky_of(self, topic: str) -> Sticky:
        found = self._sticky.get(topic)
        if found is None:
            chance = self._service.random(f"sticky {self.name} {topic}")
            found = self._sticky[topic] = Sticky(chance, partial(self._available, topic))
        return found

    def _available(self, topic: str) -> Sequence[int]:
        numbers = range(self.metadata.partitions(topic))
        return [each for each in numbers if self.metadata.leader(TopicPartition(topic, each))] or numbers

    def _moved_on(self, pending: Pending) -> None:
        """A batch is full, or on its way: messages without a key go elsewhere now."""
        sticky = self._sticky.get(pending.partition.topic)
        if sticky is not None:
            sticky.move_on(pending.partition.partition)

    # --- outcomes -----------------------------------------------------------------------------

    def _settled(self, pending: Pending, base_offset: int, error: str, definite: bool) -> None:
        for delta, message in enumerate(pending.messages):
            offset = base_offset + delta if base_offset >= 0 else -1
            self._end(message, Sent(pending.partition, offset, error, definite))

    def _end(self, message: Message, sent: Sent) -> None:
        del self._open[message.number]
        witness, now_us = ledger(self._service), self._service.process.world.now_us
        if sent.error:
            self.failed[sent.error] += 1
            if witness is not None:
                witness.failed(message.header, sent.error, sent.definite, now_us)
        else:
            assert sent.partition is not None, "only a message in some partition is acknowledged"
            self.acknowledged += 1
            if witness is not None:
                acks = self.settings.acks
                told = Acknowledged(sent.partition, sent.offset, message.header, message.key, acks, now_us)
                witness.acknowledged(told)
        if message.done is not None:
            message.done(sent)
        if self._flushes:
            oldest = next(iter(self._open), self.sent + 1)
            for upto, over in self._flushes:
                if oldest > upto:
                    over.set()
            self._flushes = [each for each in self._flushes if each[0] >= oldest]
