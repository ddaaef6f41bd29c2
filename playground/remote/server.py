"""The side of the Session: does what the client at the other end of a wire asks, and sends it Frames.

* The world's thread never waits for the wire. A slow reader gets fewer Frames, the newest each time, never a queue.
* Whatever else there is to say (answers, progress) is sent before the next Frame, in order; who does not read it is
  not listened to. Of what is *put* only the newest counts: it is sent before the next Frame, too.
* When the client is gone, so is the reason to live: ``gone`` is called once, from a thread of the server's.

A client with a whole session to itself may call whatever there is. A *guest* looks at it from a viewpoint, and somebody
else, the *host*, says whether they may: what they may not is answered with a notice and does nothing, and what no
screen of ours would ask (:mod:`.asking`) ends the wire, as any error does. A guest harms nobody else.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from playground.company import MANAGES
from playground.frame import Frame
from playground.remote.asking import checked
from playground.remote.wire import Answer, Call, Failed, Gone, Wire
from playground.session import Session
from playground.viewpoints import Viewpoint
from widgets.shapes import Tone

CALLS = frozenset({"send", "look", "pause", "set_speed", "faster", "step", "record", "extend"})
"""What a client may call."""


class Host(Protocol):
    """Who has guests. Called from a thread of the server's: for the guest, and nobody else, it may wait a while."""

    def may(self, call: Call) -> str:
        """Why this may not be called, in one line for the guest; "": it may."""

    def hear(self, call: Call, carried: Wire | None) -> None:
        """This is called now. What has to do with the company is for the host to do, and for nobody else."""


class Server:
    """Serves ``session`` to one client, in two threads of its own, from now on.

    ``door``: called with the name and the wire of whoever lets others in. ``first``: what is sent before all else.
    """

    def __init__(
        self,
        session: Session | Viewpoint,
        wire: Wire,
        gone: Callable[[], None],
        *,
        host: Host | None = None,
        door: Callable[[str, Wire], None] | None = None,
        first: Iterable[Any] = (),
    ) -> None:
        self._wire = wire
        self._gone = gone
        self._host = host
        self._door = door
        self._changed = threading.Condition()
        self._said: deque[tuple[Any, Wire | None]] = deque((message, None) for message in first)
        self._put: dict[type, Any] = {}
        self._frame: Frame | None = None
        self._sending = False
        self._last = False
        """When all that was said is sent, that is all."""
        self._over = False
        self.turn(session)
        for work in (self._read, self._write):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def turn(self, session: Session | Viewpoint) -> None:
        """Serve this one from now on."""
        with self._changed:
            self._session = session
            self._frame = None
        session.on_frame(partial(self._show, session))
        if isinstance(session, Viewpoint):
            session.on_lost(self._lose)
            if session.newest is not None:
                self._show(session, session.newest)  # it was painted before anybody listened

    def say(self, message: Any, carrying: Wire | None = None) -> None:
        """Send this before the next Frame. ``carrying`` goes with it, and is let go of here."""
        with self._changed:
            if not self._over:
                self._said.append((message, carrying))
                self._changed.notify_all()
            elif carrying is not None:
                carrying.drop()

    def put(self, message: Any) -> None:
        """Send this before the next Frame, unless there is a newer one of its kind by then."""
        with self._changed:
            self._put[type(message)] = message
            self._changed.notify_all()

    def finish(self) -> None:
        """Wait until all that was said is sent, or the client is gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or (not self._said and not self._sending))

    def close(self) -> None:
        """Serve no longer. May be called again."""
        with self._changed:
            if self._over:
                return
            self._over = True
            for _, carried in self._said:
                if carried is not None:
                    carried.drop()
            self._said.clear()
            self._changed.notify_all()
        self._wire.close()
        self._gone()

    # --- from the session --------------------------------------------------------------

    def _show(self, session: Session | Viewpoint, frame: Frame) -> None:
        with self._changed:
            if session is self._session:
                self._frame = frame
                self._changed.notify_all()

    def _lose(self, why: str) -> None:
        with self._changed:
            self._said.append((Failed(why), None))
            self._last = True
            self._changed.notify_all()

    def _write(self) -> None:
        try:
            while True:
                with self._changed:
                    self._sending = False
                    self._changed.notify_all()
                    self._changed.wait_for(self._is_something)
                    if self._over:
                        return
                    if self._last and not self._said:
                        break
                    message, carried, taken = self._next()
                    self._sending = True
                try:
                    self._wire.send(message, carried)
                finally:
                    if carried is not None:
                        carried.drop()
                taken()
            self.close()
        except Gone:
            self.close()
        except Exception as error:  # a bug: the client must not wait for what will never come
            with contextlib.suppress(Gone):
                self._wire.send(Failed(_text(error)))
            self.close()

    def _is_something(self) -> bool:
        """Whether there is something to do for whoever writes."""
        return bool(self._said or self._put or self._frame or self._last or self._over)

    def _next(self) -> tuple[Any, Wire | None, Callable[[], None]]:
        """What to send now, what travels with it, and whom to tell that it was sent."""
        if self._said:
            message, carried = self._said.popleft()
            return message, carried, _nobody
        if self._put:
            return self._put.pop(next(iter(self._put))), None, _nobody
        frame, self._frame = self._frame, None
        return frame, None, self._session.taken if isinstance(self._session, Viewpoint) else _nobody

    # --- from the client ---------------------------------------------------------------

    def _read(self) -> None:
        carried: Wire | None = None
        try:
            while True:
                call, carried = self._wire.receive()
                if self._host is not None:
                    self._serve_guest(self._host, checked(call), carried)
                else:
                    self._serve(call, carried)
        except Gone:
            self.close()
        except Exception as error:  # a bug: the client must not wait for what will never come
            if carried is not None:
                carried.close()
            self._lose(_text(error))

    def _serve(self, call: Call, carried: Wire | None) -> None:
        assert isinstance(call, Call)
        if call.name == "door" and self._door is not None and carried is not None:
            self._door(str(call.args[0]), carried)
        else:
            assert call.name in CALLS, call.name
            self._answer(call, getattr(self._session, call.name)(*call.args))

    def _serve_guest(self, host: Host, call: Call, carried: Wire | None) -> None:
        viewpoint = self._session
        assert isinstance(viewpoint, Viewpoint)
        refusal = host.may(call)
        if carried is not None and (refusal or call.name != "stage"):
            carried.close()
            carried = None
        if refusal:
            viewpoint.say(refusal, Tone.WARN)
            return
        host.hear(call, carried)
        if call.name not in MANAGES:
            self._answer(call, getattr(viewpoint, call.name)(*call.args))

    def _answer(self, call: Call, value: Any) -> None:
        if call.number:
            self.say(Answer(call.number, value))
            self.finish()  # whoever asks and does not read must not be answered for ever


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _nobody() -> None:
    pass
