"""A master's part in the feed: from when it serves until it leads no more, it publishes the log of its shard.

The rules:

* It asks first how far its predecessors came (:mod:`.positions`) and goes on from there.
* It reads the log only while it serves: while its lease says that nobody else leads. So what it reads is committed.
* When it leads no more, what waits is dropped. What is on its way may still arrive, after the messages of its
  successor; that does no harm, as each has its position.
* Without synchronous copies its predecessor may have published what was then cut off, and nobody can tell from the
  log what that was. So it begins with a snapshot, which overrides that.
* What is safe in the feed it writes down now and then. If a change could not be delivered, it goes on from there.
* It never keeps the database waiting, and nothing but a window of changes in memory.
"""

from __future__ import annotations

from playground.kernel.errors import CallError
from playground.kernel.service import Service
from playground.systems.feed import positions
from playground.systems.feed.delivery import Delivery
from playground.systems.feed.stream import Stream
from playground.systems.kafka.client import KafkaSettings, Reader
from playground.systems.shards.client import START, Leading, Position, Replica

TELL_US = 2_000_000
"""How often a position is written down while there is progress: each costs Kafka as much as a change does."""
RETRY_US = 1_000_000
"""Pause after Kafka could not be read, or would not take a change."""


class Publishing:
    """What ``leading``, the term of a master on this node, does for the feed, until :meth:`end`."""

    def __init__(self, service: Service, settings: KafkaSettings, replica: Replica, leading: Leading) -> None:
        self.shard = replica.shard
        self.leading = leading
        self.over = False
        self.acknowledged: Position | None = None
        """All up to here is safe in the feed, as far as this node knows. None: it knows of nothing."""
        self.delivered = 0
        """Changes that were acknowledged in this term."""
        self._service = service
        self._settings = settings
        self._replica = replica
        self._log = replica.log
        self._stream: Stream | None = None
        self._delivery: Delivery | None = None
        self._lives = 0
        self._resume_at_us = 0
        self._told: Position | None = None
        self._telling = False
        self._tell_at_us = 0
        service.spawn(self._find)

    # --- for pictures ---------------------------------------------------------------------

    @property
    def state(self) -> str:
        """In one word: asking (where to go on from), snapshot, publishing, waiting (for Kafka or the lease), over."""
        if self.over:
            return "over"
        if self._stream is None:
            return "asking"
        if self._delivery is None or not self.leading.serving:
            return "waiting"
        return "snapshot" if self.keys_left else "publishing"

    @property
    def published(self) -> Position | None:
        """All up to here was given to the producer. None: not even the whole snapshot was."""
        return self._stream.position if self._stream is not None else None

    @property
    def in_flight(self) -> int:
        """Changes that were given to the producer and are not known to be safe."""
        return self._delivery.in_flight if self._delivery is not None else 0

    @property
    def keys_left(self) -> int:
        """How many keys of a snapshot are still to be given to the producer."""
        return self._stream.keys_left if self._stream is not None else 0

    @property
    def lag(self) -> int:
        """How many committed records of the log, of any kind, are not known to be safe in the feed."""
        return self._log.commit - (self.acknowledged.seq if self.acknowledged is not None else 0)

    # --- where to begin -------------------------------------------------------------------

    async def _find(self) -> None:
        """Ask where the predecessors came to, as long as it takes."""
        service, reader = self._service, Reader(self._service, self._settings.broker_names)
        while not self.over:
            try:
                read = await reader.read_all(positions.TOPIC)
            except CallError:
                await service.sleep(RETRY_US)
            else:
                self._begin(positions.newest((record for _, _, record in read), self.shard))
                return

    def _begin(self, found: Position | None) -> None:
        unsure = self._replica.settings.mode == "async" and self.leading.epoch > 1
        position = None if unsure else found or START
        if self.over:
            return
        if position is not None and self._log.holds(position):
            self.acknowledged = self._told = position
            begin = "its beginning" if position == START else str(position)
            self._note(f"{self._service.name} publishes {self.shard} from {begin} on", position)
        self._follow(position)

    def _follow(self, position: Position | None) -> None:
        self._stream = Stream(self.shard, self._log, position, self._note_snapshot)

    # --- publishing -----------------------------------------------------------------------

    def poll(self) -> bool:
        """Publish what is new. Returns whether anything was."""
        if self._stream is None or not self.leading.serving:
            return False
        delivery = self._delivery
        if delivery is None:
            if self._service.clock.monotonic_us < self._resume_at_us:
                return False
            delivery = self._open()
        changes = self._stream.take(delivery.room)
        for change in changes:
            delivery.give(change)
        if not delivery.closed:
            if not delivery.in_flight and self._stream.position is not None:
                self.acknowledged = self._stream.position  # what followed the last change was no write, or was undone
            self._tell(delivery)
        return bool(changes)

    def end(self) -> None:
        """The node does not lead any more: what waits is dropped."""
        self.over = True
        if self._delivery is not None:
            self._delivery.close()
            self._delivery = None

    def _open(self) -> Delivery:
        """Begin another producer's life."""
        service = self._service
        if self._lives:
            self._follow(self.acknowledged)
        self._lives += 1
        self._telling = False
        name = f"{service.name}#{service.process.node.boots}.{self.shard}.{self.leading.epoch}.{self._lives}"
        self._delivery = delivery = Delivery(service, self._settings, name, self._reach, self._fail)
        return delivery

    def _reach(self, position: Position | None) -> None:
        self.delivered += 1
        if position is not None:
            self.acknowledged = position

    def _fail(self, error: str) -> None:
        self._delivery = None
        self._resume_at_us = self._service.clock.monotonic_us + RETRY_US
        came = f"from {self.acknowledged} on" if self.acknowledged is not None else "from a snapshot on"
        text = f"{self._service.name} could not publish a change of {self.shard} ({error}): it goes on {came}"
        self._note(text, self.acknowledged)

    def _tell(self, delivery: Delivery) -> None:
        """Write down where this node stands, if that is news."""
        now_us, position = self._service.clock.monotonic_us, self.acknowledged
        if position is None or position == self._told or self._telling or now_us < self._tell_at_us:
            return

        def told(done: bool) -> None:
            if delivery is self._delivery:
                self._telling = False
                self._told = position if done else self._told

        self._telling, self._tell_at_us = True, now_us + TELL_US
        delivery.tell(self.shard, position, told)

    # --- notes ----------------------------------------------------------------------------

    def _note_snapshot(self, keys: int) -> None:
        text = f"{self._service.name} publishes a snapshot of {self.shard}: {keys} key{'' if keys == 1 else 's'}"
        self._note(text, self._log.position(self._log.commit))

    def _note(self, text: str, position: Position | None) -> None:
        at = {"position": str(position)} if position is not None else {}
        self._service.note("feed", text, group=self.shard, term=self.leading.epoch, **at)
