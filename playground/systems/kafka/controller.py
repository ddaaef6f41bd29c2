"""The controller's place in a broker: every broker stands for it, one at a time holds it.

* A broker that runs says so by an ephemeral znode, with its life and its disk.
* Who makes the ephemeral ``/controller`` raises ``/controller_epoch`` in the same transaction and reigns
  (:mod:`.reign`) until its session is over, or until it finds that it was replaced.
* Everything that it writes is a transaction that first checks the version of ``/controller_epoch``, and everything that
  it sends carries the epoch. So who believes that it is the controller but is not (it was frozen, or cut off) can
  neither write nor be believed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.kernel.errors import Rejected
from playground.systems.kafka.errors import NOT_CONTROLLER, UNAVAILABLE
from playground.systems.kafka.image import Broker
from playground.systems.kafka.messages import Altered, AlterPartition, CreatePartitions
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.zookeeper.client import Task

if TYPE_CHECKING:
    from playground.kernel.service import Service


class Controller:
    """A broker's part in it. ``own()``: how the broker registers; None while it has not recovered.

    The broker's `Keeper` runs :meth:`tasks` in each session and tells when it is over. The images go out by
    `UpdateMetadata` calls to all registered brokers, this one included.
    """

    def __init__(self, service: Service, settings: KafkaSettings, own: Callable[[], Broker | None]) -> None:
        self._service = service
        self._settings = settings
        self._own = own

    @property
    def controlling(self) -> bool:
        """Whether this broker believes to be the controller."""
        return False

    @property
    def epoch(self) -> int:
        """In which it is the controller; 0: it is not."""
        return 0

    def tasks(self) -> tuple[Task, ...]:
        """What is to run in each session: register the broker, stand for the controller's place, reign."""
        return ()

    def on_session_over(self) -> None:
        """The session has expired: somebody else may be the controller by now."""

    async def alter(self, source: str, request: AlterPartition) -> Altered:
        """A leader wants another in-sync set. Returns when it is safe.

        A set without the leader itself is a resignation: one of the set leads then, in the next epoch. A request for
        what is so already is answered with the version that it has.

        Rejected: "not-controller", "fenced-leader-epoch", "invalid-version", "ineligible-replica": this request changes
        nothing. "request-timed-out" (not definite): it may have been done.
        """
        raise Rejected(NOT_CONTROLLER, f"{self._service.name} is not the controller")

    async def create(self, source: str, request: CreatePartitions) -> None:
        """The operator wants more partitions. Returns when it is safe; at once if there are so many already.

        Rejected: "not-controller", "bad-request", "unavailable" (too few brokers are there to hold the copies);
        "request-timed-out" (not definite).
        """
        raise Rejected(NOT_CONTROLLER, f"{self._service.name} is not the controller")

    async def producer_ids(self, count: int) -> range:
        """``count`` numbers that nobody else is given, ever; any broker may ask. Rejected: "unavailable"."""
        raise Rejected(UNAVAILABLE, "the ensemble does not answer")
