"""What a visitor's own session may ask of the machine: no more speed, no more of the processor than there is for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.commandline import parse_line
from playground.frame import Frame
from playground.pacing import SPEEDS, UNBOUNDED, Bounds
from playground.past import PastSession
from playground.remote.checkpoints import LEAST, MEMORY_BYTES, MOST, affordable
from playground.session import Session
from playground.spec import ClusterSpec

SMALL = ClusterSpec.model_validate({"nodes": 3})


def wait(session: Session, so: Callable[[Frame], bool]) -> Frame:
    changed = threading.Event()
    session.on_frame(lambda _: changed.set())
    ends = time.monotonic() + 60
    while not so(session.frame()):
        assert changed.wait(ends - time.monotonic()), "it never came"
        changed.clear()
    return session.frame()


def later(at_us: int, frame: Frame) -> bool:
    return frame.header.at_us > at_us


@given(st.sampled_from(SPEEDS), st.floats(0.01, 100))
def test_no_speed_is_above_the_top_and_those_below_stay(speed: float, top: float) -> None:
    bounded = Bounds(top_speed=top).bounded(speed)
    assert 0 < bounded <= top
    assert bounded == speed or speed > top or not speed
    assert UNBOUNDED.bounded(speed) == speed


@given(st.floats(0.0001, 10), st.floats(0.01, 1))
def test_who_rests_so_long_takes_no_more_than_the_share(took_s: float, share: float) -> None:
    assert took_s / (took_s + Bounds(share=share).rest_s(took_s)) == pytest.approx(share)


def test_whatever_is_asked_for_a_session_goes_no_faster_and_says_so() -> None:
    with Session(SMALL, 7, speed=0.0, bounds=Bounds(top_speed=2.0)) as session:
        assert session.frame().header.speed == 2.0
        asks: list[Callable[[], None]] = [
            lambda: session.faster(20),
            lambda: session.set_speed(0.0),
            lambda: session.set_speed(2.1),
        ]
        for ask in asks:
            session.set_speed(1.0)
            number = wait(session, lambda frame: frame.header.speed == 1.0).notice_number
            ask()
            frame = wait(session, lambda frame: frame.header.speed == 2.0)
            assert frame.notice_number > number
            assert frame.notice == "2x is as fast as it goes here"
        session.faster(-1)
        assert wait(session, lambda frame: frame.header.speed < 2.0).notice == frame.notice


def test_a_session_computes_no_more_than_its_share_of_the_time_and_the_same_as_ever() -> None:
    with Session(SMALL, 7, speed=0.0, bounds=Bounds(share=0.1)) as session:
        at_us = wait(session, partial(later, 0)).header.at_us
        began_s, cpu_s = time.monotonic(), time.process_time()
        for _ in range(2):  # two stretches of computing, and what comes between
            at_us = wait(session, partial(later, at_us)).header.at_us
        share = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
        record = session.close()
    assert share < 0.4, "it would be near 1 without a rest; frames are painted besides"
    with Session(SMALL, 7, until_us=record.end_us, speed=0.0) as free:
        wait(free, lambda frame: frame.header.ended)
        assert free.close().digest == record.digest


def test_where_a_session_is_halted_no_time_passes_and_who_wants_it_to_is_told_why() -> None:
    with Session(SMALL, 7) as session:
        session.halt("enough")
        session.halt("more than enough")
        halted = wait(session, lambda frame: frame.header.paused)
        asks: list[Callable[[], None]] = [
            lambda: session.pause(False),
            session.step,
            lambda: session.step(1_000_000),
        ]
        for ask in asks:
            number = session.frame().notice_number
            ask()
            frame = wait(session, partial(told_after, number))
            assert frame.notice == "enough"
            assert frame.header.paused
        session.send(parse_line("crash n1"))
        frame = wait(session, lambda frame: frame.header.commands == 1)
        assert frame.header.at_us == halted.header.at_us
        assert session.close().end_us == halted.header.at_us


def told_after(number: int, frame: Frame) -> bool:
    return frame.notice_number > number


def test_a_past_is_bounded_as_its_present_is() -> None:
    with Session(SMALL, 7) as session:
        record = session.record()
    assert PastSession(record, speed=50.0, bounds=Bounds(top_speed=5.0))._speed == 5.0


def test_with_less_memory_there_are_fewer_checkpoints() -> None:
    sizes = range(10_000_000, 2_000_000_000, 50_000_000)
    for size in sizes:
        assert LEAST <= affordable(size, MEMORY_BYTES // 3) <= affordable(size) <= MOST
    assert any(affordable(size, MEMORY_BYTES // 3) < affordable(size) for size in sizes)
