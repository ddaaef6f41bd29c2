"""The machines pr1 …: they make messages, at the rate that is set, whether or not earlier ones were acknowledged.

Open loop, a Poisson process (as the clients in :mod:`playground.workload`). Topics take turns; keys are drawn from a
Zipf distribution; each value is unique and padded to ``message_bytes``.
"""

from __future__ import annotations

import math
from collections import deque
from functools import partial

from playground.kernel.node import Process
from playground.kernel.randomness import Zipf
from playground.kernel.service import Service
from playground.systems.kafka.producer import Producer, Sent
from playground.systems.kafka.settings import KafkaSettings

REMEMBERED = 1_000
"""Latencies that are kept."""
_FOREVER_S = 1e9
"""Who would wait for so long before the next message makes none: the rate is as good as 0."""


def life(name: str, boots: int) -> str:
    """What a machine's process is called in this life: "pr1", later "pr1#2"."""
    return name if boots == 1 else f"{name}#{boots}"


class ProducerService(Service):
    """One producer machine: makes its share of ``settings.rate``."""

    def __init__(self, process: Process, settings: KafkaSettings, brokers: tuple[str, ...]) -> None:
        super().__init__(process)
        self.settings = settings
        self.producer = Producer(self, settings.producer, brokers, name=life(self.name, process.node.boots))
        self.rate = settings.rate
        """Messages per second of all producers together."""
        self.latencies_us: deque[int] = deque(maxlen=REMEMBERED)
        """From the sending of a message to its acknowledgement, of the last ones."""
        self._chance = self.random("messages")
        self._keys = Zipf(settings.keys, settings.skew)
        self._made = 0
        self._plan = 0
        self._work = 0

    def start(self) -> None:
        self.producer.start()
        self._plan_next()

    @property
    def sent(self) -> int:
        """Messages that it has made in this life."""
        return self.producer.sent

    @property
    def acknowledged(self) -> int:
        """Messages that are safe, as far as it was told."""
        return self.producer.acknowledged

    @property
    def failed(self) -> int:
        """Messages that it has given up."""
        return self.producer.failed.total()

    def take_work(self) -> int:
        work, self._work = self._work, 0
        return work

    def change(self, rate: float) -> None:
        """From now on make so many messages per second, all producers together."""
        self.rate = rate
        self._plan_next()

    def herd(self, messages: int) -> None:
        """Make so many at once."""
        for _ in range(messages):
            self._make()

    def _plan_next(self) -> None:
        # A number per plan: what an older plan (another rate) had set up is void.
        self._plan += 1
        rate = self.rate / max(1, self.settings.producers)
        wait_s = self._chance.expovariate(rate) if rate > 0 else math.inf
        if wait_s < _FOREVER_S:
            self.after(int(wait_s * 1_000_000), partial(self._arrive, self._plan))

    def _arrive(self, plan: int) -> None:
        if plan == self._plan:
            self._make()
            self._plan_next()

    def _make(self) -> None:
        settings = self.settings
        topic = settings.topics[self._made % len(settings.topics)].name
        self._made += 1
        key = f"k{self._keys.draw(self._chance)}" if settings.keys else None
        value = f"{self.producer.name}-{self._made}".ljust(settings.message_bytes, ".")
        self.producer.send(topic, key, value, partial(self._done, self.clock.monotonic_us))

    def _done(self, sent_us: int, sent: Sent) -> None:
        if not sent.error:
            self._work += 1
            self.latencies_us.append(self.clock.monotonic_us - sent_us)
