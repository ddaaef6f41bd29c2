"""What a consumer holds of its partitions: where it stands, and the messages that it keeps ahead.

Rules.

* A consumer pulls. It asks a leader only for partitions of which it has less than ``fetch_messages`` buffered: who is
  slow does not ask, and is not overrun. All partitions of one leader go in one request at a time, which waits there
  until there is something (Kafka's long poll).
* The position is the offset of the message that is handed over next. It moves by handing over, never by fetching; a
  gap that compaction has left is stepped over.
* An answer counts only if it is to the newest question about the partition, in the same holding of it: answers may be
  late, and a partition may have been given up and got back meanwhile.
* A partition without a committed offset, or whose offset is not in the log any more, begins where ``reset`` says. To
  learn what there is, the leader is asked for an offset that is in no log: it refuses, and tells where its log begins
  and ends (Kafka's ListOffsets).
* An offset behind the end of the log (:mod:`.confirming`) may be a leader's mistake, which has been replaced and does
  not know it yet. Most brokers have to agree that it leads before the offset is given up.
* A partition that is refused, or has no leader, rests until a newer image has come, at most for a moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from playground.kernel.errors import CallError
from playground.kernel.service import Service
from playground.systems.kafka.confirming import confirm
from playground.systems.kafka.errors import OUT_OF_RANGE
from playground.systems.kafka.messages import Fetch, Fetched, FetchedOf, FetchFrom
from playground.systems.kafka.metadata import Metadata
from playground.systems.kafka.records import Batch, Record, TopicPartition
from playground.systems.kafka.settings import GroupSettings

NOWHERE = -1
"""An offset that is in no log: the position of a partition for which none is known."""
GRACE_US = 1_000_000
"""How much longer than it may wait there a fetch may take."""
PAUSE_US = 250_000
"""Before what was refused is asked again, unless a newer image has come."""
_GUESS_BYTES = 100
"""What a message takes, as long as none was seen."""


class Polled(NamedTuple):
    """A message that was handed over."""

    partition: TopicPartition
    offset: int
    record: Record


class _Held:
    """One partition, from when the consumer got it until it gives it up."""

    __slots__ = ("buffer", "doubtful", "located", "next_offset", "partition", "question", "resting")

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.located = False
        """Whether the group's committed offset was looked up."""
        self.next_offset = NOWHERE
        """From where to fetch on."""
        self.buffer: deque[tuple[int, Record]] = deque()
        self.question: _Question | None = None
        self.resting = False
        self.doubtful = False
        """Its leader may not be the leader; that is being found out."""

    @property
    def position(self) -> int:
        return self.buffer[0][0] if self.buffer else self.next_offset

    def take(self, batch: Batch) -> None:
        """Buffer what is new in it."""
        for record in batch.records:
            offset = batch.base_offset + record.delta
            if offset >= self.next_offset:
                self.buffer.append((offset, record))
        self.next_offset = max(self.next_offset, batch.next_offset)


class _Question(NamedTuple):
    """A fetch under way. Compared by identity."""

    leader: str
    asked: tuple[_Held, ...]


class Fetcher:
    """The partitions that one consumer reads. ``on_messages()``: there is something to hand over."""

    def __init__(
        self,
        service: Service,
        settings: GroupSettings,
        metadata: Metadata,
        *,
        wait_ms: int,
        on_messages: Callable[[], object],
    ) -> None:
        self.closed = False
        self._service = service
        self._settings = settings
        self._metadata = metadata
        self._wait_ms = wait_ms
        self._on_messages = on_messages
        self._held: dict[TopicPartition, _Held] = {}
        self._busy: dict[str, _Question] = {}
        self._message_bytes = _GUESS_BYTES
        self._retrying = False
        metadata.on_news(self._on_news)

    # --- what is held -------------------------------------------------------------------------

    @property
    def partitions(self) -> tuple[TopicPartition, ...]:
        return tuple(sorted(self._held))

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """``NOWHERE`` for those whose position is not known yet."""
        return {partition: self._held[partition].position for partition in self.partitions}

    @property
    def buffered(self) -> int:
        """Messages fetched and not handed over, of all partitions."""
        return sum(len(held.buffer) for held in self._held.values())

    def position(self, partition: TopicPartition) -> int | None:
        """None: not held, or not known yet."""
        held = self._held.get(partition)
        return held.position if held is not None and held.position != NOWHERE else None

    def hold(self, partition: TopicPartition) -> Callable[[int], bool]:
        """Begin to hold it. Returns how to say from where to read (``NOWHERE``: as ``reset`` says).

        That returns False if it is not held any more, or held anew. Then :meth:`ask`.
        """
        assert partition not in self._held, f"{partition} is held already"
        held = self._held[partition] = _Held(partition)

        def locate(offset: int) -> bool:
            if self._held.get(partition) is not held:
                return False
            held.located = True
            held.next_offset = offset
            return True

        return locate

    def drop(self, partition: TopicPartition) -> None:
        """Hold it no more, and forget what is buffered of it."""
        del self._held[partition]

    def hand_over(self, max_messages: int) -> tuple[Polled, ...]:
        """So many messages at most; the partition that waited longest has its turn first."""
        messages: list[Polled] = []
        for partition, held in list(self._held.items()):
            buffer = held.buffer
            if len(messages) >= max_messages:
                break
            if buffer:
                count = min(len(buffer), max_messages - len(messages))
                messages += [Polled(partition, *buffer.popleft()) for _ in range(count)]
                self._held[partition] = self._held.pop(partition)
        if messages:
            self.ask()
        return tuple(messages)

    # --- asking -------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask every leader that is not being asked for what there is room for."""
        if self.closed:
            return
        limit = self._settings.fetch_messages
        asked: dict[str, list[_Held]] = {}
        for held in self._held.values():
            if not held.located or held.resting or held.doubtful or len(held.buffer) >= limit:
                continue
            known = self._metadata.leader(held.partition)
            if known is None:
                self._rest(held)
            elif known[0] not in self._busy and (held.question is None or held.question.leader != known[0]):
                asked.setdefault(known[0], []).append(held)
        for leader, wanted in asked.items():
            question = self._busy[leader] = _Question(leader, tuple(wanted))
            for held in wanted:
                held.question = question
            self._service.spawn(self._fetch, question)

    async def _fetch(self, question: _Question) -> None:
        room = self._settings.fetch_messages - min(len(held.buffer) for held in question.asked)
        request = Fetch(
            None,
            0,
            self._wait_ms,
            room * self._message_bytes,
            tuple(FetchFrom(held.partition, held.next_offset, self._epoch(held)) for held in question.asked),
        )
        answered: Fetched | None = None
        with suppress(CallError):
            answered = await self._service.call(question.leader, request, timeout_us=self._wait_ms * 1_000 + GRACE_US)
        del self._busy[question.leader]
        current = {held.partition: held for held in question.asked if self._current(held, question)}
        for held in current.values():
            held.question = None
        if answered is None:
            for held in current.values():
                self._rest(held)
        else:
            for found in answered.partitions:
                if found.partition in current:
                    self._take(current[found.partition], found)
        self.ask()

    def _epoch(self, held: _Held) -> int:
        known = self._metadata.leader(held.partition)
        return known[1] if known is not None else -1

    def _current(self, held: _Held, question: _Question) -> bool:
        return held.question is question and self._held.get(held.partition) is held

    def _take(self, held: _Held, found: FetchedOf) -> None:
        if found.error == OUT_OF_RANGE and held.next_offset > found.high_watermark:
            held.doubtful = True
            self._service.spawn(self._doubt, held, found)
        elif found.error == OUT_OF_RANGE:
            self._reset(held, found)
        elif found.error:
            self._rest(held)
        elif held.next_offset != NOWHERE:
            before = len(held.buffer)
            for batch in found.batches:
                # What is more than there is room for is asked for again, when there is.
                if len(held.buffer) >= self._settings.fetch_messages:
                    break
                held.take(batch)
                self._message_bytes = max(batch.size_bytes // max(len(batch.records), 1), 1)
            if len(held.buffer) > before:
                self._on_messages()

    async def _doubt(self, held: _Held, found: FetchedOf) -> None:
        """It is said that the log ends before the position."""
        certain = await confirm(self._service, self._metadata)
        held.doubtful = False
        if self._held.get(held.partition) is held:
            if certain and self._epoch(held) == found.leader_epoch:
                self._reset(held, found)
                self.ask()
            else:
                self._rest(held)

    def _reset(self, held: _Held, found: FetchedOf) -> None:
        """Begin where the settings say; what was fetched before is still handed over."""
        offset = found.start_offset if self._settings.reset == "earliest" else found.high_watermark
        if offset < 0:
            self._rest(held)
            return
        if held.next_offset != NOWHERE:
            group, partition = self._settings.name, held.partition
            text = (
                f"{group}: {self._service.name} cannot read on at {held.next_offset} of {partition}, "
                f"which has {found.start_offset} to {found.high_watermark}: it goes on at {offset}"
            )
            self._service.note("reset", text, group=group, partition=str(partition), offset=offset)
        held.next_offset = offset

    # --- resting ------------------------------------------------------------------------------

    def _rest(self, held: _Held) -> None:
        held.resting = True
        self._metadata.ask()
        if not self._retrying:
            self._retrying = True
            self._service.after(PAUSE_US, self._retry)

    def _on_news(self) -> None:
        for held in self._held.values():
            held.resting = False
        self.ask()

    def _retry(self) -> None:
        self._retrying = False
        self._on_news()
