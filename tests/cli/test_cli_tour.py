"""``playground tour``: the list, the lessons on a terminal, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.scenario.lessons import lessons
from tests.cli.test_cli import playground
from tests.cli.test_cli_terminal import Terminal

SHORT = """\
title: a short one
seed: 5
until: 2s
cluster: {preset: small}
method:
  - {at: 500ms, say: Three nodes.}
  - {at: 1s, do: crash, nodes: [n2], say: One of them dies.}
"""


def kept(folder: Path) -> dict[str, str]:
    """What was noted of lessons."""
    path = folder / "chaos-playground" / "progress.json"
    found: dict[str, str] = json.loads(path.read_text()).get("lessons", {})
    return found


def note(folder: Path, **lessons_done: str) -> Path:
    path = folder / "chaos-playground" / "progress.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"lessons": {name.replace("_", "-"): word for name, word in lessons_done.items()}}))
    return path


@pytest.mark.parametrize("columns", ["80", "160"])
def test_without_a_terminal_the_lessons_are_listed_in_order_with_what_is_done(tmp_path: Path, columns: str) -> None:
    note(tmp_path, first_crash="done", quorums="begun")
    done = playground("tour", XDG_STATE_HOME=str(tmp_path), COLUMNS=columns)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert all(len(line) <= int(columns) for line in lines)
    assert lines[0] == "Basics"
    assert lines[1].startswith("done   first-crash")
    assert lines[3].startswith("begun  quorums")
    rows = [line.removeprefix("done ").removeprefix("begun ").strip() for line in lines]
    all_of_them = [each.name for each in lessons()]
    names = [row.split()[0] for row in rows if row and row.split()[0] in all_of_them]
    assert names == all_of_them
    assert f"1 of {len(names)} done. playground tour NAME plays one" in " ".join(lines)
    assert ("40 s" in done.stdout) is (columns == "160")


def test_when_all_is_done_there_is_no_next(tmp_path: Path) -> None:
    note(tmp_path, **{each.name: "done" for each in lessons()})
    done = playground("tour", "--next", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.startswith(f"all {len(lessons())} lessons are done")


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["tour", "frist-crash"], "unknown scenario 'frist-crash': did you mean first-crash?"),
        (["tour", "quorums", "--next"], "--next chooses the lesson itself"),
        (["tour", "quorums", "--speed", "warp"], "'warp' is no speed"),
        (["tour", "quorums"], "the app needs a terminal, and this is none"),
        (["tour", "P7"], "P7 is a lab"),
        (["tuor"], "unknown command 'tuor': did you mean tour?"),
        (["first-crash"], "first-crash is a scenario: playground play first-crash"),
        (["--preset", "quorm"], "did you mean quorum?"),
    ],
)
def test_mistakes_cost_one_line_that_says_what_may_have_been_meant(tmp_path: Path, typed: list[str], line: str) -> None:
    done = playground(*typed, XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_file_that_holds_no_progress_is_told_and_the_list_shown(tmp_path: Path) -> None:
    path = note(tmp_path)
    path.write_text("{half a")
    done = playground("tour", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 0
    assert done.stderr == f"playground: {path}: holds no progress; delete it to begin anew\n"
    assert "first-crash" in done.stdout
    assert path.read_text() == "{half a"


def test_a_lesson_on_a_terminal_stops_is_gone_on_with_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    terminal = Terminal("tour", str(path), "--speed", "max", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    for seen in ("Three nodes", "One of them dies"):
        terminal.read_until(seen)
        terminal.press(" ")
    terminal.read_until("Learnt")  # only what changes of a line is sent: not all of it can be waited for
    terminal.press("q")
    assert terminal.end() == 0
    assert f"playground replay {path}" in terminal.output
    assert "playground tour --next  (first-crash: " in terminal.output
    assert kept(tmp_path) == {str(path): "done"}


def test_the_list_on_a_terminal_plays_what_is_chosen_and_begins_where_one_is(tmp_path: Path) -> None:
    note(tmp_path, first_crash="done")
    terminal = Terminal("tour", "--speed", "max", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    terminal.read_until("1 of 30 lessons done")
    terminal.read_until("The network splits, the minority refuses")
    terminal.press("j")
    terminal.read_until("Quorums that overlap")
    terminal.press("k\r")
    terminal.read_until("1/7")
    terminal.press("q")
    assert terminal.end() == 0
    assert kept(tmp_path) == {"first-crash": "done", "partition-and-heal": "begun"}


def test_leaving_the_list_plays_nothing(tmp_path: Path) -> None:
    terminal = Terminal("tour", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    terminal.read_until("0 of 30 lessons done")
    terminal.press("q")
    assert terminal.end() == 0
    assert not (tmp_path / "chaos-playground").exists()
