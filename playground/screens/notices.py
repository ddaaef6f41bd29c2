"""What the notice line says: the newest of the session's words, the log's alerts and our own.

Before the first act it is a hint what to press first; later a hint for the moment stands beside it (:mod:`.hints`).
"""

from __future__ import annotations

from playground.frame import Frame
from playground.screens.bars import Notice
from playground.screens.choice import Choice
from playground.screens.hints import Hints, Moment
from playground.screens.means import OWN, Means
from widgets.log import clock
from widgets.shapes import Tone

ALERTS = frozenset({"alert", "good", "answer"})
"""Kinds of log lines that are worth the notice line."""


OVER = "the scenario is over: act or press space to go on, q to quit"
FRESH_US = 15_000_000
"""So long news of who comes and goes does not cover an alert."""


class Notices:
    """Newest wins. The world's stop outranks everything; who comes and goes (muted) is outranked by a fresh alert."""

    def __init__(self, means: Means = OWN) -> None:
        """``means``: of whoever reads them. Who has no keys is told of none."""
        self._keys = Means.KEYS in means
        self._own = Means.FILES in means
        self._current = Notice("")
        self._number = 0
        self._alert = -1
        self._ended = False
        self._over: Notice | None = None
        """What was said at the scenario's end, as long as it stands there."""
        self._bad: Notice | None = None
        """The newest alert, if it is one of something bad."""
        self._bad_us = 0
        """When that was."""
        self._hints = Hints(means)
        self.acted = False
        """Whether the first act has been done: then the hint has served."""
        self.guided = False
        """Somebody is being shown around, and told what to press."""
        self.first_time = False
        """Somebody is here for the first time, and may want to be shown around."""

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Something of our own: a key that couldn't act, a file that was written."""
        self._current = Notice(text, tone)

    def go_on(self) -> bool:
        """Somebody presses another key: that the last one could not act is no news any more. Whether that was said."""
        current = self._current
        if current.tone is not Tone.WARN or current is self._bad or current is self._over:
            return False
        self._current = Notice("")
        return True

    def judged(self, words: str, tone: Tone) -> None:
        """What the scenario that is over came to. Who has gone on meanwhile hears it as well."""
        self._over = self._current = Notice(f"over; {words}", tone)

    def turn(self, frame: Frame) -> None:
        """Another session is shown from now on: what its first Frame says is not new."""
        self._number = frame.notice_number
        self._alert = frame.log.lines[-1].index if frame.log.lines else -1

    def hear(self, frame: Frame) -> None:
        """Take up what is new in a Frame."""
        newest = frame.log.lines[-1].index if frame.log.lines else -1
        for entry in reversed(frame.log.lines):
            if entry.index <= self._alert:
                break
            if entry.kind in ALERTS:
                self._current = Notice(f"{clock(entry.at_us)}  {entry.text}", entry.tone)
                self._bad, self._bad_us = self._current if entry.tone in (Tone.BAD, Tone.WARN) else None, entry.at_us
                break
        self._alert = max(self._alert, newest)
        if frame.notice_number > self._number:
            self._number = frame.notice_number
            if frame.notice and not self._covers(frame):
                self._current = Notice(frame.notice, frame.notice_tone)
        if frame.header.ended and not self._ended:
            self._over = self._current = Notice(OVER if self._keys else OVER.partition(":")[0], Tone.ACCENT)
        elif self._current is self._over and self._ended and not frame.header.ended:
            self._current = Notice("")
        self._ended = frame.header.ended

    def _covers(self, frame: Frame) -> bool:
        """News of who comes and goes would cover an alert of this moment."""
        fresh = self._bad is not None and frame.header.at_us - self._bad_us < FRESH_US
        return frame.notice_tone is Tone.MUTED and fresh and self._current is self._bad

    def now(self, frame: Frame, choice: Choice, wanted: str) -> Notice:
        """The line for this moment."""
        if frame.stopped:
            said = "stopped by an error in the playground (q quits and says how to replay it)"
            return Notice(f"{said if self._own else 'this session has stopped'}: {frame.stopped}", Tone.BAD)
        asides = []
        if choice.marked:
            asides.append(f"marked: {' '.join(t.name for t in frame.nodes if t.name in choice.marked)}")
        if wanted:
            asides.append(f"filter: {wanted}")
        aside = " · ".join(asides)
        if self._keys and not (self.acted or self.guided or self._current.text) and choice.selected:
            if frame.captions[0] < frame.captions[1]:
                hint = "tab and the arrows look around; whatever you do takes the story over; ? for help"
            elif self.first_time:
                hint = f"first time here? T: a tour of two minutes; or press x to crash {choice.selected}"
            else:
                hint = f"{choice.selected} is selected: press x to crash it, ? for help"
            return Notice(hint, Tone.ACCENT, aside)
        alerted = self._bad is not None and self._current is self._bad
        complains = not alerted and self._current.tone in (Tone.BAD, Tone.WARN)
        if complains or self.guided:  # it says itself what to do instead
            return Notice(self._current.text, self._current.tone, aside)
        hint = self._hints.now(Moment(frame, choice, self.acted, alerted))
        return Notice(self._current.text, self._current.tone, aside, hint)
