"""The keys of time: pause, single steps, speed, and the way back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkType

from playground.kernel.errors import UserError
from playground.screens.instants import parse_instant
from playground.screens.notices import ALERTS
from widgets.log import clock

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp
    from playground.screens.timelines import Timelines

SECOND_US = 1_000_000
PROPOSED_US = 10 * SECOND_US
"""So far back is proposed where nothing has happened that is worth going back to."""
_FETCH = "rewind"
"""The group of the workers that fetch a session of the past: one at a time."""


class TimeActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def pause(self, _key: str) -> None:
        # At its end a scenario stands still as well: there, too, the key means "go on".
        self.app.paused = not (self.app.paused or self.app.frame.header.ended)
        self.app.session.pause(self.app.paused)

    def step(self, _key: str) -> None:
        self.app.paused = True
        self.app.session.step()

    def step_second(self, _key: str) -> None:
        self.app.paused = True
        self.app.session.step(SECOND_US)

    def faster(self, _key: str) -> None:
        if not self.app.frame.header.speed:
            raise UserError("it goes as fast as it can already")
        self.app.session.faster(1)

    def slower(self, _key: str) -> None:
        if 0 < self.app.frame.header.speed <= 0.01:
            raise UserError("it can't go slower than a hundredth; space pauses, . goes event by event")
        self.app.session.faster(-1)

    def real_time(self, _key: str) -> None:
        self.app.session.set_speed(1.0)

    # --- the way back -----------------------------------------------------------------

    def back_second(self, _key: str) -> None:
        """A second before what is shown, or before what is being fetched: who presses twice wants two seconds."""
        fetching_us = self._timelines.fetching_us
        from_us = self.app.frame.header.at_us if fetching_us < 0 else fetching_us
        if not from_us:
            raise UserError("this is the beginning")
        self._go_back(max(0, from_us - SECOND_US))

    def present(self, _key: str) -> None:
        if not self.give_up():
            self._timelines.to_present(self.app)

    def rewind(self, _key: str) -> None:
        """To the instant that is chosen in the panel; where none is, somebody is asked."""
        stage = self.app.stage
        chosen_us = stage.panels[stage.front].chosen_us()
        if chosen_us is not None:
            self._go_back(chosen_us)
            return
        self._timelines  # noqa: B018 - nobody is asked in vain
        self.app.open_command(f"rewind {clock(self._worth_seeing())}")

    def rewind_to(self, text: str) -> None:
        """``rewind 00:31.2``, typed."""
        self._go_back(parse_instant(text, self.app.frame.header.at_us))

    def give_up(self) -> bool:
        """Fetch no past any more; the session that is shown stays. False: none was being fetched."""
        timelines = self.app.timelines
        if timelines is None or timelines.fetching_us < 0:
            return False
        timelines.give_up()
        self.app.workers.cancel_group(self.app, _FETCH)
        self.app.say("gave up going back; nothing has changed")
        return True

    @property
    def _timelines(self) -> Timelines:
        if self.app.timelines is None:
            among = self.app.among
            raise UserError("there is no way back in this session" if among is None else among.no_way_back)
        return self.app.timelines

    def _go_back(self, at_us: int) -> None:
        timelines = self._timelines
        fetch = timelines.want(at_us)
        work: WorkType[None] = partial(timelines.rewind, fetch, self.app)
        self.app.run_worker(work, group=_FETCH, exclusive=True)

    def _worth_seeing(self) -> int:
        """The newest alert's instant, or a little while ago."""
        frame = self.app.frame
        now_us = frame.header.at_us
        alerts = (line.at_us for line in reversed(frame.log.lines) if line.kind in ALERTS and line.at_us < now_us)
        return next(alerts, max(0, now_us - PROPOSED_US))
