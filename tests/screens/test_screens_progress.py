"""What somebody has learnt: kept in a small file, and never the cause of more than one line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.screens.tour.progress import Progress, Stage, state_file


def test_a_lesson_is_new_begun_and_done_and_the_file_remembers(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "progress.json"
    first = Progress(path)
    assert first.first_time
    assert first.lesson("quorums") is Stage.NEW
    first.begin("quorums")
    assert not first.first_time
    assert Progress(path).lesson("quorums") is Stage.BEGUN
    first.finish("quorums")
    first.begin("quorums")  # again: it stays done
    again = Progress(path)
    assert again.lesson("quorums") is Stage.DONE
    assert again.lesson("gc-pause") is Stage.NEW
    assert not again.first_time
    assert [each.name for each in path.parent.iterdir()] == ["progress.json"]


def test_two_playgrounds_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    one, other = Progress(path), Progress(path)
    one.finish("first-crash")
    other.finish("quorums")
    one.tour_is(Stage.DONE)
    both = Progress(path)
    assert both.lesson("first-crash") is both.lesson("quorums") is both.tour is Stage.DONE


def test_the_tour_is_begun_once_and_stays_done(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    progress.tour_is(Stage.BEGUN)
    progress.tour_is(Stage.DONE)
    progress.tour_is(Stage.BEGUN)
    assert Progress(tmp_path / "progress.json").tour is Stage.DONE


def test_what_a_later_format_says_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"format": 9, "later": [1], "lessons": {"new": "thrice", "quorums": "done"}}')
    progress = Progress(path)
    assert progress.lesson("new") is Stage.NEW
    progress.finish("gc-pause")
    state = json.loads(path.read_text())
    assert state["later"] == [1]
    assert state["lessons"] == {"new": "thrice", "quorums": "done", "gc-pause": "done"}


def test_without_a_file_all_is_remembered_only_for_now() -> None:
    progress = Progress()
    assert not progress.first_time
    progress.finish("quorums")
    assert progress.lesson("quorums") is Stage.DONE


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"done"', b"\xff\xfe\x00", b"[" * 100_000, b"9" * 5_000, b"{}" + b" " * 10**6],
)
def test_a_file_that_holds_something_else_is_left_alone_and_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(content)
    progress = Progress(path)
    assert "\n" not in progress.complaint
    assert progress.complaint == f"{path}: holds no progress; delete it to begin anew"
    assert not progress.first_time
    progress.finish("quorums")
    assert progress.lesson("quorums") is Stage.DONE
    assert path.read_bytes() == content


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.from_regex(rb'\{"lessons": .{0,40}\}'))
def test_no_bytes_at_all_raise_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("state") / "progress.json"
    path.write_bytes(content)
    progress = Progress(path)
    progress.begin("quorums")
    progress.tour_is(Stage.DONE)
    assert progress.lesson("quorums") in Stage
    assert "\n" not in progress.complaint


@pytest.mark.parametrize("kind", ["folder", "pipe", "file-as-folder"])
def test_a_place_that_takes_no_file_costs_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "progress.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)  # whoever opened it would wait for ever
    else:
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "progress.json"
    progress = Progress(path)
    progress.begin("quorums")
    assert progress.complaint.startswith(f"{path}: ")
    assert "\n" not in progress.complaint
    assert progress.lesson("quorums") is Stage.BEGUN


def test_the_file_stands_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_file() == tmp_path / "chaos-playground" / "progress.json"
