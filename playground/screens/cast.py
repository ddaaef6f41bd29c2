"""Films a scenario in the app, without a terminal: what ``playground play`` would show, as a recording.

Rules this module keeps:

* The same scenario, seed, size and speed give the same bytes. Time in the recording is virtual time divided
  by the speed; no wall clock, terminal, locale or environment variable has a say.
* The real app on a real Session is filmed. The world stands still while the app draws: it goes on by one
  frame, the app comes to rest, and only then a picture is taken. So however busy the machine is, no
  picture shows a screen half drawn, and none is missing.
* A picture is the whole screen; the terse encoder makes of it what has changed since the one before.
* The terminal is left as the app leaves one: colours reset, cursor shown, back from the alternate screen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rich.color import ColorSystem
from textual.filter import ANSIToTruecolor, LineFilter
from textual.pilot import Pilot

from playground.frame import Frame, View
from playground.scenario.model import Scenario
from playground.screens.app import PlaygroundApp
from playground.screens.asciicast import MARKER, OUTPUT, Cast
from playground.screens.run import told
from playground.session import Session
from widgets.encoder import Encoder
from widgets.palette import DEFAULT, Look, Theme

FRAMES_PER_S = 10
"""Pictures a second of the recording, as many as the app gets of a running session."""
HOLD_S = 5.0
"""How long the last picture stands before the app is left."""
ROUNDS = 200
"""After so many rounds of messages the app has to be at rest; some five are usual."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[0m\x1b[2J\x1b[H"
_LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l"

Progress = Callable[[int], None]
"""Told the virtual time (µs) after each picture; may raise to end the filming."""


class AppCrashed(Exception):
    """The app failed while it was filmed: a bug of ours. The text is one line."""


def film(
    scenario: Scenario,
    *,
    size: tuple[int, int] = (120, 36),
    speed: float = 1.0,
    seed: int | None = None,
    theme: Theme = Theme.DARK,
    progress: Progress = lambda at_us: None,
) -> Cast:
    """Play ``scenario`` (with another ``seed``, if given) in the app of that size, columns by rows, and film it.

    ``speed``: virtual seconds per second of the recording. Raises what ``progress`` raises, and AppCrashed.
    """
    session = Session(
        scenario.spec,
        scenario.seed if seed is None else seed,
        timeline=scenario.timeline,
        captions=scenario.captions,
        until_us=scenario.until_us,
        speed=speed,
        title=scenario.title,
    )
    session.pause()  # before it starts, so that it stands at its very beginning
    with session:
        reel = Reel(session, size, speed, scenario.until_us, progress, Look(theme=theme))
        reel.run()
        record = session.close()
    if reel.ended_by is not None:
        raise reel.ended_by
    acts = f"{len(record.timeline)} command{'' if len(record.timeline) == 1 else 's'}"
    reel.write(_LEAVE + f"seed {record.seed}, {record.end_us / 1e6:.3f} s, {acts}, digest {record.digest}\r\n", HOLD_S)
    return Cast(scenario.title, *size, tuple(reel.events), record.digest, theme)


class SteppedSession:
    """A paused Session as the app's port: it goes on when told to, and looks as if it ran at its speed.

    Everything is answered at once: whoever asked has the Frame when the call returns.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listener: Callable[[Frame], None] = lambda frame: None
        self._news = threading.Event()
        self._view = View()
        session.on_frame(lambda frame: self._news.set())
        self._wait(lambda frame: frame.header.paused)

    def frame(self) -> Frame:
        frame = self._session.frame()
        # What the header says of pace is about the wall clock, which has no say here.
        header = replace(frame.header, paused=False, actual_speed=frame.header.speed)
        return replace(frame, header=header)

    def advance(self, until_us: int) -> None:
        """Go on to that instant of virtual time, or as far as the scenario goes."""
        self._session.step(until_us - self._session.frame().header.at_us)
        self._wait(lambda frame: frame.header.at_us >= until_us)
        self._listener(self.frame())

    def look(self, view: View) -> None:
        if view != self._view:
            self._view = view
            before = self._session.frame().number
            self._session.look(view)
            self._wait(lambda frame: frame.number > before)
            self._listener(self.frame())

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        self._listener = listener

    def _wait(self, seen: Callable[[Frame], bool]) -> None:
        while True:
            self._news.clear()
            frame = self._session.frame()
            if seen(frame) or frame.stopped:
                return
            while not self._news.wait(1.0):
                assert self._session.alive, "the world's thread has ended without a word"

    # --- nobody is there to press a key: what an app could ask besides -----------------

    @property
    def paused(self) -> bool:
        return False

    def send(self, command: Any) -> None: ...
    def pause(self, paused: bool = True) -> None: ...
    def set_speed(self, speed: float) -> None: ...
    def faster(self, steps: int = 1) -> None: ...
    def step(self, span_us: int = 0) -> None: ...


class FilmedApp(PlaygroundApp):
    """The app in one look for all: truecolor and Unicode, whatever the environment of who films it says."""

    def __init__(self, session: SteppedSession, look: Look = DEFAULT) -> None:
        super().__init__(session, look=look)
        self.animation_level = "none"  # animations run by the wall clock
        self.no_color = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        # The others come from the environment (NO_COLOR, TEXTUAL_FILTERS).
        return [each for each in super().get_line_filters() if isinstance(each, ANSIToTruecolor)]


class Reel:
    """Films one session, from its beginning to its end."""

    def __init__(
        self,
        session: Session,
        size: tuple[int, int],
        speed: float,
        until_us: int,
        progress: Progress,
        look: Look = DEFAULT,
    ) -> None:
        self.events: list[tuple[float, str, str]] = []
        self.ended_by: BaseException | None = None
        """What ended the filming before its time."""
        self._session = SteppedSession(session)
        self._size = size
        self._speed = speed
        self._until_us = until_us
        self._progress = progress
        self._app = FilmedApp(self._session, look)
        self._encoder = Encoder()
        self._encoder.resize(*size)
        self._at_us = 0
        self._caption = ""

    def run(self) -> None:
        """Film all of it. AppCrashed if the app fails."""
        try:
            asyncio.run(self._app.run_async(headless=True, size=self._size, auto_pilot=self._film))
        except Exception:
            if self._app.crash is None:
                raise
        if self._app.crash is not None:
            raise AppCrashed(told(self._app)) from self._app.crash

    def write(self, text: str, after_s: float = 0.0) -> None:
        """Put output into the recording, ``after_s`` seconds after the newest picture."""
        self.events.append((self._now_s() + after_s, OUTPUT, text))

    async def _film(self, pilot: Pilot[Any]) -> None:
        shot, step_us = 0, self._speed * 1e6 / FRAMES_PER_S
        try:
            await self._picture(pilot, _ENTER)
            while self._at_us < self._until_us and not self._session.frame().stopped:
                shot += 1
                self._at_us = min(self._until_us, round(shot * step_us))
                self._session.advance(self._at_us)
                await self._picture(pilot)
                self._progress(self._at_us)
        except BaseException as error:
            # Even a KeyboardInterrupt must not fly through the event loop: the app ends in order, then it is raised.
            self.ended_by = error
        self._app.exit()

    async def _picture(self, pilot: Pilot[Any], before: str = "") -> None:
        """Let the app come to rest, and take down what has changed on its screen."""
        await self._rest(pilot)
        # The compositor knows the whole screen; what Textual itself would send depends on when it woke up.
        strips = self._app.screen._compositor.render_strips()
        text = before + self._encoder.update(((y, 0, each) for y, each in enumerate(strips)), ColorSystem.TRUECOLOR)
        if text:
            self.write(text)
        if self._app.frame.caption != self._caption:
            self._caption = self._app.frame.caption
            self.events.append((self._now_s(), MARKER, self._caption))

    async def _rest(self, pilot: Pilot[Any]) -> None:
        """Until no widget has anything left to do. One pause lets each deal with all that waits for it."""
        for _ in range(ROUNDS):
            await pilot.pause(0)
            pumps = (self._app, *self._app.screen.walk_children(with_self=True))
            if not any(each.message_queue_size for each in pumps):
                return
        raise AssertionError(f"the app does not come to rest at {self._at_us} us")

    def _now_s(self) -> float:
        return round(self._at_us / 1e6 / self._speed, 6)
