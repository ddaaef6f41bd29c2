"""What a presenter does with the company: by a key, or by a word on the ``:`` line; and the list of who is here.

What comes of it is told by the host, in a notice to everybody whom it concerns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.company import Company, Role, Visitor, Wish
from playground.kernel.errors import UserError
from playground.screens.among import ALL, Among
from playground.wording import unknown
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

WHO = "who is here"


class HostActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def lend(self, name: str) -> None:
        """``:lend ben``."""
        self._wish("lend", self._visitor("lend", name))

    def take(self, name: str) -> None:
        """``:take ben``."""
        self._wish("take", self._visitor("take", name))

    def lock(self, rest: str) -> None:
        """``:lock``."""
        self._for_all("lock", rest)

    def unlock(self, rest: str) -> None:
        """``:unlock``."""
        self._for_all("unlock", rest)

    def bring(self, rest: str) -> None:
        """``:bring``."""
        self._show_own_session()
        self._for_all("bring", rest)

    def toggle_lock(self, _key: str) -> None:
        self._wish("unlock" if self._presents.company.locked else "lock")

    def bring_all(self, _key: str) -> None:
        self.bring("")

    def who(self, _rest: str) -> None:
        """``:who``: a list that lies over the panels."""
        app = self.app
        app.stage.help.tell(WHO, listed(self._among.company, self._among.host.name), app.look)

    def tell_who(self) -> None:
        """The company has changed: so does its list, if it is open."""
        help = self.app.stage.help
        if help.is_open and help.topic == WHO:
            self.who("")

    # --- within -----------------------------------------------------------------------

    def _show_own_session(self) -> None:
        """Somebody else leads: their session may be another one, or have taken this one's place."""
        among = self._presents
        if among.company.leader not in ("", among.host.name):
            among.turned(self.app.session)

    def _wish(self, act: str, name: str = "") -> None:
        self._presents.host.manage(Wish(act, name))

    def _for_all(self, act: str, rest: str) -> None:
        self._presents  # noqa: B018 - who may not do it needs no lesson in how to write it
        if rest:
            raise UserError(f"{act}: takes no name, it is for all; write {act}")
        self._wish(act)

    def _visitor(self, act: str, name: str) -> str:
        """The one who is meant; "": all. UserError: nobody of that name is here."""
        among = self._presents
        others = [each.name for each in among.company.visitors if each.name != among.host.name]
        if not name:
            likely = next((each for each in among.tails()[act] if each != ALL), "NAME")
            raise UserError(f"{act}: {'to whom' if act == 'lend' else 'whose'}? write {act} {likely}, or {act} {ALL}")
        if name == among.host.name:
            raise UserError(f"{act}: {name} is you, and you keep the keyboard")
        if name not in (*others, ALL):
            raise UserError(f"{act}: {unknown('visitor', name, [*others, ALL])}")
        return "" if name == ALL else name

    @property
    def _presents(self) -> Among:
        """The company that is in this visitor's hands. UserError: it is not."""
        among = self._among
        refusal = among.company.refuses(among.host.name, "manage")
        if refusal:
            raise UserError(refusal)
        return among

    @property
    def _among(self) -> Among:
        if self.app.among is None:
            raise UserError("nobody else looks at this session")
        return self.app.among


def listed(company: Company, name: str) -> Detail:
    """Everybody who is here. ``name``: of the one who asks."""
    count = len(company.visitors)
    facts = [Fact("here", "nobody" if not count else "one visitor" if count == 1 else f"{count} visitors")]
    if company.locked:
        facts.append(Fact("locked", "only who presents acts", Tone.WARN))
    table = Table(
        (Column("name", 20), Column("", 10), Column("", 30, weight=1)),
        tuple(_row(each, each.name == name, company) for each in company.visitors),
    )
    return Detail("", tuple(facts), (("in the order in which they came", table),) if count else ())


def _row(visitor: Visitor, oneself: bool, company: Company) -> Row:
    does = {
        Role.PRESENTER: Cell("presents", Tone.ACCENT),
        Role.PLAYER: Cell("plays", Tone.MUTED if company.locked else Tone.PLAIN),
        Role.SPECTATOR: Cell("watches", Tone.MUTED),
    }[visitor.role]
    leads = visitor.name == company.leader and company.several_present
    asides = (
        ["you"] * oneself
        + ["leads: spectators see what they look at"] * leads
        + ["was lent the keyboard"] * visitor.lent
    )
    return Row((Cell(visitor.name), does, Cell(", ".join(asides), Tone.MUTED)))
