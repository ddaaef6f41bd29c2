"""Who may act, whatever a presenter wishes and whoever comes and goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.company import ACTS, MANAGES, TIME, WISHES, Company, Role, Wish
from playground.frame import View
from playground.kernel.errors import UserError
from playground.serve.roster import Roster, Told

NAMES = ("anna", "ben", "cleo", "all")
A, B, C = Role.PRESENTER, Role.PLAYER, Role.SPECTATOR


def roster(**roles: Role) -> Roster:
    made = Roster()
    for name, role in roles.items():
        made.enter(name, role)
    return made


def roles(company: Company) -> dict[str, Role]:
    return {visitor.name: visitor.role for visitor in company.visitors}


def words(told: Told) -> dict[str, str]:
    return dict(told.words)


def test_lending_makes_a_player_and_taking_a_spectator() -> None:
    here = roster(anna=A, ben=C, cleo=C)
    told = here.wish("anna", Wish("lend", "ben"))
    assert [(visitor.name, visitor.role, visitor.lent) for visitor in told.changed] == [("ben", B, True)]
    assert words(told) == {"ben": "anna lends you the keyboard", "anna": "ben has the keyboard"}
    assert here.company.refuses("ben", "send") == ""
    told = here.wish("anna", Wish("take", "ben"))
    assert words(told) == {"ben": "anna takes the keyboard back", "anna": "ben only watches now"}
    assert roles(here.company) == {"anna": A, "ben": C, "cleo": C}


def test_all_are_meant_by_all_and_by_no_name() -> None:
    for name in ("all", ""):
        here = roster(anna=A, ben=C, cleo=C, dan=B)
        told = here.wish("anna", Wish("lend", name))
        assert [visitor.name for visitor in told.changed] == ["ben", "cleo"]
        assert words(told)["anna"] == "2 visitors have the keyboard"
        told = here.wish("anna", Wish("take", name))
        assert [visitor.name for visitor in told.changed] == ["ben", "cleo", "dan"]


def test_a_visitor_may_be_called_all() -> None:
    here = roster(anna=A, all=C, ben=C)
    here.wish("anna", Wish("lend", "all"))
    assert roles(here.company) == {"anna": A, "all": B, "ben": C}


def test_a_lock_leaves_the_presenter_the_keyboard_and_ends_with_the_last_one() -> None:
    here = roster(anna=A, ben=B, dan=A)
    told = here.wish("anna", Wish("lock"))
    assert set(words(told)) == {"anna", "ben", "dan"}
    assert here.company.refuses("ben", "send")
    assert not here.company.refuses("dan", "send")
    here.leave("anna")
    assert here.company.locked
    here.leave("dan")
    assert not here.company.locked
    assert not here.company.refuses("ben", "send")


def test_nobody_is_told_of_a_lock_who_has_no_screen_of_their_own() -> None:
    assert set(words(roster(anna=A, ben=C).wish("anna", Wish("lock")))) == {"anna"}


def test_all_can_be_brought_to_what_the_presenter_looks_at() -> None:
    here = roster(anna=A, ben=B)
    with pytest.raises(UserError, match="no view yet"):
        here.wish("anna", Wish("bring"))
    here.look("ben", View(selected="n1"))
    assert here.company.lead is None
    here.look("anna", View(selected="n2"))
    assert words(here.wish("anna", Wish("bring")))["ben"] == "anna brings everybody to this view"
    assert here.company.brought == 1
    here.leave("anna")
    assert here.company.lead is None


def test_of_several_presenters_one_leads_until_another_does_or_they_leave() -> None:
    here = roster(anna=A, ben=B, dan=A)
    here.look("anna", View(selected="n1"))
    here.look("dan", View(selected="n2"))
    assert (here.company.leader, here.company.lead) == ("anna", View(selected="n1"))
    here.lead("ben", View())
    assert here.company.leader == "anna"
    here.lead("dan", View(selected="n2"))
    here.look("anna", View(selected="n3"))
    assert (here.company.leader, here.company.lead) == ("dan", View(selected="n2"))
    here.leave("anna")
    assert here.company.leader == "dan"
    here.leave("dan")
    assert (here.company.leader, here.company.lead) == ("", None)


@pytest.mark.parametrize(
    ("by", "wish", "why"),
    [
        ("ben", Wish("lock"), "only a presenter can do that"),
        ("nobody", Wish("lend", "ben"), "only a presenter can do that"),
        ("anna", Wish("lend", "celo"), "unknown visitor 'celo': did you mean cleo?"),
        ("anna", Wish("lend", "anna"), "anna presents, and keeps the keyboard"),
        ("anna", Wish("take", "anna"), "anna presents, and keeps the keyboard"),
        ("anna", Wish("lend", "ben"), "ben has the keyboard already"),
        ("anna", Wish("take", "cleo"), "cleo has no keyboard: lend cleo gives one"),
        ("anna", Wish("unlock"), "the keyboards are not locked"),
        ("anna", Wish("dance"), "unknown wish 'dance': there are lend, take, lock, unlock, bring"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_in_one_line_and_changes_nothing(by: str, wish: Wish, why: str) -> None:
    here = roster(anna=A, ben=B, cleo=C)
    before = here.company
    with pytest.raises(UserError) as refused:
        here.wish(by, wish)
    assert str(refused.value) == why
    assert here.company is before


def test_who_cannot_have_the_keyboard_watches_again() -> None:
    here = roster(anna=A, ben=C, cleo=B)
    here.wish("anna", Wish("lend", "ben"))
    here.decline("ben")
    here.decline("cleo")
    here.decline("nobody")
    assert roles(here.company) == {"anna": A, "ben": C, "cleo": B}


_STEPS = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(NAMES), st.sampled_from(Role)),
    st.tuples(st.just("leave"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("decline"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("lead"), st.sampled_from(NAMES), st.just(View())),
    st.tuples(
        st.just("wish"),
        st.sampled_from(NAMES),
        st.builds(Wish, st.sampled_from(WISHES), st.sampled_from((*NAMES, ""))),
    ),
)


@given(st.lists(_STEPS, max_size=30))
def test_whatever_happens_a_company_stays_sound(steps: list[tuple[str, str, object]]) -> None:
    here = Roster()
    came: dict[str, Role] = {}
    for step, name, what in steps:
        before = here.company
        match step:
            case "enter" if isinstance(what, Role):
                here.enter(name, what)
                came[name] = what
            case "leave":
                here.leave(name)
                came.pop(name, None)
            case "decline":
                here.decline(name)
            case "lead" if isinstance(what, View):
                here.look(name, what)
            case "wish" if isinstance(what, Wish):
                try:
                    told = here.wish(name, what)
                except UserError:
                    assert here.company is before
                else:
                    assert before.role_of(name) is A
                    assert {visitor.name for visitor in told.changed} <= set(came)
        company = here.company
        assert {visitor.name for visitor in company.visitors} == set(came)
        assert len(company.visitors) == len(came)
        for visitor in company.visitors:
            assert (visitor.role is A) == (came[visitor.name] is A), "nobody becomes a presenter, or stops to be one"
            assert not visitor.lent or visitor.role is B
        if not company.presented:
            assert not company.locked
        assert (company.lead is None) == (company.leader == "")
        assert not company.leader or company.role_of(company.leader) is A
        for visitor in company.visitors:
            for call in ACTS | TIME | MANAGES:
                if visitor.role is A:
                    assert not company.refuses(visitor.name, call)
                if visitor.role is C:
                    assert company.refuses(visitor.name, call)
