"""Those who look at the hall's session over wires: what each of them is told, may do, and is shown.

All of it belongs to the hall's main thread, but for what a guest's server calls (:class:`_Place`): that does a little,
and leaves the rest to the main thread. Nothing here waits for a guest: of Frames and of the company only the newest is
sent, when it can be.

What is staged (:mod:`.staging`) is shown to all but presenters: they have time in their own hands.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from playground.bearing import borne
from playground.cluster import Cluster
from playground.company import ACTS, TIME, Company, Role, Wish
from playground.frame import View
from playground.kernel.errors import UserError
from playground.remote.allowance import Allowances
from playground.remote.server import Server
from playground.remote.wire import Call, Staged, Wire, Word
from playground.serve.messages import Assigned
from playground.serve.roster import Roster, Told
from playground.serve.staging import Staging
from playground.session import Session
from playground.viewpoints import Viewpoint
from widgets.shapes import Tone


class Audience:
    """``post``: has something called in the hall's main thread. ``say``: tells the front."""

    def __init__(
        self, session: Session, post: Callable[[Callable[[], None]], None], say: Callable[[object], None]
    ) -> None:
        self._session = session
        self._post = post
        self._say = say
        self._roster = Roster()
        self._told = self._roster.company
        self._places: list[_Place] = []
        self.allowances = Allowances()
        self._owed: dict[str, str] = {}
        """Words for those who have no screen of their own yet."""
        self._staging: Staging | None = None
        self._stager: _Place | None = None
        """Who staged that."""
        self._alone_s = time.monotonic()
        """Since when nobody who may act has been here; the end of time: somebody is."""
        self.acted_s = time.monotonic()
        """When somebody acted last."""

    @property
    def staged(self) -> bool:
        """All are shown another session."""
        return self._staging is not None

    def left_alone_s(self, now_s: float) -> float:
        """For how long nobody who may act has been here."""
        return max(0.0, now_s - self._alone_s)

    def company(self) -> Company:
        return self._roster.company

    # --- who comes and goes ------------------------------------------------------------

    def enter(self, name: str, role: Role, number: int) -> None:
        self._roster.enter(name, role, number)
        if role is Role.PRESENTER and self.company().leader:
            self._word(name, f"{self.company().leader} leads: bring takes everybody to what you look at")
        self._inform(f"{name} is here" + (" to watch" if role is Role.SPECTATOR else ""), but=name)
        self._count()

    def leave(self, name: str) -> None:
        led = name == self.company().leader
        self._roster.leave(name)
        self._owed.pop(name, None)
        for place in [each for each in self._places if each.name == name and name]:
            place.server.close()
        self._inform(f"{name} has left")
        if led:
            self._lead_by_another()
        self._count()

    def decline(self, name: str, text: str) -> None:
        self._roster.decline(name)
        self._owed.pop(name, None)
        self._inform(f"{name} can't have the keyboard: {text}", Tone.WARN)
        self._count()

    def sit(self, name: str, wire: Wire) -> None:
        """Somebody speaks the Session's protocol with ``wire``."""
        viewpoint = self._session.viewpoint(name)
        if name in self._owed:
            viewpoint.say(self._owed.pop(name), Tone.ACCENT)
        place = _Place(self, name, viewpoint, wire)
        self._places.append(place)
        self._show(place)

    def _gone(self, place: _Place) -> None:
        if place not in self._places:
            return
        self._places.remove(place)
        self.allowances.give_back(place.name, place.allowance)
        place.viewpoint.close()
        if place is self._stager:
            self._clear()
        # Whichever of the two is heard of first, that they have gone or that what they had staged has.
        if place.back_in_time and place.halted and not self._session.frame().header.ended:
            self._session.pause(False)

    def _lead_by_another(self) -> None:
        """Whoever led has left: of those who present, the one who came first leads."""
        for place in self._places:
            if place.name in self._roster.presenters:
                self._let_lead(place)
                self._word(place.name, "now you lead: whoever watches sees what you look at")
                return

    def _let_lead(self, place: _Place) -> None:
        """From now on it is what this presenter looks at that all see, and not the past of another one."""
        self._roster.lead(place.name, place.viewpoint.wanted)
        if self._stager is not place:
            self._clear()

    def _count(self) -> None:
        acting = any(visitor.role is not Role.SPECTATOR for visitor in self.company().visitors)
        if acting:
            self._alone_s = float("inf")
        elif self._alone_s == float("inf"):
            self._alone_s = time.monotonic()

    # --- what is said --------------------------------------------------------------------

    def tell(self) -> None:
        """Let everybody know of the company, if it has changed."""
        company = self.company()
        if company is self._told:
            return
        self._told = company
        for place in self._places:
            place.server.put(company)
        if self._staging is not None:
            self._staging.send(company)

    def _inform(self, text: str, tone: Tone = Tone.MUTED, but: str = "") -> None:
        """Something for those who present."""
        for name in self._roster.presenters:
            if name != but:
                self._word(name, text, tone)

    def _word(self, name: str, text: str, tone: Tone = Tone.ACCENT) -> None:
        places = [place for place in self._places if place.name == name]
        for place in places:
            place.viewpoint.say(text, tone)
        if not places:
            self._owed[name] = text
        if self._staging is not None:
            self._staging.send(Word(name, text, tone))  # it may be there that they look

    # --- what is wanted ------------------------------------------------------------------

    def _looked(self, place: _Place, view: View) -> None:
        if place.name in self._roster.presenters:
            self._roster.look(place.name, view)

    def _wish(self, place: _Place, wish: Wish) -> None:
        if wish.act == "bring" and place.name in self._roster.presenters and place.name != self.company().leader:
            self._let_lead(place)
        try:
            told = self._roster.wish(place.name, wish)
        except UserError as error:
            told = Told()
            self._word(place.name, str(error), Tone.WARN)
        self.tell()  # before the words: they are about what is so already
        for name, text in told.words:
            self._word(name, text)
        for visitor in told.changed:
            self._say(Assigned(visitor.name, visitor.role, visitor.number))
        self._count()

    # --- the sessions that are shown -------------------------------------------------------

    def turn(self, session: Session, words: str = "") -> None:
        """Show everybody this one from now on, with these ``words``; the one before is about to end."""
        self._session = session
        for place in self._places:
            place.turn(session)
            if words:
                place.viewpoint.say(words, Tone.WARN)

    def let_go_on(self, speed: float) -> None:
        """Nobody has the session in hand any more: let it go on as it began."""
        header = self._session.frame().header
        if header.paused:
            self._session.pause(False)
        if header.speed != speed:
            self._session.set_speed(speed)

    def _stage(self, place: _Place, wire: Wire | None) -> None:
        """A presenter shows everybody the session to whose door ``wire`` leads; None: the present again."""
        place.back_in_time = wire is not None
        if wire is None:
            if place is self._stager:
                self._clear()
            return
        self._roster.lead(place.name, place.viewpoint.wanted)
        before, self._stager = self._staging, place
        staging = self._staging = Staging(wire, self.company(), lambda: self._post(partial(self._lost, staging)))
        for each in self._places:
            self._show(each)
        if before is not None:
            before.close()

    def _show(self, place: _Place) -> None:
        """What is staged, if anything is."""
        if self._staging is not None and place.name not in self._roster.presenters:
            place.server.say(Staged(), self._staging.chair(place.name))

    def _lost(self, staging: Staging) -> None:
        if staging is self._staging:
            self._clear()

    def _clear(self) -> None:
        """Show everybody the present."""
        if self._staging is None:
            return
        self._staging.close()
        self._staging = self._stager = None
        for place in self._places:
            if place.name not in self._roster.presenters:
                place.server.say(Staged())


class _Place:
    """One guest, or a rendering: the host of its server."""

    def __init__(self, audience: Audience, name: str, viewpoint: Viewpoint, wire: Wire) -> None:
        self._audience = audience
        self.name = name
        self.viewpoint = viewpoint
        self.halted = False
        """The session was under way when it paused it last."""
        self.back_in_time = False
        """It has staged something since it was in the present last."""
        self.viewpoint.bears = self._bears
        self.allowance = audience.allowances.take(name)
        gone = partial(audience._post, partial(audience._gone, self))
        self.server = Server(viewpoint, wire, gone, host=self, first=[audience.company()])

    def turn(self, session: Session) -> None:
        before = self.viewpoint
        self.viewpoint = session.viewpoint(self.name, before.wanted)
        self.viewpoint.bears = self._bears
        self.viewpoint.notice = (before.notice[0], "", Tone.PLAIN)
        self.server.turn(self.viewpoint)
        before.close()

    # --- as a host, in the server's thread -------------------------------------------------

    def may(self, call: Call) -> str:
        return self.allowance.may(self._audience.company(), self.name, call)

    def _bears(self, cluster: Cluster, command: Any) -> str:
        """In the world's thread."""
        return borne(self._audience.company(), self.name, cluster, command)

    def hear(self, call: Call, carried: Wire | None) -> None:
        audience = self._audience
        match call.name:
            case "look":
                audience._post(partial(audience._looked, self, *call.args))
            case "manage":
                audience._post(partial(audience._wish, self, *call.args))
            case "stage":
                audience._post(partial(audience._stage, self, carried))
            case "pause" if call.args[0]:
                self.halted = not self.viewpoint.paused
        if call.name in ACTS | TIME:
            audience.acted_s = time.monotonic()
