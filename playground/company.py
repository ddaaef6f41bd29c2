"""Who looks at a session that many look at, and what each of them may do there.

A session on a screen of one's own has no company. Where many look at one cluster, each of them is a *visitor* with a
name and a *role*. What follows from a role is said here once:

=============  ========================================================================================
presenter      acts, has time in hand (pause, speed, steps, the way back), says who else may act, and leads:
               spectators see what the presenter looks at; of several one leads
player         acts on the cluster, and looks where they like; has time in hand while there is no presenter
spectator      looks
=============  ========================================================================================

A presenter *lends* a spectator the keyboard: that makes a player of them until it is taken back. A presenter may *lock*
all keyboards but the own one, and *bring* everybody to the own view.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from playground.effort import excess
from playground.frame import View


class Role(StrEnum):
    """What somebody is here for."""

    PRESENTER = "presenter"
    PLAYER = "player"
    SPECTATOR = "spectator"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is here. No two have the same ``name``."""

    name: str
    role: Role
    lent: bool = False
    """A spectator who has been lent the keyboard."""
    number: int = 0
    """Of the visit: the name may be somebody else's later, this is not."""


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody who is here, in the order in which they came, and what has been agreed."""

    visitors: tuple[Visitor, ...] = ()
    locked: bool = False
    """Only the presenter acts."""
    lead: View | None = None
    """What the presenter looks at who leads."""
    leader: str = ""
    """Who that is; "": nobody yet."""
    brought: int = 0
    """Grows each time when the presenter brings everybody to that view."""

    def role_of(self, name: str) -> Role:
        """A spectator's, if nobody of that name is here."""
        return next((each.role for each in self.visitors if each.name == name), Role.SPECTATOR)

    @property
    def presented(self) -> bool:
        """Somebody presents."""
        return any(each.role is Role.PRESENTER for each in self.visitors)

    @property
    def several_present(self) -> bool:
        """Only one of them leads."""
        return sum(each.role is Role.PRESENTER for each in self.visitors) > 1

    def refuses(self, name: str, call: str, *what: Any) -> str:
        """Why ``name`` may not ask this of the session, in one line; "": they may.

        ``call``: a method of the session, see :data:`ACTS`, :data:`TIME` and :data:`MANAGES`; others anybody may call.
        ``what``: with what it is called. Of what changes the cluster players may not ask for more than it bears.
        """
        role = self.role_of(name)
        if role is Role.PRESENTER or call not in ACTS | TIME | MANAGES:
            return ""
        if role is Role.SPECTATOR:
            return "you are watching: a presenter can lend you the keyboard"
        if call in MANAGES:
            return "only a presenter can do that"
        if self.locked:
            return "the keyboards are locked: the presenter will unlock them"
        if call in TIME and self.presented:
            return "time is in the presenter's hands; everything else is in yours"
        return excess(*what) if call in ACTS and what else ""


ACTS = frozenset({"send"})
"""What changes the cluster."""
TIME = frozenset({"pause", "set_speed", "faster", "step"})
"""What changes its pace, for everybody."""
MANAGES = frozenset({"manage", "stage"})
"""What changes who may do what, and what all are shown."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a presenter wants of the company. ``name``: of a visitor; "": of all of them, where that makes sense."""

    act: str
    """One of :data:`WISHES`."""
    name: str = ""


WISHES = ("lend", "take", "lock", "unlock", "bring")
"""lend the keyboard, take it back, lock all keyboards, unlock them, bring everybody to the presenter's view."""
