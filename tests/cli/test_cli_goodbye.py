"""What is said of saved sessions once the app is gone."""

from __future__ import annotations

import pytest

from playground.cli.live import _say_goodbye
from playground.commandline import parse_line
from playground.record import Record
from playground.spec import PRESETS, ClusterSpec

SPEC = ClusterSpec.model_validate(PRESETS["small"])
CRASH = (1_000_000, parse_line("crash n1"))
START = (2_000_000, parse_line("start n1"))


def record(*timeline: tuple[int, object], end_us: int, branched_us: int = -1) -> Record:
    return Record(SPEC, 7, timeline, end_us, "d" * 32, branched_us=branched_us)


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were completed."""
    paths: list[str] = []
    monkeypatch.setattr("playground.scenario.writer.complete", lambda _record, path: paths.append(path))
    return paths


def test_what_was_saved_of_the_timeline_shown_last_is_completed_though_a_branch_was_saved_after_it(
    completed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = [
        (record(CRASH, end_us=3_000_000), "first.yaml"),
        (record(CRASH, START, end_us=2_500_000, branched_us=1_500_000), "branch.yaml"),
    ]
    _say_goodbye(record(CRASH, end_us=9_000_000), saved, crashed=False, script=None, name="")
    assert completed == ["first.yaml"]
    said = capsys.readouterr().out
    assert "branch.yaml  (as of 2.500 s)" in said
    assert said.rstrip().endswith("playground replay first.yaml")


def test_of_several_timelines_it_is_said_which_one_is_not_saved(
    completed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = [(record(CRASH, START, end_us=2_500_000, branched_us=1_500_000), "branch.yaml")]
    _say_goodbye(record(CRASH, end_us=9_000_000), saved, crashed=False, script=None, name="")
    assert not completed
    assert "what was shown last is not saved" in capsys.readouterr().out


def test_what_was_saved_of_the_present_is_completed_though_the_past_is_looked_at_at_the_end(
    completed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = [(record(CRASH, end_us=3_000_000), "first.yaml")]
    past, present = record(CRASH, end_us=1_500_000), record(CRASH, (5_000_000, START[1]), end_us=9_000_000)
    _say_goodbye(past, saved, present=present, crashed=False, script=None, name="")
    assert completed == ["first.yaml"]
    said = capsys.readouterr().out
    assert "playground replay first.yaml  (the present, up to 9.000 s)" in said
    assert "what was shown last is not saved" in said
