"""The side of the screen: a Session that lives in another process, as if it were here.

Its life: it is *on its way* (progress is told) until its first Frame is there; then it has *arrived* and answers all
that a Session answers; in the end it is *over*, by :meth:`RemoteSession.close` or because its process has ended.
Whoever waits for it then hears so at once: nothing here waits for a dead process.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from playground.frame import Frame, View
from playground.kernel.errors import UserError
from playground.record import Record
from playground.remote.wire import Answer, Call, Failed, Gone, Hello, Progress, Wire

ENDED = "the process in which it ran has ended"


class RemoteSession:
    """What is at the other end of ``wire``. ``told``: called from a thread of its own at each change of its life."""

    def __init__(self, wire: Wire, told: Callable[[RemoteSession], None] | None = None) -> None:
        self._wire = wire
        self._told = told or _unheard
        self._listener: Callable[[Frame], None] = _nobody
        self._looked: Callable[[View], None] = _nobody
        self._frame: Frame | None = None
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._answers: dict[int, Any] = {}
        self._closed = False
        self.progress = 0.0
        """How much of the way to its first Frame is behind it."""
        self.over = ""
        """Not empty: it is over, and this is why."""
        self.pid = 0
        """Its process, as soon as that is known."""
        threading.Thread(target=self._read, name="remote session", daemon=True).start()

    # --- as a Session ------------------------------------------------------------

    def frame(self) -> Frame:
        """The newest picture."""
        assert self._frame is not None, "the session has not arrived"
        return self._frame

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        """Call ``listener(frame)`` for each new Frame, from a thread of its own; it must not block."""
        self._listener = listener

    def send(self, command: Any) -> None:
        self._call("send", command)

    def look(self, view: View) -> None:
        self._call("look", view)
        self._looked(view)

    @property
    def paused(self) -> bool:
        return self.frame().header.paused

    def pause(self, paused: bool = True) -> None:
        self._call("pause", paused)

    def set_speed(self, speed: float) -> None:
        self._call("set_speed", speed)

    def faster(self, steps: int = 1) -> None:
        self._call("faster", steps)

    def step(self, span_us: int = 0) -> None:
        self._call("step", span_us)

    @property
    def alive(self) -> bool:
        return not self.over

    def record(self) -> Record:
        """What has been done so far, as of now. UserError: it is over."""
        number = next(self._numbers)
        self._call("record", number=number)
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or bool(self.over))
            if number not in self._answers:
                raise UserError(f"this session cannot be asked any more: {self.over}")
            record = self._answers.pop(number)
        assert isinstance(record, Record)
        return record

    # --- besides -------------------------------------------------------------------

    @property
    def arrived(self) -> bool:
        """Its first Frame is there."""
        return self._frame is not None

    def extend(self, record: Record) -> None:
        """The present from which it was taken has gone on to ``record``."""
        self._call("extend", record)

    def let_in(self, door: Wire, by: str) -> None:
        """Others may look at it, too: whoever has the other end of ``door`` says who. Here it is ``by`` who acts."""
        with contextlib.suppress(Gone):
            self._wire.send(Call("door", (by,)), carrying=door)

    def on_look(self, listener: Callable[[View], None]) -> None:
        """Call ``listener(view)`` for each view that is looked at here."""
        self._looked = listener

    def close(self) -> None:
        """End it, and its process; whatever it is doing. May be called again."""
        self._closed = True
        self._wire.close()

    # --- the wire ------------------------------------------------------------------

    def _call(self, name: str, *args: Any, number: int = 0) -> None:
        with contextlib.suppress(Gone):  # the thread that reads says so
            self._wire.send(Call(name, args, number))

    def _read(self) -> None:
        why = ENDED
        try:
            while True:
                message, carried = self._wire.receive()
                match message:
                    case Frame():
                        first = self._frame is None
                        self._frame = message
                        self._listener(message)
                        if first:
                            self._told(self)
                    case Progress(share):
                        self.progress = share
                        self._told(self)
                    case Answer(number, value):
                        with self._changed:
                            self._answers[number] = value
                            self._changed.notify_all()
                    case Hello(pid):
                        self.pid = pid
                    case Failed(text):
                        why = text
                    case _:
                        self._hear(message, carried)
        except Gone:
            pass
        except Exception as error:  # whatever it is, nobody may wait for more
            why = f"{type(error).__name__}: {error}"
        self._end(why)

    def _hear(self, message: object, carried: Wire | None) -> None:
        """Something that is not said to everybody who has a session elsewhere; ``carried`` came with it."""
        raise TypeError(f"a {type(message).__name__} is nothing for a screen")

    def _end(self, why: str) -> None:
        with self._changed:
            self.over = "it was closed" if self._closed else why
            self._changed.notify_all()
        self._wire.close()
        if self._frame is not None and not self._closed:
            self._lose(self._frame)
        self._told(self)

    def _lose(self, last: Frame) -> None:
        """It has ended, and nobody here wanted that: show it."""
        self._frame = replace(last, stopped=self.over)
        self._listener(self._frame)


def _nobody(_what: object) -> None:
    pass


def _unheard(_session: RemoteSession) -> None:
    pass
