"""The hall: the process of the session that all share: ``python -m playground.serve.hall FD``.

* It is the world's process, and not niced: those of visitors are.
* The main thread does one thing after the other: what the front says, what guests want of the company, what the world
  comes to. Whatever else happens, each guest's reading and writing, has a thread of its own and waits for nobody else.
* What somebody has stopped goes on when nobody who may act has been here for a while.
* A looped programme begins anew when its script has been over for a while, and nobody is at it any more. All guests are
  turned to the new session, on the wires that they have.
* A session keeps all of its history. One that has grown as much as it may begins anew, too, whoever is at it: rather
  than that the machine ran out of memory.
* It ends when the front's wire ends, however that happens, and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from socket import socket
from typing import NoReturn

import psutil

from playground.frame import Frame, View
from playground.kernel.errors import UserError, WorldStopped
from playground.pacing import Bounds
from playground.record import Record
from playground.remote.wire import Gone, Wire
from playground.scenario.writer import rescue
from playground.serve.audience import Audience
from playground.serve.messages import (
    Begin,
    Close,
    Closed,
    Decline,
    Enter,
    Failed,
    Leave,
    Opened,
    Sit,
)
from playground.session import Session

ACTED = 6
"""Somebody who may act keeps a script from beginning anew for so many times its rest after their last act."""
TICK_S = 0.2
"""That is looked at this often."""
TOP_SPEED = 20.0
"""Whoever has time in hand may not have hours of it, and their memory, in minutes."""
GROWTH = 2
"""A session may at least grow to so many times what it began with, be it as large as it may."""
GROWN = "the cluster before had grown as much as it may: this is a new one"
SEEDS = 1_000_000


class Hall:
    """Of one programme."""

    def __init__(self, begin: Begin, wire: Wire, size: Callable[[], int] | None = None) -> None:
        """``size``: how many bytes this process takes."""
        self._programme = begin.programme
        self._memory_bytes = begin.memory_bytes
        self._size = size or _size_bytes
        self._save = begin.save
        self._wire = wire
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._session = self._new()
        self._audience = Audience(self._session, self._events.put, self._say)
        self._fresh_bytes = self._size()
        """With a session that has just begun."""
        self._over_s: float | None = None
        """Since when the script has been over."""

    def run(self) -> NoReturn:
        """To the end of the process."""
        self._say(Opened())
        threading.Thread(target=self._listen, name="front", daemon=True).start()
        tick_s = time.monotonic() + TICK_S
        while True:
            with contextlib.suppress(queue.Empty):
                self._events.get(timeout=max(0.0, tick_s - time.monotonic()))()
            self._audience.tell()
            if time.monotonic() >= tick_s:
                tick_s = time.monotonic() + TICK_S
                self.check()

    # --- the front ---------------------------------------------------------------------

    def _say(self, message: object) -> None:
        try:
            self._wire.send(message)
        except Gone:
            os._exit(0)

    def _listen(self) -> None:
        """In a thread of its own."""
        try:
            while True:
                message, carried = self._wire.receive()
                self._events.put(partial(self.hear, message, carried))
        finally:
            os._exit(0)  # even if the world does not come to an end

    def hear(self, message: object, carried: Wire | None) -> None:
        """What the front says."""
        match message:
            case Enter(name, role, number):
                self._audience.enter(name, role, number)
            case Leave(name):
                self._audience.leave(name)
            case Decline(name, text):
                self._audience.decline(name, text)
            case Sit(name) if carried is not None:
                self._audience.sit(name, carried)
            case Close():
                self._close()

    def _close(self) -> NoReturn:
        self._say(self.end())
        os._exit(0)

    def end(self) -> Closed:
        """End the session; what it has come to."""
        record = self._session.close()
        return Closed(record.seed, record.end_us, len(record.timeline), record.digest, *self._keep(record))

    def _keep(self, record: Record) -> tuple[str, str]:
        """Save what somebody has done, if that is wanted: the file, and why there is none."""
        if not (self._save and record.touched):
            return "", ""
        try:
            return str(rescue(record)), ""
        except UserError as error:
            return "", str(error)

    # --- the session -------------------------------------------------------------------

    def _new(self) -> Session:
        """One that runs. UserError, WorldStopped: it can't."""
        programme, script = self._programme, self._programme.script
        session = Session(
            programme.spec,
            secrets.randbelow(SEEDS) if programme.seed is None else programme.seed,
            timeline=script.timeline,
            captions=script.captions,
            until_us=script.until_us,
            speed=programme.speed,
            title=script.title,
            stops=() if programme.looped else script.stops,
            bounds=Bounds(max(TOP_SPEED, programme.speed)),
        )
        session.look(View(panels=frozenset()))  # nobody sees this one
        session.on_frame(partial(self._look, session))
        return session.__enter__()

    def _look(self, session: Session, frame: Frame) -> None:
        """In the world's thread."""
        if frame.stopped:
            self._events.put(partial(self._stopped, session, frame.stopped))

    def _stopped(self, session: Session, why: str) -> None:
        if session is self._session:
            self._say(Failed(why))

    def check(self) -> None:
        """Begin anew, if it is time to."""
        if self._size() > max(self._memory_bytes, GROWTH * self._fresh_bytes):
            self._keep(self._session.record())
            self._begin_anew(GROWN)
            return
        until_us = self._programme.script.until_us if self._programme.looped else None
        now_s, rest_s = time.monotonic(), self._programme.rest_s
        alone_s = self._audience.left_alone_s(now_s)
        # What is no loop may have been stopped on purpose by somebody who comes back at once.
        if alone_s >= (ACTED * rest_s if until_us is None else rest_s):
            self._audience.let_go_on(self._programme.speed)
        if until_us is None:
            return
        if self._session.frame().header.at_us < until_us:
            self._over_s = None
            return
        self._over_s = now_s if self._over_s is None else self._over_s
        idle = alone_s >= rest_s or now_s - self._audience.acted_s >= ACTED * rest_s
        if now_s - self._over_s >= rest_s and idle and not self._audience.staged:
            self._begin_anew()

    def _begin_anew(self, words: str = "") -> None:
        before, self._over_s = self._session, None
        try:
            self._session = self._new()
        except (UserError, WorldStopped) as error:
            self._say(Failed(str(error)))
            return
        self._audience.turn(self._session, words)
        before.close()
        del before
        gc.collect()  # all that it was is in cycles: whether it fits may be asked again soon
        self._fresh_bytes = self._size()


def _size_bytes() -> int:
    return psutil.Process().memory_info().rss


def main() -> NoReturn:
    # Nor that which ends all processes of a service at once: the front comes to an end with this one in good order.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    wire = Wire(socket(fileno=int(sys.argv[1])))
    try:
        begin, _ = wire.receive()
        Hall(begin, wire).run()
    except Gone:
        pass
    except Exception as error:  # whatever it is, the front must hear of it
        with contextlib.suppress(Gone):
            wire.send(Failed(" ".join(str(error).split()) or type(error).__name__))
    os._exit(1)


if __name__ == "__main__":
    main()
