"""The file that lets a sweep go on: what it keeps, what it refuses, what it forgives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playground.kernel.errors import UserError
from playground.sweeps.results import Results, header
from playground.sweeps.trial import Trial, lost

HEAD = header("until: 5s", "", None, "1.0")
PASSED = Trial(1, {}, "aa")
FAILED = Trial(2, {"checks: fresh reads": "c1 read k1 – stale", "p99": "2 s (expected < 1s)"}, "bb")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def written(path: Path, *trials: Trial, head: dict[str, Any] = HEAD) -> list[Trial]:
    """Append; returns what was known before."""
    with Results(path, head) as results:
        known = list(results.known())
        for trial in trials:
            results.append(trial)
    return known


def test_results_are_kept_from_one_sweep_to_the_next(path: Path) -> None:
    assert written(path, PASSED) == []
    assert written(path, FAILED) == [PASSED]
    assert written(path) == [PASSED, FAILED]
    assert len(path.read_text().splitlines()) == 3, "a header, and a line for each"


def test_a_lost_seed_is_written_down(path: Path) -> None:
    written(path, lost(3, "the worker process\ndied"))
    [trial] = written(path)
    assert trial.lost
    assert trial.failures == {"lost": "the worker process died"}


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_line_that_was_torn_is_cut_off_and_its_seed_is_unknown(path: Path, cut: int) -> None:
    written(path, PASSED, FAILED)
    path.write_bytes(path.read_bytes()[:-cut])
    assert written(path, FAILED) == [PASSED]
    assert written(path) == [PASSED, FAILED]


def test_a_header_that_was_torn_is_written_anew(path: Path) -> None:
    written(path)
    path.write_bytes(path.read_bytes()[:20])
    assert written(path, PASSED) == []
    assert written(path) == [PASSED]


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (header("until: 6s", "", None, "1.0"), "1: the results are of another scenario, or another state of it"),
        (header("until: 5s", "", None, "1.1"), "1: the results are of another version"),
        (header("until: 5s", "", 8, "1.0"), "1: the results are of a sweep with faults random, not none"),
        (header("until: 5s", "b", None, "1.0"), "1: the results are of a sweep with variant b, not none"),
    ],
)
def test_the_results_of_something_else_are_refused_and_left_alone(
    path: Path, other: dict[str, Any], complaint: str
) -> None:
    written(path, PASSED, head=other)
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        written(path, FAILED)
    assert str(caught.value) == f"{path}:{complaint}; name a new file for the results of this sweep"
    assert path.read_bytes() == before


def test_another_budget_is_another_sweep(path: Path) -> None:
    written(path, PASSED, head=header("", "", 8, "1.0"))
    with pytest.raises(UserError, match="the results are of a sweep with budget 8, not 9"):
        written(path, head=header("", "", 9, "1.0"))


@pytest.mark.parametrize(
    "text",
    [
        b"seed: 7\nuntil: 5s\n",
        b"no end of line",
        b"[]\n",
        b'{"format": "something"}\n',
        b"\xff\xfe\n",
        b"\n",
        b"[" * 100_000 + b"\n",
    ],
    ids=["scenario", "one line", "list", "other format", "no text", "empty line", "brackets"],
)
def test_a_file_of_somebody_else_is_refused_and_left_alone(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(UserError, match=r":1: is no header of results \(playground sweep 1\); name a new file"):
        written(path, PASSED)
    assert path.read_bytes() == text


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"x", b"\xff", b'{"seed": "1", "failures": {}, "digest": ""}'])
def test_a_broken_line_in_the_middle_is_named(path: Path, line: bytes) -> None:
    written(path, PASSED)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(UserError, match=":3: is no result of a seed"):
        written(path)


def test_what_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder; name a file for the results"):
        written(tmp_path)
    with pytest.raises(UserError, match="cannot hold results: No such file or directory"):
        written(tmp_path / "nowhere" / "results.jsonl")
