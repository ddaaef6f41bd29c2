"""The controller's place in a broker: every broker stands for it, one at a time holds it.

* A broker that runs says so by an ephemeral znode, with its life and its disk.
* Who makes the ephemeral ``/controller`` raises ``/controller_epoch`` in the same transaction and decides
  (:mod:`.term`) until its session is over, or until it finds that it was replaced.
* Everything that it writes is a transaction that first checks the version of ``/controller_epoch``, and everything that
  it sends carries the epoch. So who believes that it is the controller but is not (it was frozen, or cut off) can
  neither write nor be believed.
* What an earlier life of the same machine has left in ZooKeeper is replaced at once: a machine has one life at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from playground.kernel.errors import Rejected, TimedOut
from playground.systems.kafka.errors import NOT_CONTROLLER, UNAVAILABLE
from playground.systems.kafka.image import Broker
from playground.systems.kafka.keeper import (
    CONTROLLER,
    EPOCH,
    IDS,
    PRODUCER_IDS,
    TOPICS,
    broker_path,
    read_controller,
    read_number,
    spelled_broker,
    spelled_controller,
)
from playground.systems.kafka.messages import Altered, AlterPartition, CreatePartitions
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.kafka.stored import Fenced
from playground.systems.kafka.term import Term
from playground.systems.zookeeper.client import BadVersion, KeeperError, NodeExists, NoNode, Op, Task, ensure, look

if TYPE_CHECKING:
    from playground.kernel.service import Service
    from playground.systems.zookeeper.client import ZooKeeper

GROUP = "controller"
"""The ``group`` of the notes "elected" and "deposed"."""
_IDS_US = 1_000_000
"""How long a request for producer ids may take."""
_POLL_US = 50_000
"""How often a broker that has not recovered yet looks whether it has."""


class Controller:
    """A broker's part in it. ``own()``: how the broker registers; None while it has not recovered.

    The broker's `Keeper` runs :meth:`tasks` in each session and tells when it is over. The images go out by
    `UpdateMetadata` calls to all registered brokers, this one included.
    """

    def __init__(self, service: Service, settings: KafkaSettings, own: Callable[[], Broker | None]) -> None:
        self.term: Term | None = None
        """In which this broker decides; None: it does not."""
        self._service = service
        self._settings = settings
        self._own = own
        self._zk: ZooKeeper | None = None
        self._heard = 0
        """The highest controller epoch that somebody has told of."""
        self._over = 0
        """The newest epoch in which this broker was the controller and is not any more."""

    @property
    def controlling(self) -> bool:
        """Whether this broker believes to be the controller."""
        return self.term is not None

    @property
    def epoch(self) -> int:
        """In which it is the controller; 0: it is not."""
        return self.term.epoch if self.term is not None else 0

    def tasks(self) -> tuple[Task, ...]:
        """What is to run in each session: register the broker, stand for the controller's place, decide."""
        return (self._register, self._stand)

    def on_session_over(self) -> None:
        """The session has expired: somebody else may be the controller by now."""
        self._zk = None
        self._end("its session has expired")

    async def alter(self, source: str, request: AlterPartition) -> Altered:
        """A leader wants another in-sync set. Returns when it is safe.

        A set without the leader itself is a resignation: one of the set leads then, in the next epoch. A request for
        what is so already is answered with the version that it has; if it is of that very version it gets the next one.

        Rejected: "not-controller", "fenced-leader-epoch", "invalid-version", "ineligible-replica",
        "unknown-topic-or-partition": this request changes nothing. "request-timed-out" (not definite): it may have been
        done.
        """
        return await self._reigning().alter(source, request)

    async def create(self, source: str, request: CreatePartitions) -> None:
        """The operator wants more partitions. Returns when it is safe; at once if there are so many already.

        Rejected: "not-controller", "bad-request", "unavailable" (too few brokers are there to hold the copies);
        "request-timed-out" (not definite).
        """
        await self._reigning().create(source, request)

    async def producer_ids(self, count: int) -> range:
        """``count`` numbers that nobody else is given, ever; any broker may ask. Rejected: "unavailable"."""
        assert count > 0, f"{count} producer ids"
        try:
            with self._service.timeout(_IDS_US):
                while self._zk is not None:
                    text, stat = await self._zk.get(PRODUCER_IDS)
                    first = read_number(text)
                    with suppress(BadVersion):  # another broker was first
                        await self._zk.set(PRODUCER_IDS, str(first + count), stat.version)
                        return range(first, first + count)
        except (KeeperError, TimedOut) as error:  # if they were taken all the same, nobody is given them
            raise Rejected(UNAVAILABLE, f"the ensemble gives no producer ids: {error}") from error
        raise Rejected(UNAVAILABLE, "there is no session with the ensemble")

    def _reigning(self) -> Term:
        if self.term is None:
            raise Rejected(NOT_CONTROLLER, f"{self._service.name} is not the controller")
        return self.term

    # --- in a session ------------------------------------------------------------------------------

    async def _register(self, zk: ZooKeeper) -> None:
        """Have this broker's znode there, for as long as the session lasts."""
        await ensure(zk, IDS)
        await ensure(zk, PRODUCER_IDS, "0")
        self._zk = zk
        own = await self._recovered()
        path, text = broker_path(own.name), spelled_broker(own)
        make = Op("create", path, text, ephemeral=True)
        while True:
            changed = trio.Event()
            found = await look(zk, path, changed)
            with suppress(NodeExists, NoNode):  # then it has changed meanwhile: look again
                if found is None:
                    await zk.multi(make)
                elif found != (text, zk.session):  # of an earlier life: its session has not expired yet
                    await zk.multi(Op("delete", path), make)
                else:
                    await changed.wait()

    async def _recovered(self) -> Broker:
        while True:
            own = self._own()
            if own is not None:
                return own
            await self._service.sleep(_POLL_US)

    async def _stand(self, zk: ZooKeeper) -> None:
        """Be the controller whenever there is no other one."""
        await ensure(zk, TOPICS)
        await ensure(zk, EPOCH, "0")
        await self._recovered()
        while True:
            newest, fence = await zk.get(EPOCH)
            self._heard = max(self._heard, read_number(newest))
            changed = trio.Event()
            found = await look(zk, CONTROLLER, changed)
            name, epoch = read_controller(found[0]) if found is not None else ("", 0)
            mine = found is not None and found[1] == zk.session
            if mine and epoch > self._over:
                await self._decide(zk, epoch)
            elif mine or name in ("", self._service.name):
                await self._claim(zk, fence.version, replace=found is not None)
            else:
                self._end(f"{name} is the controller")
                await changed.wait()

    async def _claim(self, zk: ZooKeeper, fence: int, *, replace: bool) -> None:
        """Take the place, in a new epoch. ``replace``: what an earlier term or life of this broker has left there."""
        self._end("its place was lost")
        epoch = self._heard + 1
        leave = [Op("delete", CONTROLLER)] if replace else []
        with suppress(BadVersion, NodeExists, NoNode):  # somebody else was first
            await zk.multi(
                Op("set", EPOCH, str(epoch), fence),
                *leave,
                Op("create", CONTROLLER, spelled_controller(self._service.name, epoch), ephemeral=True),
            )

    async def _decide(self, zk: ZooKeeper, epoch: int) -> None:
        """The place is this session's own: decide until that is so no more."""
        if self.term is None or self.term.epoch != epoch:
            self._end("it has a newer epoch")
            self.term = Term(self._service, self._settings, zk, epoch, self._on_higher)
            text = f"{self._service.name} is the controller, in epoch {epoch}"
            self._service.note("elected", text, group=GROUP, term=epoch)
        try:
            await self.term.run()
        except Fenced as why:
            self._end(str(why))

    def _on_higher(self, epoch: int) -> None:
        """A broker has heard of a controller in a higher epoch, so this one was replaced."""
        self._heard = max(self._heard, epoch)
        if self.term is not None and epoch > self.term.epoch:
            self.term.depose(f"there is a controller in epoch {epoch}")

    def _end(self, why: str) -> None:
        term, self.term = self.term, None
        if term is not None:
            self._over = max(self._over, term.epoch)
            term.end()
            name = self._service.name
            self._service.note("deposed", f"{name} is not the controller any more: {why}", group=GROUP, term=term.epoch)
