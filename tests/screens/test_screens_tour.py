"""Tours: the steps of the first one, lessons that wait to be read, verdicts at the end, and hints for the moment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from playground.commandline import parse_line
from playground.record import Record
from playground.scenario.lessons import lessons, stops
from playground.scenario.loader import loads
from playground.screens.tour.first import STEPS
from playground.screens.tour.progress import Progress, Stage
from playground.screens.tour.story import Story
from playground.session import Session
from playground.spec import ClusterSpec
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from widgets.shapes import Tone

SHORT = """\
title: a short story
seed: 5
until: 3s
cluster: {preset: small}
method:
  - {at: 500ms, say: Three nodes.}
  - {at: 1s, do: crash, nodes: [n2], say: One of them dies.}
  - {at: 2s, say: "Two are enough, and whoever asks gets what was asked for: a story for a bar of more than one line."}
expect: {ok: "%s"}
"""


def caption(d: Driver) -> str:
    """What the caption bar says, its lines as one."""
    if not d.app.caption.has_class("-shown"):
        return ""
    place = d.app.caption.region
    return " ".join(" ".join(d.text().splitlines()[place.y : place.bottom]).split())


def number(d: Driver) -> int:
    """Which step of the tour is shown, from 1; 0: none."""
    return d.app.guide._at + 1 if d.app.guide.on_tour else 0


# --- the first tour, step by step ---------------------------------------------------------


def test_each_step_waits_until_the_thing_is_done_and_its_effect_is_seen() -> None:
    async def steps(d: Driver) -> None:
        await d.press("T")
        assert d.app.choice.selected == "n1"
        assert "n1 is the master of shard-1" in caption(d)
        assert "Press x" in caption(d)
        assert "1/10 · space skips · esc leaves" in caption(d)
        await d.press("j", "k")
        d.session.tick()
        await d.pilot.pause()
        assert number(d) == 1, "nothing has been done"
        await d.press("x")
        await d.until(lambda: number(d) == 2)
        d.session.tick()
        await d.pilot.pause()
        assert number(d) == 2, "nobody has noticed"
        d.session.at_us += 4_000_000
        d.session.write("elected", "n2", "is elected master of shard-1 in epoch 5")
        d.session.tick(0)
        await d.until(lambda: number(d) == 3)
        assert "s later: n2 is elected master of shard-1 in epoch 5. Press s" in caption(d)
        await d.press("s")
        await d.until(lambda: number(d) == 4)
        assert "Press p" in caption(d)
        await d.press("p")
        await d.until(lambda: number(d) == 5)
        d.session.write("suspect", "n1", "is suspected by n2 n3")
        d.session.tick()
        await d.until(lambda: number(d) == 6)
        assert "n1 is suspected by n2 n3. Press E" in caption(d)
        await d.press("E")
        d.session.tick()
        await d.pilot.pause()
        assert number(d) == 6, "they do not know it yet"
        d.session.write("alive", "n1", "is believed alive again by n2 n3")
        d.session.tick()
        await d.until(lambda: number(d) == 7)
        assert "n1 is believed alive again by n2 n3. How did that" in caption(d)

    drive(steps, session=FakeSession(platform=True))


def test_who_is_kept_apart_by_another_fault_is_told_how_to_end_it() -> None:
    async def steps(d: Driver) -> None:
        await d.press("T", "x")
        await d.until(lambda: number(d) == 2)
        d.session.write("suspect", "n1", "is suspected by n2 n3")
        d.session.write("elected", "n2", "is elected master of shard-1 in epoch 5")
        d.session.tick(0)
        await d.until(lambda: number(d) == 3)
        await d.press("p", "s")
        d.session.tick()
        await d.until(lambda: "Press E: all that is in force ends" in caption(d))
        assert number(d) == 3, "nobody can know yet that it is back"
        await d.press("E")
        d.session.write("alive", "n1", "is believed alive again by n2 n3")
        d.session.tick()
        await d.until(lambda: number(d) == 4)

    drive(steps, session=FakeSession(platform=True))


def test_who_crashes_another_machine_is_told_about_that_one() -> None:
    async def steps(d: Driver) -> None:
        await d.press("T")
        await d.press("l")
        other = d.app.choice.selected
        assert other != "n1"
        await d.press("x")
        await d.until(lambda: number(d) == 2)
        assert caption(d).startswith(f"▸ Nobody was told: {other} is silent")

    drive(steps, session=FakeSession(platform=True))


def test_space_skips_and_goes_on_and_escape_leaves_but_only_when_nothing_else_is_left() -> None:
    progress = Progress()

    async def steps(d: Driver) -> None:
        await d.press("T", "x")
        await d.until(lambda: number(d) == 2)
        await d.press("full_stop")
        await d.until(lambda: "space goes on" in caption(d))
        await d.press("space")
        assert number(d) == 2
        assert not d.session.paused
        await d.press("enter", "question_mark", "escape")
        assert number(d) == 2
        assert d.app.stage.zoomed
        await d.press("escape")
        assert number(d) == 2
        assert not d.app.stage.zoomed
        await d.press("escape")
        assert number(d) == 0
        assert "T begins it again" in d.notice
        assert caption(d) == ""
        assert progress.tour is Stage.BEGUN

    drive(steps, progress=progress)


def test_whoever_skips_it_all_has_read_it_all() -> None:
    progress = Progress()

    async def steps(d: Driver) -> None:
        await d.press("T")
        seen = []
        while number(d) < len(STEPS):
            seen.append(STEPS[number(d) - 1].name)
            await d.press("space")
        # Without a crash nobody has to notice one; who never went back is not asked to return.
        assert seen == ["crash", "cut", "rewind", "save"]
        assert "10/10 · space ends it" in caption(d)
        assert progress.tour is Stage.DONE
        await d.press("space")
        assert number(d) == 0
        assert d.session.sent == []

    drive(steps, progress=progress)


def test_saving_counts_once_the_file_is_written() -> None:
    written: list[str] = []

    def save() -> str:
        written.append("session.yaml")
        return "saved: session.yaml"

    async def steps(d: Driver) -> None:
        await d.press("T", *["space"] * 3)
        await d.until(lambda: "Press w" in caption(d))
        await d.press("w")
        await d.until(lambda: number(d) == 10)
        assert written == ["session.yaml"]
        assert "Saved." in caption(d)

    drive(steps, save=save)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 36), (160, 50)])
def test_every_step_fits_its_bar_at_every_size(size: tuple[int, int]) -> None:
    async def steps(d: Driver) -> None:
        await d.press("T")
        for _ in STEPS:
            if number(d):
                assert "…" not in caption(d).replace("Wait …", "")
                assert " esc leaves" in caption(d) or number(d) == len(STEPS)
            await d.press("space")

    drive(steps, size=size, session=FakeSession(platform=True))


def test_a_tour_that_is_under_way_or_in_a_story_says_so() -> None:
    async def under_way(d: Driver) -> None:
        await d.press("T", "T")
        assert "the tour is under way" in d.notice

    drive(under_way)

    async def in_a_story(d: Driver) -> None:
        await d.press("T")
        assert "the tour needs a live cluster" in d.notice

    drive(in_a_story, story=Story(loads(SHORT % ">= 0"), "short.yaml"))


# --- the first time -----------------------------------------------------------------------


def test_the_very_first_time_the_tour_is_offered_and_never_again(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    seen: list[str] = []

    async def steps(d: Driver) -> None:
        seen.append(d.notice)

    for _ in range(2):
        drive(steps, progress=Progress(path), size=(80, 24))
    assert seen == [
        "▸ first time here? T: a tour of two minutes; or press x to crash n3",
        "▸ n3 is selected: press x to crash it, ? for help",
    ]


# --- lessons ------------------------------------------------------------------------------


class Told(Session):
    """A session of the short story as a lesson."""

    def __init__(self, expected: str = ">= 0", **options: Any) -> None:
        self.scenario = loads(SHORT % expected)
        script = self.scenario
        super().__init__(
            script.spec,
            script.seed,
            timeline=script.timeline,
            captions=script.captions,
            until_us=script.until_us,
            speed=0.0,
            title=script.title,
            stops=stops(script),
            **options,
        )


def tell(
    steps: Any, path: Path, expected: str = ">= 0", *, lesson: bool = True, size: tuple[int, int] = (160, 50)
) -> tuple[list[str], Progress]:
    """Drive the app through the short story; which lesson is to follow, and what was learnt."""
    path.write_text(SHORT % expected)
    progress, followed = Progress(), list[str]()
    known = lessons()
    with Told(expected) as session:
        scenario = loads(path.read_text(), str(path))
        story = Story(
            scenario, "short", known[0] if lesson else None, known[1], lambda each: followed.append(each.name)
        )
        drive(steps, session=session, story=story, progress=progress, size=size)  # type: ignore[arg-type]
    return followed, progress


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_a_lesson_waits_at_each_caption_and_proposes_the_next_one_at_its_end(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def steps(d: Driver) -> None:
        for at, said in enumerate(("Three nodes.", "One of them dies.", "Two are enough, and"), start=1):
            await d.until(lambda at=at, said=said: said in caption(d) and f"{at}/3 · space goes on" in caption(d))  # type: ignore[misc]
            assert d.app.frame.header.paused
            await d.press("T")
            assert "at its end T goes on to the next one" in d.notice
            await d.press("tab", "j", "enter", "escape")
            await d.press("space")
        await d.until(lambda: "3/3 · the end" in caption(d))
        assert "Learnt: how a crash is noticed" in caption(d)
        assert "T goes on to the next lesson, partition-and-heal" in caption(d)
        await d.until(lambda: d.notice.startswith("✓ over; all 2 expectations met: ok "))
        await d.press("T")
        await d.until(lambda: not d.app.is_running)

    followed, progress = tell(steps, tmp_path / "short.yaml", size=size)
    assert followed == ["partition-and-heal"]
    assert progress.lesson("short") is Stage.DONE


def test_whoever_acts_takes_the_story_over_and_the_verdict_is_about_that_run(tmp_path: Path) -> None:
    async def steps(d: Driver) -> None:
        await d.until(lambda: "1/3 · space goes on" in caption(d))
        assert "whatever you do takes the story over" in d.notice
        await d.press("colon")
        await d.write("crash n1 n3")
        await d.press("enter", "space")
        await d.until(lambda: "(with your acts)" in d.notice)
        assert "over; 1 of 2 expectations not met: ok is" in d.notice
        assert d.app.notices._current.tone is Tone.BAD

    _, progress = tell(steps, tmp_path / "short.yaml", ">= 30", size=(160, 50))
    assert progress.lesson("short") is Stage.DONE


def test_a_scenario_that_is_played_is_judged_at_its_end_too(tmp_path: Path) -> None:
    async def steps(d: Driver) -> None:
        for _ in range(3):
            await d.until(lambda: d.app.frame.header.paused)
            await d.press("space")
            await d.pilot.pause(0.05)
        await d.until(lambda: d.notice.startswith("✕ over; 1 of 2 expectations not met: ok is "))
        assert "3/3" in caption(d)
        assert "the end" not in caption(d)
        await d.press("space")  # and on, into what no script knows
        await d.until(lambda: d.app.frame.header.at_us > 3_000_000)

    followed, progress = tell(steps, tmp_path / "short.yaml", "<= 1", lesson=False)
    assert followed == []
    assert progress.lesson("short") is Stage.NEW


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ([sys.executable, "-c", "raise SystemExit('no room left')"], "it could not be judged: no room left"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "it could not be judged: it ended without a word"),
        (
            [sys.executable, "-c", 'print(\'{"passed": true, "digest": "00", "words": "fine"}\')'],
            "it could not be judged: another run came of it (00, not ",
        ),
        (["no-such-program-anywhere"], "No such file"),
    ],
)
def test_a_judge_that_fails_is_one_line(worker: list[str], said: str) -> None:
    scenario = loads(SHORT % ">= 0")

    class Ended(FakeSession):
        def record(self) -> Record:
            return Record(ClusterSpec(nodes=3), 5, (), scenario.until_us, "abcdef0123456789")

    async def steps(d: Driver) -> None:
        d.session.ended = True
        d.session.tick()
        await d.until(lambda: said in d.notice)

    drive(steps, session=Ended(), story=Story(scenario, "short", worker=worker))


# --- hints --------------------------------------------------------------------------------


def test_hints_fit_the_moment_come_once_and_cover_nothing() -> None:
    async def steps(d: Driver) -> None:
        await d.press("x")
        assert d.notice.endswith("s starts it again")
        await d.press("s")
        assert "starts it again" not in d.notice
        await d.press("x")
        assert "starts it again" not in d.notice, "it is known by now"
        await d.press("s", "p")
        assert d.notice.endswith("e heals it, E heals all")
        await d.press("E", "space")
        assert d.notice.endswith(". next event · < one second back")
        d.session.write("alert", "", "an alert " + "that needs the line " * 7, Tone.BAD)
        d.session.tick(0)
        await d.until(lambda: "an alert" in d.notice)
        assert "why?" not in d.notice
        d.session.tell(parse_line("crash n1").line())

    drive(steps)
