"""Present, past and branches: which session the app shows, and how it gets from one to another.

* The app begins in the *present*. Going back fetches a session that stands at the instant (:class:`RemoteSession`);
  until it is there the present goes on, and stays on the screen.
* While the past is shown the present stands still. Going to the present takes no time: it was never away. When the
  past has gone forward as far as the present stands, the present takes over by itself.
* Whoever acts in the past makes a *branch* of it, a present of its own. Going to the present from there leads to the
  session that it came from, and the branch is given up.
* One process follows the session with which the app began, so that the way back is short (:class:`Follower`). It is
  started when the app has long drawn its first Frames, and again when it has died.

All of it runs in the app's loop; nothing here waits there for a world or a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from playground.frame import Frame, View
from playground.kernel.errors import UserError
from playground.record import Record
from playground.remote.client import RemoteSession
from playground.remote.follower import Follower
from playground.screens.port import SessionPort
from widgets.log import clock
from widgets.shapes import Tone

TELL_S = 0.3
"""A way back that is shorter needs no word about its progress."""
TOLD_S = 0.5
"""The process that follows hears this often how far the session is."""
AGAIN_S = 0.05
"""Who wants one instant after another is waited for so long."""


class Living(SessionPort, Protocol):
    """A session that can be asked what led to it, and ended."""

    def record(self) -> Record: ...

    def close(self) -> object: ...


class Screen(Protocol):
    """What the timelines ask of the app."""

    def turn(self, session: SessionPort) -> None:
        """Show this session from now on."""

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None: ...

    def view(self) -> View:
        """What is looked at."""


class Watch:
    """Waits, in the app's loop, for a change in what another thread tells of."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def __call__(self, _what: object) -> None:
        """From any thread: there is one."""
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            self._loop.call_soon_threadsafe(self._changed.set)

    async def change(self, most_s: float) -> None:
        """Until there is one, or for so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), most_s)
        self._changed.clear()


@dataclass(frozen=True, slots=True, eq=False)
class Fetch:
    """That somebody wants to see ``at_us``; ``hurried``: right after another instant, perhaps before a third."""

    at_us: int
    hurried: bool


@dataclass(slots=True)
class _Present:
    """A session that goes on by itself, and how it stood when it was left for its past."""

    session: Living
    record: Record | None = None
    goes_on: bool = False
    """It was under way."""


class Timelines:
    """Of one app. ``follow`` starts a process that follows a session."""

    def __init__(self, present: Living, follow: Callable[[Record], Follower] = Follower) -> None:
        self._presents = [_Present(present)]
        self._past: RemoteSession | None = None
        self._follow = follow
        self._follower: Follower | None = None
        self._telling: asyncio.Task[None] | None = None
        self._known = -1
        """How many commands the follower has been told of."""
        self._told_at = 0.0
        self._fetch: Fetch | None = None

    @property
    def shown(self) -> Living:
        """The session that the app shows."""
        return self._past or self._presents[-1].session

    @property
    def fetching_us(self) -> int:
        """The instant that is being fetched; -1: none."""
        return self._fetch.at_us if self._fetch is not None else -1

    @property
    def present_us(self) -> int:
        """Where the present stands from which one goes back."""
        here = self._presents[-1]
        return here.record.end_us if self._past and here.record else here.session.frame().header.at_us

    # --- the way back ----------------------------------------------------------------

    def want(self, at_us: int) -> Fetch:
        """``at_us`` is to be fetched, with :meth:`rewind`, and nothing else any more. UserError: it is not past."""
        if at_us < 0:
            raise UserError("nothing was before 00:00.000")
        if at_us >= self.present_us:
            raise UserError(f"{clock(at_us)} is not past: the present stands at {clock(self.present_us)}")
        self._fetch = Fetch(at_us, hurried=self._fetch is not None)
        return self._fetch

    def give_up(self) -> None:
        """Nothing is to be fetched any more: whoever calls this cancels the task, too."""
        self._fetch = None

    async def rewind(self, fetch: Fetch, screen: Screen) -> None:
        """Bring the session that stands there; cancelled by whoever gives up, or wants another instant."""
        try:
            if fetch.hurried:
                await asyncio.sleep(AGAIN_S)
            await self._rewind(fetch.at_us, screen)
        except UserError as error:
            screen.say(str(error), Tone.WARN)
        finally:
            if self._fetch is fetch:
                self._fetch = None

    async def _rewind(self, at_us: int, screen: Screen) -> None:
        here = self._presents[-1]
        record = here.record if self._past else None
        if record is None:
            record = await asyncio.to_thread(here.session.record)
        watch = Watch()
        speed = self.shown.frame().header.speed
        past = self._following(record).stand(
            record, at_us, watch, view=screen.view(), speed=min(speed, 1.0) if speed else 1.0
        )
        try:
            await self._arrival(past, watch, at_us, screen)
            if self._past is None:
                await self._stand_still(here, past, watch)
        except BaseException:
            past.close()
            raise
        before, self._past = self._past, past
        screen.turn(past)
        screen.say(f"back at {clock(at_us)}: space , . go forward as it was, an act makes a branch", Tone.ACCENT)
        if before is not None:
            before.close()

    async def _arrival(self, past: RemoteSession, watch: Watch, at_us: int, screen: Screen) -> None:
        """Until it is there. UserError: its process has ended on the way."""
        began = time.monotonic()
        while not (past.arrived or past.over):
            await watch.change(TELL_S)
            if not past.arrived and time.monotonic() - began >= TELL_S:
                screen.say(f"rewinding to {clock(at_us)}: {past.progress:.0%}, esc gives up", Tone.ACCENT)
        if past.over:
            raise UserError(f"no way back to {clock(at_us)}: {past.over}; nothing else has changed, try again")

    async def _stand_still(self, here: _Present, past: RemoteSession, watch: Watch) -> None:
        """Let the present stand still, and ``past`` know all that has been until then."""
        header = here.session.frame().header
        here.goes_on = not header.paused and not header.ended
        here.session.pause(True)
        try:
            here.record = record = await asyncio.to_thread(here.session.record)
            past.on_frame(watch)
            past.extend(record)
            while past.frame().header.present_us != record.end_us and not past.over:
                await watch.change(TELL_S)
        except BaseException:
            self._go_on(here)
            raise

    # --- the way forward -------------------------------------------------------------

    def to_present(self, screen: Screen) -> None:
        """From the past to the present; from a branch to the session that it came from. UserError: it is shown."""
        if self._past is not None:
            self._leave(screen)
            screen.say(f"the present: {clock(self.present_us)}", Tone.ACCENT)
        elif len(self._presents) > 1:
            branched_us = self.shown.frame().header.branched_us
            self._leave(screen)
            screen.say(f"the branch of {clock(branched_us)} is given up; this is what it came from", Tone.ACCENT)
        else:
            raise UserError("this is the present; < goes back by a second, r to a moment")

    def hear(self, frame: Frame, screen: Screen) -> None:
        """A new Frame of the session that is shown."""
        header = frame.header
        over = isinstance(self.shown, RemoteSession) and bool(self.shown.over)
        if over and (self._past is not None or len(self._presents) > 1):
            lost = "past" if self._past is not None else "branch"
            self._leave(screen)
            screen.say(f"the {lost} is gone: the process in which it ran has ended; the present is here", Tone.WARN)
        elif self._past is None:
            if len(self._presents) == 1 and not over:  # a present elsewhere can end: then there is nothing to follow
                self._tell(frame)
        elif header.present_us < 0:
            self._presents.append(_Present(self._past))
            self._past = None
            screen.say(
                f"{frame.notice} (a branch of {clock(header.branched_us)}; > gives it up and goes back)".lstrip(),
                frame.notice_tone,
            )
        elif header.at_us >= header.present_us:
            self._presents[-1].goes_on = not header.paused
            self._leave(screen)
            screen.say("this is the present again", Tone.ACCENT)

    def _leave(self, screen: Screen) -> None:
        """End what is shown, and show what it came from."""
        left: Living = self._past or self._presents.pop().session
        self._past = None
        here = self._presents[-1]
        screen.turn(here.session)
        here.record = None
        self._go_on(here)
        left.close()

    def _go_on(self, here: _Present) -> None:
        # Where a scenario has ended, only a person goes on.
        if here.goes_on and not here.session.frame().header.ended:
            here.session.pause(False)

    # --- the process that follows ----------------------------------------------------

    def prepare(self) -> None:
        """Start the process that follows."""
        if self._follower is None and self._telling is None:
            self._telling = asyncio.create_task(self._tell_all())

    def _following(self, record: Record) -> Follower:
        if self._follower is None or not self._follower.alive:
            if self._follower is not None:
                self._follower.close()
            self._follower = self._follow(record)
            self._known = len(record.timeline)
        return self._follower

    def _tell(self, frame: Frame) -> None:
        """Let the follower know how far the first session is."""
        now = time.monotonic()
        if self._follower is None or self._telling is not None or now - self._told_at < TOLD_S:
            return
        self._told_at = now
        if self._follower.busy:
            return  # a process that was stopped must not stop the app as well; it hears of it the next time
        if frame.header.commands != self._known:
            self._telling = asyncio.create_task(self._tell_all())
        elif frame.header.at_us:
            self._follower.reached(frame.header.at_us)

    async def _tell_all(self) -> None:
        try:
            record = await asyncio.to_thread(self._presents[0].session.record)
            follower = self._following(record)
            follower.known(record)
            self._known = len(record.timeline)
        except UserError:  # it has ended meanwhile
            pass
        finally:
            self._telling = None

    # --- the end -----------------------------------------------------------------------

    def end(self) -> Record | None:
        """End all but the session with which the app began. What the one that is shown has come to, if it says so."""
        record = None
        with contextlib.suppress(UserError):
            record = self.shown.record()
        for session in (self._past, *(each.session for each in self._presents[1:])):
            if session is not None:
                session.close()
        if self._follower is not None:
            self._follower.close()
        return record
