"""The operator's client: what changes topics while they are used."""

from __future__ import annotations

from playground.kernel.errors import CallError, Rejected
from playground.kernel.service import Service
from playground.systems.kafka.errors import BAD_REQUEST, NOT_CONTROLLER, UNAVAILABLE
from playground.systems.kafka.messages import CreatePartitions
from playground.systems.kafka.metadata import Metadata

ATTEMPT_US = 2_000_000
PAUSE_US = 250_000
"""Between two attempts."""


class Admin:
    """Calls ``brokers`` through ``service``. An act fails after ``timeout_us`` at the latest."""

    def __init__(self, service: Service, brokers: tuple[str, ...], *, timeout_us: int = 10_000_000) -> None:
        self._service = service
        self._metadata = Metadata(service, brokers)
        self._timeout_us = timeout_us

    async def create_partitions(self, topic: str, count: int) -> None:
        """Have ``count`` partitions of ``topic`` in all. Keys may fall into other partitions from then on.

        Raises Rejected: definite if it was refused, not definite if it may have been done.
        """
        clock = self._service.clock
        deadline_us = clock.monotonic_us + self._timeout_us
        certain, why = True, "no broker answers"
        while (left_us := deadline_us - clock.monotonic_us) > 0:
            await self._metadata.refresh()
            controller = self._metadata.image.controller
            if controller:
                try:
                    request = CreatePartitions(topic, count)
                    await self._service.call(controller, request, timeout_us=min(left_us, ATTEMPT_US))
                except Rejected as error:
                    if error.code == BAD_REQUEST and not certain and await self._has(topic, count):
                        return  # an earlier attempt has done it
                    if error.code not in (NOT_CONTROLLER, UNAVAILABLE):
                        raise Rejected(error.code, error.text, definite=certain and error.definite) from error
                    certain = certain and error.definite
                    why = f"{controller} refuses ({error})"
                except CallError as error:
                    certain = certain and error.definite
                    why = f"{controller} does not answer"
                else:
                    return
            await self._service.sleep(PAUSE_US)
        outcome = "were not created" if certain else "may have been created, or may still be"
        text = f"the partitions of {topic} {outcome}: after {self._timeout_us / 1e6:g} s {why}"
        raise Rejected(UNAVAILABLE, text, definite=certain)

    async def _has(self, topic: str, count: int) -> bool:
        await self._metadata.refresh()
        return self._metadata.partitions(topic) == count
