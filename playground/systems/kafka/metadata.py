"""A client's view of the cluster: who leads which partition, as far as any broker has told it.

Rules. Any broker may be asked, and each question goes to the next one in turn: one that is cut off from the controller
has an old image, and the client must not stay with it. Of all images heard the newest is kept (``Image.age``), in
whatever order they come. One question is under way at a time, whoever waits for it; between two there is a pause.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from playground.kernel.errors import CallError
from playground.kernel.service import Service
from playground.systems.kafka.image import NO_IMAGE, Image
from playground.systems.kafka.messages import AskMetadata
from playground.systems.kafka.records import TopicPartition

TIMEOUT_US = 500_000
"""A broker that is silent for so long is not waited for; the next one is asked."""
BACKOFF_US = 100_000
"""Pause between two questions."""


class Metadata:
    """Asks ``brokers`` through ``service`` when told to, and keeps the newest image."""

    def __init__(
        self,
        service: Service,
        brokers: tuple[str, ...],
        *,
        timeout_us: int = TIMEOUT_US,
        backoff_us: int = BACKOFF_US,
    ) -> None:
        self.image: Image = NO_IMAGE
        self.heard_us: int | None = None
        """When a broker last answered, by the machine's monotonic clock. None: none ever did."""
        self._service = service
        self._brokers = brokers
        self._timeout_us = timeout_us
        self._backoff_us = backoff_us
        self._turn = int(service.random("metadata").random() * len(brokers))
        self._asking = False
        self._waiting: list[trio.Event] = []
        self._told: list[Callable[[], object]] = []
        self._ended_us: int | None = None

    # --- what is known --------------------------------------------------------------------

    def leader(self, partition: TopicPartition) -> tuple[str, int] | None:
        """Who leads it and in which leader epoch; None if nobody does or it is not known."""
        state = self.image.state(partition)
        return (state.leader, state.leader_epoch) if state is not None and state.leader else None

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0: no such topic is known."""
        return len(self.image.topics.get(topic, ()))

    def on_news(self, act: Callable[[], object]) -> None:
        """Call ``act()`` whenever a newer image has come."""
        self._told.append(act)

    def learn(self, image: Image) -> bool:
        """Take an image from wherever it came. Returns whether it was newer."""
        if image.age <= self.image.age:
            return False
        self.image = image
        for act in self._told:
            act()
        return True

    # --- asking ---------------------------------------------------------------------------

    def ask(self) -> None:
        """Have it looked up, unless that is under way already; :meth:`on_news` tells what comes of it."""
        if not self._asking:
            self._asking = True
            self._service.spawn(self._ask)

    async def refresh(self) -> bool:
        """Ask, or wait for the question that is under way. False: every broker was asked in vain."""
        before_us = self.heard_us
        self.ask()
        answered = trio.Event()
        self._waiting.append(answered)
        await answered.wait()
        return self.heard_us != before_us

    async def wait(self) -> None:
        """Until there is an image at all."""
        while self.image is NO_IMAGE:
            await self.refresh()

    async def _ask(self) -> None:
        """Each broker once, until one answers; not before the pause since the last question is over."""
        service, clock = self._service, self._service.clock
        try:
            if self._ended_us is not None:
                left_us = self._ended_us + self._backoff_us - clock.monotonic_us
                if left_us > 0:
                    await service.sleep(left_us)
            for _ in self._brokers:
                broker = self._brokers[self._turn]
                self._turn = (self._turn + 1) % len(self._brokers)
                try:
                    image = await service.call(broker, AskMetadata(), timeout_us=self._timeout_us)
                except CallError:
                    continue
                self.heard_us = clock.monotonic_us
                self.learn(image)
                break
        finally:
            self._asking = False
            self._ended_us = clock.monotonic_us
            waiting, self._waiting = self._waiting, []
            for answered in waiting:
                answered.set()
