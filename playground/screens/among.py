"""The app where others look at the same session: what it makes of the company (:mod:`playground.company`).

* Who watches follows: what the presenter selects, opens and asks becomes what is shown here, at once, in panels of
  this screen's own sizes. While nobody presents it is as in a fresh app.
* Who acts looks where they like. When a presenter brings everybody, they are brought once; who has just been lent the
  keyboard begins with what they have watched until then.
* The presenter's app tells what it looks at, down to the panel that is focused, the lines that are read and the words
  that the log is filtered by, and which session it shows: the present, a past that was gone back to. The others turn to
  that one as well.

The host calls from any thread; all it says becomes a message of the app, and of several waiting ones the newest counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from playground.company import Company, Role
from playground.frame import View
from playground.screens.header import Here
from playground.screens.keys import Key
from playground.screens.means import Means
from playground.screens.port import HostPort, SessionPort
from playground.screens.words import COMPANY, WHO, Word
from widgets.log import clock
from widgets.shapes import Tone

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

ALL = "all"
"""What is typed for everybody."""


class Tidings(Message):
    """The company has changed."""


class Staged(Message):
    """Another session is to be shown."""

    def __init__(self, session: SessionPort) -> None:
        super().__init__()
        self.session = session


class Among:
    """Of one app."""

    def __init__(self, app: PlaygroundApp, host: HostPort) -> None:
        self._app = app
        self.host = host
        self.company = host.company()
        self._waits = False
        """A message that there is news is under way."""
        self._followed: View | None = None
        self._brought = -1
        """As far as that has been heeded; -1: it is not known yet."""
        self.told: View | None = None
        """What the session was told of what is looked at."""
        self._follows = False
        """The session that is shown is one that the presenter has gone to."""

    # --- who is here --------------------------------------------------------------------

    @property
    def role(self) -> Role | None:
        """The visitor's; None: it has not been said yet."""
        if not self.host.name:
            return Role.SPECTATOR
        return next((each.role for each in self.company.visitors if each.name == self.host.name), None)

    @property
    def watching(self) -> bool:
        return self.role is Role.SPECTATOR

    @property
    def presenters(self) -> tuple[str, ...]:
        """The names of the others who present; first who leads."""
        named = [each.name for each in self.company.visitors if each.role is Role.PRESENTER]
        named.sort(key=lambda name: name != self.company.leader)
        return tuple(name for name in named if name != self.host.name)

    def here(self) -> Here:
        """For the header."""
        role = None if self.watching else self.role
        return Here(len(self.company.visitors), () if self.watching else self.presenters, role, self.company.locked)

    def watchword(self) -> str:
        """What stands in the footer of those who have no keys but one."""
        presents = f" · {self._whoever} leads" if self.presenters else ""
        return f"you are watching · q leaves{presents}"

    @property
    def _whoever(self) -> str:
        """Who leads. Without a name of their own, presenters are called as their role is."""
        first = next(iter(self.presenters), Role.PRESENTER.value)
        return "the presenter" if first == Role.PRESENTER else first

    @property
    def no_way_back(self) -> str:
        """Why nobody can go back in time here."""
        if self.company.presented and self.role is not Role.PRESENTER:
            return "time is in the presenter's hands"
        return "there is no way back in this session: only a presenter has one"

    # --- what is offered ------------------------------------------------------------------

    def within(self, means: Means) -> Means:
        """Those of ``means`` that are left, and what there is besides."""
        if self._app.timelines is None:
            means &= ~Means.PAST
        if self.company.presented and self.role is not Role.PRESENTER:
            means &= ~Means.TIME
        if self.watching:
            means &= ~Means.KEYS
        return means | Means.COMPANY if self.role is Role.PRESENTER else means

    def labelled(self, keys: Sequence[Key]) -> tuple[Key, ...]:
        """The keys, as they are called while it is as it is."""
        locked = self.company.locked
        return tuple(replace(key, label="unlock") if locked and key.act == "toggle_lock" else key for key in keys)

    def words(self) -> Mapping[str, Word]:
        """What can be typed about the company."""
        return COMPANY if self.role is Role.PRESENTER else {"who": WHO}

    def tails(self) -> Mapping[str, Sequence[str]]:
        """What may stand behind these words."""
        if self.role is not Role.PRESENTER:
            return {}
        playing = [each.name for each in self.company.visitors if each.role is Role.PLAYER]
        watching = [each.name for each in self.company.visitors if each.role is Role.SPECTATOR]
        return {"lend": (*watching, ALL), "take": (*playing, ALL)}

    # --- for the app ------------------------------------------------------------------------

    def begin(self) -> None:
        """The app is there."""
        self.host.on_company(self._told)
        self.host.on_stage(self._staged)
        self.hear()

    def end(self) -> None:
        self.host.on_company(_unheard)
        self.host.on_stage(_unseen)

    def hear(self) -> None:
        """Take up the newest word on the company."""
        app = self._app
        self._waits = False
        self.company = self.host.company()
        app.offer()
        if self.watching:
            self._follow()
        elif self.role is not None:
            self._heed()
        app.stage.led = self.watching
        app.acts.tell_who()
        app.show_top()
        app.show_bars()

    def looked(self) -> None:
        """What is looked at may be something else: others look there as well."""
        if self.role is Role.PRESENTER and self._app.view() != self.told:
            self._app.tell_view()

    def turned(self, session: SessionPort) -> None:
        """The app has turned to another session."""
        if self.role is Role.PRESENTER and not self._follows:
            self.host.stage(session)

    def shown(self, session: SessionPort) -> None:
        """The presenter has turned to another session."""
        app = self._app
        if session is app.session:
            return
        self._follows = True
        app.turn(session)
        self._follows = False
        header = app.frame.header
        who = self._whoever
        if header.present_us >= 0:
            app.say(f"{who} goes back to {clock(header.at_us)}", Tone.ACCENT)
        elif header.branched_us >= 0:
            app.say(f"{who} has acted in the past: this is a branch of {clock(header.branched_us)}", Tone.ACCENT)
        else:
            app.say(f"the present again: {clock(header.at_us)}", Tone.ACCENT)

    # --- within -----------------------------------------------------------------------------

    def _follow(self) -> None:
        lead = self.company.lead
        if lead != self._followed:
            self._followed = lead
            self._app.follow(lead or View())

    def _heed(self) -> None:
        """Be brought to the presenter's view, if that is new; and who was lent the keyboard begins there."""
        brought, lead = self.company.brought, self.company.lead
        first = self._brought < 0
        lent = any(each.lent for each in self.company.visitors if each.name == self.host.name)
        wanted = lent if first else brought > self._brought
        self._brought = brought
        if wanted and lead is not None and self.role is Role.PLAYER:
            self._app.follow(lead)

    def _told(self, _company: Company) -> None:
        if not self._waits:
            self._waits = True
            with contextlib.suppress(RuntimeError):  # the loop may be gone already
                self._app.post_message(Tidings())

    def _staged(self, session: SessionPort) -> None:
        with contextlib.suppress(RuntimeError):
            self._app.post_message(Staged(session))


def _unheard(_company: Company) -> None:
    pass


def _unseen(_session: SessionPort) -> None:
    pass
