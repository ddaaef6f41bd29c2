"""A producer's life, and how far what it was given is safe.

The rules:

* What it is given goes out in the order of positions, numbered (an idempotent producer) and with acks=all, whatever
  other producers are set to: so each partition gets the changes of a key in order, or the first of them.
* It does not give up while Kafka is away. (Kafka Connect sets its producers so, too.)
* A change is safe when its acknowledgement has come, and a position is reached when all changes up to it are.
* When one change is refused for good, the life is over: nothing that was given later may go out before it.
* So many are on their way at a time and no more. What waits beyond them waits in the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from playground.kernel.service import Service
from playground.systems.feed import positions
from playground.systems.feed.stream import Next
from playground.systems.kafka.client import KafkaSettings, Producer, Sent
from playground.systems.shards.client import Position

WINDOW = 500
"""Changes that are on their way at a time."""
PATIENCE_MS = 2**31 - 1
"""How long a change may take to be acknowledged: for ever (a timer of 24 days)."""


@dataclass(slots=True)
class _Slot:
    reached: Position | None
    safe: bool = False


class Delivery:
    """``name``: of the producer; nobody else ever has it.

    ``reached(position)`` is called for each change that is safe, with all before it (`Next.reached`); ``fail(error)``,
    once, when one could not be delivered.
    """

    def __init__(
        self,
        service: Service,
        settings: KafkaSettings,
        name: str,
        reached: Callable[[Position | None], object],
        fail: Callable[[str], object],
    ) -> None:
        self.closed = False
        self._reached = reached
        self._fail = fail
        self._topic = settings.topics[0].name
        self._limit = min(WINDOW, settings.producer.buffer_messages)
        self._window: deque[_Slot] = deque()
        safely = {"acks": "all", "idempotent": True, "delivery_timeout_ms": PATIENCE_MS}
        patient = settings.producer.model_copy(update=safely)
        self._producer = Producer(service, patient, settings.broker_names, name=name)
        self._producer.start()

    @property
    def in_flight(self) -> int:
        """Changes that were given and not acknowledged, or that wait for an earlier one that was not."""
        return len(self._window)

    @property
    def room(self) -> int:
        """How many more may be given now."""
        return 0 if self.closed else self._limit - len(self._window)

    def give(self, change: Next) -> None:
        """Publish it, after all that was given before."""
        if not self.closed:
            slot = _Slot(change.reached)
            self._window.append(slot)
            self._producer.send(self._topic, change.change.key, str(change.change), partial(self._sent, slot))

    def tell(self, shard: str, position: Position, told: Callable[[bool], object]) -> None:
        """Write down that ``shard`` is published up to ``position``; ``told(done)``: whether that is safe."""
        if self.closed:
            told(False)
        else:
            text = positions.spelled(position)
            self._producer.send(positions.TOPIC, shard, text, lambda sent: told(not sent.error))

    def close(self) -> None:
        """What waits is dropped. What is on its way may still arrive."""
        self.closed = True
        self._producer.close()

    def _sent(self, slot: _Slot, sent: Sent) -> None:
        if self.closed:
            return
        if sent.error:
            self.close()
            self._fail(sent.error)
            return
        slot.safe = True
        while self._window and self._window[0].safe:
            self._reached(self._window.popleft().reached)
