"""A session that stands at a past instant of another one: the way back.

Nothing is undone. The record of the other session, the present, is re-executed up to the instant; the same spec, seed
and commands give the same world. From there it is a session like any other, with two differences:

* What the record still holds happens again, each command at its instant. So whoever goes forward sees what has been,
  event by event, until the instant at which the present stands. There this session stands still, too.
* Somebody's first act makes it a present of its own, a *branch*: what the record still held does not happen any more.
  A scenario's own timeline goes on; nobody acted there.

An act that is refused changes nothing, and makes no branch.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from playground.cluster import Cluster
from playground.frame import Header
from playground.kernel.errors import WorldStopped
from playground.pacing import UNBOUNDED, Bounds
from playground.record import Record
from playground.session import Session, Shown

SLICE_US = 100_000
"""Progress is told, at most, after so much virtual time."""
TELL_S = 0.1
"""And at least so much of a person's."""
Told = Callable[[float], None]
"""To be told of progress: 0 to 1."""


class PastSession(Session):
    """Begins with :meth:`relive`, in the thread of whoever calls that; all else is as in any session."""

    def __init__(self, record: Record, *, speed: float = 1.0, bounds: Bounds = UNBOUNDED) -> None:
        script = record.script
        super().__init__(
            record.spec,
            record.seed,
            timeline=script.timeline,
            captions=script.captions,
            until_us=script.until_us,
            speed=speed,
            title=script.title,
            stops=() if record.touched else script.stops,
            bounds=bounds,
        )
        self._of = record
        self._touched = record.touched
        self._paused = True
        self._present_us = record.end_us
        self._branched_us = record.branched_us

    async def relive(self, shown: Shown, at_us: int, told: Told) -> None:
        """Let ``shown`` become as it was at ``at_us``, tell of the progress, and live on from there until closed.

        ``shown`` must lie on the way of the record (:meth:`Record.continues`), and not beyond ``at_us``.
        """
        cluster = shown.cluster
        self._plan(cluster)
        try:
            await _advance(cluster, at_us, told)
        except WorldStopped as error:
            self._stopped = str(error)  # as the present did at that instant
        if self._until_us is not None and at_us >= self._until_us:
            self._until_us = None  # somebody has gone on after the end of the scenario
        self._stops = deque(stop_us for stop_us in self._stops if stop_us > at_us)
        self._first.set()
        try:
            await self._inhabit(shown)
        finally:
            self._over.set()

    def extend(self, record: Record) -> None:
        """The present has gone on: ``record`` is longer now. Without effect once somebody has acted here."""

        def learn(cluster: Cluster) -> None:
            if self._present_us >= 0:
                self._of = record
                self._present_us = record.end_us
                self._touched = record.touched
                self._plan(cluster)

        self._post(learn)

    # --- in the world's thread ---------------------------------------------------

    def _plan(self, cluster: Cluster) -> None:
        cluster.forget()
        cluster.plan(self._of.to_come(len(cluster.recorded)))

    def _acted(self, cluster: Cluster) -> None:
        if self._present_us >= 0:
            self._present_us = -1
            self._branched_us = cluster.now_us
            cluster.forget()
            cluster.plan(self.script.after(cluster.now_us))

    @property
    def _bound_us(self) -> int | None:
        bounds = [at_us for at_us in (super()._bound_us, self._present_us) if at_us is not None and at_us >= 0]
        return min(bounds, default=None)

    async def _recorded(self, cluster: Cluster) -> Record:
        return replace(await super()._recorded(cluster), branched_us=self._branched_us)

    def _headed(self, header: Header) -> Header:
        return replace(header, present_us=self._present_us, branched_us=self._branched_us)


async def _advance(cluster: Cluster, at_us: int, told: Told) -> None:
    """To the end of the instant ``at_us``."""
    began_us = cluster.now_us
    tell_at = 0.0
    while cluster.now_us < at_us:
        if time.monotonic() >= tell_at:
            told((cluster.now_us - began_us) / (at_us - began_us))
            tell_at = time.monotonic() + TELL_S
        await cluster.advance(min(at_us, cluster.now_us + SLICE_US))
    await cluster.advance(at_us)
