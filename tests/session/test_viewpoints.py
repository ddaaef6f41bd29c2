"""Many look at one session, each from a viewpoint of their own, and none of them changes what happens or how fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import Frame, View
from playground.kernel.world import run
from playground.pacing import Anchor
from playground.pictures import Painter
from playground.record import Record
from playground.session import Session
from playground.viewpoints import SHARE, Viewpoint
from tests.session.living import SPEC, until
from widgets.shapes import Tone

LONG_S = 60.0


class Looker:
    """Somebody at a viewpoint: every Frame that they were shown. ``takes``: they take each at once."""

    def __init__(self, session: Session, name: str = "", view: View | None = None, *, takes: bool = True) -> None:
        self.frames: list[Frame] = []
        self.takes = takes
        self._came = threading.Condition()
        self.viewpoint: Viewpoint = session.viewpoint(name, view)
        self.viewpoint.on_frame(self._shown)

    def _shown(self, frame: Frame) -> None:
        with self._came:
            self.frames.append(frame)
            self._came.notify_all()
        if self.takes:
            self.viewpoint.taken()

    def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        """The first Frame that is as wanted."""
        with self._came:
            assert self._came.wait_for(lambda: any(map(wanted, self.frames)), LONG_S), "the Frame never came"
            return next(filter(wanted, self.frames))

    def said(self) -> set[str]:
        return {frame.notice for frame in self.frames if frame.notice}


def act(looker: Looker, line: str) -> None:
    looker.viewpoint.send(parse_line(line))


def logged(frame: Frame) -> str:
    return "\n".join(line.text for line in frame.log.lines)


def replayed(record: Record) -> str:
    async def main() -> str:
        cluster = Cluster(record.spec, record.seed)
        cluster.plan(record.timeline)
        await cluster.advance(record.end_us)
        return cluster.world.digest()

    return run(main)


def test_who_did_what_stands_in_the_log_and_in_the_record_and_is_told_to_all() -> None:
    with Session(SPEC, 3) as session:
        anna, bert, watcher = Looker(session, "anna"), Looker(session, "bert"), Looker(session)
        act(anna, "crash n3")
        for each in (anna, bert, watcher):
            assert each.until(lambda frame: frame.notice.startswith("anna: ")).notice_tone is Tone.PLAIN
        act(bert, "start n3")
        log = logged(watcher.until(lambda frame: frame.notice.startswith("bert: ")))
        record = session.close()
    assert log.index("anna: crash n3") < log.index("bert: start n3")
    assert [command.by for _, command in record.timeline] == ["anna", "bert"]
    assert replayed(record) == record.digest


def test_who_sits_in_front_of_the_machine_has_no_name() -> None:
    with Session(SPEC, 3) as session:
        anna = Looker(session, "anna")
        session.send(parse_line("crash n3"))
        frame = anna.until(lambda frame: bool(frame.notice))
        assert [command.by for _, command in session.close().timeline] == [""]
    assert not frame.notice.startswith(":")


def test_why_an_act_was_refused_is_told_to_the_one_who_tried() -> None:
    with Session(SPEC, 3) as session:
        anna, bert = Looker(session, "anna"), Looker(session, "bert")
        act(anna, "start n1")
        refused = anna.until(lambda frame: bool(frame.notice))
        act(bert, "crash n2")
        anna.until(lambda frame: frame.notice.startswith("bert: "))
        bert.until(lambda frame: frame.notice.startswith("bert: "))
        assert not any("n1" in said for said in bert.said())
        assert len(session.close().timeline) == 1
    assert (refused.notice, refused.notice_tone) == ("cannot start n1: it is not down", Tone.WARN)


def test_what_is_said_to_one_is_heard_by_nobody_else() -> None:
    with Session(SPEC, 3) as session:
        session.pause()
        until(session, lambda frame: frame.header.paused)
        anna, bert = Looker(session, "anna"), Looker(session, "bert")
        anna.viewpoint.say("the keyboards are locked", Tone.WARN)
        anna.until(lambda frame: frame.notice == "the keyboards are locked")
        act(bert, "crash n2")
        bert.until(lambda frame: frame.notice.startswith("bert: "))
        assert len(bert.said()) == 1


def test_each_is_shown_what_they_look_at() -> None:
    with Session(SPEC, 3) as session:
        rumours = Looker(session, "anna", View(panels=frozenset({"gossip"})))
        zoom = Looker(session, "bert", View(panels=frozenset({"detail"}), selected="n2"))
        first, second = rumours.until(lambda _: True), zoom.until(lambda _: True)
        assert first.gossip is not None
        assert first.detail is None
        assert second.gossip is None
        assert second.detail is not None
        zoom.viewpoint.look(View(panels=frozenset({"load"}), columns=30))
        assert zoom.until(lambda frame: frame.load is not None).detail is None
        assert all(frame.load is None for frame in rumours.frames)


def test_who_has_not_taken_a_frame_is_shown_no_further_one_and_then_the_newest() -> None:
    with Session(SPEC, 3, speed=0.0) as session:
        slow, quick = Looker(session, "slow", takes=False), Looker(session, "quick")
        first = slow.until(lambda _: True)
        at_us = first.header.at_us + 2_000_000
        quick.until(lambda frame: frame.header.at_us > at_us)
        session.pause()
        paused = quick.until(lambda frame: frame.header.paused)
        assert slow.frames == [first]
        slow.viewpoint.taken()  # nothing happens any more, and yet there is something that was not shown
        assert slow.until(lambda frame: frame.header.paused).header == paused.header
        assert len(slow.frames) == 2


def test_who_looks_around_makes_work_for_nobody_else() -> None:
    with Session(SPEC, 3) as session:
        session.pause()
        until(session, lambda frame: frame.header.paused)
        anna, bert = Looker(session, "anna"), Looker(session, "bert")
        for each in (anna, bert):
            each.until(lambda frame: frame.header.paused)
        before = len(bert.frames)
        for name in ("n1", "n2", "n3", "n4"):
            anna.viewpoint.look(View(panels=frozenset({"detail"}), selected=name))
            anna.until(lambda frame, name=name: frame.detail is not None and name in frame.detail.title)  # type: ignore[misc]
        assert len(bert.frames) == before


def test_time_goes_on_as_it_would_whoever_looks_or_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    # Virtual time is tied to the wall clock once. Tied anew for everybody who looks or acts, it would lose a little
    # each time, and stand nearly still for many of them.
    ties: list[int] = []

    class Counted(Anchor):
        def __init__(self, virtual_us: int) -> None:
            super().__init__(virtual_us)
            ties.append(virtual_us)

    monkeypatch.setattr("playground.session.Anchor", Counted)
    with Session(SPEC, 3) as session:
        anna = Looker(session, "anna")
        for number in range(1, 9):
            anna.viewpoint.look(View(columns=20 + number))
            act(anna, f"load rate={number + 10}")
            anna.until(lambda frame, number=number: frame.load_rate == number + 10)  # type: ignore[misc]
        assert len(ties) == 1
        session.set_speed(5.0)
        anna.until(lambda frame: frame.header.speed == 5.0)
        assert len(ties) == 2, "another pace is another tie"


def test_who_has_gone_is_shown_nothing() -> None:
    with Session(SPEC, 3) as session:
        anna, bert = Looker(session, "anna"), Looker(session, "bert")
        anna.until(lambda _: True)
        anna.viewpoint.close()
        act(bert, "crash n2")
        bert.until(lambda frame: frame.notice.startswith("bert: "))
        shown = len(anna.frames)
        anna.viewpoint.look(View(selected="n4"))
        at_us = bert.frames[-1].header.at_us
        bert.until(lambda frame: frame.header.at_us > at_us + 300_000)
        assert len(anna.frames) == shown


def test_viewers_do_not_change_the_digest() -> None:
    timeline = [(2_000_000, parse_line("crash n2")), (4_500_000, parse_line("partition n1 | n3 n4"))]
    digests = set()
    for viewers in (0, 3):
        with Session(SPEC, 5, timeline=timeline, until_us=6_000_000, speed=0.0) as session:
            views = (View(), View(panels=frozenset({"spacetime"})), View(selected="n2", key="k1"))
            lookers = [Looker(session, f"v{number}", view) for number, view in enumerate(views[:viewers])]
            until(session, lambda frame: frame.header.ended)
            for each in lookers:
                each.until(lambda frame: frame.header.ended)
            digests.add(session.close().digest)
    assert len(digests) == 1


def test_those_who_are_shown_an_act_share_what_they_both_see_of_it() -> None:
    with Session(SPEC, 3) as session:
        anna, bert = Looker(session, "anna", View(selected="n1")), Looker(session, "bert", View(selected="n2"))
        act(anna, "crash n3")
        mine, theirs = (each.until(lambda frame: frame.notice.startswith("anna: ")) for each in (anna, bert))
    assert mine.gossip is theirs.gossip
    assert mine.nodes is theirs.nodes


def test_what_is_the_same_for_all_is_painted_once() -> None:
    async def main() -> None:
        cluster = Cluster(SPEC, 3)
        painter = Painter(cluster, "")
        await cluster.advance(3_000_000)

        def paint(view: View, again: bool = False) -> Frame:
            return painter.paint(view, speed=1.0, actual_speed=1.0, paused=False, again=again)

        one, other = paint(View(selected="n1")), paint(View(selected="n2", columns=30), again=True)
        parts: Any = [(frame.header, frame.nodes, frame.gossip, frame.replicas, frame.ring) for frame in (one, other)]
        assert all(mine is theirs for mine, theirs in zip(*parts, strict=True))
        assert one.load is not None
        assert other.load is not None
        assert one.load is not other.load, "there is room for fewer columns"
        await cluster.advance(4_000_000)
        later = paint(View(selected="n1"))
        assert later.header.at_us == 4_000_000
        assert later.header != one.header
        assert later.ring is not one.ring

    run(main)


def test_what_takes_long_to_paint_is_painted_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    paint = Painter.paint
    painted: list[tuple[float, float]] = []

    def slow(self: Painter, view: View, **rest: Any) -> Frame:
        if view.selected != "n1":
            return paint(self, view, **rest)
        began_s, work_s = time.monotonic(), time.thread_time()
        while time.thread_time() - work_s < 0.02:
            pass
        frame = paint(self, view, **rest)
        painted.append((began_s, time.monotonic()))
        return frame

    monkeypatch.setattr(Painter, "paint", slow)
    with Session(SPEC, 3) as session:
        anna = Looker(session, "anna", View(selected="n1"))
        for columns in range(10, 15):  # whoever looks around is painted for no more often
            anna.viewpoint.look(View(selected="n1", columns=columns))
        anna.until(lambda _: len(painted) > 4)
    assert all(after - before >= 0.02 * (1 / SHARE - 1) for (_, before), (after, _) in pairwise(painted)), (
        "the world's thread had to paint for longer than its share"
    )
