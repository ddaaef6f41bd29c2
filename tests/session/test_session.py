"""A session paces the world and never changes what happens in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import PANELS, Frame, View
from playground.kernel.world import run
from playground.pacing import LEAST_US, SLICE_US, WORK_S, fitted
from playground.record import Record
from playground.session import Session
from playground.spec import ClusterSpec
from tests.session.living import until

SPEC = ClusterSpec.model_validate({"nodes": 4, "load": {"rate": 30, "clients": 2}})
END_US = 12_000_000
TIMELINE = [
    (2_000_000, parse_line("crash n2")),
    (4_500_000, parse_line("partition n1 | n3 n4")),
    (7_000_000, parse_line("heal")),
    (7_000_000, parse_line("start n2")),
]


def digest_without_a_screen(spec: ClusterSpec, seed: int, timeline: Sequence[tuple[int, Any]], end_us: int) -> str:
    async def main() -> str:
        cluster = Cluster(spec, seed)
        cluster.plan(timeline)
        await cluster.advance(end_us)
        assert not cluster.refused
        return cluster.world.digest()

    return run(main)


def at_end(frame: Frame) -> bool:
    return frame.header.at_us == END_US


@pytest.mark.parametrize("speed", [20.0, 100.0, 0.0])
def test_at_any_speed_and_with_a_viewer_the_digest_is_that_of_a_run_without_a_screen(speed: float) -> None:
    with Session(SPEC, 5, timeline=TIMELINE, until_us=END_US, speed=speed) as session:
        session.look(View(panels=frozenset(PANELS), selected="n2", key="k1"))
        until(session, at_end)
        record = session.close()
    assert record.digest == digest_without_a_screen(SPEC, 5, TIMELINE, END_US)


def test_pausing_and_stepping_change_nothing() -> None:
    with Session(SPEC, 5, timeline=TIMELINE, until_us=END_US, speed=0.0) as session:
        session.pause()
        session.step()
        session.step(1_000_000)
        session.step()
        session.set_speed(50.0)
        session.pause(False)
        session.pause()
        session.set_speed(0.0)
        session.pause(False)
        until(session, at_end)
        record = session.close()
    assert record.digest == digest_without_a_screen(SPEC, 5, TIMELINE, END_US)


def play_live(seed: int) -> Record:
    lines = [
        "crash n3",
        "link n1 -> n2 latency=40ms loss=30%",
        "freeze n4",
        "start n3",
        "heal",
        "put cat tom",
        "get cat",
    ]
    with Session(SPEC, seed, speed=0.0) as session:
        for number, line in enumerate(lines, start=1):
            session.send(parse_line(line))
            until(session, lambda frame, number=number: frame.notice_number >= number)  # type: ignore[misc]
        at_us = session.frame().header.at_us
        until(session, lambda frame: frame.header.at_us > at_us + 3_000_000)
        return session.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_live_session_replays_from_its_record(seed: int) -> None:
    record = play_live(seed)
    assert len(record.timeline) == 7
    assert digest_without_a_screen(record.spec, record.seed, record.timeline, record.end_us) == record.digest


def test_an_act_that_cannot_be_done_is_told_and_not_recorded() -> None:
    with Session(SPEC, 1, speed=0.0) as session:
        session.send(parse_line("start n1"))
        frame = until(session, lambda frame: frame.notice_number == 1)
        assert frame.notice == "cannot start n1: it is not down"
        session.send(parse_line("crash n77"))
        frame = until(session, lambda frame: frame.notice_number == 2)
        assert "unknown node 'n77'" in frame.notice
        assert not session.close().timeline


def test_a_step_runs_to_the_next_event_and_stands_still() -> None:
    with Session(SPEC, 1, until_us=END_US) as session:
        session.pause()
        until(session, lambda frame: frame.header.paused)
        before = session.frame().header.at_us
        session.step()
        after = until(session, lambda frame: frame.header.at_us > before).header.at_us
        session.step(1_000_000)
        assert until(session, lambda frame: frame.header.at_us > after).header.at_us == after + 1_000_000


@pytest.mark.parametrize("seed", range(4))
def test_stepping_all_the_way_meets_every_planned_command_at_its_instant(seed: int) -> None:
    # Often only the timer of a call that was answered is due before the next command: nothing to stop at.
    timeline = [
        (at_us, parse_line(f"load rate={at_us // 1_000 % 50 + 1}")) for at_us in range(400_123, 3_000_000, 9_001)
    ]

    async def main() -> str:
        cluster = Cluster(SPEC, seed)
        cluster.plan(timeline)
        while cluster.now_us < 3_000_000:
            await cluster.step(3_000_000)
        assert [at_us for at_us, _ in cluster.recorded] == [at_us for at_us, _ in timeline]
        return cluster.world.digest()

    assert run(main) == digest_without_a_screen(SPEC, seed, timeline, 3_000_000)


def test_frames_hold_only_what_is_looked_at() -> None:
    with Session(SPEC, 1, until_us=END_US) as session:
        session.look(View(panels=frozenset({"gossip"})))
        frame = until(session, lambda frame: frame.ring is None)
        assert frame.gossip is not None
        assert frame.replicas is None
        session.look(View(panels=frozenset({"detail"}), selected="n1"))
        assert until(session, lambda frame: frame.detail is not None).detail is not None


def test_a_bug_stops_the_world_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("stumbled")

    monkeypatch.setattr("playground.inspection.Inspection._watch_errors", stumble)
    with Session(SPEC, 9, speed=0.0) as session:
        frame = until(session, lambda frame: bool(frame.stopped))
        assert frame.stopped == "world stopped at 1.000000 s (seed 9): RuntimeError: stumbled"
        assert session.close().end_us == 1_000_000


LINES = (
    "crash n1", "crash n2", "start n1", "start n2", "freeze n3", "thaw n3", "freeze n4", "thaw n4", "heal", "heal n3",
    "partition n1 n2 | n3 n4", "one-way n1 -> n3", "link n2 loss=20%", "load rate=80", "put cat tom", "get cat",
    "disk n3 fault=hang", "add n9", "remove n4",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_acts_of_one_instant_replay_exactly(seed: int) -> None:
    chance = random.Random(seed)
    with Session(SPEC, seed, speed=0.0) as session:
        until(session, lambda frame: frame.header.at_us > 1_000_000)
        sent = 0
        for _ in range(4):
            session.pause()
            until(session, lambda frame: frame.header.paused)
            for line in chance.choices(LINES, k=6):
                sent += 1
                session.send(parse_line(line))
                if chance.random() < 0.3:
                    session.step()
            until(session, lambda frame, sent=sent: frame.notice_number >= sent)  # type: ignore[misc]
            if chance.random() < 0.8:
                at_us = session.frame().header.at_us
                session.pause(False)
                until(session, lambda frame, at_us=at_us: frame.header.at_us > at_us + 700_000)  # type: ignore[misc]
        record = session.close()
    assert len(record.timeline) > 4
    assert digest_without_a_screen(record.spec, record.seed, record.timeline, record.end_us) == record.digest


def test_a_scenario_that_is_over_stands_still_until_somebody_acts() -> None:
    for go_on in (lambda session: session.send(parse_line("crash n1")), lambda session: session.pause(False)):
        with Session(SPEC, 5, timeline=TIMELINE, until_us=END_US, speed=0.0) as session:
            assert until(session, lambda frame: frame.header.ended).header.at_us == END_US
            go_on(session)  # type: ignore[no-untyped-call]
            assert not until(session, lambda frame: frame.header.at_us > END_US + 1_000_000).header.ended
            record = session.close()
        assert digest_without_a_screen(SPEC, 5, record.timeline, record.end_us) == record.digest


def test_two_quick_steps_up_the_ladder_of_speeds_are_two() -> None:
    with Session(SPEC, 5) as session:
        session.faster()
        session.faster()
        session.faster(-1)
        assert until(session, lambda frame: frame.header.speed == 2.0).header.speed == 2.0


def test_the_slice_between_two_looks_at_the_clock_fits_what_it_costs() -> None:
    assert fitted(SLICE_US, 10.0) == SLICE_US // 2
    assert fitted(LEAST_US, 10.0) == LEAST_US
    assert fitted(SLICE_US // 2, 0.0) == SLICE_US
    assert fitted(SLICE_US, 0.0) == SLICE_US
    assert fitted(8_000, WORK_S / 4) == 8_000
