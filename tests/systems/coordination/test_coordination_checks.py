"""The checks: what they say of views that are known beforehand, and how they add up what happened."""

from __future__ import annotations

from typing import Any, cast

from playground.kernel.journal import Entry
from playground.systems.coordination import checks, roles
from playground.systems.coordination.checks import Memory
from playground.systems.coordination.service import CoordinationService


class Stub:
    """As much of a service as the checks look at."""

    def __init__(self, acting: bool = False, seen: tuple[str, ...] = (), configuration: str = "") -> None:
        self.acting, self.seen, self.configuration = acting, seen, configuration


def services(**stubs: Stub) -> dict[str, CoordinationService]:
    return cast("dict[str, CoordinationService]", stubs)


def entry(at_us: int, kind: str, subject: str, **data: Any) -> Entry:
    return Entry(0, at_us, kind, subject, "", tuple(data.items()))


def test_two_who_act_at_once_are_one_too_many() -> None:
    memory = Memory()
    assert not checks.one_master(services(n1=Stub(True), n2=Stub()), memory, 10)
    (violation,) = checks.one_master(services(n1=Stub(True), n2=Stub(True), n3=Stub()), memory, 20)
    assert (violation.check, violation.subject) == ("one master", "n1")
    assert violation.text == "n1 and n2 act as master at the same time"


def test_an_overlap_between_two_looks_shows_when_it_is_noted() -> None:
    both = services(n1=Stub(True), n2=Stub(True))
    for kind in ("elected", "thaw", "freeze", "crash", "deposed"):
        data = {"group": "masters", "term": 1} if kind in ("elected", "deposed") else {}
        assert checks.heard(entry(5, kind, "n1", **data), both, Memory())
    assert not checks.heard(entry(5, "alert", "n1"), both, Memory())


def test_the_time_without_a_master_counts_from_the_first_one_on() -> None:
    memory, nobody, somebody = Memory(), services(n1=Stub()), services(n1=Stub(True))
    for now_us, there in ((10, nobody), (20, somebody), (30, nobody), (40, nobody), (50, somebody), (60, nobody)):
        checks.one_master(there, memory, now_us)
    assert (memory.vacant_us, memory.longest_vacant_us) == (20, 20)
    checks.one_master(nobody, memory, 95)
    assert (memory.vacant_us, memory.longest_vacant_us) == (55, 35), "it is not over, and counts all the same"


def test_a_master_that_goes_on_after_a_pause_was_not_elected_again() -> None:
    memory, nobody = Memory(), services()
    for at_us, (who, term) in enumerate([("n1", 3), ("n1", 3), ("n2", 8), ("n1", 3)]):
        checks.heard(entry(at_us, "elected", who, group="masters", term=term), nobody, memory)
    checks.heard(entry(9, "elected", "z1", group="ensemble", term=99), nobody, memory)
    assert (memory.elections, memory.term) == (2, 8)


def test_only_the_session_of_who_has_crashed_outlives_its_owner() -> None:
    memory, nobody = Memory(), services()
    for at_us, kind, subject, data in (
        (1, "session", "n1", {"session": 7}),
        (2, "session", "n2", {"session": 8}),
        (10, "crash", "n1", {}),
        (11, "crash", "n3", {}),
        (15, "session", "n1", {"session": 9}),
        (30, "expired", "z1", {"session": 8, "owner": "n2"}),
        (40, "expired", "z1", {"session": 7, "owner": "n1"}),
    ):
        checks.heard(entry(at_us, kind, subject, **data), nobody, memory)
    assert memory.outlived_us == [30]
    assert checks.figures(memory, ("n1",))["ephemeral_outlived_s"] == 30 / 1e6


def test_a_configuration_has_spread_when_the_last_one_has_it() -> None:
    memory, nobody = Memory(), services()
    for at_us, who, version in ((110, "n1", 4), (150, "n2", 4), (220, "n1", 5), (900, "n1", 4)):
        checks.heard(entry(at_us, "configured", who, value="v", version=version, since_us=version * 25), nobody, memory)
    assert checks.spread_us(memory, ("n1", "n2")) == [50]
    assert checks.spread_us(memory, ("n1",)) == [10, 95]
    assert checks.spread_us(memory, ()) == []
    assert checks.figures(memory, ("n1", "n2"))["configuration_s"] == 50 / 1e6


def test_once_quiet_views_are_compared_with_what_is() -> None:
    known = services(
        n1=Stub(True, ("n1", "n2"), "v1"), n2=Stub(False, ("n1", "n2", "n3"), "v1"), n3=Stub(False, (), "")
    )
    assert [each.subject for each in checks.members_are_true(known, ["n2", "n1"])] == ["n2"]
    assert [each.subject for each in checks.configurations_are_true(known, "v1")] == ["n3"]
    assert not checks.a_master_acts(known)
    assert [each.check for each in checks.a_master_acts(services(n1=Stub()))] == ["a master acts"]
    assert not checks.a_master_acts(services())


def test_the_master_is_whoever_acts() -> None:
    assert roles.master(services(n1=Stub(), n2=Stub(True))) == ("n2",)
    assert roles.master(services(n1=Stub()), "masters") == ()
