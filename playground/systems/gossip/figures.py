"""What scenarios measure of gossip: how fast news spreads (G1), how old knowledge is (G3).

Both look with god's eye, between events, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playground.systems.gossip.service import GossipService

Services = Mapping[str, GossipService]


class Spread:
    """How long the next heartbeat of ``origin`` takes to reach all: a fact that nobody knows yet.

    Call `look` often (every twentieth of a round, say): that is the resolution.
    """

    def __init__(self, services: Services, origin: str) -> None:
        self._services = services
        self._origin = origin
        self._before = services[origin].count(origin)
        self._interval_us = services[origin].settings.interval_us
        self.born_us: int | None = None
        self.done_us: int | None = None
        self.known_by = 0
        """How many nodes know it, its origin included."""

    def look(self, now_us: int) -> bool:
        """See who knows it by now; True once all do."""
        if self.done_us is None:
            self.known_by = sum(service.count(self._origin) > self._before for service in self._services.values())
            if self.known_by and self.born_us is None:
                self.born_us = now_us
            if self.known_by == len(self._services):
                self.done_us = now_us
        return self.done_us is not None

    @property
    def rounds(self) -> float | None:
        """Rounds from its birth until all knew it; None: not yet."""
        if self.born_us is None or self.done_us is None:
            return None
        return (self.done_us - self.born_us) / self._interval_us


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How old one node's knowledge of another (its vitals, its heartbeat) is."""

    observer: str
    subject: str
    age_us: int
    """Since the observer heard it, by the observer's clock."""
    behind: int
    """Heartbeats that the subject has counted meanwhile: how old the vitals themselves are, in rounds."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Over all pairs of running nodes that have heard of each other."""

    pairs: int
    mean_ms: float
    max_ms: float
    mean_behind: float
    max_behind: int


def knowledge(services: Services) -> Iterator[Knowledge]:
    """Every running node's knowledge of every other running node that it has heard of."""
    for observer, service in services.items():
        for subject, other in services.items():
            age_us = service.age_us(subject)
            if subject != observer and age_us is not None and service.process.running and other.process.running:
                yield Knowledge(observer, subject, age_us, max(0, other.count(subject) - service.count(subject)))


def ages(services: Services) -> Ages:
    """Mean and maximum age of the nodes' views of each other's vitals."""
    known = list(knowledge(services))
    if not known:
        return Ages(0, 0.0, 0.0, 0.0, 0)
    return Ages(
        len(known),
        sum(each.age_us for each in known) / len(known) / 1_000,
        max(each.age_us for each in known) / 1_000,
        sum(each.behind for each in known) / len(known),
        max(each.behind for each in known),
    )
