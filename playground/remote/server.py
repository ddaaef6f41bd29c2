"""The side of the Session: does what the client at the other end of a wire asks, and sends it Frames.

* The world's thread never waits for the wire. A slow reader gets fewer Frames, the newest each time, never a queue.
* Whatever else there is to say (answers, progress) is sent before the next Frame, in order.
* When the client is gone, so is the reason to live: ``gone`` is called, from a thread of the server's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from playground.frame import Frame
from playground.remote.wire import Answer, Call, Failed, Gone, Wire
from playground.session import Session

CALLS = frozenset({"send", "look", "pause", "set_speed", "faster", "step", "record", "extend"})
"""What a client may call."""


class Server:
    """Serves ``session`` to one client, in two threads of its own, from now on."""

    def __init__(self, session: Session, wire: Wire, gone: Callable[[], None]) -> None:
        self._session = session
        self._wire = wire
        self._gone = gone
        self._changed = threading.Condition()
        self._said: deque[Any] = deque()
        self._frame: Frame | None = None
        self._sending = False
        session.on_frame(self._show)
        for work in (self._read, self._write):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def say(self, message: Any) -> None:
        """Send this before the next Frame."""
        with self._changed:
            self._said.append(message)
            self._changed.notify()

    def finish(self) -> None:
        """Wait until all that was said is sent, or the client is gone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._said and not self._sending)

    def _show(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def _write(self) -> None:
        try:
            while True:
                with self._changed:
                    self._sending = False
                    self._changed.notify_all()
                    while not self._said and self._frame is None:
                        self._changed.wait()
                    if self._said:
                        message: Any = self._said.popleft()
                    else:
                        message, self._frame = self._frame, None
                    self._sending = True
                self._wire.send(message)
        except Gone:
            self._gone()
        except Exception as error:  # a bug: the client must not wait for what will never come
            self.say(Failed(f"{type(error).__name__}: {error}"))

    def _read(self) -> None:
        try:
            while True:
                call, _ = self._wire.receive()
                assert isinstance(call, Call)
                assert call.name in CALLS, call.name
                value = getattr(self._session, call.name)(*call.args)
                if call.number:
                    self.say(Answer(call.number, value))
        except Gone:
            self._gone()
        except Exception as error:  # a bug: the client must not wait for what will never come
            self.say(Failed(f"{type(error).__name__}: {error}"))
