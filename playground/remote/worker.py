"""The process that follows a session, so that going back in it is quick: ``python -m playground.remote.worker FD``.

* It re-executes the session's record, a little behind the present, whenever it hears how far that is. It never takes a
  whole processor for that, as nobody is waiting.
* Now and then it forks a *checkpoint*: a process that stands still, until it is told to fork once more and to let its
  fork live on as a session (:class:`PastSession`) at some instant, which speaks with the screen on a wire of its own.
  The first checkpoint, before anything has happened, is there from the beginning, and so is the process itself.
* Nobody who forks has a second thread, and nobody forks within an event: only between two slices of the world.
* All of them end when the other end of their wire is closed: this process with the screen's, checkpoints with this
  process, sessions with the screen's again. So none is left behind, however the screen ends.
* They are in no terminal's process group (:class:`Follower` sees to that), and print nowhere.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import NoReturn

from playground.kernel import world as kernel
from playground.kernel.errors import WorldStopped
from playground.past import PastSession
from playground.record import Record, Timeline
from playground.remote.checkpoints import EVERY_S, affordable, base, superfluous
from playground.remote.door import opener
from playground.remote.server import Server
from playground.remote.wire import Failed, Gone, Hello, Known, Means, Progress, Reached, Stand, Wire
from playground.session import Shown

SLICE_US = 100_000
"""Of virtual time, between two looks at the wire."""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1_024
"""Bytes in what getrusage counts memory in."""
_WAY_S = 1.0
"""While somebody waits for a session on its way, this process rests for so long."""
_REST = 0.5
"""So much of the time that a slice took is left to others after it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A process that waits at ``at_us``; ``cost``: processor seconds that it took to get there."""

    wire: Wire
    at_us: int
    done: int
    """Commands that have been carried out."""
    cost: float


class Worker:
    """Follows one session. All of it runs in the main task of its world."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._checkpoints: list[Checkpoint] = []
        self._cost = 0.0
        self._until_us = 0
        """Up to here it is known what was done."""
        self._owed_s = 0.0
        """To be left to others."""
        self._stuck = False
        """It cannot go on: an error, or somebody acted otherwise than it was known."""

    async def run(self) -> NoReturn:
        """To the end of the process: at once, without taking the world down, there is nothing to tidy up."""
        try:
            await self._follow()
        except Gone:
            os._exit(0)
        finally:
            os._exit(1)

    async def _follow(self) -> NoReturn:
        means, _ = self._wire.receive()
        assert isinstance(means, Means)
        self._means = means
        first, _ = self._wire.receive()
        assert isinstance(first, Known)
        record = first.record
        self._shown = Shown.of(record.spec, record.seed, record.script, None)
        self._cluster = self._shown.cluster
        await self._checkpoint()
        self._know(record)
        while True:
            behind = self._cluster.now_us < self._until_us and not self._stuck
            if select.select([self._wire], [], [], self._owed_s if behind else None)[0]:
                await self._hear()
            elif behind:
                await self._go_on()

    async def _hear(self) -> None:
        message, carried = self._wire.receive()
        match message:
            case Known(record):
                self._know(record)
            case Reached(at_us):
                self._until_us = at_us
            case Stand():
                assert carried is not None
                await self._stand(message, carried)
                carried.drop()
                self._owed_s = _WAY_S

    def _know(self, record: Record) -> None:
        done = tuple(self._cluster.recorded)
        if not record.continues(done, self._cluster.now_us):
            self._stuck = True
            return
        self._cluster.forget()
        self._cluster.plan(record.to_come(len(done)))
        self._until_us = record.end_us

    async def _go_on(self) -> None:
        """One slice, and the pause that is due for it."""
        began = time.process_time()
        try:
            await self._cluster.advance(min(self._until_us, self._cluster.now_us + SLICE_US))
        except WorldStopped:
            self._stuck = True
        took_s = time.process_time() - began
        self._owed_s = max(took_s * _REST, self._means.bounds.rest_s(took_s))
        self._cost += took_s
        if self._cost - self._checkpoints[-1].cost >= EVERY_S and not self._stuck:
            await self._checkpoint()

    async def _checkpoint(self) -> None:
        here, there = Wire.pair()
        if not self._fork():
            here.drop()
            await self._wait(there)
        there.drop()
        self._checkpoints.append(Checkpoint(here, self._cluster.now_us, len(self._cluster.recorded), self._cost))
        # As the session grows, fewer are affordable than there are already.
        size_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        while len(self._checkpoints) > affordable(size_bytes, self._means.memory_bytes):
            at = superfluous([each.cost for each in self._checkpoints], self._cost)
            self._checkpoints.pop(at).wire.close()

    async def _wait(self, orders: Wire) -> NoReturn:
        """As a checkpoint: stand still, and fork for whoever wants to begin from here."""
        while True:
            message, carried = orders.receive()
            assert isinstance(message, Stand)
            assert carried is not None
            if not self._fork():
                orders.drop()
                await self._live(message, carried)
            carried.drop()

    async def _stand(self, order: Stand, carried: Wire) -> None:
        recorded: Timeline = tuple(self._cluster.recorded)
        places = [(each.at_us, each.done) for each in self._checkpoints]
        if not self._stuck:
            places.append((self._cluster.now_us, len(recorded)))
        fitting = [order.record.continues(recorded[:done], at_us) for at_us, done in places]
        at = base([at_us for at_us, _ in places], fitting, order.at_us)
        if at < len(self._checkpoints):
            try:
                self._checkpoints[at].wire.send(order, carried)
            except Gone:  # somebody has killed it
                self._checkpoints.pop(at)
                await self._stand(order, carried)
        elif not self._fork():
            await self._live(order, carried)

    async def _live(self, order: Stand, wire: Wire) -> NoReturn:
        """As a session of the past, until the screen has had enough of it."""
        gc.unfreeze()
        sys.setswitchinterval(0.0005)
        session = PastSession(order.record, speed=order.speed, bounds=self._means.bounds)
        session.look(order.view)
        server = Server(session, wire, partial(os._exit, 0), door=opener(session))
        server.say(Hello(os.getpid()))
        try:
            await session.relive(self._shown, order.at_us, lambda share: server.say(Progress(share)))
        except Exception as error:
            server.say(Failed(f"{type(error).__name__}: {error}"))
        finally:
            server.finish()
            os._exit(0)

    def _fork(self) -> bool:
        """True in the process that was there before; the new one has none of its wires."""
        gc.freeze()  # what is shared stays shared: no collection writes into it
        if os.fork():
            return True
        for wire in (self._wire, *(each.wire for each in self._checkpoints)):
            wire.drop()
        self._checkpoints = []
        return False


def main() -> NoReturn:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    kernel.run(Worker(Wire(socket(fileno=int(sys.argv[1])))).run)
    raise AssertionError("it ends by itself")


if __name__ == "__main__":
    main()
