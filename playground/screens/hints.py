"""What could be pressed next, said once, at the right of the notice line: a word for the moment, and no more.

A hint comes when its moment comes, stays as long as that lasts, and never comes again in this session. It gives way to
whatever else has to be said in the line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.frame import Frame
from playground.screens.choice import Choice
from playground.screens.means import NOTHING, OWN, Means
from widgets.shapes import State


@dataclass(frozen=True, slots=True)
class Moment:
    """What a hint may depend on."""

    frame: Frame
    choice: Choice
    acted: bool
    """The person has acted, at least once."""
    alerted: bool
    """The newest alert is one of something bad, and stands in the notice line."""

    def chosen_is(self, state: State) -> bool:
        """Whether one of the machines that a key would act on is in that state."""
        return any(thing.state is state for thing in self.choice.things(self.frame))


@dataclass(frozen=True, slots=True)
class Hint:
    """``text``, as long as ``fits``."""

    text: str
    fits: Callable[[Moment], bool]
    needs: Means = NOTHING


HINTS: tuple[Hint, ...] = (
    Hint("W: why?", lambda now: now.alerted),
    Hint("s starts it again", lambda now: now.acted and now.chosen_is(State.DOWN)),
    Hint("z thaws it", lambda now: now.acted and now.chosen_is(State.FROZEN)),
    Hint("e heals it, E heals all", lambda now: now.acted and bool(now.frame.faults)),
    Hint(
        ". next event · < one second back",
        lambda now: now.frame.header.paused and not now.frame.header.ended and now.frame.header.present_us < 0,
        Means.PAST,
    ),
)
"""The first one that fits, and has not been given yet, is given."""


class Hints:
    """Which hints have been given in this session."""

    def __init__(self, means: Means = OWN) -> None:
        """``means``: of whoever is to be given them."""
        self._left = [hint for hint in HINTS if Means.KEYS in means and hint.needs in means]
        self._now: Hint | None = None

    def now(self, moment: Moment) -> str:
        """The hint of this moment, or ""."""
        if self._now is not None and not self._now.fits(moment):
            self._now = None
        if self._now is None:
            self._now = next((hint for hint in self._left if hint.fits(moment)), None)
            if self._now is None:
                return ""
            self._left.remove(self._now)
        return self._now.text
