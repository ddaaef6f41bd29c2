"""What one of those who look at a session sees of it, and what came of what they did there.

A session has one viewpoint of its own, and one more for everybody else who looks at it from elsewhere. Each is painted
for what is looked at from there; what is the same for all is painted once. The outcome of an act is told to all of
them, with the name of who acted; why an act was refused, only to the one who tried.

Whoever takes long to take a Frame gets the next one later, and costs the world nothing meanwhile. Whoever looks around
quickly is shown what they look at, and nobody else is: at most some thirty times a second, if it is from elsewhere.
What takes long to paint for somebody elsewhere is painted seldom: the world's thread has a world to compute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.frame import Frame, View
from widgets.shapes import Tone

if TYPE_CHECKING:
    from playground.cluster import Cluster
    from playground.record import Record
    from playground.session import Session

REST_S = 0.03
"""The least time between two Frames that a patient viewpoint asks for."""
SHARE = 0.2
"""Of the world's thread, what the painting for one patient viewpoint may take."""


class Viewpoint:
    """Answers all that a screen asks of a session. Any thread may call what is public.

    ``by``: who looks from there; their acts bear that name. ``patient``: whoever takes the Frames says with
    :meth:`taken` when one has been taken, and is shown no further one until then.
    """

    def __init__(self, session: Session, by: str = "", *, patient: bool = False) -> None:
        self._session = session
        self.by = by
        self.wanted = View()
        """What is looked at."""
        self.newest: Frame | None = None
        self.notice: tuple[int, str, Tone] = (0, "", Tone.PLAIN)
        self._listener: Callable[[Frame], None] = _nobody
        self._lost: Callable[[str], None] = _nobody
        self.bears: Callable[[Cluster, Any], str] = _anything
        """Why the cluster bears no such act from here, in one line; "": it does. Asked in its thread, right before."""
        self._patient = patient
        self._shown = False
        """A Frame has been shown, and not been taken yet."""
        self._owed = False
        self._shown_s = 0.0
        """When the newest Frame was shown."""
        self._wearies_s = 0.0
        """For so long after it there is no other one."""

    def frame(self) -> Frame:
        """The newest picture."""
        assert self.newest is not None, "nothing has been painted for it yet"
        return self.newest

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        """Call ``listener(frame)`` for each new Frame, from the world's thread; it must not block."""
        self._listener = listener

    def on_lost(self, listener: Callable[[str], None]) -> None:
        """Call ``listener(why)`` when there will be no Frame any more: what is looked at can't be painted.

        From the world's thread; it must not block.
        """
        self._lost = listener

    def taken(self) -> None:
        """The Frame that was shown last has been taken: there may be another one."""
        self._shown = False
        if self._owed:
            self._session.refresh(self)

    def look(self, view: View) -> None:
        """Which panels are seen, and what is selected: Frames hold no more than that."""
        if view != self.wanted:
            self.wanted = view
            self._session.refresh(self)

    def tell(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Say this with the next Frame, here and nowhere else."""
        self.notice = (self.notice[0] + 1, text, tone)

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """As :meth:`tell`, and soon."""
        self.tell(text, tone)
        self._session.refresh(self)

    def close(self) -> None:
        """Nobody looks from here any more."""
        self._session.leave(self)

    # --- as the session -------------------------------------------------------------

    def send(self, command: Any) -> None:
        """Do ``command`` as soon as the event under way is over; the next Frame says what came of it."""
        self._session.act(command, self)

    @property
    def paused(self) -> bool:
        return self._session.paused

    def pause(self, paused: bool = True) -> None:
        self._session.pause(paused)

    def set_speed(self, speed: float) -> None:
        self._session.set_speed(speed)

    def faster(self, steps: int = 1) -> None:
        self._session.faster(steps)

    def step(self, span_us: int = 0) -> None:
        self._session.step(span_us)

    def record(self) -> Record:
        """What has been done so far, as of now. Waits for the world to be between two events."""
        return self._session.record()

    # --- for the session, in the world's thread ----------------------------------------

    def due(self) -> bool:
        """Whether a Frame may be painted for it now; if not, that is owed."""
        self._owed = True  # before looking: it may be taken at this very moment, by another thread
        if self._patient and self._shown:
            return False
        self._owed = False
        return True

    def rested(self, now_s: float) -> bool:
        """Whether it may be shown what it has asked for."""
        return not self._patient or now_s - self._shown_s >= max(REST_S, self._wearies_s)

    def wearies(self, now_s: float) -> bool:
        """Whether its last Frame took so long that it is not its turn yet."""
        return self._patient and now_s - self._shown_s < self._wearies_s

    def show(self, frame: Frame, took_s: float = 0.0) -> None:
        """``took_s``: processor time of the world's thread, for painting it."""
        self.newest = frame
        self._shown_s = time.monotonic()
        self._wearies_s = took_s * (1 / SHARE - 1)
        self._shown = True
        self._listener(frame)

    def lose(self, why: str) -> None:
        self._lost(why)


def _nobody(_what: object) -> None:
    pass


def _anything(_cluster: object, _command: object) -> str:
    return ""
