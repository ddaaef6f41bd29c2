"""One controller, in its epoch: a loop that makes one decision after the other.

It reads all that stands in ZooKeeper, and then, whenever something has happened:

* it elects (:mod:`.electing`) where a broker has come, gone, or restarted;
* it makes the topics that are missing, as soon as enough brokers are there;
* it gives leadership back to preferred replicas that have been in sync for a while;
* it answers leaders that ask for another in-sync set, and the operator who asks for more partitions.

What it decides is written first, in one transaction, then sent to the brokers as an image. If a write's outcome
is unknown all is read again before the next decision; who waits for an answer goes on waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import trio

from playground.kernel.errors import Rejected
from playground.systems.kafka import electing
from playground.systems.kafka.asking import Asked, Request, Requests
from playground.systems.kafka.errors import BAD_REQUEST, UNAVAILABLE, UNKNOWN_TOPIC
from playground.systems.kafka.image import Broker, Image, PartitionState
from playground.systems.kafka.messages import Altered, AlterPartition, CreatePartitions
from playground.systems.kafka.placing import first_state, place
from playground.systems.kafka.pushing import Pusher
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings
from playground.systems.kafka.stored import Fenced, Stored, Topics
from playground.systems.kafka.telling import elections
from playground.systems.zookeeper.client import BadVersion, NodeExists, NoNode, ZooKeeper

if TYPE_CHECKING:
    from playground.kernel.service import Service
    from playground.kernel.timers import Timer

GATHER_US = 3_000_000
"""How long a new cluster's controller waits for all brokers before it places topics on those that are there."""
PREFER_US = 5_000_000
"""How long a preferred replica must have been in sync to be given its partition back."""
MAX_PARTITIONS = 64
"""Of a topic."""
_AGAIN_US = 100_000
"""After a write that was refused because something is not as it was read."""


class Term:
    """``on_higher(epoch)``: a broker knows of a controller in a higher epoch."""

    def __init__(
        self, service: Service, settings: KafkaSettings, zk: ZooKeeper, epoch: int, on_higher: Callable[[int], object]
    ) -> None:
        self.epoch = epoch
        self.stored = Stored(zk, epoch, settings.broker_names, self.wake)
        self.pusher = Pusher(service, on_higher)
        self.image: Image | None = None
        """As it was last sent."""
        self._service = service
        self._settings = settings
        self._changed = trio.Event()
        self._deposed = ""
        self._requests = Requests(self.wake)
        self._known: dict[str, Broker] = {}
        """The brokers, as of the last election."""
        self._told: Topics = {}
        """The partitions, as of the last line in the journal."""
        self._gathered_us = service.clock.monotonic_us + GATHER_US
        self._preferring_us: dict[TopicPartition, int] = {}
        """Partition whose preferred replica is in sync and does not lead -> since when."""
        self._timer: Timer | None = None

    def wake(self) -> None:
        """Something has happened."""
        self._changed.set()

    def depose(self, why: str) -> None:
        """Stop deciding."""
        self._deposed = why
        self.wake()

    def end(self) -> None:
        """It is the controller no more."""
        self.pusher.stop()
        if self._timer is not None:
            self._timer.cancel()
        self._requests.end()

    async def alter(self, source: str, request: AlterPartition) -> Altered:
        """See `Controller.alter`."""
        return Altered(await self._requests.ask(source, request))

    async def create(self, source: str, request: CreatePartitions) -> None:
        """See `Controller.create`."""
        await self._requests.ask(source, request)

    # --- the loop ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Decide while this is the controller. Raises Fenced, SessionExpired; ConnectionLoss: run it again."""
        while True:
            await self.stored.read()
            if self._told:
                self._publish()  # what a write has done whose answer was lost: the next decision rests on it
            self._told = self._told or self.stored.topics
            try:
                while True:
                    self._changed = trio.Event()
                    await self._step()
                    await self._changed.wait()
            except (BadVersion, NodeExists, NoNode):
                await self._service.sleep(_AGAIN_US)

    async def _step(self) -> None:
        """Decide all that is to be decided now."""
        began_us = self._service.clock.monotonic_us
        if self._deposed:
            raise Fenced(self._deposed)
        if self.stored.outdated:
            await self.stored.read_brokers()
        await self._elect()
        await self._make_topics()
        await self._serve()
        await self._prefer()
        self._set_timer(began_us)

    async def _elect(self) -> None:
        brokers = self.stored.brokers
        restarted = [name for name, broker in self._known.items() if brokers.get(name, broker) != broker]
        changes = {}
        for topic, states in self.stored.topics.items():
            for number, state in enumerate(states):
                new = electing.elect(
                    state,
                    brokers,
                    min_insync=self._min_insync(topic),
                    unclean=self._settings.unclean_election,
                    restarted=restarted,
                )
                if new is not None:
                    changes[TopicPartition(topic, number)] = new
        await self._write(changes)
        self._known = dict(brokers)
        self._publish()

    async def _prefer(self) -> None:
        now_us = self._service.clock.monotonic_us
        since_us, changes = {}, {}
        for topic, states in self.stored.topics.items():
            for number, state in enumerate(states):
                partition, new = TopicPartition(topic, number), electing.prefer(state, self.stored.brokers)
                if new is not None:
                    since_us[partition] = self._preferring_us.get(partition, now_us)
                    if now_us - since_us[partition] >= PREFER_US:
                        changes[partition] = new
        self._preferring_us = since_us
        await self._write(changes)

    async def _make_topics(self) -> None:
        brokers = self.stored.brokers
        everybody = len(brokers) == self._settings.brokers
        if not everybody and self._service.clock.monotonic_us < self._gathered_us:
            return
        for topic in self._missing():
            settings = self._settings.all_topics[topic]
            if settings.replication <= len(brokers):
                made = self._placed(topic, settings.replication, settings.partitions)
                await self._write(made, {topic: settings.replication})

    def _missing(self) -> list[str]:
        return [topic for topic in self._settings.all_topics if topic not in self.stored.topics]

    async def _write(
        self, states: Mapping[TopicPartition, PartitionState], topics: Mapping[str, int] | None = None
    ) -> None:
        if states:
            await self.stored.write(states, topics or {})
            self._publish()

    def _placed(self, topic: str, replication: int, count: int) -> dict[TopicPartition, PartitionState]:
        """``count`` more partitions of a topic."""
        stored = self.stored
        leads = {name: [state.replicas[0] for state in states] for name, states in stored.topics.items()}
        of_topic = leads.get(topic, [])
        of_all = [leader for leaders in leads.values() for leader in leaders]
        placed = place(tuple(stored.brokers), replication, count, of_topic, of_all)
        return {
            TopicPartition(topic, number): first_state(replicas, stored.brokers)
            for number, replicas in enumerate(placed, start=len(of_topic))
        }

    def _min_insync(self, topic: str) -> int:
        settings = self._settings.topic(topic)
        return settings.min_insync if settings is not None else 1

    # --- requests -----------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Answer what was asked. Sets of different partitions are written together."""
        changes: dict[TopicPartition, PartitionState] = {}
        doing: list[Asked] = []
        for asked in self._requests.waiting():
            try:
                changed = self._judge(asked.request)
            except Rejected as error:
                self._requests.refuse(asked, error)
                continue
            if any(partition in changes for partition in changed):
                self.wake()  # one after the other
            else:
                changes.update(changed)
                doing.append(asked)
        await self._write(changes)
        for asked in doing:
            self._requests.answer(asked, self._version(asked.request))

    def _judge(self, request: Request) -> dict[TopicPartition, PartitionState]:
        """What is to be written. Raises Rejected."""
        if isinstance(request, CreatePartitions):
            return self._judge_creation(request)
        state = self.stored.state(request.partition)
        if state is None:
            raise Rejected(UNKNOWN_TOPIC, f"there is no {request.partition}")
        min_insync = self._min_insync(request.partition.topic)
        altered = electing.alter(state, request, self.stored.brokers, min_insync=min_insync)
        # Who asks for what it knows to be so wants another version: none of its older requests can be granted then.
        missed_the_answer = altered == state and request.version < state.version
        return {} if missed_the_answer else {request.partition: altered}

    def _judge_creation(self, request: CreatePartitions) -> dict[TopicPartition, PartitionState]:
        topic, count = request.topic, request.count
        if self._settings.topic(topic) is None or topic in INTERNAL:
            names = ", ".join(each.name for each in self._settings.topics)
            raise Rejected(BAD_REQUEST, f"there is no topic {topic}, only {names}")
        now = len(self.stored.topics.get(topic, ()))
        if not now:
            raise Rejected(UNAVAILABLE, f"{topic} is not there yet: too few brokers are")
        if count < now:
            raise Rejected(BAD_REQUEST, f"{topic} has {now} partitions, and none can be taken away")
        if count > MAX_PARTITIONS:
            raise Rejected(BAD_REQUEST, f"{topic} can have {MAX_PARTITIONS} partitions at most")
        copies, there = self.stored.replication[topic], len(self.stored.brokers)
        if count > now and copies > there:
            raise Rejected(UNAVAILABLE, f"only {there} brokers are there, and each partition has {copies} copies")
        return self._placed(topic, copies, count - now) if count > now else {}

    def _version(self, request: Request) -> int:
        state = self.stored.state(request.partition) if isinstance(request, AlterPartition) else None
        return state.version if state is not None else -1

    # --- what others learn --------------------------------------------------------------------------

    def _publish(self) -> None:
        """Tell the brokers, and the journal, if something is new."""
        brokers, topics, name = tuple(self.stored.brokers.values()), self.stored.topics, self._service.name
        image = self.image
        if image is not None and image.brokers == brokers and image.topics == topics:
            return
        self.image = Image(name, self.epoch, image.version + 1 if image is not None else 1, brokers, topics)
        self.pusher.push(self.image)
        for line in elections(self._told, topics, self.stored.brokers):
            partitions = tuple(map(str, line.partitions))
            text = line.text if line.kind == "unclean" else f"{name} as controller: {line.text}"
            self._service.note(line.kind, text, partitions=partitions, term=self.epoch)
        self._told = topics

    def _set_timer(self, began_us: int) -> None:
        """Wake up when something falls due that nobody tells of; it may have done so while this step wrote."""
        due_us = [since_us + PREFER_US for since_us in self._preferring_us.values()]
        if self._missing():
            due_us.append(self._gathered_us)
        now_us = self._service.clock.monotonic_us
        if self._timer is not None:
            self._timer.cancel()
        later_us = [max(at_us - now_us, 0) for at_us in due_us if at_us > began_us]
        self._timer = self._service.after(min(later_us), self.wake) if later_us else None
