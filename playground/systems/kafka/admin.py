"""The operator's client: what changes topics while they are used."""

from __future__ import annotations

from playground.kernel.service import Service


class Admin:
    """Calls ``brokers`` through ``service``. An act fails after ``timeout_us`` at the latest."""

    def __init__(self, service: Service, brokers: tuple[str, ...], *, timeout_us: int = 10_000_000) -> None:
        raise NotImplementedError

    async def create_partitions(self, topic: str, count: int) -> None:
        """Have ``count`` partitions of ``topic`` in all. Keys may fall into other partitions from then on.

        Raises Rejected: definite if it was refused, not definite if it may have been done.
        """
        raise NotImplementedError
