"""Brings a producer's batches to the leaders of their partitions, again and again until it knows what became of them.

A request carries the next batch of every partition that the same broker leads. It goes as soon as one of these batches
is ready: full, or old enough (``linger_ms``), or to be sent again. What was not answered, or was refused for now, is
sent again after ``retry_backoff_ms``, to whoever leads by then. A batch that is older than ``delivery_timeout_ms`` is
given up, wherever it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service
from playground.systems.kafka import errors
from playground.systems.kafka.accumulator import CLOSED, EXPIRED, Line, Pending
from playground.systems.kafka.messages import InitProducerId, Produce, Produced, ProducerId
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import NO_PRODUCER, TopicPartition
from playground.systems.kafka.settings import ProducerSettings

Settled = Callable[[Pending, int, str, bool], object]
"""``settled(batch, base_offset, error, definite)``."""


class Sender:
    """The network side of one producer. ``settled`` is told of each batch once, ``taken`` when it is first sent."""

    def __init__(
        self,
        service: Service,
        settings: ProducerSettings,
        brokers: tuple[str, ...],
        metadata: Metadata,
        settled: Settled,
        taken: Callable[[Pending], object],
    ) -> None:
        self.lines: dict[TopicPartition, Line] = {}
        self.producer_id = NO_PRODUCER
        self.retries = 0
        """How often a batch was sent again."""
        self.numbered = settings.idempotent and settings.acks == "all"
        """As with Kafka, batches are numbered only with acks=all: another leader may lack what one has acknowledged."""
        self.closed = False
        self._service = service
        self._settings = settings
        self._brokers = brokers
        self._metadata = metadata
        self._settled = settled
        self._taken = taken
        self._by_age: deque[Pending] = deque()
        """All batches that are not settled, and some that are, oldest first."""
        self._expiring = False
        self._looking = False
        metadata.on_news(self.dispatch_all)

    def start(self) -> None:
        if self.numbered:
            self._service.spawn(self._enroll)

    def line(self, partition: TopicPartition) -> Line:
        found = self.lines.get(partition)
        if found is None:
            settings = self._settings
            found = self.lines[partition] = Line(
                partition,
                batch_messages=settings.batch_messages,
                in_flight=settings.in_flight,
                numbered=self.numbered,
            )
        return found

    def opened(self, pending: Pending) -> None:
        """A new batch has got its first message: from here on its time counts."""
        self._by_age.append(pending)
        linger_us = self._settings.linger_ms * 1000
        if linger_us and not pending.ready:
            self._service.after(linger_us, lambda: self._lingered(pending))
        else:
            pending.ready = True
        if not self._expiring:
            self._expire()

    def hurry(self) -> None:
        """Let nothing wait for company any longer."""
        for line in self.lines.values():
            for pending in line.queue:
                pending.ready = True
        self.dispatch_all()

    def close(self) -> None:
        """Give up everything."""
        self.closed = True
        while self._by_age:
            pending = self._by_age.popleft()
            if not pending.settled:
                self._give_up(pending, CLOSED, definite=pending.unsent)

    # --- sending ------------------------------------------------------------------------------

    def dispatch_all(self) -> None:
        """Send what is ready, of all partitions."""
        for line in tuple(self.lines.values()):
            self.dispatch(line)

    def dispatch(self, line: Line) -> None:
        """Send what is ready of one partition, and what goes the same way."""
        while line.ready and not self.closed:
            if self.numbered and self.producer_id == NO_PRODUCER:
                return
            leader = self._metadata.leader(line.partition)
            if leader is None:
                self.look()
                return
            self._send(leader[0])

    def look(self) -> None:
        """Find out who leads, over and over until there is a leader for whatever is ready."""
        if self._looking:
            return
        self._looking = True
        self._metadata.ask()

        def again() -> None:
            self._looking = False
            self.dispatch_all()

        self._service.after(self._backoff_us, again)

    def _send(self, broker: str) -> None:
        taken = []
        for line in self.lines.values():
            leader = self._metadata.leader(line.partition)
            if leader is not None and leader[0] == broker:
                pending = line.take(self.producer_id)
                if pending is not None:
                    taken.append(pending)
                    if pending.attempts == 1:
                        self._taken(pending)
                    else:
                        self.retries += 1
        batches = tuple((each.partition, each.batch) for each in taken if each.batch is not None)
        request = Produce(self._settings.acks, batches)
        if self._settings.acks == "0":
            self._service.send(broker, request)
            for pending in taken:
                self._acknowledge(pending, -1)
        else:
            self._service.spawn(self._exchange, broker, request, tuple(taken))

    async def _exchange(self, broker: str, request: Produce, taken: tuple[Pending, ...]) -> None:
        timeout_us = self._settings.request_timeout_ms * 1000
        try:
            produced: Produced = await self._service.call(broker, request, timeout_us=timeout_us)
        except CallError as error:
            code = error.code if isinstance(error, Rejected) else errors.REQUEST_TIMED_OUT
            answers = {each.partition: (code, -1) for each in taken}
            self._metadata.ask()
        else:
            answers = {each.partition: (each.error, each.base_offset) for each in produced.results}
        for pending in taken:
            if not pending.settled:
                self._answered(pending, *answers.get(pending.partition, (errors.REQUEST_TIMED_OUT, -1)))
        for pending in taken:
            self.dispatch(self.lines[pending.partition])

    # --- what comes of it -----------------------------------------------------------------------

    def _answered(self, pending: Pending, error: str, base_offset: int) -> None:
        line = self.lines[pending.partition]
        if not error:
            self._acknowledge(pending, base_offset)
        elif error == errors.BAD_REQUEST:
            self._give_up(pending, error, definite=True)
        elif error == errors.FENCED_PRODUCER or (error == errors.OUT_OF_ORDER and self.numbered and pending.alone):
            self._give_up(pending, error, definite=False)
        elif error != errors.OUT_OF_ORDER or not line.came_too_early(pending):
            self._metadata.ask()  # who refuses may have been replaced, whatever it says
            line.put_off(pending)

            def again() -> None:
                line.resume(pending)
                self.dispatch(line)

            self._service.after(self._backoff_us, again)

    def _acknowledge(self, pending: Pending, base_offset: int) -> None:
        self.lines[pending.partition].settle(pending)
        while self._by_age and self._by_age[0].settled:
            self._by_age.popleft()
        self._settled(pending, base_offset, "", True)

    def _give_up(self, pending: Pending, error: str, *, definite: bool) -> None:
        self.lines[pending.partition].settle(pending, gap=True)
        self._settled(pending, -1, error, definite)

    def _lingered(self, pending: Pending) -> None:
        pending.ready = True
        if not pending.settled:
            self.dispatch(self.lines[pending.partition])

    def _expire(self) -> None:
        """Give up what is too old, and come back when the next one may be."""
        clock = self._service.clock
        limit_us = self._settings.delivery_timeout_ms * 1000
        touched: dict[TopicPartition, Line] = {}
        while self._by_age:
            oldest = self._by_age[0]
            left_us = oldest.made_us + limit_us - clock.monotonic_us
            if oldest.settled:
                self._by_age.popleft()
            elif left_us > 0:
                break
            else:
                self._by_age.popleft()
                self._give_up(oldest, EXPIRED, definite=oldest.unsent)
                touched[oldest.partition] = self.lines[oldest.partition]
        self._expiring = bool(self._by_age)
        if self._by_age:
            self._service.after(left_us, self._expire)
        for line in touched.values():  # not before: what would be sent may be just as old
            self.dispatch(line)

    # --- who it is --------------------------------------------------------------------------------

    async def _enroll(self) -> None:
        """Get a number of its own, from any broker."""
        timeout_us = self._settings.request_timeout_ms * 1000
        while self._brokers and not self.closed:
            for broker in self._brokers:
                try:
                    given: ProducerId = await self._service.call(broker, InitProducerId(), timeout_us=timeout_us)
                except CallError:
                    continue
                self.producer_id = given.id
                self.dispatch_all()
                return
            await self._service.sleep(self._backoff_us)

    @property
    def _backoff_us(self) -> int:
        return self._settings.retry_backoff_ms * 1000
