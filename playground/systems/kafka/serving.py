"""What a broker answers to fetches, of followers and of consumers.

A follower sees all there is, and says by its fetch what it has; a consumer sees what is committed. When there is
nothing new for any of the partitions that it asks for, and nothing wrong, the fetch waits (long poll): that of a
follower for something to be appended, that of a consumer for something to be committed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playground.kernel.calls import Answer
from playground.systems.kafka import errors
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.messages import Fetch, Fetched, FetchedOf, FetchFrom
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.waiting import Delayed, Purgatory

if TYPE_CHECKING:
    from playground.systems.kafka.service import BrokerService

MAX_WAIT_MS = 60_000
"""Nobody is let wait for longer, whatever he asks for."""


class Fetches:
    """The fetches that this broker is asked for."""

    def __init__(self, service: BrokerService) -> None:
        self._service = service
        self._followers = Purgatory(service)
        self._consumers = Purgatory(service)
        self._waits: dict[str, Delayed] = {}
        """The fetch of each follower that waits: its next one takes the place."""

    @property
    def waiting(self) -> int:
        """Fetches that wait, counted once for each partition."""
        return len(self._followers) + len(self._consumers)

    def on_appended(self, partition: TopicPartition) -> None:
        """There is more in the log of a partition."""
        self._followers.wake(partition)

    def on_committed(self, partition: TopicPartition) -> None:
        """The high watermark of a partition has risen."""
        self._consumers.wake(partition)

    def on_ceased(self, partition: TopicPartition) -> None:
        """The partition is not led here any more."""
        self._followers.wake(partition)
        self._consumers.wake(partition)

    def on_fetch(self, source: str, fetch: Fetch) -> Fetched | None:
        """Answer now, or later: then None."""
        if fetch.replica is not None:
            self._take_the_place(source)
        found = self._checked(fetch)
        found += self._found(fetch, frozenset(each.partition for each in found))
        if found or not fetch.partitions:
            return Fetched(tuple(found))
        answer = self._service.answer_later()
        purgatory = self._consumers if fetch.replica is None else self._followers
        delayed = purgatory.park(
            (each.partition for each in fetch.partitions),
            partial(self._try, fetch, answer),
            partial(self._expire, fetch, answer),
            max(0, min(fetch.wait_ms, MAX_WAIT_MS)) * 1_000,
        )
        if fetch.replica is not None:
            self._waits[source] = delayed
        return None

    def _take_the_place(self, source: str) -> None:
        waits = self._waits.pop(source, None)
        if waits is not None:
            waits.expire()

    def _checked(self, fetch: Fetch) -> list[FetchedOf]:
        """Followers: what is wrong with what they have. What is right counts from now on."""
        found: list[FetchedOf] = []
        member = fetch.replica
        if member is not None:
            for wanted in fetch.partitions:
                leading = self._leading(wanted)
                if isinstance(leading, Leading):
                    wrong = leading.fetched(member, fetch.incarnation, wanted)
                    if wrong is not None:
                        found.append(wrong)
        return found

    def _found(self, fetch: Fetch, but: frozenset[TopicPartition] = frozenset()) -> list[FetchedOf]:
        """What there is to read, or is wrong with who leads, in all partitions but these."""
        found: list[FetchedOf] = []
        for wanted in fetch.partitions:
            if wanted.partition in but:
                continue
            leading = self._leading(wanted)
            if not isinstance(leading, Leading):
                found.append(FetchedOf(wanted.partition, leading))
                continue
            log = leading.log
            until = log.end_offset
            if fetch.replica is None:
                if not log.start_offset <= wanted.offset <= until:
                    found.append(leading.refused(errors.OUT_OF_RANGE))
                    continue
                until = log.high_watermark
            if wanted.offset < until:
                batches = log.read(wanted.offset, fetch.max_bytes, until)
                if batches:
                    found.append(leading.told(batches))
                    self._service.work += sum(len(batch.records) for batch in batches)
        return found

    def _leading(self, wanted: FetchFrom) -> Leading | str:
        """Who leads the partition here in the epoch that the reader believes in; else the code of what is wrong."""
        leading = self._service.leads(wanted.partition)
        if leading is None:
            known = self._service.image.state(wanted.partition) is not None
            return errors.NOT_LEADER if known else errors.UNKNOWN_TOPIC
        if wanted.leader_epoch < 0 or wanted.leader_epoch == leading.epoch:
            return leading
        return errors.FENCED_LEADER_EPOCH if wanted.leader_epoch < leading.epoch else errors.UNKNOWN_LEADER_EPOCH

    def _try(self, fetch: Fetch, answer: Answer) -> bool:
        found = self._found(fetch)
        if found:
            self._note_wait(fetch)
            answer.reply(Fetched(tuple(found)))
        return bool(found)

    def _expire(self, fetch: Fetch, answer: Answer) -> None:
        """The wait is over. A follower learns of the high watermarks all the same."""
        found: list[FetchedOf] = []
        if fetch.replica is not None:
            self._note_wait(fetch)
            led = (self._leading(wanted) for wanted in fetch.partitions)
            found = [leading.told() for leading in led if isinstance(leading, Leading)]
        answer.reply(Fetched(tuple(found)))

    def _note_wait(self, fetch: Fetch) -> None:
        if fetch.replica is not None:
            for wanted in fetch.partitions:
                leading = self._leading(wanted)
                if isinstance(leading, Leading):
                    leading.waited(fetch.replica.name)
