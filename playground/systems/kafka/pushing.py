"""How the controller's image gets to the brokers: at once, to each of them, again until it is taken.

An image holds everything, so the newest replaces all before it. A broker goes by ``age`` and takes no older one,
whatever comes late or twice. Nothing is sent to who has the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.kernel.errors import CallError
from playground.systems.kafka.image import Broker, Image
from playground.systems.kafka.messages import Updated, UpdateMetadata

if TYPE_CHECKING:
    from playground.kernel.service import Service

TIMEOUT_US = 500_000
"""For a broker to answer, before it is told again."""
PAUSE_US = 100_000
"""After a broker has refused: it is booting."""


class Pusher:
    """Sends images. ``on_higher(epoch)``: a broker knows of a controller in a higher epoch."""

    def __init__(self, service: Service, on_higher: Callable[[int], object]) -> None:
        self._service = service
        self._on_higher = on_higher
        self._image: Image | None = None
        self._taken: dict[Broker, tuple[int, int]] = {}
        """Life of a broker -> age of the newest image that it is known to have."""

    @property
    def lagging(self) -> tuple[str, ...]:
        """Who has not said yet that it has the newest image."""
        image = self._image
        return tuple(each.name for each in image.brokers if self._is_owed(each, image)) if image is not None else ()

    def push(self, image: Image) -> None:
        """Have every broker in it take this image."""
        self._image = image
        self._taken = {broker: age for broker, age in self._taken.items() if broker in image.brokers}
        for broker in image.brokers:
            self._service.spawn(self._deliver, broker, image)

    def stop(self) -> None:
        """This is not the controller any more."""
        self._image = None

    def _is_owed(self, broker: Broker, image: Image) -> bool:
        return image is self._image and self._taken.get(broker, (0, 0)) < image.age

    async def _deliver(self, broker: Broker, image: Image) -> None:
        while self._is_owed(broker, image):
            try:
                answer = await self._service.call(broker.name, UpdateMetadata(image), timeout_us=TIMEOUT_US)
            except CallError as error:
                if error.definite:
                    await self._service.sleep(PAUSE_US)
                continue
            assert isinstance(answer, Updated)
            if answer.age[0] > image.controller_epoch:
                if image is self._image:
                    self._on_higher(answer.age[0])
                return
            if self._image is not None:
                self._taken[broker] = max(answer.age, self._taken.get(broker, (0, 0)))
            if answer.age < image.age:  # it has not taken it: it cannot yet
                await self._service.sleep(PAUSE_US)
