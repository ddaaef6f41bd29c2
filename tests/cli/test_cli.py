"""What is typed, what comes back: one line for every mistake, and the exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from playground.cli import live

QUICK = "title: quick\ncluster: {preset: small}\nuntil: 2s\n"


def playground(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "playground", *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


def test_help_is_there_at_once() -> None:
    """Nothing heavy is loaded for it; the time itself is a matter for benchmarks."""
    script = (
        "import sys; from playground.cli import main; sys.argv = ['playground', '--help']; main();"
        "heavy = {'pydantic', 'textual', 'rich', 'trio', 'numpy', 'ruamel.yaml', 'asyncio'} & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]"
    for word in ("play", "replay", "list", "bench", "--preset", "--seed"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["--nodes", "0"], "'--nodes'"),
        (["--nodes", "many"], "'--nodes'"),
        (["--nodes", "2001"], "'--nodes'"),
        (["--seed", "-1"], "'--seed'"),
        (["--rate", "-1"], "'--rate'"),
        (["--rate", "nan"], "rate"),
        (["--speed", "0"], "--speed: '0' is no speed; write a number from 0.001 to 10000, or max"),
        (["--speed", "fast"], "--speed: 'fast' is no speed"),
        (["--speed", "nan"], "--speed: 'nan' is no speed"),
        (["--theme", "pink"], "--theme: 'pink' is no theme; write light, dark or auto"),
        (["play", "first-crash", "--theme", ""], "--theme: '' is no theme"),
        (["--theme", "light", "list"], "options of list stand after it"),
        (["--preset", "smal"], "unknown preset 'smal': did you mean small?"),
        (["--sede", "3"], "--sede"),
        (["--seed"], "--seed"),
        (["rplay", "x"], "rplay"),
        (["replay"], "SCENARIO"),
        (["replay", "a", "b"], "unknown scenario 'a'"),
        (["replay", "first-crush"], "unknown scenario 'first-crush': did you mean first-crash?"),
        (["replay", "first-crash", "--seed", "x"], "'--seed'"),
        (["play", "first-crush"], "did you mean first-crash?"),
        (["play", "first-crash", "--speed", "-2"], "--speed"),
        (["--seed", "3", "list"], "options of list stand after it"),
        (["bench", "disk"], "'kernel', 'ring', 'screen'"),
        ([], "the app needs a terminal, and this is none; without a screen: playground replay first-crash"),
        (["play", "first-crash"], "the app needs a terminal"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_status_2(typed: list[str], line: str) -> None:
    done = playground(*typed)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("playground: ")
    assert line in done.stderr


def test_a_bad_file_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("until: 5s\nmethod:\n  - at: 1s\n    do: crsh\n")
    done = playground("replay", "bad.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "playground: bad.yaml:4:9: do: unknown command 'crsh': did you mean crash?\n"


def test_a_replay_reports_to_a_person(quick: Path) -> None:
    done = playground("replay", str(quick))
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "no progress where nobody watches"
    assert "\x1b" not in done.stdout
    for word in ("quick", "What happened", "Operations", "p99", "checks: pass", "PASSED", "digest "):
        assert word in done.stdout


def test_a_replay_reports_to_a_program(quick: Path) -> None:
    done = playground("replay", str(quick), "--json", "--seed", "5")
    data = json.loads(done.stdout)
    assert (data["title"], data["seed"], data["passed"], data["virtual_s"]) == ("quick", 5, True, 2.0)
    again = json.loads(playground("replay", str(quick), "--json", "--seed", "5", PYTHONHASHSEED="9").stdout)
    assert {**data, "wall_s": 0, "speed": 0} == {**again, "wall_s": 0, "speed": 0}


def test_an_expectation_that_is_not_met_is_status_1(quick: Path) -> None:
    quick.write_text(QUICK + "expect: {reads: 0}\n")
    for flags in ([], ["--json"]):
        done = playground("replay", str(quick), *flags)
        assert done.returncode == 1
        assert done.stderr == ""


def test_a_terminal_without_unicode_gets_every_line(quick: Path) -> None:
    done = playground("replay", str(quick), PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout


def test_the_list_shows_names_and_titles() -> None:
    done = playground("list")
    assert done.returncode == 0
    assert "first-crash" in done.stdout
    assert "One node crashes, and nothing is lost" in done.stdout


def test_the_version() -> None:
    assert playground("--version").stdout.startswith("chaos-playground ")


def test_a_reader_that_goes_away_is_no_error(quick: Path) -> None:
    command = f"'{sys.executable}' -m playground replay '{quick}' | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout == "quick\n"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["--junit", "quick.yaml"], "--junit: quick.yaml is the scenario itself; name another file"),
        (["--cast", "./quick.yaml"], "--cast: quick.yaml is the scenario itself; name another file"),
        (["--cast", "one", "--junit", "one"], "--junit: one is the file of --cast; name another file"),
        (["--junit", "nowhere/x.xml"], "there is no folder nowhere"),
        (["--junit", "."], "that is a folder"),
    ],
)
def test_no_output_is_written_over_a_scenario_or_another_one(quick: Path, typed: list[str], line: str) -> None:
    done = playground("replay", "quick.yaml", *typed, cwd=quick.parent)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert line in done.stderr
    assert quick.read_text() == QUICK
    assert [each.name for each in quick.parent.iterdir()] == ["quick.yaml"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("typed", ["list", "--help", "replay {quick}", "replay {quick} --json"])
def test_output_that_finds_no_room_is_one_line_and_status_2(quick: Path, typed: str) -> None:
    command = f"'{sys.executable}' -m playground {typed.format(quick=quick)} > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "playground: cannot write the output: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="the shell's way to close a stream")
@pytest.mark.parametrize(("closed", "status"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
def test_a_verdict_needs_no_stream_to_be_told_on(quick: Path, closed: str, status: int) -> None:
    command = f"'{sys.executable}' -m playground replay '{quick}' {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (status, "")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "word"), [("SIGTERM", "ended"), ("SIGHUP", "ended"), ("SIGINT", "interrupted")])
def test_whoever_ends_a_sweep_leaves_nothing_behind(quick: Path, number: str, word: str) -> None:
    command = [sys.executable, "-m", "playground", "sweep", str(quick), "--seeds", "0..9999999", "--results", "kept"]
    sweep = subprocess.Popen(command, cwd=quick.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kept = quick.parent / "kept"
    while sweep.poll() is None and not (kept.exists() and kept.read_text().count("\n") > 3):
        time.sleep(0.05)  # until the workers are at it
    sweep.send_signal(getattr(signal, number))
    # That both pipes come to their ends says that no worker is left, for each holds them open.
    _, complaint = sweep.communicate(timeout=60)
    assert sweep.returncode == 128 + getattr(signal, number)
    assert complaint.splitlines()[-1] == f"playground: {word}"
    assert "semaphore" not in complaint


def test_the_least_size_is_the_apps() -> None:
    from playground.screens.layout import LEAST

    assert LEAST == (live.LEAST_COLUMNS, live.LEAST_ROWS)
