"""``playground sweep`` and ``playground shrink``, as they are typed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

QUICK = "title: quick\ncluster: {preset: small}\nuntil: 10s\n"


def start(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "playground", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def playground(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Until it has ended, and all its workers, too: they hold its standard error."""
    process = start(*arguments, cwd=cwd)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "quick.yaml").write_text(QUICK)
    (tmp_path / "failing.yaml").write_text(QUICK + "expect: {reads: '< 3'}\n")
    return tmp_path


def test_a_sweep_that_passes(folder: Path) -> None:
    done = playground("sweep", "quick.yaml", "--seeds", "0..3", "--jobs", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 seeds (0..3)" in done.stdout
    assert "PASSED" in done.stdout


def test_the_outcomes_do_not_depend_on_the_number_of_processes(folder: Path) -> None:
    told = []
    for jobs in ("1", "3"):
        options = ("--faults", "random", "--budget", "3", "--jobs", jobs, "--json")
        done = playground("sweep", "failing.yaml", "--seeds", "5..9", *options, cwd=folder)
        assert done.returncode == 0, "how many reads there are is not judged under random faults"
        told.append(json.loads(done.stdout))
    for each in told:
        del each["wall_s"], each["seeds_per_s"]
    assert told[0] == told[1]
    assert told[0]["passed"] == 5


def test_a_sweep_that_fails_and_what_is_left_of_a_seed(folder: Path) -> None:
    done = playground("sweep", "failing.yaml", "--seeds", "3,5", cwd=folder)
    assert done.returncode == 1
    line = done.stdout.splitlines()[-1]
    assert line == "playground shrink failing.yaml --seed 3"
    done = playground(*line.split()[1:], "--runs", "10", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    line = done.stdout.splitlines()[-1]
    assert line == "playground replay failing-seed-3.yaml"
    assert playground(*line.split()[1:], cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["sweep", "quick.yaml", "--seeds", "9..1"], "--seeds: 9..1 runs backwards"),
        (["sweep", "quick.yaml", "--seeds", "many"], "--seeds: 'many' is neither a seed nor a range"),
        (["sweep", "quick.yaml", "--seeds", "0..99999999"], "are too many; a sweep plays at most 10,000,000"),
        (["sweep", "missing.yaml"], "missing"),
        (["sweep", "quick.yaml", "--budget", "3"], "--budget: how many random faults; write --faults random, too"),
        (["sweep", "quick.yaml", "--faults", "fair"], "'random'"),
        (["sweep", "quick.yaml", "--faults", "random", "--budget", "0"], "'--budget'"),
        (["sweep", "short.yaml", "--faults", "random"], "until (3s) is too short; it takes at least 10s"),
        (["sweep", "quick.yaml", "--jobs", "0"], "'--jobs'"),
        (["sweep", "quick.yaml", "--variant", "x"], "has no variants; leave out 'x'"),
        (["sweep", "quick.yaml", "--write", "x.yaml"], "--write: writes one seed, not 100"),
        (["sweep", "quick.yaml", "--seeds", "1", "--write", "quick.yaml"], "quick.yaml: exists already"),
        (["sweep", "quick.yaml", "--results", "quick.yaml"], "quick.yaml:1: is no header of results"),
        (["sweep", "quick.yaml", "--results", "."], "is a folder"),
        (["sweep", "quick.yaml", "--scheduler", "tcp://127.0.0.1:9"], "--scheduler tcp://127.0.0.1:9: "),
        (["sweep", "quick.yaml", "--scheduler", "foo"], "--scheduler: 'foo' is no address; write tcp://HOST:PORT"),
        (["sweep", "quick.yaml", "--results", os.devnull], f"{os.devnull}: cannot hold results: "),
        (["sweep", "quick.yaml", "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2"], "leave one of them out"),
        (["shrink", "quick.yaml"], "'--seed'"),
        (["shrink", "quick.yaml", "--seed", "1"], "seed 1 passes: there is nothing to shrink"),
        (["shrink", "failing.yaml", "--seed", "1", "-o", "quick.yaml"], "quick.yaml: exists already"),
        (["shrink", "failing.yaml", "--seed", "1", "-o", "no/x.yaml", "--runs", "1"], "no/x.yaml: cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_status_2(folder: Path, typed: list[str], line: str) -> None:
    (folder / "short.yaml").write_text("until: 3s\n")
    before = (folder / "quick.yaml").read_text()
    done = playground(*typed, cwd=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    [told] = done.stderr.splitlines()
    assert told.startswith("playground: ")
    assert line in told
    assert (folder / "quick.yaml").read_text() == before


def at_work(folder: Path) -> subprocess.Popen[str]:
    """A sweep of 400 seeds that has finished some, and writes what it knows to results.jsonl."""
    results = folder / "results.jsonl"
    command = ("sweep", "quick.yaml", "--seeds", "0..399", "--jobs", "2", "--results", "results.jsonl")
    process = start(*command, cwd=folder)
    while not (results.exists() and results.read_bytes().count(b"\n") > 3):
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"it ended with {process.wait(0.05)}")
    return process


def test_workers_don_t_outlive_a_parent_that_was_killed(folder: Path) -> None:
    process = at_work(folder)
    process.kill()
    process.communicate(timeout=60)  # this waits for whoever still holds the pipes: workers, too
    known = (folder / "results.jsonl").read_text().splitlines()[1:]
    done = playground("sweep", "quick.yaml", "--seeds", "0..5", "--results", "results.jsonl", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(known) >= 3, "what it knew is kept"


def test_ctrl_c_tells_what_is_known_and_the_same_command_goes_on(folder: Path) -> None:
    results = folder / "results.jsonl"
    process = at_work(folder)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody in the foreground gets it
    out, err = process.communicate(timeout=60)  # this waits for whoever still holds the pipes: workers, too
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "to go on, run the same command again: results.jsonl holds what is known" in err
    assert "INCOMPLETE" in out
    known = results.read_text().splitlines()[1:]
    assert f"{len(known):,} of 400 seeds" in out
    shorter = ("sweep", "quick.yaml", "--seeds", "0..5", "--results", "results.jsonl", "--json")
    done = playground(*shorter, cwd=folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["done"], told["passed"]) == (6, 6)
    assert results.read_text().splitlines()[1 : 1 + len(known)] == known, "what was known stays"
    fresh = json.loads(playground("sweep", "quick.yaml", "--seeds", "0..5", "--json", cwd=folder).stdout)
    assert fresh["digest"] == told["digest"], "interrupted or not, it comes to the same"


def test_what_a_seed_plays_is_written_as_a_scenario(folder: Path) -> None:
    typed = ("sweep", "quick.yaml", "--seeds", "17", "--faults", "random", "--write", "seventeen.yaml")
    done = playground(*typed, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "playground replay seventeen.yaml\n", "")
    text = (folder / "seventeen.yaml").read_text()
    assert text.startswith("# Seed 17 of a sweep of quick.yaml: 8 random faults.")
    replayed = json.loads(playground("replay", "seventeen.yaml", "--json", cwd=folder).stdout)
    assert replayed["passed"]
    assert replayed["digest"] in text
