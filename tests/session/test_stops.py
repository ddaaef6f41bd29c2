"""A session that stops to be read: at the very instants, at any speed, until somebody takes over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playground.commandline import parse_line
from playground.frame import Frame
from playground.session import Session
from playground.spec import ClusterSpec
from tests.session.living import until
from tests.session.test_session import END_US, SPEC, TIMELINE, at_end, digest_without_a_screen

STOPS = (1_000_000, 2_000_000, 7_000_000)
CAPTIONS = tuple((at_us, f"at {at_us}") for at_us in STOPS)


def lesson(speed: float = 0.0, spec: ClusterSpec = SPEC) -> Session:
    return Session(spec, 5, timeline=TIMELINE, captions=CAPTIONS, until_us=END_US, stops=STOPS, speed=speed)


def stopped_at(at_us: int) -> Callable[[Frame], bool]:
    return lambda frame: frame.header.paused and frame.header.at_us == at_us


@pytest.mark.parametrize("speed", [0.0, 100.0])
def test_it_pauses_at_each_stop_with_its_caption_and_comes_to_the_same_digest(speed: float) -> None:
    with lesson(speed) as session:
        for number, at_us in enumerate(STOPS, start=1):
            frame = until(session, stopped_at(at_us))
            assert frame.caption == f"at {at_us}"
            assert frame.captions == (number, len(STOPS))
            session.pause(False)
        frame = until(session, at_end)
        assert frame.header.ended
        record = session.record()
    assert record.digest == digest_without_a_screen(SPEC, 5, TIMELINE, END_US)
    assert not record.touched


def test_what_a_command_at_the_stop_does_has_been_done_when_it_is_read() -> None:
    with lesson() as session:
        until(session, stopped_at(STOPS[0]))
        session.pause(False)
        frame = until(session, stopped_at(STOPS[1]))
        assert {thing.name for thing in frame.nodes if thing.state.value == "down"} == {"n2"}


def test_a_step_of_a_second_does_not_pass_a_stop_by() -> None:
    with lesson() as session:
        until(session, stopped_at(STOPS[0]))
        session.step(5_000_000)
        until(session, stopped_at(STOPS[1]))


def test_whoever_acts_takes_over_and_is_not_stopped_any_more() -> None:
    with lesson() as session:
        until(session, stopped_at(STOPS[0]))
        session.send(parse_line("crash n1"))
        session.pause(False)
        frame = until(session, at_end)
        assert frame.captions == (len(STOPS), len(STOPS))
        assert session.record().touched


def test_an_act_that_is_refused_takes_nothing_over() -> None:
    with lesson() as session:
        until(session, stopped_at(STOPS[0]))
        session.send(parse_line("crash n77"))
        session.pause(False)
        until(session, stopped_at(STOPS[1]))
