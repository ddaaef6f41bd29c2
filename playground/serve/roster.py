"""Who is here, who may act, and what a presenter wants of them: the rules, and nothing that runs.

* Whoever comes has the role they were let in with. *Lending* makes a player of a spectator; *taking* makes a spectator
  of a player, of one who came as a player, too: a presenter has the last word on the keyboards.
* Nobody but a presenter manages anything, and nobody manages a presenter.
* Of several presenters one leads: who looked at something first, until another one brings everybody or shows them the
  past. Nobody is taken along by what somebody else prepares meanwhile.
* With the last presenter go the lock and the lead: there would be nobody to end them. What was lent stays lent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from playground.company import WISHES, Company, Role, Visitor, Wish
from playground.frame import View
from playground.kernel.errors import UserError
from playground.wording import unknown

ALL = "all"
"""In a wish: everybody whom it can concern."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a wish. ``words``: whom to say what, as (name, text)."""

    changed: tuple[Visitor, ...] = ()
    """Those who have another role now."""
    words: tuple[tuple[str, str], ...] = ()


class Roster:
    """Of one session. :attr:`company` is replaced, never changed: any thread may look at it."""

    def __init__(self) -> None:
        self.company = Company()

    def enter(self, name: str, role: Role, number: int = 0) -> None:
        """Somebody has come; whoever had that name before has gone."""
        self.leave(name)
        self._seat((*self.company.visitors, Visitor(name, role, number=number)))

    def leave(self, name: str) -> None:
        """Somebody has gone. Without effect if they are not here."""
        self._seat(visitor for visitor in self.company.visitors if visitor.name != name)

    def decline(self, name: str) -> None:
        """The keyboard that was lent can't be had."""
        if self._is_lent(name):
            self._change(name, Role.SPECTATOR)

    def look(self, name: str, view: View) -> None:
        """``name`` looks at this now: so does whoever follows, if it is them who leads, or nobody does."""
        if self.company.leader in ("", name):
            self.lead(name, view)

    def lead(self, name: str, view: View) -> None:
        """``name`` leads from now on, if they present, and looks at this."""
        if name in self.presenters:
            self.company = replace(self.company, leader=name, lead=view)

    def wish(self, by: str, wish: Wish) -> Told:
        """Do what ``by`` wants. UserError: it makes no sense, and this is why."""
        if self.company.role_of(by) is not Role.PRESENTER:
            raise UserError("only a presenter can do that")
        match wish.act:
            case "lend" | "take":
                return self._keyboards(by, wish)
            case "lock" | "unlock":
                return self._lock(by, wish.act == "lock")
            case "bring":
                return self._bring(by)
        raise UserError(unknown("wish", wish.act, WISHES))

    @property
    def presenters(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(each.name for each in self.company.visitors if each.role is Role.PRESENTER)

    # --- wishes ------------------------------------------------------------------------

    def _keyboards(self, by: str, wish: Wish) -> Told:
        lending = wish.act == "lend"
        # A visitor may be called as the word is: then it is them.
        named = wish.name in (visitor.name for visitor in self.company.visitors)
        if not wish.name or (wish.name == ALL and not named):
            before = Role.SPECTATOR if lending else Role.PLAYER
            names = [visitor.name for visitor in self.company.visitors if visitor.role is before]
            if not names:
                raise UserError("nobody watches only" if lending else "nobody has a keyboard but who presents")
        else:
            names = [self._checked(wish.name, lending)]
        role = Role.PLAYER if lending else Role.SPECTATOR
        changed = tuple(self._change(name, role) for name in names)
        deed = "lends you the keyboard" if lending else "takes the keyboard back"
        whom = names[0] if len(names) == 1 else f"{len(names)} visitors"
        word = f"{whom} {'has' if len(names) == 1 else 'have'} the keyboard" if lending else f"{whom} only watch"
        if not lending and len(names) == 1:
            word = f"{whom} only watches now"
        return Told(changed, (*((name, f"{by} {deed}") for name in names), (by, word)))

    def _checked(self, name: str, lending: bool) -> str:
        """``name``, if there is somebody of that name for whom it makes sense."""
        visitors = {visitor.name: visitor for visitor in self.company.visitors}
        if name not in visitors:
            raise UserError(unknown("visitor", name, visitors))
        role = visitors[name].role
        if role is Role.PRESENTER:
            raise UserError(f"{name} presents, and keeps the keyboard")
        if lending and role is Role.PLAYER:
            raise UserError(f"{name} has the keyboard already")
        if not lending and role is Role.SPECTATOR:
            raise UserError(f"{name} has no keyboard: lend {name} gives one")
        return name

    def _lock(self, by: str, locked: bool) -> Told:
        if self.company.locked is locked:
            raise UserError(f"the keyboards are {'locked already' if locked else 'not locked'}")
        self.company = replace(self.company, locked=locked)
        return Told(words=self._to_all(by, f"{by} {'locks' if locked else 'unlocks'} the keyboards"))

    def _bring(self, by: str) -> Told:
        if self.company.lead is None:
            raise UserError("there is no view yet to which they could be brought")
        self.company = replace(self.company, brought=self.company.brought + 1)
        return Told(words=self._to_all(by, f"{by} brings everybody to this view"))

    def _to_all(self, by: str, text: str) -> tuple[tuple[str, str], ...]:
        """The same words for all who have a screen of their own."""
        visitors = self.company.visitors
        others = [each.name for each in visitors if each.role is not Role.SPECTATOR and each.name != by]
        return tuple((name, text) for name in (*others, by))

    # --- changes -----------------------------------------------------------------------

    def _is_lent(self, name: str) -> bool:
        return any(visitor.lent for visitor in self.company.visitors if visitor.name == name)

    def _change(self, name: str, role: Role) -> Visitor:
        changed = replace(self._named(name), role=role, lent=role is Role.PLAYER)
        self._seat(changed if visitor.name == name else visitor for visitor in self.company.visitors)
        return changed

    def _named(self, name: str) -> Visitor:
        return next(visitor for visitor in self.company.visitors if visitor.name == name)

    def _seat(self, visitors: Iterable[Visitor]) -> None:
        self.company = replace(self.company, visitors=tuple(visitors))
        if self.company.leader not in self.presenters:
            self.company = replace(self.company, leader="", lead=None)
        if not self.company.presented:
            self.company = replace(self.company, locked=False)
