"""The past is what it was, to the last event; whoever acts in it has a world of his own."""

from __future__ import annotations

import random

import pytest

from playground.commandline import parse_line
from playground.record import Script
from tests.fresh import told
from tests.session.living import END_US, by_chance, forward, lived, standing, until

SCRIPT = Script(
    "a story",
    (
        (0, parse_line("load rate=50")),
        (1_000_000, parse_line("crash n2")),
        (2_500_000, parse_line("start n2")),
        (3_000_000, parse_line("freeze 1 random")),
        (6_000_000, parse_line("heal")),
    ),
    ((0, "all is well"), (1_000_000, "now n2 is gone"), (3_000_000, "and one stands still")),
    until_us=8_000_000,
)


@pytest.mark.parametrize("seed", range(8))
def test_going_back_and_forward_again_gives_the_same_journal_and_digest(seed: int) -> None:
    chance = random.Random(seed)
    script = SCRIPT if seed % 2 else Script()
    was = lived(seed, by_chance(seed), script)
    at_us = chance.choice((0, 1_000_000, chance.randrange(END_US)))
    with standing(was.record, at_us, from_us=chance.randrange(at_us + 1)) as (session, shown):
        assert session.frame().header.at_us == at_us
        assert session.frame().header.present_us == END_US
        record = forward(session)
        entries = tuple(shown.cluster.world.journal.entries)
    assert entries == was.entries
    assert record.digest == was.record.digest
    assert record.timeline == was.record.timeline
    assert record.end_us == END_US


@pytest.mark.parametrize("seed", range(4))
def test_the_past_is_as_if_the_present_had_never_been(seed: int) -> None:
    acts = by_chance(seed)
    at_us = acts[4][0]  # with all that was done at this very instant
    was = lived(seed, acts)
    then = lived(seed, tuple(act for act in acts if act[0] <= at_us), end_us=at_us)
    with standing(was.record, at_us) as (session, _):
        assert session.record().digest == then.record.digest
        assert session.record().timeline == then.record.timeline


@pytest.mark.parametrize("seed", range(4))
def test_steps_through_the_past_meet_every_command_at_its_instant(seed: int) -> None:
    was = lived(seed, by_chance(seed))
    chance = random.Random(seed)
    with standing(was.record, 900_000) as (session, _):
        while session.frame().header.at_us < END_US:
            number = session.frame().number
            session.step(chance.choice((0, 0, 0, 50_000, 1_000_000)))
            until(session, lambda frame, number=number: frame.number > number)  # type: ignore[misc]
        assert session.record().digest == was.record.digest


@pytest.mark.parametrize("seed", range(6))
def test_a_branch_is_what_a_fresh_run_with_its_timeline_is(seed: int) -> None:
    script = SCRIPT if seed % 2 else Script()
    acts = by_chance(seed)
    was = lived(seed, acts, script)
    at_us = random.Random(seed).randrange(200_000, 2_900_000)
    with standing(was.record, at_us, from_us=at_us // 2) as (session, _):
        session.send(parse_line("put dog rex"))
        header = until(session, lambda frame: frame.header.present_us < 0).header
        assert header.branched_us == at_us
        session.pause(False)
        until(session, lambda frame: frame.header.at_us > 5_000_000)
        record = session.close()
    before = tuple(act for act in acts if act[0] <= at_us)
    fresh = lived(seed, (*before, (at_us, parse_line("put dog rex"))), script, end_us=record.end_us)
    assert record.digest == fresh.record.digest
    assert record.timeline == fresh.record.timeline
    assert record.touched
    assert record.branched_us == at_us


def test_a_branch_of_a_branch_knows_where_it_parted_last() -> None:
    was = lived(3, by_chance(3))
    with standing(was.record, 1_500_000) as (session, _):
        session.send(parse_line("put dog rex"))
        session.step(1_000_000)
        until(session, lambda frame: frame.header.at_us == 2_500_000)
        branch = session.record()
    with standing(branch, 2_000_000) as (session, _):
        assert session.frame().header.branched_us == 1_500_000
        assert session.frame().header.present_us == 2_500_000
        session.send(parse_line("get dog"))
        header = until(session, lambda frame: frame.header.present_us < 0).header
        assert header.branched_us == 2_000_000


def test_an_act_that_is_refused_makes_no_branch() -> None:
    was = lived(5, by_chance(5))
    with standing(was.record, 500_000) as (session, _):
        session.send(parse_line("start n1"))
        frame = until(session, lambda frame: frame.notice_number == 1)
        assert frame.notice == "cannot start n1: it is not down"
        assert frame.header.present_us == END_US
        assert forward(session).digest == was.record.digest


def test_the_past_stands_still_where_the_present_stands() -> None:
    was = lived(1, by_chance(1))
    with standing(was.record, 3_500_000) as (session, _):
        forward(session)
        number = session.frame().number
        session.step()
        session.step(5_000_000)
        until(session, lambda frame: frame.number >= number + 1)
        assert session.record().end_us == END_US


def test_what_the_present_does_meanwhile_happens_in_the_past_too() -> None:
    acts = by_chance(2)
    early = lived(2, tuple(act for act in acts if act[0] <= 2_000_000), end_us=2_000_000)
    late = lived(2, acts)
    with standing(early.record, 1_000_000) as (session, _):
        session.extend(late.record)
        until(session, lambda frame: frame.header.present_us == END_US)
        assert forward(session).digest == late.record.digest


def test_captions_of_a_scenario_are_those_of_the_instant() -> None:
    was = lived(4, (), SCRIPT)
    for at_us, caption in ((500_000, "all is well"), (1_000_000, "now n2 is gone"), (2_999_999, "now n2 is gone")):
        with standing(was.record, at_us) as (session, _):
            assert session.frame().caption == caption
            assert session.frame().header.title == "a story"
            assert not session.record().touched
            forward(session)
            assert session.frame().caption == "and one stands still"


def test_a_branch_of_a_scenario_stands_still_at_its_end() -> None:
    was = lived(4, (), SCRIPT)
    with standing(was.record, 2_000_000) as (session, _):
        session.send(parse_line("crash n1"))
        session.pause(False)
        frame = until(session, lambda frame: frame.header.ended)
        assert frame.header.at_us == SCRIPT.until_us
        assert [command.line() for _, command in session.record().timeline[1:4]] == ["crash n2", "crash n1", "start n2"]


FRESH = """
import sys
from tests.session.living import by_chance, forward, lived, standing
for seed in (11, 12):
    was = lived(seed, by_chance(seed))
    for at_us in (0, 1_000_000, 2_718_281):
        with standing(was.record, at_us, from_us=at_us // 3) as (session, shown):
            print(session.record().digest)
            same = forward(session).digest == was.record.digest
            print(same, tuple(shown.cluster.world.journal.entries) == was.entries)
assert "hypothesis" not in sys.modules
"""


def test_in_any_process_the_past_is_the_same() -> None:
    (said,) = told(FRESH, ("0", "4711"))
    lines = said.decode().split("\n")[:-1]
    assert len(lines) == 12
    assert all(line == "True True" for line in lines[1::2])
    assert lines[0] != lines[2] != lines[4]
